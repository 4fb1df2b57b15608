"""The letters: a request is filed, the heads route it (disposisi), the owner asks for the server back."""

from datetime import date
from pathlib import Path

from sopctl.errors import Action, UsageError
from sopctl.locale import Text
from sopctl.model.deposit import AnyRequest
from sopctl.model.intake import plausibility
from sopctl.model.sop import procedure, verbs
from sopctl.model.sop.entries import (
    DiskWish,
    Disposed,
    Disposition,
    Entry,
    Letter,
    LetterScan,
    Pinned,
    RequestLetter,
    ReturnLetter,
    to_data,
)
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import REQUESTER
from sopctl.store import filing
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.papers import request_letter
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required


def request(desk: Desk, record: Path, *, letter: Path | None = None) -> StepDone:
    """penitipan 1: file a request from `record`, YAML or the request letter filled in as XLSX, with the letter's scan.
    This opens a dossier."""
    return file_request(desk, request_letter.read(desk.site, record, desk.now().date()), letter=letter)


def file_request(desk: Desk, filed: AnyRequest, *, letter: Path | None = None) -> StepDone:
    """penitipan 1, with a request that was read and may come in.

    The request as filed stays in the dossier as a document, whatever is edited later.
    """
    scan = read_scan(letter) if letter else None
    opening = procedure.opening(desk.site.procedures)
    desk.sure_of_the_clock()
    now = desk.now()
    event = Event(
        seq=0,
        at=now,
        procedure=opening.name,
        step=opening.first.no,
        outcome="selesai",
        by=desk.decider((REQUESTER,), Text("request"), filed.unit),
        typed=desk.typed,
        prev="",
        note=f"surat {filed.letter.number}",
        data=to_data(
            (
                Pinned(procedures={name: each.version for name, each in desk.site.procedures.items()}),
                RequestLetter(letter=Letter(filed.letter.number, filed.letter.date)),
            )
        ),
    )
    scanned = (f"surat{letter.suffix.lower()}", scan) if letter and scan else None
    new = filing.New(filed, event, scanned, despite=desk.despite)
    dossier = filing.create(desk.site, new, now.date())
    standing = procedure.Standing(opening.name, opening.first, None)
    outcomes = opening.first.outcomes_of("request")
    filed_turn = Turn(desk, dossier, opening, opening.first, standing, REQUESTER, outcomes, verbs.row("request"))
    return filed_turn.done(dossier.events[-1], answer=True)


def dispose(
    desk: Desk,
    deposit_id: str,
    *,
    instruction: str,
    to: str = "",
    letter_number: str = "",
    letter_date: date | None = None,
    letter: Path | None = None,
) -> StepDone:
    """A disposition (penitipan 2 and 3, pengembalian 2 and 3): a head's written instruction on a letter, to whom it
    goes, and when. `letter_number` and `letter`: number and scan of the disposition sheet, where the office has one.
    """
    if not instruction.strip():
        raise UsageError(
            "instruction-missing",
            "a disposition needs an instruction",
            remedy=("Say what the head wrote.", Action("dispose", deposit_id, needs=("instruction",))),
        )
    if letter_date:
        required.meant(plausibility.letter_day(letter_date, desk.now().date()))
    scan = read_scan(letter) if letter else None
    with turn(desk, deposit_id, "dispose") as mine:
        following = mine.procedure.step(mine.step.outcomes["selesai"].next or mine.step.no)
        disposition = Disposition(
            sender=mine.step.actor,
            to=to or following.actor,
            instruction=instruction.strip(),
            date=letter_date or desk.now().date(),
            letter=_letter_routed(mine),
            number=letter_number or None,
            document=mine.keep(f"disposisi{letter.suffix.lower()}", scan) if letter and scan else None,
        )
        return mine.record("selesai", Disposed(disposition=disposition), note=instruction.strip())


def ask_back(
    desk: Desk, deposit_id: str, *, letter_number: str, letter_date: date | None = None, letter: Path | None = None
) -> StepDone:
    """pengembalian 1: the owner's letter that asks for the server back; begins the procedure."""
    if not letter_number.strip():
        raise UsageError(
            "letter-number-missing",
            "the letter has no number",
            remedy=Action("return", deposit_id, task="letter", needs=("letter_number",)),
        )
    if letter_date:
        required.meant(plausibility.letter_day(letter_date, desk.now().date()))
    scan = read_scan(letter) if letter else None
    with turn(desk, deposit_id, "return") as mine:
        if mine.step.task != "letter":
            raise UsageError(
                "return-begun",
                "{deposit} is already being returned; what is due is {place}: {activity}",
                remedy=Action("return", deposit_id, task="data-saved", needs=("disks",)),
                deposit=deposit_id,
                place=mine.standing.place,
                activity=mine.step.activity,
            )
        entries: list[Entry] = [ReturnLetter(letter=Letter(letter_number, letter_date or desk.now().date()))]
        if letter and scan:
            entries.append(LetterScan(document=mine.keep(f"surat-pengambilan{letter.suffix.lower()}", scan)))
        return mine.record("selesai", *entries, note=f"surat {letter_number}")


def confirm_data_saved(desk: Desk, deposit_id: str, *, wipe: bool) -> StepDone:
    """pengembalian 5: the owner says that the data is saved, and whether the disks are to be wiped (their choice)."""
    with turn(desk, deposit_id, "return") as mine:
        if mine.step.task != "data-saved":
            raise UsageError(
                "return-not-begun",
                "the return of {deposit} has not begun",
                remedy=(
                    "It begins with the owner's letter.",
                    Action("return", deposit_id, task="letter", needs=("letter_number",)),
                ),
                deposit=deposit_id,
            )
        wish = "pemilik meminta disk dihapus" if wipe else "disk tidak dihapus"
        return mine.record("selesai", DiskWish(wipe_disks=wipe), note=f"data telah dicadangkan; {wish}")


def _letter_routed(mine: Turn) -> str | None:
    """The number of the letter that a head routes: the return's during a return, else the request's."""
    asked_back = mine.newest(ReturnLetter) if mine.procedure.begins.during else None
    letter = asked_back or mine.newest(RequestLetter)
    return letter.letter.number if letter else None
