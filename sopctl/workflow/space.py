"""Space: which places are taken, who waits, and the verbs that reserve and fill a place."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from msgspec import convert

from sopctl.errors import NotNow, UsageError
from sopctl.model import rack
from sopctl.model.history import last_data
from sopctl.model.rack import Need, Occupied, Place
from sopctl.store import locks
from sopctl.store.dossiers import Dossier, read_all
from sopctl.store.site import SITE_LOCK_SECONDS, Site
from sopctl.workflow.desk import Desk, StepDone, turn


def reserve(desk: Desk, deposit_id: str, *, wanted: tuple[str, int] | None = None) -> StepDone:
    """penitipan 4: find a place (best fit, or `wanted` = rack and lowest unit) and hold it for this deposit.

    Requests that wait are served in order: an earlier one that fits now comes first (NotNow). A request that waits
    already and still has no place stays as it is: nothing is recorded, the answer is no.
    """
    with turn(desk, deposit_id, "reserve") as mine, _racks_alone(desk.site):
        others = [dossier for dossier in read_all(desk.site) if dossier.id != deposit_id]
        taken = occupied(desk.site, others)
        _refuse_queue_jump(desk.site, mine.dossier, others, taken)
        need = need_of(mine.dossier)
        spot: Place | None
        reasons: list[str] = []
        if wanted:
            spot = _wanted_place(desk.site, taken, need, wanted)
        else:
            spot, reasons = rack.find_place(desk.site.racks, taken, need)
        if spot:
            return mine.record("tersedia", note=f"tempat: {spot}", data={"place": spot})
        why = "; ".join(reasons) or "the site has no racks"
        if mine.standing.waiting == "space":
            return mine.done(mine.dossier.events[-1], answer=False)
        return mine.record("tidak tersedia", note=why, answer=False)


def place(desk: Desk, deposit_id: str) -> StepDone:
    """penitipan 10: the server stands in its reserved place."""
    with turn(desk, deposit_id, "place") as mine:
        spot = convert(mine.known("place"), Place, strict=False)
        return mine.record("selesai", note=f"ditempatkan: {spot}", data={"placed": True})


def place_of(dossier: Dossier) -> Place | None:
    """The place that is reserved for or filled by a deposit, or None."""
    found = last_data(dossier.events, "place")
    return convert(found, Place, strict=False) if found else None


def need_of(dossier: Dossier) -> Need:
    """What the server of a dossier needs, as its letter declares."""
    server = dossier.deposit.server
    return Need(server.height_units, server.depth_mm, server.power_watts)


def occupied(site: Site, all_dossiers: Sequence[Dossier]) -> list[Occupied]:
    """Every place that is reserved or filled: of all dossiers that are not closed."""
    taken = []
    for dossier in all_dossiers:
        spot = place_of(dossier)
        if spot and not dossier.standing.closed:
            placed = last_data(dossier.events, "placed") is not None
            taken.append(
                Occupied(spot, dossier.id, "placed" if placed else "reserved", dossier.deposit.server.power_watts)
            )
    return taken


def waiting_list(site: Site, all_dossiers: Sequence[Dossier]) -> list[Dossier]:
    """The dossiers that wait for space, in order of request."""
    waiting = [d for d in all_dossiers if d.standing.waiting == "space"]
    return sorted(waiting, key=lambda dossier: (dossier.events[0].at, dossier.id))


def first_that_fits(site: Site, all_dossiers: Sequence[Dossier], taken: Sequence[Occupied]) -> Dossier | None:
    """The first of the waiting list for which there is a place now."""
    return next(
        (d for d in waiting_list(site, all_dossiers) if rack.find_place(site.racks, taken, need_of(d))[0]), None
    )


def _refuse_queue_jump(site: Site, mine: Dossier, others: Sequence[Dossier], taken: Sequence[Occupied]) -> None:
    asked = (mine.events[0].at, mine.id)
    earlier = [dossier for dossier in others if (dossier.events[0].at, dossier.id) < asked]
    first = first_that_fits(site, earlier, taken)
    if first:
        raise NotNow(
            f"{first.id} asked earlier, waits for space and fits now",
            remedy=f"Serve it first: sopctl reserve {first.id}",
        )


def _wanted_place(site: Site, taken: Sequence[Occupied], need: Need, wanted: tuple[str, int]) -> Place:
    name, unit = wanted
    chosen = next((each for each in site.racks if each.name == name), None)
    if chosen is None:
        known = ", ".join(each.name for each in site.racks) or "none"
        raise UsageError(f"there is no rack {name!r}", remedy=f"There are: {known}")
    why = rack.refusal(chosen, taken, need, unit)
    if why:
        raise UsageError(f"the server cannot stand there: {why}", remedy=f"See the rack: sopctl rack show {name}")
    return Place(name, unit, need.height)


def _racks_alone(site: Site) -> AbstractContextManager[None]:
    return locks.hold(site.root / "var" / "locks" / "racks", "the racks", wait=SITE_LOCK_SECONDS)
