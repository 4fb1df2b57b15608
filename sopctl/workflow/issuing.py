"""Documents made on request: the SOP, the request letter, and copies of forms that an office edits."""

from pathlib import Path
from typing import Literal, get_args

from sopctl.adapters.documents import forms, render
from sopctl.adapters.documents.editable import as_paper, to_html, to_xlsx
from sopctl.errors import UsageError
from sopctl.store import dossiers
from sopctl.store.durable import write_atomic
from sopctl.workflow import procedures
from sopctl.workflow.desk import Desk
from sopctl.workflow.handing import handover_form
from sopctl.workflow.papers import request_letter, stamp_of
from sopctl.workflow.sop_paper import sop_form

Format = Literal["pdf", "xlsx", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)


def sop(desk: Desk, name: str, *, deposit: str | None, output: Path | None) -> Path:
    """The SOP as PDF: the version in force, or with the way that a deposit went. Returns the file that was written."""
    site, today = desk.site, desk.now().date()
    way = procedures.way(site, name, deposit) if deposit else None
    form = sop_form(site, way.procedure if way else procedures.find(site, name), today, way)
    suffix = f"-{deposit}" if deposit else ""
    return _write(output or Path(f"sop-{name}{suffix}.pdf"), render(form))


def letter(desk: Desk, *, kind: Format, output: Path | None) -> Path:
    """The request letter for a unit to fill in. Returns the file that was written."""
    paper = request_letter(desk.site, desk.now().date())
    return _write(output or Path(f"surat-permohonan.{kind}"), _as(kind, paper))


def handover(desk: Desk, deposit_id: str, *, kind: Format, output: Path | None) -> Path:
    """A copy of a deposit's newest hand-over form, to edit. The form that was issued stays what it is.

    Raises UsageError when none was made yet.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    event = dossier.last("handover")
    if event is None:
        raise UsageError(f"{deposit_id} has no hand-over form yet", remedy=f"Look: sopctl show {deposit_id}")
    number = event.data["document"]["number"]
    form = handover_form(
        desk.site,
        [dossier],
        dossier.procedures[event.procedure],
        by=event.by,
        stamp=stamp_of(dossier, f"{number} (salinan)", event.at.date(), issued=False),
    )
    content = render(form) if kind == "pdf" else _as(kind, as_paper(form))
    return _write(output or Path(f"serah-terima-{deposit_id}.{kind}"), content)


def _as(kind: Format, paper: forms.Paper) -> bytes:
    match kind:
        case "pdf":
            return render(paper)
        case "html":
            return to_html(paper)
        case "xlsx":
            return to_xlsx(paper)


def _write(path: Path, content: bytes) -> Path:
    write_atomic(path, content)
    return path
