"""The documents of a dossier, and whether they are what was issued."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from sopctl.adapters.documents.stamps import named_record
from sopctl.errors import InvalidRecord
from sopctl.model.sop.history import Event
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.store.journal import Journal
from sopctl.workflow.desk import Desk

MAX_FILE = 50 * 1024 * 1024


class Filed(Struct, frozen=True):
    """A document that the history names: its file, number, the step that made it, and its state on disk."""

    deposit: str
    file: str
    number: str
    procedure: str
    step: int
    at: datetime
    sha256: str
    state: str
    """`intact`, `altered` or `missing`."""


def documents(desk: Desk, deposit_id: str) -> list[Filed]:
    """Every document of a dossier, compared with its hash in the history."""
    dossier = dossiers.read(desk.site, deposit_id)
    return [
        Filed(
            deposit=deposit_id,
            file=str(dossier.folder / kept["file"]),
            number=kept.get("number", ""),
            procedure=event.procedure,
            step=event.step,
            at=event.at,
            sha256=kept["sha256"],
            state=_state(dossier.folder / kept["file"], kept["sha256"]),
        )
        for event, kept in _kept(dossier)
    ]


class Checked(Struct, frozen=True):
    """What a file is: `issued` (as the record named here says), `altered` (it says that it belongs to that record, and
    is not what was issued), or `unknown`."""

    file: str
    verdict: str
    deposit: str = ""
    number: str = ""
    at: datetime | None = None


def check_file(desk: Desk, path: Path) -> Checked:
    """Is this file one that was issued, or filed? Compared by its SHA-256 with every history.

    The record that a PDF of ours names is looked at first, then all others: it may be filed in another dossier. One
    that is in none of them, and names a record that is here, was altered.
    """
    with disk_errors(path, "read"), path.open("rb") as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise InvalidRecord(
            "file-larger-than-mib",
            "the file is larger than {MAX_FILE} MiB",
            where=str(path),
            MAX_FILE=MAX_FILE // 1024 // 1024,
        )
    digest = hashlib.sha256(content).hexdigest()
    named = named_record(content)
    known = dossiers.ids(desk.site)
    for deposit_id in sorted(known, key=lambda each: named is None or each != named.deposit):
        for filed in documents(desk, deposit_id):
            if filed.sha256 == digest:
                return Checked(str(path), "issued", deposit_id, filed.number, filed.at)
    if named and named.deposit in known:
        return Checked(str(path), "altered", named.deposit, named.number)
    return Checked(str(path), "unknown")


def _kept(dossier: Dossier) -> Iterator[tuple[Event, dict[str, str]]]:
    """Every file that an event's data names, however deep, with the first event that names it."""
    seen = set()
    for event in dossier.events:
        for kept in _files(event.data):
            if kept["file"] not in seen:
                seen.add(kept["file"])
                yield event, kept


def _files(data: Any) -> Iterator[dict[str, str]]:
    if isinstance(data, dict):
        if "file" in data and "sha256" in data:
            yield data
        for value in data.values():
            yield from _files(value)
    elif isinstance(data, list):
        for value in data:
            yield from _files(value)


def journal_gaps(desk: Desk) -> tuple[int, list[str]]:
    """Check the site's journal against its dossiers: how many lines it has, and what does not agree.

    A dossier whose newest event is not in the journal yet (a crash in between) is no gap: the next event adds it.
    Raises InvalidRecord where the journal itself or a history was altered.
    """
    with desk.site.alone():
        lines = Journal(desk.site.root).lines()
        hashes = {dossier.id: [event.hash for event in dossier.events] for dossier in dossiers.read_all(desk.site)}
    gaps = []
    for line in lines:
        events = hashes.get(line.deposit)
        if events is None:
            gaps.append(f"{line.deposit}: the dossier is missing")
        elif line.seq > len(events):
            gaps.append(f"{line.deposit}: event {line.seq} is missing")
        elif events[line.seq - 1] != line.hash:
            gaps.append(f"{line.deposit}: event {line.seq} is not the one that was journaled")
    return len(lines), list(dict.fromkeys(gaps))


def _state(path: Path, sha256: str) -> str:
    if path.is_symlink() or not path.is_file():
        return "missing"
    with disk_errors(path, "read"):
        return "intact" if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else "altered"
