"""Dossiers (berkas): one folder per deposit with its request, its history and its documents."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Literal

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model import names
from sopctl.model.deposit import Deposit
from sopctl.model.sop import history, procedure, record
from sopctl.model.sop.entries import E, Filed, Kept, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing
from sopctl.model.sop.summary import Summary, summarise
from sopctl.store import codec, locks, roster, staging
from sopctl.store.durable import (
    Unconfirmed,
    bytes_of,
    disk_errors,
    make_folder,
    prepared,
    sweep,
    undisturbed,
    write_atomic,
    write_tentative,
)
from sopctl.store.journal import Journal, Writer
from sopctl.store.site import Site

FILES = ("deposit.yml", "history.yml")
"""What a dossier is made of, besides its documents and facts."""

HISTORY_BYTES = 4 * 1024 * 1024
"""How large a history may be. No event is committed that would make it larger."""
LEFT_FOR_STEPS = 512 * 1024
"""How much of that only the steps of the procedure may use, so that a deposit can always be brought to its end."""
NOTE_LENGTH = 4_000
"""How many characters a note of an event may have."""
EVENT_BYTES = 128 * 1024
"""How large an event may be, written out."""


@dataclass(frozen=True)
class Dossier:
    """A dossier as read: its folder, the request, what happened (with the bytes that say so), and the procedures that
    it is pinned to.

    `record` is the request as it was filed or last accepted, `found` what stands in deposit.yml: the same, unless
    someone edited that by hand, or a crash left it behind an edit.
    """

    folder: Path
    deposit: Deposit
    events: tuple[Event, ...]
    history: bytes
    procedures: Procedures
    record: bytes
    found: bytes
    edited: bool = False
    """Was deposit.yml edited by hand, and not accepted?"""

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

    @cached_property
    def history_file(self) -> Path:
        return self.folder / "history.yml"


def ids(site: Site) -> list[str]:
    """The ids of all dossiers, in order of request (ids count up within a year)."""
    folder = site.folder("deposits")
    with disk_errors(folder, "read"):
        if not folder.is_dir():
            return []
        entries = list(os.scandir(folder))
        if staging.unfinished(entries):
            with suppress(Conflict, OutsideFailure), site.alone():  # who only reads may be unable to: a writer will
                staging.finish(site)
            entries = list(os.scandir(folder))
        is_id = re.compile(names.ID).match
        found = [entry.name for entry in entries if is_id(entry.name) and _is_dossier(entry)]
    return sorted(found)


def naming(site: Site, texts: Collection[str]) -> Iterator[str]:
    """The ids of the dossiers whose histories have one of these texts, such as a paper's number: far faster than
    reading each, and what cannot be read is none of them."""
    if not texts:
        return
    named = re.compile(b"|".join(re.escape(text.encode()) for text in texts))
    for deposit_id in ids(site):
        with suppress(SopctlError):
            if named.search(_part(site.folder("deposits") / deposit_id, "history.yml", HISTORY_BYTES)):
                yield deposit_id


def _is_dossier(entry: os.DirEntry[str]) -> bool:
    """A folder, or what stands in its place: that is told by whoever reads it."""
    return entry.is_dir(follow_symlinks=False) or entry.is_symlink()


def chained(name: str, content: bytes, where: str, max_bytes: int) -> tuple[Event, ...]:
    """The events of the history of a dossier or a book. Raises InvalidRecord for one that is not as it was written."""
    if (known := _sound.get(name)) and known[0] == content:
        return known[1]
    events = _written(content, where, max_bytes)
    history.check_chain(name, events, where)
    _know(name, content, events)
    return events


_sound: dict[str, tuple[bytes, tuple[Event, ...]]] = {}
"""The bytes of histories that this process last found sound, or wrote, and their events: the next event of the same
dossier finds the same bytes, and parsing them is a seventh of what an event costs after twenty others."""
SOUND, SOUND_BYTES = 64, 64 * 1024
"""So many at most, and none that is longer."""


def _know(name: str, content: bytes, events: tuple[Event, ...]) -> None:
    if len(content) > SOUND_BYTES:
        return
    if len(_sound) >= SOUND:
        _sound.clear()
    _sound[name] = content, events


def read(site: Site, deposit_id: str) -> Dossier:
    """Read one dossier and check its chain. Raises UsageError when there is none, InvalidRecord when it is broken,
    OutsideFailure when it cannot be read."""
    return _read(site, folder_of(site, deposit_id))


def _read(site: Site, folder: Path) -> Dossier:
    deposit_id = folder.name
    where = f"{folder}/history.yml"
    content = _part(folder, "history.yml", HISTORY_BYTES)
    events = chained(deposit_id, content, where, HISTORY_BYTES)
    procedures = _procedures(site, events)
    record, found, edited = _accepted(folder, procedures, events)
    deposit = _deposit(record, f"{folder}/deposit.yml")
    if deposit.id != deposit_id:
        raise InvalidRecord(
            "record-of-another",
            "this is the record of {deposit}",
            where=f"{folder / 'deposit.yml'}:1:1",
            remedy="Put each record back into the folder of its id.",
            deposit=deposit.id,
        )
    return Dossier(folder, deposit, events, content, procedures, record, found, edited)


def _deposit(record: bytes, where: str) -> Deposit:
    """A record as it was filed or accepted; that of a dossier is parsed once, as its history is (`chained`)."""
    parse = _parsed if len(record) <= SOUND_BYTES else _parsed.__wrapped__
    return parse(record, where)


@lru_cache(SOUND)
def _parsed(record: bytes, where: str) -> Deposit:
    return codec.parse(record, Deposit, where=where)


def as_it_stood(dossier: Dossier, then: datetime) -> Dossier | None:
    """The dossier as it stood at `then`: with what had happened before, and the record that was accepted by then. None
    for one that was opened later. It is for reading only: nothing can be appended to it.

    Raises InvalidRecord when the record of that time is gone or was altered.
    """
    events = history.before(dossier.events, then)
    if len(events) == len(dossier.events):
        return dossier
    if not events:
        return None
    before = replace(dossier, events=events, history=b"")
    filed, now = before.newest(Filed), dossier.newest(Filed)
    if filed is None or filed == now:
        return before
    content = _kept(dossier.folder, filed.filed)
    deposit = codec.parse(content, Deposit, where=str(dossier.folder / filed.filed.file))
    return replace(before, deposit=deposit, record=content, found=content, edited=False)


def _part(folder: Path, name: str, max_bytes: int = codec.MAX_BYTES) -> bytes:
    """One of the two files that make a dossier. Raises InvalidRecord for a dossier without it."""
    try:
        return codec.read(folder / name, max_bytes, links=False)
    except OutsideFailure as error:
        if error.id != "no-such-file":
            raise
        raise InvalidRecord(
            "dossier-incomplete",
            "the dossier {deposit} has no {file}",
            where=str(folder / name),
            remedy="Restore the dossier from the site's version control or backup, or move its folder away.",
            deposit=folder.name,
            file=name,
        ) from None


def _accepted(folder: Path, procedures: Procedures, events: Sequence[Event]) -> tuple[bytes, bytes, bool]:
    """The record as it was last filed or accepted, what deposit.yml has, and whether a hand has been at that.

    An older accepted record there, or none, is what a crash leaves in the middle of an edit. A dossier from before
    records were kept has nothing to compare with. Raises InvalidRecord when the record that counts was altered.
    """
    try:
        kept = [entry.filed for _, entry in record.established(procedures, events, Filed)]
    except InvalidRecord as error:
        raise error.recast(InvalidRecord, where=str(folder / "history.yml")) from None
    try:
        there = _part(folder, "deposit.yml")
    except InvalidRecord as error:
        if error.id != "dossier-incomplete" or not kept:
            raise
        there = b""
    if not kept or _sha256(there) == kept[0].sha256:
        return there, there, False
    accepted = _kept(folder, kept[0])
    ever = {each.filed.sha256 for each in (from_data(Filed, event) for event in events) if each}
    return accepted, there, there != b"" and _sha256(there) not in ever


def _kept(folder: Path, kept: Kept) -> bytes:
    """A document of the dossier, as its history has it. Raises InvalidRecord when it is gone or was altered."""
    path = folder / kept.file
    try:
        content = bytes_of(path, codec.MAX_BYTES + 1, links=False)
    except OutsideFailure as error:
        raise error.recast(InvalidRecord) from None
    if _sha256(content) != kept.sha256:
        raise InvalidRecord(
            "accepted-record-altered",
            "the record as it was last accepted has been altered",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return content


def _procedures(site: Site, events: Sequence[Event]) -> Procedures:
    """The procedures that a dossier is pinned to by its first event."""
    return site.library.pinned(procedure.pins(events))


def folder_of(site: Site, deposit_id: str) -> Path:
    """The folder of a dossier. Raises UsageError when there is none, InvalidRecord for a symbolic link."""
    if not re.match(names.ID, deposit_id):
        raise UsageError(
            "not-an-id",
            "{deposit!r} is not the id of a deposit",
            remedy=("An id looks like PS-2026-0001.", Action("list")),
            deposit=deposit_id,
        )
    folder = site.folder("deposits") / deposit_id
    try:
        found = folder.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        found = 0
    if stat.S_ISLNK(found):
        raise InvalidRecord(
            "dossier-is-symlink",
            "the dossier {deposit} is a symbolic link: its evidence could lie anywhere",
            where=str(folder),
            remedy="Put the dossier's folder itself there.",
            deposit=deposit_id,
        )
    if not stat.S_ISDIR(found):
        raise UsageError("no-such-deposit", "there is no deposit {deposit}", remedy=Action("list"), deposit=deposit_id)
    return folder


@contextmanager
def open_alone(site: Site, deposit_id: str) -> Iterator[Dossier]:
    """Read a dossier and hold it: no other sopctl works on it meanwhile. Raises Conflict when one does already."""
    folder = folder_of(site, deposit_id)  # so that a mistyped id makes no lock file
    with locks.hold(site.locks / deposit_id, deposit_id):
        site.refuse_moved()
        dossier = _read(site, folder)
        sweep(folder)
        _settle(folder, lambda: dossier.events)
        if dossier.found != dossier.record and not dossier.edited:  # an edit was recorded, and then something failed
            write_atomic(folder / "deposit.yml", dossier.record)
            dossier = replace(dossier, found=dossier.record)
        try:
            yield dossier
        finally:
            with suppress(SopctlError):  # whoever holds it next does it
                _settle(folder, partial(_events_now, dossier))


def _settle(folder: Path, events: Callable[[], Sequence[Event]]) -> None:
    """Take back what was kept in a dossier and is named by no event: nothing was recorded of it."""
    for kind in ("documents", "facts"):
        sweep(folder / kind, partial(_named, events, kind))


def _named(events: Callable[[], Sequence[Event]], kind: str) -> frozenset[str]:
    return history.named(events(), kind)


def _events_now(dossier: Dossier) -> Sequence[Event]:
    content = _part(dossier.folder, "history.yml", HISTORY_BYTES)
    return and_added(dossier.events, dossier.history, content, str(dossier.history_file))


def and_added(events: Sequence[Event], before: bytes, now: bytes, where: str) -> Sequence[Event]:
    """The events of a history that is held, with those that were added since it was read (`before`): as a rule only
    these are read. Raises InvalidRecord."""
    if now.startswith(before):
        added = now[len(before) :] or b"[]"
        return (*events, *_written(added, where, len(added)))
    return _written(now, where, len(now))


def _written(content: bytes, where: str, max_bytes: int) -> tuple[Event, ...]:
    """The events that stand in (a part of) a history, which nobody corrects by hand."""
    return codec.parse(content, tuple[Event, ...], where=where, max_bytes=max_bytes, helps=history.RESTORE)


def append(site: Site, dossier: Dossier, event: Event, *, step: bool = True) -> Dossier:
    """Add `event` (its chain is bound here) to the dossier's history, then to the journal. `step`: does it belong to a
    step of the procedure, and not to an act beside?

    Call while holding the dossier. The history is the commit: what fails before it leaves all as it was, and what fails
    after it is told (`Site.lagging`) and made good by the next event. Raises Conflict when history.yml is not what was
    read, or the site is held by another command; UsageError for an event that is too large; InvalidRecord when the
    journal was altered; OutsideFailure.
    """
    bound = bind(dossier.id, dossier.events, event)
    events = (*dossier.events, bound)
    content = history_with(dossier.history, events, readable(bound))
    _refuse_full(dossier, content, step=step)

    def unchanged() -> bool:
        return _part(dossier.folder, "history.yml", HISTORY_BYTES) == dossier.history

    if len(dossier.events) == 1:  # only then can its opening be unfinished; looking lists all dossiers
        with site.alone():
            site.refuse_moved()
            staging.finish(site)
    commit(site, dossier.id, dossier.history_file, content, events, unchanged)
    _know(dossier.id, content, events)
    return replace(dossier, events=events, history=content)


def commit(
    site: Site, name: str, path: Path, content: bytes, events: Sequence[Event], unchanged: Callable[[], bool]
) -> None:
    """Write the history `name` (of a deposit, or a book of the house), which is held, to `path`, and note its newest
    event in the journal. `unchanged` says whether the file still is what was read. Others wait only for what must be in
    one order, the line itself: what can be written before is on the disk before, and the line is confirmed after. Where
    the disk does not confirm what is in its place, the event stands, and that is told (`Site.lagging`).

    Raises as `append`.
    """
    *before, bound = events
    with prepared(path, content) as put, site.recording():
        site.refuse_moved()
        if not unchanged():
            raise Conflict(
                "history-changed-meanwhile",
                "the history of {deposit} was changed by someone else in the meantime",
                remedy=Action("show", name) if re.match(names.ID, name) else (),
                deposit=name,
            )
        journal = Journal(site.root)
        journal.catch_up(name, before, site.in_order)
        with undisturbed():
            try:
                put()
            except Unconfirmed as error:
                site.tell(error)
            site.committed.append((name, bound.seq))
            try:
                with journal.adding(site.in_order) as writer:
                    writer.add(name, bound)
                    _note_roster(site, writer, bound)
            except Unconfirmed as error:
                site.tell(error)
            except SopctlError as error:
                site.lagging.append(
                    OutsideFailure(
                        "journal-lags",
                        "event {number} of {deposit} is recorded; the journal has not noted it yet: {reason}",
                        where=error.where,
                        remedy="The next event of the deposit adds it. Until then, look after the disk.",
                        number=bound.seq,
                        deposit=name,
                        reason=error.text,
                    )
                )


def _note_roster(site: Site, journal: Writer, event: Event) -> None:
    """Note in the journal if who decides has changed since. The event stands whatever comes of it; the next one tries
    again."""
    try:
        roster.note_changes(site, journal, event.typed, event.at)
    except SopctlError as error:
        site.tell(
            OutsideFailure(
                "roster-lags",
                "who decides has changed, and the journal has not noted that yet: {reason}",
                where=error.where,
                remedy="The next event notes it. Until then, look after the disk.",
                reason=error.text,
            )
        )


def readable(event: Event) -> bytes:
    """A history of this event alone, as it is written: whatever cannot be read back is not committed.

    Raises UsageError for an event that is too large, or that would not be read as it is.
    """
    if len(event.note) > NOTE_LENGTH:
        raise UsageError(
            "note-too-long",
            "the note has {length} characters, {most} is the most",
            remedy="Put the rest into a document.",
            length=len(event.note),
            most=NOTE_LENGTH,
        )
    try:
        written = codec.dump([event])
        same = len(written) > EVENT_BYTES or codec.parse(written, tuple[Event, ...], where="") == (event,)
    except (InvalidRecord, UnicodeEncodeError):
        same = False
    if not same:
        raise history.not_recordable()
    if len(written) > EVENT_BYTES:
        raise UsageError(
            "event-too-large",
            "what is to be recorded is larger than {kib} KiB",
            remedy="Shorten the texts, or put them into a document.",
            kib=EVENT_BYTES // 1024,
        )
    return written


def _refuse_full(dossier: Dossier, content: bytes, *, step: bool) -> None:
    most = HISTORY_BYTES - (0 if step else LEFT_FOR_STEPS)
    if len(content) > most:
        raise NotNow(
            "history-full",
            "the history of {deposit} is full: {kib} KiB is the most",
            remedy=(
                "Bring the deposit to its end; a new one can be opened for the server.",
                Action("show", dossier.id),
            ),
            deposit=dossier.id,
            kib=most // 1024,
        )


def keep_document(
    dossier: Dossier, name: str, content: bytes, kind: Literal["documents", "facts"] = "documents"
) -> Kept:
    """Write a document of a dossier that is held, for an event that is to name it; returns what that keeps of it. If
    none does, it is gone again once the dossier is let go."""
    write_tentative(_place(dossier, kind) / name, content)
    return Kept(f"{kind}/{name}", _sha256(content))


def keep_beside(dossier: Dossier, name: str, content: bytes) -> Path:
    """Write a document for people to look at, which no event names."""
    path = _place(dossier, "documents") / name
    write_atomic(path, content)
    return path


def _place(dossier: Dossier, kind: str) -> Path:
    folder = dossier.folder / kind
    if folder.is_symlink():
        raise InvalidRecord(
            "dossier-folder-is-symlink",
            "a dossier's folder may not be a symbolic link",
            remedy="Put the folder itself there, with what is in it, in place of the link.",
            where=str(folder),
        )
    make_folder(folder)
    return folder


def write_record(site: Site, dossier: Dossier, content: bytes) -> None:
    """Write deposit.yml anew, after the event that has its hash. It is a copy for people: if it cannot be written now,
    the next turn does it, and that is told (`Site.lagging`)."""
    try:
        write_atomic(dossier.folder / "deposit.yml", content)
    except OutsideFailure as error:
        site.lagging.append(
            OutsideFailure(
                "record-lags",
                "the change of {deposit} is recorded; deposit.yml does not show it yet: {reason}",
                where=error.where,
                remedy="The next command on the deposit writes it.",
                deposit=dossier.id,
                reason=error.text,
            )
        )


def written_in(folder: Path, file: str, content: bytes) -> Kept:
    """Write a file of a dossier's folder; returns what an event keeps of it. Raises OutsideFailure."""
    write_atomic(folder / file, content)
    return Kept(file, _sha256(content))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def history_with(before: bytes, events: Sequence[Event], newest: bytes) -> bytes:
    """The history file with its newest event, which `readable` has written. In a file that sopctl wrote, that is simply
    appended to the list; a file that someone has laid out differently is rewritten."""
    as_written = before.startswith(b"- seq: ") and before.endswith(b"\n") and b"\n..." not in before
    return before + newest if as_written else codec.dump(list(events))


def bind(deposit_id: str, events: tuple[Event, ...], event: Event) -> Event:
    """The event as the next of these, bound to them by its hash, all its data as text."""
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
