"""A server gets another place: it is moved to another rack, unit or port, or the place was recorded wrongly."""

from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.documents.english import Language
from sopctl.errors import Action, NotNow, SopctlError, UsageError
from sopctl.locale import Text, joined
from sopctl.model import rack
from sopctl.model.rack import Face, Place, Wish
from sopctl.model.sop.entries import Entry, LetterScan, Moved, OnDay, Paper, PortSet, Reserved
from sopctl.model.sop.summary import Summary
from sopctl.model.waiting_list import occupied
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.papers.mending.move_record import move_record
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.ports import deposit_port, switches
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required
from sopctl.workflow.steps.reservation import others_than, racks_alone, serve_waiting_list
from sopctl.workflow.views import racks


class To(Struct, frozen=True):
    """Where a server goes; what is left open stays as it is, as far as it can."""

    rack: str = ""
    unit: int | None = None
    face: Face | None = None
    port: int | None = None


class Told(Struct, frozen=True):
    """What is said about a move: why, on which day (today), how the switch ports were set if not by sopctl, and whether
    the server was moved at all: with `mistaken`, it always stood there, and the record was wrong. `language` is that of
    the paper."""

    reason: str
    on: date | None = None
    by_hand: str = ""
    mistaken: bool = False
    letter: Path | None = None
    language: Language = "id"


def relocate(desk: Desk, deposit_id: str, *, to: To, told: Told) -> StepDone:
    """Give a deposit another place.

    The switch port of the old place is shut first, and that of the new one set afterwards, where sopctl sets them. For
    a server that stands here a record of the move is made, to be signed. Then space that became free is offered to the
    waiting list.

    Raises NotNow for a deposit that has no place, or has this one; UsageError for a place where it cannot stand; and as
    `deposit_port.release`, with nothing moved, when the old port cannot be shut.
    """
    with act(desk, deposit_id, "move") as mine, racks_alone(desk.site):
        required.reason(told.reason, Text("a move"), Action("move", deposit_id, needs=("reason",)))
        was_open = not told.by_hand and _leaves_open_port(mine, _spot(mine, to))
    if was_open:
        shut, _ = deposit_port.release(desk, deposit_id)
        if not shut.answer:
            return shut
    with act(desk, deposit_id, "move") as mine, racks_alone(desk.site):
        done = _record(mine, _spot(mine, to), told, was_open=was_open)
    also = list(serve_waiting_list(desk))
    if was_open:
        try:
            also.append(deposit_port.apply(desk, deposit_id)[0])
        except SopctlError as error:  # the move is recorded; `todo` names what remains
            desk.site.tell(error)
    return replace(done, also=tuple(also))


def _spot(mine: Turn, to: To) -> Place:
    """The place that the deposit gets."""
    me, site = mine.dossier.summary, mine.desk.site
    if me.place is None or me.switched_off:
        raise NotNow(
            "no-place-to-move",
            "{deposit} has no place that it could be moved from",
            remedy=Action("show", me.id),
            deposit=me.id,
        )
    now = me.place
    here = to.rack in ("", now.rack)
    wish = Wish(
        to.rack or now.rack,
        now.unit if here and to.unit is None else to.unit,
        to.face or now.face,
        now.port if here and to.port is None else to.port,
    )
    racks.find(site, wish.rack)
    spot, obstacles = rack.find_place(site.racks, occupied(others_than(site, me, wish)), me.need, wish)
    if spot is None:
        raise UsageError(
            "place-refused",
            "the server cannot stand there: {reasons}",
            remedy=("See what is free.", Action("rack show", wish.rack)),
            reasons=joined("; ", (each.english for each in obstacles)),
        )
    if spot == now:
        raise NotNow(
            "nothing-to-correct",
            "{deposit} says that already: {value}",
            remedy=Action("show", me.id),
            deposit=me.id,
            value=spot.text,
        )
    return spot


def _record(mine: Turn, spot: Place, told: Told, *, was_open: bool) -> StepDone:
    before = mine.dossier.summary
    here = before.place or spot
    why, on, letter = told.reason.strip(), told.on, told.letter
    if on:
        _refuse_day(mine, before, on)
    entries: list[Entry] = [OnDay(on_day=on)] if on else []
    if letter:
        entries.append(LetterScan(document=mine.keep(f"pemindahan{letter.suffix.lower()}", read_scan(letter))))
    paper = None
    if before.placed and not told.mistaken:
        form = move_record(mine, told.language, spot=spot, why=why, on=on)
        kept = mine.keep("pemindahan.pdf", printed(mine.desk.site, form))
        paper = Paper(kept.file, kept.sha256, form.stamp.document_number)
    moved = Moved(moved_from=here, why=why, mistaken=told.mistaken, port_was_open=was_open, move_record=paper)
    how = "tempat dikoreksi" if told.mistaken else "dipindahkan" if before.placed else "tempat dipesan diganti"
    note = f"{how}: {_words(here)} → {_words(spot)}; {why}{required.dated(on)}"
    if told.by_hand:
        note += f"; port diatur dengan tangan: {told.by_hand}"
    if paper:
        note += f"; berita acara {paper.number}"
    return mine.record(mine.verb.outcome, Reserved(place=spot), moved, *entries, note=note[:1000])


def _refuse_day(mine: Turn, before: Summary, on: date) -> None:
    if on > mine.desk.now().date():
        raise UsageError(
            "day-in-the-future",
            "{day} has not come yet",
            remedy="Name the day on which it was, such as 2026-11-23.",
            day=on,
        )
    if before.placed_on and on < before.placed_on:
        raise UsageError(
            "day-out-of-order",
            "{day} cannot be: {other} {then}",
            remedy="Correct the other day first, if that one is wrong.",
            day=on,
            other=Text("it was placed on"),
            then=before.placed_on,
        )


def _words(spot: Place) -> str:
    return f"{spot} port {spot.port}" if spot.port else str(spot)


def _leaves_open_port(mine: Turn, spot: Place) -> bool:
    """Was the switch port of the place that it leaves given to it, and not taken away since?"""
    site, was_set = mine.desk.site, mine.newest(PortSet)
    old = switches.of_place(site, mine.dossier.summary.place)
    new = switches.of_place(site, spot)
    if old is None or (new is not None and (new[0].name, new[1]) == (old[0].name, old[1])):
        return False
    return was_set is not None and was_set.switch_port.state == "applied"
