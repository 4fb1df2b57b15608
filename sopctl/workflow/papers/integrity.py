"""Are the documents unchanged? They are compared with the hashes that the histories carry."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from sopctl.adapters.documents.stamps import named_record
from sopctl.errors import SopctlError
from sopctl.model.sop import record
from sopctl.model.sop.entries import Amended
from sopctl.model.sop.history import Event
from sopctl.store import dossiers, issued
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.workflow.desk import Desk
from sopctl.workflow.scans import MIB, read_bounded

MAX_FILE = 50 * MIB

SUBJECT = r"LAPORAN-\d{4}-\d{2}"
"""How the report of a month is called, where a deposit has its id."""


class Document(Struct, frozen=True):
    """A document that a history names: its file, number, the step that made it, and its state on disk."""

    deposit: str
    file: str
    number: str
    procedure: str
    step: int
    at: datetime
    sha256: str
    state: str
    """`intact`, `altered` or `missing`."""


class CheckedFile(Struct, frozen=True):
    """What a file is: `issued` (the record named here has it), `altered` (it names that record, which does not have it)
    or `unknown`."""

    file: str
    verdict: str
    deposit: str = ""
    number: str = ""
    at: datetime | None = None
    since: str = ""
    """What became of an issued paper later: it was replaced, amended or taken back."""


def documents(desk: Desk, deposit_id: str) -> list[Document]:
    """Every document of a dossier, compared with its hash in the history; or those of a report (`LAPORAN-2026-11`)."""
    if re.fullmatch(SUBJECT, deposit_id):
        return _reports(desk, deposit_id)
    dossier = dossiers.read(desk.site, deposit_id)
    return [
        Document(
            deposit=deposit_id,
            file=str(dossier.folder / kept["file"]),
            number=kept.get("number", ""),
            procedure=event.procedure,
            step=event.step,
            at=event.at,
            sha256=kept["sha256"],
            state=_state(dossier.folder / kept["file"], kept["sha256"]),
        )
        for event, kept in _named(dossier)
    ]


class Content(Struct, frozen=True):
    """A document as it was filed: its file, below the dossier's folder, and its bytes."""

    file: str
    content: bytes


def content(desk: Desk, deposit_id: str, sha256: str) -> Content | None:
    """The document that the history of a deposit has under this hash; None where it has none, or where the file is gone
    or was altered. Raises InvalidRecord for one that is too large."""
    dossier = dossiers.read(desk.site, deposit_id)
    kept = next((each for _, each in _named(dossier) if each["sha256"] == sha256), None)
    if kept is None:
        return None
    path = dossier.folder / kept["file"]
    if path.is_symlink() or not path.is_file():
        return None
    found = read_bounded(path, MAX_FILE)
    return Content(kept["file"], found) if hashlib.sha256(found).hexdigest() == sha256 else None


def _reports(desk: Desk, subject: str = "") -> list[Document]:
    """The files of the reports that were issued about `subject`, or of all."""
    return [
        Document(
            deposit=each.subject,
            file=str(desk.site.root / kept.file),
            number=each.number,
            procedure="",
            step=0,
            at=each.at,
            sha256=kept.sha256,
            state=_state(desk.site.root / kept.file, kept.sha256),
        )
        for each in issued.read(desk.site)
        if subject in ("", each.subject)
        for kept in each.files
    ]


def of_site(desk: Desk) -> tuple[list[Document], list[SopctlError]]:
    """Every document of every dossier and report, and the dossiers that cannot be read: they hold up no others."""
    found: list[Document] = []
    errors: list[SopctlError] = []
    for deposit_id in dossiers.ids(desk.site):
        try:
            found += documents(desk, deposit_id)
        except SopctlError as error:
            errors.append(error)
    try:
        found += _reports(desk)
    except SopctlError as error:
        errors.append(error)
    return found, errors


def check_file(desk: Desk, path: Path, *, named_alone: bool = False) -> CheckedFile:
    """Was this file issued, or filed? Its SHA-256 is looked for in every history; where it is in none, those that
    cannot be read are told (`Site.lagging`).

    The record that a PDF of ours names is looked at first, then all others: it may be filed in another dossier. A PDF
    that no history has, but that names a record of this site, was altered. Raises InvalidRecord for a file that is too
    large.

    With `named_alone`, only the record that the file itself names is looked at: for strangers, who could otherwise have
    every history read with each file.
    """
    content = read_bounded(path, MAX_FILE)
    digest = hashlib.sha256(content).hexdigest()
    named = named_record(content)
    known = dossiers.ids(desk.site)
    if named_alone:
        known = [each for each in known if named and each == named.deposit]
    unread: list[SopctlError] = []
    for deposit_id in sorted(known, key=lambda each: named is None or each != named.deposit):
        try:
            dossier = dossiers.read(desk.site, deposit_id)
        except SopctlError as error:
            unread.append(error)
            continue
        for event, kept in _named(dossier):
            if kept["sha256"] == digest:
                since = _became(dossier, event)
                return CheckedFile(str(path), "issued", deposit_id, kept.get("number", ""), event.at, since)
    try:
        reports = _reports(desk)
    except SopctlError as error:
        unread.append(error)
        reports = []
    for each in reports:
        if each.sha256 == digest:
            return CheckedFile(str(path), "issued", each.deposit, each.number, each.at)
    desk.site.tell(*unread)
    if named and (named.deposit in known or named.deposit in {each.deposit for each in reports}):
        return CheckedFile(str(path), "altered", named.deposit, named.number)
    return CheckedFile(str(path), "unknown")


def _became(dossier: Dossier, issued: Event) -> str:
    """What became of the papers of an event."""
    if issued.seq in record.undone(dossier.events):
        return "its step was taken back"
    for event, amended in dossier.established(Amended):
        if amended.amends.event == issued.seq:
            how = "replaced" if amended.kind == "replacement" else "amended"
            return f"{how} on {event.at:%Y-%m-%d} by event {event.seq}: {amended.because}"
    return ""


def _named(dossier: Dossier) -> Iterator[tuple[Event, dict[str, str]]]:
    """Every file that an event's data names, however deep, with the first event that names it."""
    seen = set()
    for event in dossier.events:
        for kept in _files(event.data):
            if kept["file"] not in seen:
                seen.add(kept["file"])
                yield event, kept


def files_of(event: Event) -> list[dict[str, str]]:
    """The files that an event names, each with its path below the dossier's folder (`file`) and hash (`sha256`)."""
    return list(_files(event.data))


def _files(data: Any) -> Iterator[dict[str, str]]:
    if isinstance(data, dict):
        if "file" in data and "sha256" in data:
            yield data
        for value in data.values():
            yield from _files(value)
    elif isinstance(data, list):
        for value in data:
            yield from _files(value)


def _state(path: Path, sha256: str) -> str:
    if path.is_symlink() or not path.is_file():
        return "missing"
    with disk_errors(path, "read"):
        return "intact" if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else "altered"
