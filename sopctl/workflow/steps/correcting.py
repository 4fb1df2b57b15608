"""Mending what was recorded wrongly, in the open (di luar SOP).

A correction is an event of its own, which names the event that it corrects, and says what stood there, what is right,
and why. Nothing is rewritten.
"""

from datetime import date
from pathlib import Path

import msgspec

from sopctl.errors import Action, Conflict, NotNow, UsageError
from sopctl.locale import Prose, Text
from sopctl.model.deposit import Line
from sopctl.model.rack import Wish, refusal
from sopctl.model.sop import corrections, verbs
from sopctl.model.sop.entries import Correctable, Corrected, Correction, Entry, LetterScan, Reference, Undone
from sopctl.model.sop.history import Event
from sopctl.model.waiting_list import occupied
from sopctl.store import register
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required
from sopctl.workflow.steps.reservation import racks_alone

LABELS: dict[Correctable, str] = {
    "serial": "nomor seri",
    "received": "tanggal diterima",
    "handed_over": "tanggal serah terima",
    "placed": "tanggal ditempatkan",
    "instruction": "isi disposisi",
}
"""What was corrected, as notes and papers call it."""


def serial(
    desk: Desk,
    deposit_id: str,
    *,
    serial: str,
    reason: str,
    since: date | None = None,
    letter: Path | None = None,
) -> StepDone:
    """Correct the serial number: it was misread, or, with `since`, it has been another one since that day.

    Raises NotNow when it is recorded like that already, UsageError for what is no serial number.
    """
    with act(desk, deposit_id, "correct") as mine:
        right = _line(serial, Text("serial number"))
        if since and since > desk.now().date():
            raise UsageError(
                "day-in-the-future",
                "{day} has not come yet",
                remedy="Name the day on which it was, such as 2026-11-23.",
                day=since,
            )
        said = corrections.serial(mine.dossier.procedures, mine.dossier.events, mine.deposit.server.serial)
        return _correct(mine, "serial", said.event, said.value, right, reason, since=since, letter=letter)


def day(
    desk: Desk, deposit_id: str, *, what: Correctable, day: date, reason: str, letter: Path | None = None
) -> StepDone:
    """Correct the day on which the server was received, handed over or placed.

    Raises NotNow where that step was not done yet, or when the day is recorded like that already; UsageError for a day
    that cannot be.
    """
    with act(desk, deposit_id, "correct") as mine:
        known = corrections.day(mine.dossier.procedures, mine.dossier.events, what)
        if known is None:
            raise NotNow(
                "no-day-to-correct",
                "{deposit} has no such day yet: its step was not done",
                remedy=Action("show", deposit_id),
                deposit=deposit_id,
            )
        required.day(mine, what, day)
        event, recorded = known
        return _correct(mine, what, event, f"{recorded or ''}", f"{day}", reason, letter=letter)


def instruction(
    desk: Desk, deposit_id: str, *, text: str, reason: str, number: int = 0, letter: Path | None = None
) -> StepDone:
    """Correct the text of a disposition, the newest or that of the event `number`. Only who has the role that gave it
    may.

    Raises UsageError when that event is no disposition, NotNow when it says that already.
    """
    with act(desk, deposit_id, "correct", later=True) as mine:
        right = _line(text, Text("instruction"), most=1000)
        found = corrections.disposition(mine.dossier.procedures, mine.dossier.events, number)
        if found is None:
            raise UsageError(
                "no-disposition",
                "{deposit} has no such disposition",
                remedy=("Name its event's number.", Action("show", deposit_id)),
                deposit=deposit_id,
            )
        event, disposition = found
        mine.decide((disposition.sender,), Text("the disposition's text"))
        return _correct(mine, "instruction", event, disposition.instruction, right, reason, letter=letter)


