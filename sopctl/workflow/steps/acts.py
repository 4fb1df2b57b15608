"""What people need and the paper does not draw (di luar SOP): hold, resume, extend, refuse, withdraw."""

from datetime import date
from pathlib import Path

from msgspec.structs import replace

from sopctl.errors import NotNow, UsageError
from sopctl.model.sop.entries import Entry, ExtensionLetter, Letter, LetterScan, ValidUntil
from sopctl.workflow.desk import Desk, StepDone, Turn, act, turn
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps.reservation import serve_waiting_list


def hold(desk: Desk, deposit_id: str, *, reason: str) -> StepDone:
    """Put a deposit on hold at the step where it stands; its clock stands still. Raises NotNow when it is on hold."""
    with act(desk, deposit_id, "hold") as mine:
        if mine.standing.held:
            raise NotNow(
                "hold-already",
                "{deposit} is on hold already: {note}",
                remedy=_resume(deposit_id),
                deposit=deposit_id,
                note=mine.standing.held.note,
            )
        return mine.record(mine.verb.outcome, note=_said(reason, "--reason"))


def resume(desk: Desk, deposit_id: str, *, note: str = "") -> StepDone:
    """End a hold: the step goes on, its clock with it. Raises NotNow when the deposit is not on hold."""
    with act(desk, deposit_id, "resume") as mine:
        if not mine.standing.held:
            raise NotNow(
                "not-hold", "{deposit} is not on hold", remedy=f"Look: sopctl show {deposit_id}", deposit=deposit_id
            )
        return mine.record(mine.verb.outcome, note=note or "dilanjutkan")


def extend(
    desk: Desk, deposit_id: str, *, until: date, letter_number: str = "", letter: Path | None = None, note: str = ""
) -> StepDone:
    """Extend the time for which a server is taken in (masa penitipan), by the owner's letter.

    Raises UsageError when `until` is not later than what holds now.
    """
    with act(desk, deposit_id, "extend") as mine:
        valid_until = mine.dossier.summary.valid_until
        if until <= (valid_until or desk.now().date()):
            held_until = f"valid until {valid_until}" if valid_until else "deposited without an end"
            raise UsageError(
                "failed",
                "{deposit} is {held_until}; {until} is no extension",
                remedy="Name a later day.",
                deposit=deposit_id,
                held_until=held_until,
                until=until,
            )
        entries: list[Entry] = [ValidUntil(valid_until=until)]
        if letter_number:
            entries.append(ExtensionLetter(letter=Letter(letter_number, desk.now().date())))
        if letter:
            entries.append(_scan(mine, letter, "surat-perpanjangan"))
        text = f"berlaku sampai {until:%Y-%m-%d}" + (f", surat {letter_number}" if letter_number else "")
        return mine.record(mine.verb.outcome, *entries, note=f"{text}; {note}" if note else text)


def refuse(desk: Desk, deposit_id: str, *, reason: str, letter: Path | None = None) -> StepDone:
    """The office refuses: the letter at its disposition, or a server that failed its inspection. Closes the dossier."""
    return _end(desk, deposit_id, "refuse", reason, letter)


def withdraw(desk: Desk, deposit_id: str, *, reason: str, letter: Path | None = None) -> StepDone:
    """The requesting unit takes its request back: closes the dossier before the hand-over; during a return, the server
    stays here after all and goes on where it stood."""
    return _end(desk, deposit_id, "withdraw", reason, letter)


def _end(desk: Desk, deposit_id: str, verb: str, reason: str, letter: Path | None) -> StepDone:
    said = _said(reason, "--reason")
    with turn(desk, deposit_id, verb) as mine:
        scans = [_scan(mine, letter, "surat")] if letter else []
        done = mine.record(next(iter(mine.outcomes)), *scans, note=said)
    return replace(done, also=tuple(serve_waiting_list(desk)))


def _scan(mine: Turn, letter: Path, name: str) -> LetterScan:
    return LetterScan(document=mine.keep(f"{name}{letter.suffix.lower()}", read_scan(letter)))


def _said(reason: str, option: str) -> str:
    if not reason.strip():
        raise UsageError("reason-empty", "the reason is empty", remedy=f'Say why: {option} "…"')
    return reason.strip()


def _resume(deposit_id: str) -> str:
    return f"To go on: sopctl resume {deposit_id}"
