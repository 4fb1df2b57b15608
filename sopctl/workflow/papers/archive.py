"""A dossier for the archive: everything that its history names, told in plain words, and checkable without sopctl.

What no history names is left out, so neither secrets nor drafts can be in it, and a private key among the documents is
refused. The same dossier gives the same file.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.archive import Page, Told, packed, to_page
from sopctl.adapters.documents.pdf import TEMPLATES
from sopctl.adapters.documents.wording import plain_date
from sopctl.errors import InvalidRecord, UsageError
from sopctl.model import private_key
from sopctl.model.sop import history, record
from sopctl.model.sop.entries import OnBehalfOf, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import REQUESTER, step_of
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import bytes_of, write_new
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.elements import UNKNOWN, letterhead, person_name, who_decided

MAX_FILE = integrity.MAX_FILE


class Archived(Struct, frozen=True):
    """An archive that was written: its file, its SHA-256, how many events and files it contains, and the hash of the
    newest event, for an auditor to compare."""

    file: str
    sha256: str
    events: int
    files: int
    head: str


def export(desk: Desk, deposit_id: str, file: Path) -> Archived:
    """Write the archive of a dossier to `file`, which must be new.

    Raises UsageError for a file that exists or lies in the site, InvalidRecord for a document that is missing or was
    altered, or that holds a private key; OutsideFailure.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    if file.absolute().resolve().is_relative_to(desk.site.root.resolve()):
        raise UsageError(
            "export-in-the-site",
            "{file} lies in the site itself",
            remedy="Name a file elsewhere, on another disk if possible.",
            file=file,
        )
    files = {name: _without_key(name, content) for name, content in _contents(desk, dossier)}
    content = packed(files)
    write_new(file, content)
    digest = hashlib.sha256(content).hexdigest()
    return Archived(str(file), digest, len(dossier.events), len(files), dossier.head)


def _contents(desk: Desk, dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """Each file of the archive."""
    yield "ID", f"{dossier.id}\n".encode()
    yield "deposit.yml", dossier.record
    yield "history.jsonl", b"".join(event.canonical + b"\n" for event in dossier.events)
    for event in dossier.events:
        for kept in history.files(event.data):
            yield kept["file"], _document(dossier, kept["file"], kept["sha256"])
    yield "riwayat.html", to_page(_page(desk, dossier))
    yield "docs/verify.md", (TEMPLATES / "verify.md").read_bytes()


def _document(dossier: Dossier, name: str, sha256: str) -> bytes:
    parts = Path(name).parts
    if len(parts) != 2 or parts[0] not in ("documents", "facts") or ".." in parts:
        raise InvalidRecord(
            "file-outside-dossier",
            "the history names a file outside the dossier",
            remedy="Restore the history from the site's git or a backup.",
            where=name,
        )
    path = dossier.folder / name
    content = bytes_of(path, MAX_FILE + 1, links=False)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InvalidRecord(
            "document-altered",
            "the document is not the one that the history names: an archive would not prove it",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return content


def _without_key(name: str, content: bytes) -> bytes:
    if private_key.holds_one(content):
        raise InvalidRecord(
            "key-in-document",
            "the document holds a private key, and an archive is given to others",
            where=name,
            remedy="Let its owner make a new key, and keep this dossier in the house.",
        )
    return content


def _page(desk: Desk, dossier: Dossier) -> Page:
    summary, server = dossier.summary, dossier.deposit.server
    where = "Berkas telah ditutup" if summary.closed else "Berkas masih berjalan"
    stands = f"({summary.end})" if summary.closed else f"di {summary.stands}: {summary.activity}"
    return Page(
        letterhead=letterhead(desk.site),
        deposit=dossier.id,
        opening=(
            f"Berkas ini mencatat penitipan server {server.name} milik {summary.unit} pada "
            f"{desk.site.settings.office.name}, dari surat permohonan sampai peristiwa terakhir yang tercatat, "
            f"{plain_date(dossier.events[-1].at.date())}.",
            f"{where} {stands}.",
        ),
        sections=(
            _section(
                "Server",
                Nama=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=summary.serial or UNKNOWN,
                Pemilik=summary.unit,
                Nomor_surat=summary.letter,
                Tempat=summary.place.indonesian if summary.place else "",
                Berlaku_sampai=plain_date(summary.valid_until) if summary.valid_until else "",
            ),
        ),
        events=tuple(_told(desk.site, dossier, event) for event in dossier.events),
        head=dossier.head,
    )


def _section(title: str, **values: Any) -> forms.Section:
    """Labelled values; an underscore in a label is a blank."""
    return forms.Section(
        title, tuple(forms.Field(label.replace("_", " "), str(value), "declared") for label, value in values.items())
    )


def _told(site: Site, dossier: Dossier, event: Event) -> Told:
    """An event in plain words."""
    mine, step = dossier.procedures[event.procedure], step_of(dossier.procedures, event)
    verb = record.verb_of(dossier.procedures, event)
    beside = verb is not None and verb.kind == "act"
    behalf = from_data(OnBehalfOf, event)
    for_whom = f" a.n. {person_name(site, behalf.on_behalf_of.person)}" if behalf else ""
    who = dossier.deposit.unit if event.by == REQUESTER else who_decided(site, mine, event.by)
    return Told(
        number=event.seq,
        when=f"{plain_date(event.at.date())}, pukul {event.at:%H.%M}",
        place=f"{event.procedure} langkah {event.step}{', di luar SOP' if beside else ''}",
        activity=f"Tindakan selama langkah ini: {event.outcome}" if beside else step.activity,
        outcome="Tercatat" if beside else f"Hasil: {words.outcome(event.outcome)}",
        who=f"Diputuskan oleh {who}{for_whom}, dicatat oleh {event.typed}",
        note=words.in_note(event.note),
        papers=tuple(
            f"{kept['file']}{f', nomor {number}' if (number := kept.get('number')) else ''}"
            for kept in history.files(event.data)
        ),
    )
