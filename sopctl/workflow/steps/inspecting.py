"""Comparing the machine with the papers: penitipan 8, pengembalian 4 and 7."""

from collections.abc import Sequence
from pathlib import Path

from sopctl.errors import Action, UsageError
from sopctl.locale import Text
from sopctl.model import inspection
from sopctl.model.inspection import NOT_LOOKED_AT, NOTHING_FOUND, Inspection
from sopctl.model.sop.entries import (
    AccessoryBack,
    CompletenessInspected,
    ConditionInspected,
    Entry,
    Kept,
    Returned,
    Taker,
)
from sopctl.store import codec
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required


def inspect(
    desk: Desk,
    deposit_id: str,
    *,
    serial: str | None = None,
    found: Inspection = NOTHING_FOUND,
    photos: Sequence[Path] = (),
    missing: Sequence[str] = (),
    returned: Sequence[str] = (),
    taken_by: str = "",
    authority: Path | None = None,
    note: str = "",
) -> StepDone:
    """Do the inspection that is due.

    condition (penitipan 8): `serial` as read off the machine, `found` by the checklist, and `photos`. What differs from
    the letter is recorded; a wrong serial number or a fault needs a decision.
    serial (pengembalian 4): `serial` is compared with the hand-over; `taken_by` and `authority` say who takes the
    server home.
    completeness (pengembalian 7): of the accessories at hand-over, `missing` are not there and `returned` are. The
    others are there when `found` says that the rest was looked at; else nobody has checked them. A difference is
    recorded and does not block.
    """
    with turn(desk, deposit_id, "inspect") as mine:
        entry: Entry
        match mine.step.task:
            case "condition":
                differing, entry = _condition(mine, serial, found, photos)
            case "serial":
                differing, entry = _serial(mine, serial, taken_by, authority)
            case _:
                differing, entry = _completeness(mine, found, missing, returned, photos)
        passed, failed = mine.outcomes
        said = _summed_up(entry, differing)
        return mine.record(
            failed if differing else passed,
            entry,
            note="; ".join([said, *([note] if note else [])])[:1000],
            answer=not differing,
        )


def accept(desk: Desk, deposit_id: str, *, note: str) -> StepDone:
    """Accept a server that failed its inspection, with a note on why (di luar SOP)."""
    said = required.note(note, Text("accepting a failed inspection"), Action("accept", deposit_id, needs=("accept",)))
    with turn(desk, deposit_id, "accept") as mine:
        if mine.standing.waiting != "decision":
            raise UsageError(
                "no-failed-inspection",
                "{deposit} has not failed an inspection",
                remedy=Action("inspect", deposit_id),
                deposit=deposit_id,
            )
        return mine.record(next(iter(mine.outcomes)), note=said)


def read_answers(path: Path) -> Inspection:
    """An inspection from a YAML file. Raises InvalidRecord with the place of what is wrong."""
    return codec.load(path, Inspection)


def _condition(
    mine: Turn, serial: str | None, found: Inspection, photos: Sequence[Path]
) -> tuple[list[str], ConditionInspected]:
    said = mine.deposit.server
    read = _read(mine, serial)
    wrong = [f"nomor seri {read}, menurut surat {said.serial}"] if read != said.serial else []
    kept = _photos(mine, photos)
    questions = inspection.checked(found, serial_differs=bool(wrong), photos=len(kept))
    answered = [each for each in questions if not (wrong and each.item == inspection.CHECKLIST[inspection.SERIAL - 1])]
    differing = [*wrong, *inspection.faults(answered), *inspection.differences(found.measured, said)]
    return differing, ConditionInspected(
        serial=read,
        condition=found.seen_condition,
        checklist=tuple(questions),
        measured=found.measured,
        accessories=found.accessories,
        photos=tuple(kept),
    )


def _serial(mine: Turn, serial: str | None, taken_by: str, authority: Path | None) -> tuple[list[str], Taker]:
    read, on_paper = _read(mine, serial), mine.dossier.summary.serial
    scan = mine.keep(f"surat-kuasa{authority.suffix.lower()}", read_scan(authority)) if authority else None
    who = taken_by or mine.deposit.contacts.administrative.name
    if read == on_paper:
        return [], Taker(taken_by=who, authority=scan)
    differing = [f"nomor seri {read}, menurut serah terima {on_paper}"]
    return differing, Taker(taken_by=who, authority=scan, serial_shown=read)


def _completeness(
    mine: Turn, found: Inspection, missing: Sequence[str], returned: Sequence[str], photos: Sequence[Path]
) -> tuple[list[str], CompletenessInspected]:
    if found == NOTHING_FOUND and not (missing or returned or photos):
        raise UsageError(
            "nothing-inspected",
            "nothing was looked at: without an answer there is nothing to record",
            remedy=(
                "Say what was found; on a terminal, the command asks.",
                Action("inspect", mine.dossier.id, task=mine.step.task, given={"all-ok": ""}),
            ),
        )
    taken_in = mine.newest(ConditionInspected)
    brought = taken_in.accessories if taken_in else ()
    unknown = [each for each in (*missing, *returned) if each not in brought]
    if unknown:
        listed = ", ".join(brought) or "none"
        raise UsageError(
            "accessory-not-handed-over",
            "{accessory!r} was not handed over",
            remedy=Text("Accessories at hand-over: {listed}", listed=listed),
            accessory=unknown[0],
        )
    if both := [each for each in missing if each in returned]:
        raise UsageError(
            "accessory-missing-and-returned",
            "{accessory!r} cannot be both missing and returned",
            remedy="Name it once: as missing, or as returned.",
            accessory=both[0],
        )
    kept = _photos(mine, photos)
    read = mine.dossier.last("inspect", "serial")  # its other outcome leads back there
    questions = inspection.checked(found, serial_differs=None if read is None else False, photos=len(kept))
    rest: Returned = "true" if found.rest_ok else ""
    states: dict[str, Returned] = {
        **dict.fromkeys(brought, rest),
        **dict.fromkeys(returned, "true"),
        **dict.fromkeys(missing, "false"),
    }
    back = tuple(AccessoryBack(each, states[each]) for each in brought)
    differing = [f"kurang: {each}" for each in missing] + inspection.faults(questions)
    return differing, CompletenessInspected(
        condition_back=found.seen_condition,
        checklist_back=tuple(questions),
        accessories_back=back,
        photos_back=tuple(kept),
    )


def _photos(mine: Turn, photos: Sequence[Path]) -> list[Kept]:
    return [mine.keep(f"foto-{n}{photo.suffix.lower()}", read_scan(photo)) for n, photo in enumerate(photos, start=1)]


def _summed_up(entry: Entry, differing: Sequence[str]) -> str:
    """What a note says of an inspection: what differs, and how much nobody looked at."""
    questions = {ConditionInspected: "checklist", CompletenessInspected: "checklist_back"}.get(type(entry), "")
    left = inspection.open_questions(getattr(entry, questions)) if questions else 0
    if differing:
        said = "berbeda: " + ", ".join(differing)
    elif isinstance(entry, CompletenessInspected):
        said = "sesuai" if not left else "sejauh diperiksa sesuai"
    else:
        said = "sesuai" if not left else "nomor seri sesuai"
    return f"{said}; {NOT_LOOKED_AT}: {left} pertanyaan" if left else said


def _read(mine: Turn, serial: str | None) -> str:
    if not serial or not serial.strip():
        raise UsageError(
            "serial-missing",
            "the serial number was not read",
            remedy=(
                "Read it off the machine.",
                Action("inspect", mine.dossier.id, task=mine.step.task, needs=("serial",)),
            ),
        )
    return serial.strip()
