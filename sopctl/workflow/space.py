"""Space: which places are taken, who waits, and the verbs that reserve and fill a place."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec import convert

from sopctl.errors import NotNow, UsageError
from sopctl.model import rack
from sopctl.model.rack import Need, Occupied, Place
from sopctl.model.summary import Summary
from sopctl.store import locks, register
from sopctl.store.site import SITE_LOCK_SECONDS, Site
from sopctl.workflow.desk import Desk, StepDone, turn


def reserve(desk: Desk, deposit_id: str, *, wanted: tuple[str, int] | None = None) -> StepDone:
    """penitipan 4: find a place (best fit, or `wanted` = rack and lowest unit) and hold it for this deposit.

    Requests that wait are served in order: an earlier one that fits now comes first (NotNow). A request that waits
    already and still has no place stays as it is: nothing is recorded, the answer is no.
    """
    with turn(desk, deposit_id, "reserve") as mine, _racks_alone(desk.site):
        others = others_than(desk.site, deposit_id)
        _refuse_queue_jump(desk.site, mine.dossier.summary, others)
        taken = occupied(others)
        need = mine.dossier.summary.need
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


def others_than(site: Site, deposit_id: str) -> list[Summary]:
    """The summaries of all other deposits."""
    return [each for each in register.summaries(site) if each.id != deposit_id]


def occupied(everyone: Iterable[Summary]) -> list[Occupied]:
    """Every place that is reserved or filled: of all deposits that are not closed."""
    return [
        Occupied(each.place, each.id, "placed" if each.placed else "reserved", each.need.power_watts)
        for each in everyone
        if each.place and not each.closed
    ]


def waiting_list(everyone: Iterable[Summary]) -> list[Summary]:
    """The deposits that wait for space, in the order in which they are served."""
    return sorted((each for each in everyone if each.waiting == "space"), key=_turn_of)


def first_that_fits(site: Site, everyone: Sequence[Summary]) -> Summary | None:
    """The first of the waiting list for which there is a place now."""
    taken = occupied(everyone)
    return next((each for each in waiting_list(everyone) if rack.find_place(site.racks, taken, each.need)[0]), None)


def _turn_of(each: Summary) -> tuple[int, datetime, str]:
    return (-each.priority, each.queued, each.id)


def _refuse_queue_jump(site: Site, mine: Summary, others: Sequence[Summary]) -> None:
    taken = occupied(others)
    earlier = [each for each in waiting_list(others) if _turn_of(each) < _turn_of(mine)]
    first = next((each for each in earlier if rack.find_place(site.racks, taken, each.need)[0]), None)
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
