"""Dossiers (berkas): one folder per deposit with its request, its history and its documents."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import convert, structs, to_builtins

from sopctl.errors import Action, Conflict, InvalidRecord, UsageError
from sopctl.model import names
from sopctl.model.deposit import Adoption, AnyRequest, Deposit
from sopctl.model.sop import history, procedure, record
from sopctl.model.sop.entries import E, Entry, Filed, Kept, LetterScan, to_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing
from sopctl.model.sop.summary import Summary, summarise
from sopctl.store import codec, locks
from sopctl.store.durable import disk_errors, sync_folder, write_atomic
from sopctl.store.journal import Journal
from sopctl.store.site import Site

FILES = ("deposit.yml", "history.yml")
"""What a dossier is made of, besides its documents and facts."""

STAGING = ".new-"
READY = ".ready"

HISTORY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Dossier:
    """A dossier as read: its folder, the request, what happened (with the bytes that say so), and the procedures that
    it is pinned to."""

    folder: Path
    deposit: Deposit
    events: tuple[Event, ...]
    history: bytes
    procedures: Procedures

    @cached_property
    def standing(self) -> Standing:
        """Where the deposit stands. Raises InvalidRecord when its procedures cannot explain its history."""
        try:
            return procedure.stand(self.procedures, self.events)
        except InvalidRecord as error:
            raise error.recast(InvalidRecord, where=str(self.history_file)) from None

    @cached_property
    def summary(self) -> Summary:
        """What lists need to know of it. Raises what `standing` and `established` raise."""
        try:
            return summarise(self.deposit, self.procedures, self.events, self.standing)
        except InvalidRecord as error:
            raise error.recast(InvalidRecord, where=error.where or str(self.history_file)) from None

    def newest(self, kind: type[E]) -> E | None:
        """The newest entry of a kind that its events established, or None. Raises InvalidRecord as `established`."""
        return next((entry for _, entry in self.established(kind)), None)

    def established(self, kind: type[E]) -> Iterator[tuple[Event, E]]:
        """Every entry of a kind with its event, the newest first. Raises InvalidRecord for one that is not valid."""
        try:
            yield from record.established(self.procedures, self.events, kind)
        except InvalidRecord as error:
            raise error.recast(InvalidRecord, where=str(self.history_file)) from None

    def last(self, verb: str, task: str = "") -> Event | None:
        """The newest event that ended a step by `verb` (and `task`, for a verb that has several), or None."""
        return record.last_ended(self.procedures, self.events, verb, task)

    @property
    def head(self) -> str:
        """The hash of the newest event: it says which state of the history someone has seen."""
        return history.head(self.id, self.events)

    @property
    def id(self) -> str:
        return self.deposit.id

    @property
    def history_file(self) -> Path:
        return self.folder / "history.yml"


def ids(site: Site) -> list[str]:
    """The ids of all dossiers, in order of request (ids count up within a year)."""
    folder = site.folder("deposits")
    with disk_errors(folder, "read"):
        if not folder.is_dir():
            return []
        entries = list(os.scandir(folder))
        if any(entry.name.startswith(STAGING) and Path(entry, READY).is_file() for entry in entries):
            with site.alone():  # a crash left dossiers that are ready and not in their places
                _finish_opening(site, folder)
            entries = list(os.scandir(folder))
        found = [entry.name for entry in entries if re.match(names.ID, entry.name) and entry.is_dir()]
    return sorted(found)


def read(site: Site, deposit_id: str) -> Dossier:
    """Read one dossier and check its chain. Raises UsageError when there is none, InvalidRecord when it is broken."""
    folder = _folder(site, deposit_id)
    deposit = codec.load(folder / "deposit.yml", Deposit)
    if deposit.id != deposit_id:
        raise InvalidRecord(
            "record-of-another",
            "this is the record of {deposit}",
            where=f"{folder / 'deposit.yml'}:1:1",
            remedy="Put each record back into the folder of its id.",
            deposit=deposit.id,
        )
    where = str(folder / "history.yml")
    content = codec.read(folder / "history.yml", HISTORY_BYTES)
    events = codec.parse(content, tuple[Event, ...], where=where, max_bytes=HISTORY_BYTES)
    history.check_chain(deposit_id, events, where)
    return Dossier(folder, deposit, events, content, _procedures(site, events))


def _procedures(site: Site, events: Sequence[Event]) -> Procedures:
    """The procedures that a dossier is pinned to by its first event."""
    return site.library.pinned(procedure.pins(events))


def _folder(site: Site, deposit_id: str) -> Path:
    if not re.match(names.ID, deposit_id):
        raise UsageError(
            "not-an-id",
            "{deposit!r} is not the id of a deposit",
            remedy=("An id looks like PS-2026-0001.", Action("list")),
            deposit=deposit_id,
        )
    folder = site.folder("deposits") / deposit_id
    if folder.is_symlink() or not folder.is_dir():
        raise UsageError("no-such-deposit", "there is no deposit {deposit}", remedy=Action("list"), deposit=deposit_id)
    return folder


def read_all(site: Site) -> list[Dossier]:
    """All dossiers, in order of request. For lists, `register.summaries` is faster."""
    return [read(site, deposit_id) for deposit_id in ids(site)]


@contextmanager
def open_alone(site: Site, deposit_id: str) -> Iterator[Dossier]:
    """Read a dossier and hold it: no other sopctl works on it meanwhile. Raises Conflict when one does already."""
    _folder(site, deposit_id)  # so that a mistyped id makes no lock file
    with locks.hold(site.root / "var" / "locks" / deposit_id, deposit_id):
        yield read(site, deposit_id)


class New(NamedTuple):
    """A dossier to open: its record, its first event (not chained yet), the letter's scan (file name and content)."""

    record: AnyRequest | Adoption
    first: Event
    letter: tuple[str, bytes] | None = None


