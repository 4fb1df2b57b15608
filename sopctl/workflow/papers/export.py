"""Documents made on request: the SOP, the request letter, the month's summary, and copies of forms to edit."""

import hashlib
from pathlib import Path
from typing import Literal, TypeVar, get_args

from msgspec.structs import replace

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.editable import as_paper, inventory_paper, to_html
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.summary_xlsx import summary_xlsx
from sopctl.adapters.documents.xlsx import to_xlsx
from sopctl.errors import Action, InvalidRecord, SopctlError, UsageError
from sopctl.model.as_json import from_json
from sopctl.model.sop.entries import HandoverIssued, Paper
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors, write_output
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import inventory_sheet as sheets
from sopctl.workflow.papers import request_letter
from sopctl.workflow.papers.guest_book import guest_book as guest_book_of
from sopctl.workflow.papers.monthly.summary_form import summary_form
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.papers.sop_form import sop_form
from sopctl.workflow.views import house, inventories, procedures

Format = Literal["pdf", "xlsx", "html"]
T = TypeVar("T", forms.HandoverForm, forms.InventoryForm)
FORMATS: tuple[Format, ...] = get_args(Format)


def sop(desk: Desk, name: str, *, deposit: str | None, output: Path | None) -> Path:
    """The SOP as PDF: the version in force, or that of a deposit with the way that it went. Returns the file's path."""
    site, today = desk.site, desk.now().date()
    way = procedures.way(site, name, deposit) if deposit else None
    form = sop_form(site, way.procedure if way else procedures.find(site, name), today, way)
    suffix = f"-{deposit}" if deposit else ""
    return _write(output or Path(f"sop-{name}{suffix}.pdf"), printed(desk.site, form))


def letter(
    desk: Desk, *, kind: Format, output: Path | None, language: Language = "id", filled: Path | None = None
) -> Path:
    """The request letter, empty for a unit to fill in, or filled from the request record `filled`. Returns the file's
    path."""
    given = request_letter.read(desk.site, filled) if filled else None
    paper = request_letter.letter(desk.site, desk.now().date(), language, given)
    return _write(output or Path(f"surat-permohonan.{kind}"), _as(desk, kind, paper))


def handover_copy(
    desk: Desk, deposit_id: str, *, kind: Format, output: Path | None, language: Language | None = None
) -> Path:
    """A copy of a deposit's newest hand-over form, to edit or in another language. It says what the issued form says,
    with all of its servers. Returns the file's path.

    Raises UsageError when there is no form yet, or none that kept its data; InvalidRecord when the data was altered.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    handed_over = dossier.newest(HandoverIssued)
    if handed_over is None:
        raise UsageError(
            "no-handover-form",
            "{deposit} has no hand-over form yet",
            remedy=Action("show", deposit_id),
            deposit=deposit_id,
        )
    issued = issued_form(dossier, handed_over.document, forms.HandoverForm)
    language = language or issued.language
    number = f"{issued.stamp.document_number} ({say('salinan', language)})"
    stamp = replace(issued.stamp, document_number=number, names_record=False)
    form = replace(issued, stamp=stamp, language=language)
    content = printed(desk.site, form) if kind == "pdf" else _as(desk, kind, as_paper(form))
    return _write(output or Path(f"serah-terima-{deposit_id}.{kind}"), content)


def inventory_summary(
    desk: Desk, month: str | None, *, kind: Literal["pdf", "xlsx"], output: Path | None
) -> tuple[Path, list[SopctlError]]:
    """The summary of all servers of a month, by default this one. Returns the file's path, and what is wrong with the
    dossiers that it lacks."""
    found = inventories.summary(desk, month)
    form = summary_form(desk, found)
    content = printed(desk.site, form) if kind == "pdf" else summary_xlsx(form)
    return _write(output or Path(f"rekap-inventaris-{form.month}.{kind}"), content), [*found.broken.values()]


def guest_book(desk: Desk, month: str | None, *, kind: Literal["pdf", "xlsx"], output: Path | None) -> Path:
    """The guest book of a month, by default this one. Returns the file's path."""
    of, visits = house.guest_book(desk, month)
    return _write(output or Path(f"buku-tamu-{of}.{kind}"), _as(desk, kind, guest_book_of(desk, of, visits)))


def inventory_sheet(desk: Desk, deposit_id: str, *, kind: Literal["xlsx", "yaml"], output: Path | None) -> Path:
    """The empty inventory sheet of a machine that nothing can read. Returns the file's path."""
    dossier = dossiers.read(desk.site, deposit_id)
    whole = sheets.as_yaml(dossier).encode() if kind == "yaml" else to_xlsx(sheets.spreadsheet(desk, dossier))
    suffix = "yml" if kind == "yaml" else "xlsx"
    return _write(output or Path(f"lembar-inventaris-{deposit_id}.{suffix}"), whole)


def inventory_copy(desk: Desk, deposit_id: str, month: str | None, *, kind: Format, output: Path | None) -> Path:
    """A copy of a deposit's inventory form of `month`, by default the newest, to work with or to edit. It says what the
    issued form says. Returns the file's path.

    Raises UsageError when there is no form, or none that kept its data; InvalidRecord when the data was altered.
    """
    dossier, gathered = inventories.gathering(desk, deposit_id, month)
    issued = issued_form(dossier, gathered.document, forms.InventoryForm)
    number = f"{issued.stamp.document_number} (salinan)"
    form = replace(issued, stamp=replace(issued.stamp, document_number=number, names_record=False))
    content = printed(desk.site, form) if kind == "pdf" else _as(desk, kind, inventory_paper(form))
    return _write(output or Path(f"inventaris-{deposit_id}-{gathered.month}.{kind}"), content)


def issued_form(dossier: Dossier, paper: Paper, form: type[T]) -> T:
    """What a form said when it was issued."""
    if paper.data is None:
        raise UsageError(
            "form-without-data",
            "the form was made by an older sopctl, which kept only the PDF",
            where=str(dossier.folder / paper.file),
            remedy="Work with the PDF.",
        )
    path = dossier.folder / paper.data.file
    with disk_errors(path, "read"):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != paper.data.sha256:
        raise InvalidRecord(
            "form-data-altered",
            "the data of the form has been altered since it was issued",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return from_json(content, form)


def _as(desk: Desk, kind: Format, paper: forms.Paper) -> bytes:
    match kind:
        case "pdf":
            return printed(desk.site, paper)
        case "html":
            return to_html(paper)
        case "xlsx":
            return to_xlsx(paper)


def _write(path: Path, content: bytes) -> Path:
    write_output(path, content)
    return path
