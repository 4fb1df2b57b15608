"""The racks: what is free, and each as a picture with a table beside it."""

from starlette.responses import Response

from sopctl.page.handlers.reading import A_PAGE
from sopctl.page.rendering import page
from sopctl.page.visit import Refused, Visit
from sopctl.workflow.views import racks


def listed(visit: Visit) -> Response:
    """`/rak`."""
    _only_the_house(visit)
    at = visit.number
    return page(
        visit,
        "racks.html",
        racks=racks.rack_rows(visit.site, slice((at - 1) * A_PAGE, at * A_PAGE)),
        at=at,
        pages=max(1, -(-len(visit.site.racks) // A_PAGE)),
        to=lambda n: f"/rak?halaman={n}",
    )


def rack(visit: Visit, name: str) -> Response:
    """`/rak/NAME`."""
    _only_the_house(visit)
    found, filled = racks.standing(visit.site, name)
    return page(visit, "rack.html", rack=found, filled=filled)


def picture(visit: Visit, name: str) -> Response:
    """`/rak/NAME/gambar.svg`."""
    _only_the_house(visit)
    return Response(racks.picture(visit.site, name), media_type="image/svg+xml")


def _only_the_house(visit: Visit) -> None:
    """Raise Refused for whoever may see deposits of their own alone: racks show those of all."""
    if not visit.sight.house:
        raise Refused("racks-not-for-units")