def create(site: Site, new: New, today: date) -> Dossier:
    """Open a new dossier: id, folder, record, documents and first event appear together or not at all."""
    return create_all(site, [new], today)[0]


def create_all(site: Site, new: Sequence[New], today: date) -> list[Dossier]:
    """Open several dossiers: all of them or none, even when a crash comes in between.

    They are made in a folder of their own; once that is marked ready, this command or the next one moves them to their
    places. The record as filed is kept as a document, so that later edits can be shown.
    """
    with site.alone():
        deposits = site.folder("deposits")
        with disk_errors(deposits, "make"):
            deposits.mkdir(exist_ok=True)
        _finish_opening(site, deposits)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=deposits))
        try:
            number = _next_number(site, today)
            prefix = _id_prefix(site, today)
            made = [_stage(staging, f"{prefix}{number + n:04}", each) for n, each in enumerate(new)]
            write_atomic(staging / READY, b"")
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        _finish_opening(site, deposits)
        for deposit_id, event in made:
            Journal(site.root).add(deposit_id, (event,))
    return [read(site, deposit_id) for deposit_id, _ in made]


def _stage(staging: Path, deposit_id: str, new: New) -> tuple[str, Event]:
    folder = staging / deposit_id
    with disk_errors(folder, "make"):
        folder.mkdir()
        os.chmod(folder, 0o750)  # noqa: S103 (colleagues in the site's group read it, nobody else)
        (folder / "documents").mkdir()
    deposit = convert({**to_builtins(new.record), "id": deposit_id}, Deposit)
    record = codec.dump(_id_first(deposit))
    entries: list[Entry] = [Filed(filed=_written(folder, "documents/0001-permohonan.yml", record))]
    if new.letter:
        name, content = new.letter
        entries.append(LetterScan(document=_written(folder, f"documents/0001-{name}", content)))
    event = _bound(deposit_id, (), structs.replace(new.first, data={**new.first.data, **to_data(entries)}))
    write_atomic(folder / "deposit.yml", record)
    write_atomic(folder / "history.yml", codec.dump([event]))
    return deposit_id, event