def undo(desk: Desk, deposit_id: str, *, number: int, reason: str, letter: Path | None = None) -> StepDone:
    """Take back a step that was recorded by mistake, say on the wrong dossier: it is due again, with its clock as it
    was. It must be the newest step, and one that has changed no server or switch and told nobody.

    Raises NotNow otherwise; Conflict when the place that the deposit would have again is taken.
    """
    with act(desk, deposit_id, "undo") as mine, racks_alone(desk.site):
        event = _undoable(mine, number)
        said = required.reason(
            reason,
            Text("taking back a step"),
            Action("undo", deposit_id, needs=("reason",), given={"undo": str(number)}),
        )
        undone = Undone(undoes=Reference(number, event.hash), reason=said)
        _refuse_taken_place(mine)
        label = f"{event.procedure} {event.step} ({event.outcome}, peristiwa {number})"
        return mine.record(mine.verb.outcome, undone, *_scan(mine, letter), note=f"{label} dibatalkan: {said}"[:1000])


def _correct(
    mine: Turn,
    what: Correctable,
    event: Event,
    before: str,
    after: str,
    reason: str,
    *,
    since: date | None = None,
    letter: Path | None = None,
) -> StepDone:
    ask = Action("correct", mine.dossier.id, needs=("reason",), given={what.replace("_", "-"): after})
    said = required.reason(reason, Text("a correction"), ask)
    if after == before:
        raise NotNow(
            "nothing-to-correct",
            "{deposit} says that already: {value}",
            remedy=Action("show", mine.dossier.id),
            deposit=mine.dossier.id,
            value=after,
        )
    entry = Corrected(correction=Correction(what, event.seq, event.hash, before, after, said, since))
    how = f"berubah sejak {since:%Y-%m-%d}" if since else "dikoreksi"
    note = f"{LABELS[what]} {how}: {before or 'tidak tercatat'} → {after} (peristiwa {event.seq}); {said}"
    return mine.record(mine.verb.outcome, entry, *_scan(mine, letter), note=note[:1000])


def _scan(mine: Turn, letter: Path | None) -> list[Entry]:
    return [LetterScan(document=mine.keep(f"koreksi{letter.suffix.lower()}", read_scan(letter)))] if letter else []


def _line(text: str, what: Prose, most: int = 200) -> str:
    """`text` as it can stand in a record. Raises UsageError for what cannot."""
    right = text.strip()
    try:
        msgspec.convert(right[:200], Line)
    except msgspec.ValidationError:
        right = ""
    if not right or len(right) > most:
        raise UsageError(
            "not-a-line",
            "{what} must be one line of at most {most} characters, not empty",
            remedy="Write one line within that length.",
            what=what,
            most=most,
        )
    return right


def _undoable(mine: Turn, number: int) -> Event:
    """The event that is to be taken back."""
    events, standing = mine.dossier.events, mine.standing
    event = events[number - 1] if 0 < number <= len(events) else None
    act_of = verbs.act_of(event.outcome) if event else None
    if event is None or (event.outcome in verbs.NEUTRAL and not (act_of and act_of.undoable)):
        raise UsageError(
            "not-a-step",
            "event {number} of {deposit} is no step that could be taken back",
            remedy=Action("show", mine.dossier.id),
            number=number,
            deposit=mine.dossier.id,
        )
    if standing.came_from is None or standing.came_by != number:
        newest = standing.came_by if standing.came_from else 0
        raise NotNow(
            "step-not-undoable",
            "event {number} of {deposit} cannot be taken back now",
            remedy=(
                Text("Only the newest step can be: that is event {newest}.", newest=newest)
                if newest
                else "What changed a server or a switch, or told someone, cannot be undone; correct what it says.",
                Action("show", mine.dossier.id),
            ),
            number=number,
            deposit=mine.dossier.id,
        )
    return event


def _refuse_taken_place(mine: Turn) -> None:
    """Raise Conflict if a closed deposit would get a place again that someone else has now."""
    before, site = mine.dossier.summary, mine.desk.site
    spot = before.place
    rack = next((each for each in site.racks if spot and each.name == spot.rack), None)
    if not before.closed or spot is None or rack is None:
        return
    others = occupied(each for each in register.standing(site, {spot.rack}) if each.id != before.id)
    why = refusal(rack, others, before.need, spot.unit, Wish(face=spot.face, port=spot.port))
    if why:
        raise Conflict(
            "place-taken-meanwhile",
            "{deposit} would have {place} again: {reason}",
            remedy="Move what stands there now, or file the request again.",
            deposit=before.id,
            place=spot.text,
            reason=why.english,
        )
