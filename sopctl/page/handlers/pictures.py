"""What is seen better than read: the procedure with where a dossier stands in it, how a server could be reached, what a
month's inventory found; each with a table that says the same."""

from starlette.responses import Response

from sopctl.adapters.documents.lanes_svg import lanes_svg
from sopctl.page.rendering import page
from sopctl.page.visit import Visit
from sopctl.workflow.papers.sop_form import sop_form
from sopctl.workflow.views import availability, mine, procedures
from sopctl.workflow.views.month_changes import month_changes

SHOWN = 50
"""Servers of a month's inventory on one page."""


def procedure(visit: Visit, name: str) -> Response:
    """`/sop/NAME`."""
    found = procedures.find(visit.desk.site, name)
    form = sop_form(visit.site, found, visit.now.date())
    return page(visit, "flow.html", form=form, row=None, sop=name, names=list(visit.site.procedures))


def procedure_picture(visit: Visit, name: str) -> Response:
    """`/sop/NAME/gambar.svg`."""
    found = procedures.find(visit.desk.site, name)
    return _svg(lanes_svg(found.title, sop_form(visit.site, found, visit.now.date())))


def flow(visit: Visit, deposit_id: str) -> Response:
    """`/berkas/ID/alur`, of the procedure in which it stands, or of the one that is asked for."""
    row, dossier = mine.find(visit.desk, visit.sight, deposit_id)
    name = visit.query.get("sop", row.procedure)
    way = procedures.way(visit.site, name, deposit_id)
    form = sop_form(visit.site, way.procedure, visit.now.date(), way)
    return page(visit, "flow.html", form=form, row=row, sop=name, names=list(dossier.procedures))


def flow_picture(visit: Visit, deposit_id: str) -> Response:
    """`/berkas/ID/alur/gambar.svg`."""
    row, _ = mine.find(visit.desk, visit.sight, deposit_id)
    way = procedures.way(visit.site, visit.query.get("sop", row.procedure), deposit_id)
    return _svg(lanes_svg(way.procedure.title, sop_form(visit.site, way.procedure, visit.now.date(), way)))


def reached(visit: Visit, deposit_id: str) -> Response:
    """`/berkas/ID/ketersediaan`."""
    row, _ = mine.find(visit.desk, visit.sight, deposit_id)
    found = availability.thirds(visit.desk, deposit_id)
    return page(visit, "availability.html", row=row, thirds=found, outages=availability.outages(visit.desk, found))


def reached_picture(visit: Visit, deposit_id: str) -> Response:
    """`/berkas/ID/ketersediaan/gambar.svg`."""
    row, _ = mine.find(visit.desk, visit.sight, deposit_id)
    return _svg(availability.picture(f"{row.id} {row.server}", availability.thirds(visit.desk, deposit_id)))


def inventory(visit: Visit) -> Response:
    """`/inventaris`."""
    found = month_changes(visit.desk, visit.sight, visit.query.get("bulan", ""))
    return page(visit, "inventory.html", found=found, most=SHOWN)


def _svg(content: bytes) -> Response:
    return Response(content, media_type="image/svg+xml")