def _finish_opening(site: Site, deposits: Path) -> None:
    """Move dossiers that were made ready to their places; sweep away what a crash left half made. Call when alone."""
    with disk_errors(deposits, "make"):
        for staging in sorted(deposits.glob(f"{STAGING}*")):
            if (staging / READY).is_file():
                for folder in sorted(path for path in staging.iterdir() if path.is_dir()):
                    os.rename(folder, deposits / folder.name)
                sync_folder(deposits)
            shutil.rmtree(staging)


def append(site: Site, dossier: Dossier, event: Event) -> Dossier:
    """Add `event` (its chain is bound here) to the dossier's history, then to the journal.

    Call while holding the dossier. Raises Conflict when history.yml is not what was read.
    """
    if codec.read(dossier.history_file, HISTORY_BYTES) != dossier.history:
        raise Conflict(
            "history-changed-meanwhile",
            "the history of {deposit} was changed by someone else in the meantime",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
        )
    bound = _bound(dossier.id, dossier.events, event)
    events = (*dossier.events, bound)
    content = _history_with(dossier.history, events)
    write_atomic(dossier.history_file, content)
    with site.alone():
        Journal(site.root).add(dossier.id, events)
    return replace(dossier, events=events, history=content)


def keep_document(
    dossier: Dossier, name: str, content: bytes, kind: Literal["documents", "facts"] = "documents"
) -> Kept:
    """Write a document of the dossier; returns what an event keeps of it."""
    folder = dossier.folder / kind
    if folder.is_symlink():
        raise InvalidRecord(
            "dossier-folder-is-symlink", "a dossier's folder may not be a symbolic link", where=str(folder)
        )
    with disk_errors(folder, "make"):
        folder.mkdir(exist_ok=True)
    return _written(dossier.folder, f"{kind}/{name}", content)


def write_record(dossier: Dossier, content: bytes) -> None:
    """Write deposit.yml anew: its content, which the caller has checked."""
    write_atomic(dossier.folder / "deposit.yml", content)


def _written(folder: Path, file: str, content: bytes) -> Kept:
    write_atomic(folder / file, content)
    return Kept(file, hashlib.sha256(content).hexdigest())


def _history_with(before: bytes, events: Sequence[Event]) -> bytes:
    """The history file with its newest event. In a file that sopctl wrote, the next item is simply appended to the
    list; a file that someone has laid out differently is rewritten."""
    as_written = before.startswith(b"- seq: ") and before.endswith(b"\n") and b"\n..." not in before
    return before + codec.dump([events[-1]]) if as_written else codec.dump(list(events))


def _bound(deposit_id: str, events: tuple[Event, ...], event: Event) -> Event:
    return Event(
        seq=len(events) + 1,
        at=event.at,
        procedure=event.procedure,
        step=event.step,
        outcome=event.outcome,
        by=event.by,
        typed=event.typed,
        prev=history.head(deposit_id, events),
        note=event.note,
        data=history.as_text(event.data),
    )


def _id_prefix(site: Site, today: date) -> str:
    return f"{site.settings.deposit_prefix}-{today.year}-"


def _next_number(site: Site, today: date) -> int:
    prefix = _id_prefix(site, today)
    names_there = [entry.name for entry in os.scandir(site.folder("deposits"))]
    numbers = [int(name.removeprefix(prefix)) for name in names_there if re.match(rf"^{prefix}\d+\Z", name)]
    return max(numbers, default=0) + 1


def _id_first(deposit: Deposit) -> dict[str, object]:
    """The record as people like to read it: the id on top, empty fields left out."""
    record = _without_empty(to_builtins(deposit, builtin_types=(date,)))
    return {"id": record.pop("id"), **record}


def _without_empty(record: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in record.items()
        if value not in (None, "", [], {})
    }
