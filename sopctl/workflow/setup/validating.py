"""Reading every record of a site, to report every error at once."""

from collections.abc import Callable

from msgspec.structs import replace

from sopctl.errors import Conflict, InvalidRecord, SopctlError
from sopctl.model.rack import (
    Need,
    Occupied,
    Wish,
    refusal,
)
from sopctl.model.waiting_list import occupied
from sopctl.store import dossiers, register
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import editing
from sopctl.workflow.views import calendar


def validate(desk: Desk) -> tuple[int, list[SopctlError]]:
    """Read every record of the site: how many dossiers there are, and every error found, edits by hand among them."""
    site = desk.site
    checks: tuple[Callable[[], object], ...] = (
        lambda: site.settings,
        lambda: site.racks,
        lambda: _check_switches(site),
        lambda: site.library,
        lambda: calendar.overrides(site),
        lambda: _check_places(site),
    )
    errors: list[SopctlError] = []
    for check in checks:
        try:
            check()
        except InvalidRecord as error:
            errors.append(error)
    ids = dossiers.ids(site)
    for deposit_id in ids:
        try:
            dossier = dossiers.read(site, deposit_id)
            _ = dossier.summary  # explained by the procedures it is pinned to, each entry valid, or an error
            editing.refuse_strange_edit(dossier)
        except (InvalidRecord, Conflict) as error:
            errors.append(error)
    return len(ids), list({str(error): error for error in errors}.values())


def _check_switches(site: Site) -> None:
    """The switches' records, that there is a driver for each, and that each port belongs to one rack."""
    from sopctl.workflow.ports import switches  # brings what speaks SSH, which no list needs

    for each in site.switches.values():
        switches.driver_of(site, each)
    switches.refuse_shared_ports(site)


def _check_places(site: Site) -> None:
    """Every place that is reserved or filled is one that its rack still has, and nothing stands in another's place."""
    racks = {each.name: each for each in site.racks}
    taken = occupied(register.read(site).summaries)
    for number, each in enumerate(taken):
        found = racks.get(each.place.rack)
        need = Need(each.place.height, 0, 0)
        wish = Wish(face=each.place.face)
        before = [Occupied(other.place, other.deposit, other.kind, 0) for other in taken[:number]]
        plain = replace(found, switch=None) if found else None
        why = refusal(plain, before, need, each.place.unit, wish) if plain else f"there is no rack {each.place.rack!r}"
        if why:
            raise InvalidRecord(
                "cannot",
                "{deposit} has {place}, which cannot be: {why}",
                where=str(site.root / "racks" / f"{each.place.rack}.yml"),
                remedy="Set the rack's file right, or give one of them another place.",
                deposit=each.deposit,
                place=each.place,
                why=why,
            )
