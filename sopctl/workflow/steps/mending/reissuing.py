"""A hand-over form was issued wrongly: it is issued once more, or an addendum says what is right. Both name the first,
which stays as it was issued."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.errors import Action, NotNow
from sopctl.locale import Text
from sopctl.model.sop.entries import AddendumIssued, Amended, FormIssued, HandoverIssued, Paper
from sopctl.model.sop.history import Event
from sopctl.store import dossiers, register
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.papers import export
from sopctl.workflow.papers.elements import stamp
from sopctl.workflow.papers.mending.addendum import addendum as addendum_paper
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.scans import read_scan
from sopctl.workflow.steps import required
from sopctl.workflow.steps.handover import handover_form


def reissue(
    desk: Desk, deposit_id: str, *, reason: str, letter: Path | None = None, language: Language = "id"
) -> StepDone:
    """Issue the newest hand-over form once more, from what is true now, for all servers that stand on it.

    Raises NotNow for a deposit without such a form.
    """
    why = required.reason(reason, Text("a second form"), _ask(deposit_id, "reissue"))
    with ExitStack() as stack:
        turns = [stack.enter_context(act(desk, each, "reissue")) for each in _on_the_form(desk.site, deposit_id)]
        mine = turns[0]
        event, issued = _issued(mine)
        replaced = say(
            "Formulir ini menggantikan formulir nomor {number} tanggal {day}, yang keliru: {why}",
            language,
            number=issued.number,
            day=plain_date(event.at.date(), language),
            why=why,
        )
        form = handover_form(
            desk.site,
            [each.dossier for each in turns],
            mine.dossier.procedures[event.procedure],
            by=mine.by,
            stamp=stamp(mine),
            place=_place(mine, issued),
            language=language,
            on=mine.dossier.summary.handed_over_on,
        )
        form = replace(form, remarks=(replaced, *form.remarks))
        content, data = printed(desk.site, form), msgspec.json.encode(form)
        number = form.stamp.document_number
        return _recorded(turns, why, content, data, number, letter)


def addendum(
    desk: Desk, deposit_id: str, *, text: str, reason: str, letter: Path | None = None, language: Language = "id"
) -> StepDone:
    """Make an addendum to the newest hand-over form, to be signed by both parties: it says what is right.

    Raises NotNow for a deposit without such a form.
    """
    why = required.reason(reason, Text("an addendum"), _ask(deposit_id, "addendum", text))
    with act(desk, deposit_id, "reissue") as mine:
        event, issued = _issued(mine)
        form = addendum_paper(mine, language, event, issued.number, text=text.strip(), why=why)
        kept = mine.keep("adendum.pdf", printed(desk.site, form))
        paper = Paper(kept.file, kept.sha256, form.stamp.document_number)
        amended = _amended(mine, "addendum", why, letter)
        note = f"adendum {paper.number} atas formulir {issued.number}: {why}"
        return mine.record(mine.verb.outcome, amended, AddendumIssued(addendum=paper), note=note[:1000])


def _recorded(
    turns: Sequence[Turn], why: str, content: bytes, data: bytes, number: str, letter: Path | None
) -> StepDone:
    done = []
    for each in turns:
        _, issued = _issued(each)
        kept = each.keep("serah-terima.pdf", content)
        paper = Paper(kept.file, kept.sha256, number, each.keep("serah-terima.json", data, shown=False))
        amended = _amended(each, "replacement", why, letter)
        note = f"formulir {number} menggantikan {issued.number}: {why}"
        done.append(each.record(each.verb.outcome, HandoverIssued(document=paper), amended, note=note[:1000]))
    return replace(done[0], also=tuple(done[1:]))


def _amended(mine: Turn, kind: Literal["replacement", "addendum"], why: str, letter: Path | None) -> Amended:
    event, issued = _issued(mine)
    scan = mine.keep(f"bukti{letter.suffix.lower()}", read_scan(letter)) if letter else None
    return Amended(amends=FormIssued(event.seq, event.hash, issued.number), kind=kind, because=why, evidence=scan)


def _ask(deposit_id: str, option: str, value: str = "") -> Action:
    return Action("correct", deposit_id, needs=("reason",), given={option: value})


def _issued(mine: Turn) -> tuple[Event, Paper]:
    """The newest hand-over form and the event that issued it."""
    found = next(mine.dossier.established(HandoverIssued), None)
    if found is None:
        raise NotNow(
            "no-form-to-amend",
            "{deposit} has no hand-over form yet",
            remedy=Action("show", mine.dossier.id),
            deposit=mine.dossier.id,
        )
    return found[0], found[1].document


def _on_the_form(site: Site, deposit_id: str) -> list[str]:
    """The deposits on the newest hand-over form of this one, itself first: each dossier keeps the same file."""
    dossier = dossiers.read(site, deposit_id)
    issued = dossier.newest(HandoverIssued)
    if issued is None:
        return [deposit_id]
    mine = dossier.summary
    beside = [
        each.id
        for each in register.summaries(site)
        if each.id != deposit_id and (each.letter, each.unit) == (mine.letter, mine.unit)
    ]
    forms_of = {each: dossiers.read(site, each).newest(HandoverIssued) for each in beside}
    same = [each for each, form in forms_of.items() if form and form.document.sha256 == issued.document.sha256]
    return [deposit_id, *same]


def _place(mine: Turn, issued: Paper) -> str:
    """Where the first form was signed, if it kept what it says."""
    if issued.data is None:
        return ""
    return export.issued_form(mine.dossier, issued, forms.HandoverForm).place
