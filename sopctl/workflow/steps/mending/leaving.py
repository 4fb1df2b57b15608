"""How a deposit ends or stops otherwise than by the paper: a duplicate, a forged letter, a server that is gone."""

from datetime import date
from pathlib import Path

from msgspec.structs import replace

from sopctl.adapters.documents.english import Language
from sopctl.errors import Action, NotNow, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model.sop.entries import (
    DuplicateOf,
    Entry,
    LetterForged,
    LetterScan,
    Lost,
    OnDay,
    Paper,
    PortSet,
    RequestLetter,
    WrittenOff,
)
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.messages.notes import told
from sopctl.workflow.papers.mending.loss_record import loss_record
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.ports import deposit_port, switches
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required
from sopctl.workflow.steps.reservation import serve_waiting_list


def void(desk: Desk, deposit_id: str, *, other: str, reason: str, letter: Path | None = None) -> StepDone:
    """Close a dossier that was opened for what has one already, `other`. Its place is free.

    Raises UsageError for a dossier that cannot be the other one; NotNow for one whose server is configured under it,
    where the other's is not: that one is the duplicate.
    """
    with act(desk, deposit_id, "void") as mine:
        why = required.reason(reason, Text("a duplicate"), _ask("duplicate-of", deposit_id, other))
        first = dossiers.read(desk.site, other)
        if other == deposit_id or first.newest(DuplicateOf) is not None:
            raise UsageError(
                "no-original",
                "{deposit} cannot be a duplicate of {other}",
                remedy=Action("show", other),
                deposit=deposit_id,
                other=other,
            )
        if mine.dossier.summary.managed and not first.summary.managed:
            raise NotNow(
                "duplicate-is-in-use",
                "the server is configured under {deposit}, not under {other}",
                remedy=_ask("duplicate-of", other, deposit_id),
                deposit=deposit_id,
                other=other,
            )
        note = f"duplikat dari {other}: {why}"
        done = mine.record(mine.verb.outcome, DuplicateOf(duplicate_of=other, why=why), *_scan(mine, letter), note=note)
    return replace(done, also=tuple(serve_waiting_list(desk)))


def forged(desk: Desk, deposit_id: str, *, reason: str, number: str = "", letter: Path | None = None) -> StepDone:
    """Record that a letter of the owner, the request's or `number`, was found to be forged. The deposit is on hold from
    then on, and only a head resumes it; one that has ended is only marked."""
    with act(desk, deposit_id, "forged") as mine:
        why = required.reason(reason, Text("a forged letter"), _ask("forged", deposit_id))
        filed = mine.newest(RequestLetter)
        which = number.strip() or (filed.letter.number if filed else "") or "surat permohonan"
        note = f"surat {which} dinyatakan palsu: {why}"
        return mine.record(
            mine.verb.outcome, LetterForged(forged=which, why=why), *_scan(mine, letter), note=note[:1000]
        )


def write_off(
    desk: Desk,
    deposit_id: str,
    *,
    lost: Lost,
    reason: str,
    on: date | None = None,
    letter: Path | None = None,
    language: Language = "id",
) -> StepDone:
    """Record that a server left the house and nobody took it back: it was stolen, is broken for good, or was seized.

    Its switch port is shut, where sopctl sets it; whether that worked stands on the record that is made, to be signed.
    Nothing logs in to it any more, its place is free, and the dossier is closed. Raises NotNow while it is not here.
    """
    with act(desk, deposit_id, "write-off") as mine:
        required.reason(reason, Text("a write-off"), Action("write-off", deposit_id, needs=("how", "reason")))
        _refuse_not_here(mine)
        if on:
            _refuse_day(mine, on)
        opened = _has_open_port(mine)
    port = _shut(desk, deposit_id) if opened else ""
    with act(desk, deposit_id, "write-off") as mine:
        scans = [mine.keep(f"bukti{letter.suffix.lower()}", read_scan(letter))] if letter else []
        form = loss_record(mine, language, lost=lost, why=reason.strip(), on=on, port=port, evidence=bool(scans))
        kept = mine.keep("keluar-tanpa-pengembalian.pdf", printed(desk.site, form))
        paper = Paper(kept.file, kept.sha256, form.stamp.document_number)
        gone = WrittenOff(lost=lost, why=reason.strip(), document=paper, evidence=scans[0] if scans else None)
        days = [OnDay(on_day=on)] if on else []
        note = f"{lost}: {reason.strip()}{required.dated(on)}; {paper.number}" + (f"; {port}" if port else "")
        done = mine.record(mine.verb.outcome, gone, *days, note=note[:1000])
    return replace(done, also=tuple(serve_waiting_list(desk)))


def _ask(option: str, deposit_id: str, value: str = "") -> Action:
    return Action("correct", deposit_id, needs=("reason",), given={option: value})


def _scan(mine: Turn, letter: Path | None) -> list[Entry]:
    return [LetterScan(document=mine.keep(f"bukti{letter.suffix.lower()}", read_scan(letter)))] if letter else []


def _refuse_not_here(mine: Turn) -> None:
    summary = mine.dossier.summary
    if not (summary.received_on or summary.placed):
        raise NotNow(
            "server-not-here",
            "the server of {deposit} is not here: it cannot leave",
            remedy=Action("show", summary.id),
            deposit=summary.id,
        )


def _refuse_day(mine: Turn, on: date) -> None:
    came = mine.dossier.summary.received_on or mine.dossier.summary.placed_on
    if on > mine.desk.now().date():
        raise UsageError(
            "day-in-the-future",
            "{day} has not come yet",
            remedy="Name the day on which it was, such as 2026-11-23.",
            day=on,
        )
    if came and on < came:
        raise UsageError(
            "day-out-of-order",
            "{day} cannot be: {other} {then}",
            remedy="Correct the other day first, if that one is wrong.",
            day=on,
            other=Text("the server was received on"),
            then=came,
        )


def _has_open_port(mine: Turn) -> bool:
    was_set = mine.newest(PortSet)
    return (
        was_set is not None
        and was_set.switch_port.state == "applied"
        and switches.of_place(mine.desk.site, mine.dossier.summary.place) is not None
    )


def _shut(desk: Desk, deposit_id: str) -> str:
    """Shut the switch port; that it cannot be shut stops nothing, and is told."""
    try:
        done, _ = deposit_port.release(desk, deposit_id)
    except SopctlError as error:
        return f"port switch belum ditutup: {told(error)}"
    return done.note
