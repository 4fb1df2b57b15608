"""What people need and the paper does not draw (di luar SOP): hold, resume, late, extend, refuse, withdraw."""

from datetime import date
from pathlib import Path

from msgspec.structs import replace

from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import Text
from sopctl.model.intake import plausibility
from sopctl.model.sop import verbs
from sopctl.model.sop.entries import Entry, ExtensionLetter, Letter, LetterScan, ValidUntil
from sopctl.workflow.desk import Desk, StepDone, Turn, act, office_roles, on_hold, turn
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required
from sopctl.workflow.steps.reservation import serve_waiting_list
from sopctl.workflow.views.sla_report import late_steps


def hold(desk: Desk, deposit_id: str, *, reason: str) -> StepDone:
    """Put a deposit on hold at its present step; the deadline is paused. Raises NotNow when it is on hold already."""
    with act(desk, deposit_id, "hold") as mine:
        if held := mine.standing.held:
            raise on_hold(mine.dossier, held)
        said = required.reason(reason, Text("a hold"), Action("hold", deposit_id, needs=("reason",)))
        return mine.record(mine.verb.outcome, note=said)


def resume(desk: Desk, deposit_id: str, *, note: str = "") -> StepDone:
    """End a hold: the step goes on, and its deadline with it. Raises NotNow when the deposit is not on hold."""
    with act(desk, deposit_id, "resume") as mine:
        if not mine.standing.held:
            raise NotNow(
                "not-on-hold", "{deposit} is not on hold", remedy=Action("show", deposit_id), deposit=deposit_id
            )
        if mine.standing.held.outcome == verbs.FORGED:
            mine.decide(
                mine.procedure.acts.get("forged") or office_roles(mine.procedure), Text("a letter found to be forged")
            )
        return mine.record(mine.verb.outcome, note=note or "dilanjutkan")


def late(desk: Desk, deposit_id: str, *, because: str) -> StepDone:
    """Say why the step that is due is late, without doing it. Raises NotNow when it is not late."""
    said = required.reason(because, Text("a delay"), Action("late", deposit_id, needs=("because",)))
    with act(desk.saying_why_late(said), deposit_id, "late") as mine:
        if not any(each.ended is None for each in late_steps(desk, mine.dossier)):
            raise NotNow(
                "not-late", "nothing of {deposit} is late", remedy=Action("show", deposit_id), deposit=deposit_id
            )
        return mine.record(mine.verb.outcome, note=said)


def extend(
    desk: Desk, deposit_id: str, *, until: date, letter_number: str = "", letter: Path | None = None, note: str = ""
) -> StepDone:
    """Extend the time for which a server is deposited (masa penitipan), by the owner's letter.

    Raises UsageError when `until` is not later than the day that holds now, or not in the future where none holds.
    """
    with act(desk, deposit_id, "extend") as mine:
        _refuse_early(mine, until)
        required.meant(plausibility.term(until, None, desk.now().date()))
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
    """The requesting unit takes its request back. Before the hand-over this closes the dossier; during a return, the
    server stays here after all, and the deposit goes on where it stood."""
    return _end(desk, deposit_id, "withdraw", reason, letter)


def _end(desk: Desk, deposit_id: str, verb: str, reason: str, letter: Path | None) -> StepDone:
    act_of = {"refuse": Text("a refusal"), "withdraw": Text("a withdrawal")}
    said = required.reason(reason, act_of[verb], Action(verb, deposit_id, needs=("reason",)))
    with turn(desk, deposit_id, verb) as mine:
        scans = [_scan(mine, letter, "surat")] if letter else []
        done = mine.record(next(iter(mine.outcomes)), *scans, note=said)
    return replace(done, also=tuple(serve_waiting_list(desk)))


def _scan(mine: Turn, letter: Path, name: str) -> LetterScan:
    return LetterScan(document=mine.keep(f"{name}{letter.suffix.lower()}", read_scan(letter)))


def _refuse_early(mine: Turn, until: date) -> None:
    holds, today = mine.dossier.summary.valid_until, mine.desk.now().date()
    remedy = (Text("Name a later day."), Action("extend", mine.dossier.id, needs=("until",)))
    if holds and until <= holds:
        raise UsageError(
            "extension-not-later",
            "{deposit} is valid until {valid_until}; {until} is no extension",
            remedy=remedy,
            deposit=mine.dossier.id,
            valid_until=holds,
            until=until,
        )
    if not holds and until <= today:
        raise UsageError(
            "extension-not-in-the-future",
            "{deposit} has no end date; {until} is not in the future",
            remedy=remedy,
            deposit=mine.dossier.id,
            until=until,
        )
