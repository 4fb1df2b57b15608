"""The journal: one line per event of the whole site, hash-chained, so that a missing dossier shows too.

An event is committed by its dossier's history, and noted here before the dossier is let go. A crash or a full disk
between the two leaves the newest event of that dossier without its line; nothing more, because no event is committed
while the one before it has none that the disk has confirmed. So a journal that lacks more was cut, and one that names
what is not there shows what was removed.

What it cannot show alone: that its end was cut off together with the events that stood there, or that all of it was
recreated. For that, its head is kept elsewhere (`anchor`).
"""

import hashlib
import io
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from sopctl.errors import Action, InvalidRecord
from sopctl.locale import Counted, gettext_noop
from sopctl.model import names
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.across.marks import End, Mark, Marks
from sopctl.store.codec import refuse_conflict
from sopctl.store.durable import (
    Appender,
    Unconfirmed,
    disk_errors,
    listed,
    make_folder,
    opened,
    unconfirmed,
    write_again,
    write_atomic,
)

FILE_NAME = "journal.jsonl"
STAMPS = "timestamps"
"""The folder of the timestamps (RFC 3161) of where the journal ended: LINES-HASH.tsr."""
MAX_STAMP = 64 * 1024
MENDED = "-"
"""In place of a deposit: a line that says why the journal was mended, by whom and when."""
ROSTER = "="
"""In place of a deposit: a line that says what has changed in the roster (`roster.py`), who noticed it and when."""
MAX_LINE = 4096
NEAR_THE_END = 64 * 1024
"""Bytes in which the newest event of a dossier is looked for first."""
_ROSTER_LINE = msgspec.json.encode({"deposit": ROSTER})[:-1]
_MENDED_LINE = msgspec.json.encode({"deposit": MENDED})[:-1]
_BEGINNING = re.compile(rb'\{"deposit":"([A-Za-z0-9][A-Za-z0-9-]{0,99})","seq":(\d{1,9}),')
"""Of a line of an event: the name of its history, and its number there."""

_STAMP = re.compile(r"([1-9][0-9]{0,8})-([0-9a-f]{64})\.tsr")

RESTORE = (
    gettext_noop("Restore the journal from the site's git or a backup."),
    gettext_noop("If it is lost, say why:"),
    Action("journal mend", needs=("reason",)),
)


Turn = Callable[[], AbstractContextManager[object]]
"""Of those who add lines, one at a time: a lock that is held meanwhile. Who is alone on the site needs none."""


class Line(Struct, frozen=True, omit_defaults=True, gc=False):
    """`hash` is the event's own; `prev` the SHA-256 of the journal's line before, without its newline. Of a line about
    a mend, `deposit` is MENDED, of one about the roster ROSTER, and `hash` that of `note`, which says what happened."""

    deposit: str
    seq: int
    hash: str
    prev: str
    note: str = ""


class Followed(NamedTuple):
    """Up to where someone has followed the journal: its file, by the inode, and the last whole line of it, which stands
    from `start` to `stop` (bytes) and has the SHA-256 `digest` (hex). All empty where there was none."""

    inode: int = 0
    start: int = 0
    stop: int = 0
    digest: str = ""


class Noted(Protocol):
    """What has a line: an event, or a record of the register of reports."""

    @property
    def seq(self) -> int: ...

    @property
    def hash(self) -> str: ...

    @property
    def at(self) -> datetime: ...


class Anchor(Struct, frozen=True):
    """How many lines a journal had (0: only the hash is known), and the hash of the last: kept elsewhere, it shows a
    journal that was cut or recreated since."""

    lines: int
    head: str

    def __str__(self) -> str:
        return f"{self.lines}:{self.head}"


def lags(name: str, missing: Sequence[int], events: int) -> bool:
    """Can a crash have left out the events of these numbers, of a history that has so many? The newest alone can be
    missing; the first only of a book of the house, since a dossier is opened together with its line."""
    return list(missing) in ([], [events]) and (1 not in missing or not re.match(names.ID, name))


class Stamp(Struct, frozen=True):
    """A timestamp that is kept: of which anchor, and the file."""

    anchor: Anchor
    path: Path

    @property
    def content(self) -> bytes:
        """What the authority answered. Raises OutsideFailure, InvalidRecord."""
        with opened(self.path, links=False) as file:
            return file.read(MAX_STAMP)


class Covered(Struct, frozen=True):
    """A beginning of the journal: its bytes and their SHA-256 (hex), its lines, and the hash of the last."""

    size: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    lines: int = 0
    head: str = ""


class Walked(NamedTuple):
    """What a walk over the whole journal found: how far it went, the lines after the beginning that was known, those of
    a mend or a roster among all lines (`notes`), and the hashes of the lines that were asked for, by number."""

    covered: Covered
    fresh: list[Line]
    notes: list[Line]
    heads: dict[int, str]

    @property
    def anchor(self) -> "Anchor":
        return Anchor(self.covered.lines, self.covered.head)


class Journal:
    """The journal of the site at `root`. Reading never writes; to write, hold the site's lock."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE_NAME
        self._marks = Marks(root)

    def lines(self) -> list[Line]:
        """All lines, their chain checked, without one that a crash tore at the end.

        Raises InvalidRecord at a line that was altered, moved or removed.
        """
        return self._chained(self._read()[0])

    def walk(self, known: Covered | None = None, numbers: Collection[int] = ()) -> Walked | None:
        """Go over all lines. A beginning that is `known` is compared as a whole; the chain of the lines after it is
        checked. `numbers`: the lines whose hashes are wanted. None where the journal does not begin as was known.

        Raises InvalidRecord as `lines`.
        """
        known = known or Covered()
        fresh, notes, heads = list[Line](), list[Line](), dict[int, str]()
        size, lines, head, whole = 0, 0, "", hashlib.sha256()
        with self._opened() as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    if len(raw) > MAX_LINE:
                        raise self._altered(lines + 1)
                    break  # torn by a crash
                if size < known.size < size + len(raw):
                    return None
                size, lines = size + len(raw), lines + 1
                whole.update(raw)
                if size > known.size:
                    line = self._linked(lines, raw[:-1], head)
                    fresh.append(line)
                    notes += [line] if line.deposit in (MENDED, ROSTER) else []
                elif raw.startswith((_MENDED_LINE, _ROSTER_LINE)):
                    notes.append(self._line(lines, raw[:-1]))
                if size >= known.size or lines in numbers:
                    head = _digest(raw[:-1])
                    heads |= {lines: head} if lines in numbers else {}
                if size == known.size and Covered(size, whole.hexdigest(), lines, head) != known:
                    return None
        found = Covered(size, whole.hexdigest(), lines, head)
        return Walked(found, fresh, notes, heads) if size >= known.size else None

    def newest(self) -> str | None:
        """The deposit of the newest event of a dossier, as its line says (the chain is not checked); None where there
        is none. Other lines (of a mend, the roster, a book of the house) are passed over."""
        if not self.path.exists():
            return None
        with opened(self.path, links=False) as file:
            size = _size(file)
            for start in dict.fromkeys((max(0, size - NEAR_THE_END), 0)):
                file.seek(start)
                *whole, _torn = file.read().split(b"\n")
                for each in reversed(whole[1:] if start else whole):
                    found = _BEGINNING.match(each)
                    if found and re.match(names.ID, found[1].decode("utf-8", "replace")):
                        return found[1].decode()
        return None

    def after(self, place: int, most: int) -> list[tuple[Line, int]]:
        """At most so many lines that stand behind a byte of it, each with where it ends; for readers who go on from
        there. The chain is not checked. Raises InvalidRecord for a line that is none, or where the journal is shorter
        than that."""
        found: list[tuple[Line, int]] = []
        if not self.path.exists() and not place:
            return found
        with opened(self.path, links=False) as file:
            number = file.read(place).count(b"\n")
            if file.tell() < place:
                raise self._altered(number)
            while len(found) < most and (raw := file.readline(MAX_LINE + 1)).endswith(b"\n"):
                place, number = place + len(raw), number + 1
                found.append((self._line(number, raw[:-1]), place))
        return found

    def follow(self, since: Followed | None) -> tuple[set[str] | None, Followed]:
        """The deposits of which events were noted behind `since`, and up to where that was looked for. None in their
        place at the first time, and where this is not the journal that was followed (it was cut, or recreated).

        For who shows what happens: the chain is not checked. Raises OutsideFailure.
        """
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return (set() if since == Followed() else None), Followed()
        except OSError:
            return None, Followed()
        if since and (there.st_ino, there.st_size) == (since.inode, since.stop):
            return set(), since
        with opened(self.path, links=False) as file:
            return _followed(file, since)

    def size(self) -> int:
        """Where the last of its whole lines ends, in bytes."""
        if not self.path.exists():
            return 0
        with opened(self.path, links=False) as file:
            size = _size(file)
            file.seek(max(0, size - NEAR_THE_END))
            return size - len(file.read().rpartition(b"\n")[2])

    def anchor(self) -> Anchor:
        """Where the journal ends now. Raises InvalidRecord as `lines`."""
        raw, _ = self._read()
        self._chained(raw)
        return Anchor(len(raw), _digest(raw[-1]) if raw else "")

    def refuse_other_than(self, anchor: Anchor) -> None:
        """Raise InvalidRecord unless this journal goes on from `anchor`."""
        raw, _ = self._read()
        self._chained(raw)
        if anchor.lines:
            there = _digest(raw[anchor.lines - 1]) if anchor.lines <= len(raw) else ""
        else:  # the hash alone was kept
            there = next((anchor.head for line in raw if _digest(line) == anchor.head), "")
        if there != anchor.head:
            raise InvalidRecord(
                "journal-not-anchored",
                "the journal does not continue from its anchor: it was cut, or recreated",
                where=f"{self.path}:{anchor.lines}:1",
                remedy=RESTORE,
            )

    def keep_stamp(self, anchor: Anchor, content: bytes) -> Path:
        """Keep a timestamp of where the journal ended. Raises OutsideFailure."""
        folder = self.path.with_name(STAMPS)
        make_folder(folder)
        path = folder / f"{anchor.lines}-{anchor.head}.tsr"
        write_atomic(path, content)
        return path

    def stamps(self) -> list[Stamp]:
        """The timestamps that are kept, of the shortest journal first."""
        paths = listed(self.path.with_name(STAMPS), "*.tsr")
        named = [(_STAMP.fullmatch(path.name), path) for path in paths]
        found = [Stamp(Anchor(int(name[1]), name[2]), path) for name, path in named if name]
        return sorted(found, key=lambda each: each.anchor.lines)

    def catch_up(self, deposit: str, events: Sequence[Noted], turn: Turn = nullcontext) -> None:
        """Before the next event of a history that is held: bring the journal up to those that it has. A `turn` is taken
        only where the marks do not show that it is.

        Raises InvalidRecord where it lacks more of them than a crash can leave, or was altered; OutsideFailure.
        """
        with self._opened() as file:
            if len(events) <= self._noted(file, deposit) and self._ends_near(file):
                return
        try:
            self._add_missing(deposit, events, turn)
        except Unconfirmed as error:  # of an event before: nothing of this one is written
            with disk_errors(self.path):
                raise error.__cause__ or error from None

    def _add_missing(self, deposit: str, events: Sequence[Noted], turn: Turn) -> None:
        with self.adding(turn) as writer, self._opened() as file:
            self._marks.look_again()
            noted = self._noted(file, deposit)
            if len(events) <= noted:
                return
            # all lines are looked at, before anything is missed
            begin = {self._line(number, raw).seq: start for number, start, raw in self._lines_of(deposit)}
            missing = [event for event in events if event.seq not in begin]
            if not lags(deposit, [event.seq for event in missing], len(events)):
                raise self.cut(deposit, len(missing))
            newest = len(events) - len(missing)
            if newest > noted:  # whoever added it did not live to have it confirmed
                with disk_errors(self.path):
                    write_again(self.path, begin[newest], MAX_LINE)
                self._marks.keep(None, {deposit: Mark(newest, begin[newest])})
            for event in missing:
                writer.add(deposit, event)

    @contextmanager
    def adding(self, turn: Turn = nullcontext) -> Iterator["Writer"]:
        """Add lines, after those that are there, in a `turn` of those who do. It is over before the disk has confirmed
        them, so that others need not wait for that; the block, after.

        Raises InvalidRecord, OutsideFailure: the journal is then as it was. Unconfirmed where that cannot be, because
        others have added to it meanwhile.
        """
        end = End()
        with Appender(self.path) as appender:
            try:
                with turn():
                    with self._opened() as file:
                        end, torn = self._end(file)
                    writer = Writer(self.path, self._marks, end, torn, appender)
                    yield writer
            finally:
                self._confirm(appender, turn, end)
            writer.keep_marks()

    def _confirm(self, appender: Appender, turn: Turn, before: End) -> None:
        """Return once the disk has what was added; what it refuses is taken back. Raises as `adding`."""
        with disk_errors(self.path):
            try:
                appender.confirm()
            except OSError as error:
                with turn():
                    if appender.take_back():
                        self._marks.look_again()
                        self._marks.keep(before, {})
                        raise
                try:
                    appender.write_again()
                except OSError:
                    raise unconfirmed(self.path, error) from error

    def has(self, deposit: str) -> bool:
        """Is there a line of a deposit? One that is being opened has none, as its number says; after a crash, the whole
        journal is read."""
        prefix, number = _numbered(deposit)
        return number <= self.given(prefix) and any(self._lines_of(deposit))

    def given(self, prefix: str) -> int:
        """The highest number of a deposit whose id begins with `prefix` that it names, also of those that are gone; 0
        before the first."""
        with self._opened() as file:
            return self._end(file)[0].given.get(prefix, 0)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """Its file; an empty one where there is none."""
        with opened(self.path, links=False) if os.path.lexists(self.path) else nullcontext(io.BytesIO()) as file:
            yield file

    def _noted(self, file: BinaryIO, deposit: str) -> int:
        """Up to which event a history has its lines, as the marks say and the line there proves; 0 if they do not."""
        mark = self._marks.of(deposit)
        if mark is None:
            return 0
        file.seek(mark.start)
        found = _BEGINNING.match(file.readline(MAX_LINE))
        return mark.seq if found and (found[1], int(found[2])) == (deposit.encode(), mark.seq) else 0

    def _ends_near(self, file: BinaryIO) -> bool:
        """Does it end where the marks say, or a line or a few of others further?"""
        end = self._marks.end()
        return end is not None and 0 <= file.seek(0, os.SEEK_END) - end.stop <= MAX_LINE

    def _lines_of(self, deposit: str) -> Iterator[tuple[int, int, bytes]]:
        """The lines of one deposit, with their numbers and where they begin; the whole journal is read."""
        beginning, start = msgspec.json.encode({"deposit": deposit})[:-1], 0
        with self._opened() as file:
            for number, raw in enumerate(file, 1):
                if raw.startswith(beginning) and raw.endswith(b"\n"):  # one without was torn by a crash
                    yield number, start, raw[:-1]
                start += len(raw)

    def _end(self, file: BinaryIO) -> tuple[End, int]:
        """Where the journal ends now, and how many bytes of a line that a crash tore stand after that. The marks are
        made to fit: what stands after them is read, or all where they are of another journal.

        Raises InvalidRecord where more than a torn line stands after the end.
        """
        kept = self._marks.end()
        known = kept if kept and _proven(file, kept) else None
        reading = _Reading(self._marks, known)
        torn = reading.go_on(file)
        if torn > MAX_LINE:
            raise self._altered(reading.end.lines + 1)
        if reading.end != known:
            if not isinstance(file, io.BytesIO):  # a mark says that a line survives a power cut
                with disk_errors(self.path):
                    os.fdatasync(file.fileno())
            self._marks.keep(reading.end, reading.marks, anew=known is None)
        return reading.end, torn

    def mend(self, note: str, events: Sequence[tuple[str, Noted]]) -> None:
        """Make the journal whole again, with a line that says why: `events`, of all dossiers, each have their line.

        One that was altered is kept beside the new one, which names its hash.
        """
        raw, _ = self._read()
        try:
            lines = self._chained(raw)
        except InvalidRecord:
            content = b"\n".join(raw) + b"\n"
            digest = _digest(content)
            write_atomic(self.path.with_name(f"{FILE_NAME}.{digest[:12]}.altered"), content)
            lines, raw, note = [], [], f"{note}; berkas sebelumnya: sha256 {digest}"
        have = {(line.deposit, line.seq) for line in lines}
        made = list(raw)
        for line in (
            Line(MENDED, len(made), hashlib.sha256(note.encode()).hexdigest(), "", note),
            *(Line(name, event.seq, event.hash, "") for name, event in events if (name, event.seq) not in have),
        ):
            prev = _digest(made[-1]) if made else ""
            made.append(msgspec.json.encode(msgspec.structs.replace(line, prev=prev)))
        write_atomic(self.path, b"".join(line + b"\n" for line in made))

    def cut(self, deposit: str, count: int) -> InvalidRecord:
        """The error for a journal that lacks `count` events of a dossier."""
        return InvalidRecord(
            "journal-cut",
            "the journal lacks {count} of {deposit}, more than a crash can leave out: it was cut",
            where=str(self.path),
            remedy=RESTORE,
            deposit=deposit,
            count=Counted("{number} event", "{number} events", count),
        )

    def _chained(self, raw: Sequence[bytes]) -> list[Line]:
        lines = []
        prev = ""
        for number, each in enumerate(raw, start=1):
            lines.append(self._linked(number, each, prev))
            prev = _digest(each)
        return lines

    def _linked(self, number: int, raw: bytes, prev: str) -> Line:
        """A line that follows the one whose hash is `prev`. Raises InvalidRecord for one that does not."""
        line = self._line(number, raw)
        if line.prev != prev or (line.note and hashlib.sha256(line.note.encode()).hexdigest() != line.hash):
            raise self._altered(number)
        return line

    def _line(self, number: int, raw: bytes) -> Line:
        try:
            return from_json(raw, Line)
        except NotJson:
            refuse_conflict(raw, str(self.path))
            raise self._altered(number) from None

    def _altered(self, number: int) -> InvalidRecord:
        return InvalidRecord(
            "journal-altered", "the journal was altered here", where=f"{self.path}:{number}:1", remedy=RESTORE
        )

    def _read(self) -> tuple[list[bytes], int]:
        """The whole lines, and how many bytes of one that a crash tore stand after them.

        Raises InvalidRecord where what stands after them is more than a line.
        """
        with self._opened() as file:
            content = file.read()
        end = content.rfind(b"\n") + 1
        torn = len(content) - end
        lines = content[:end].splitlines()
        if torn > MAX_LINE:
            raise self._altered(len(lines) + 1)
        return lines, torn


class _Reading:
    """Goes over the lines that no mark knows yet."""

    def __init__(self, marks: Marks, known: End | None) -> None:
        self._before, self.end = marks if known else None, known or End()
        self.marks: dict[str, Mark] = {}
        self._given = dict(self.end.given)
        self._early: dict[str, dict[int, int]] = {}
        """Of a history, the lines that stand before one of an older event, as a mend may have left them."""

    def go_on(self, file: BinaryIO) -> int:
        """Take all lines after the end that is known. Returns the bytes of a torn one after them."""
        file.seek(self.end.stop)
        for raw in file:
            if not raw.endswith(b"\n"):
                return _size(file) - self.end.stop
            self.take(raw)
        return 0

    def take(self, raw: bytes) -> None:
        """The next line, with its newline."""
        start, lines, roster = self.end.stop, self.end.lines, self.end.roster
        if raw.startswith(_ROSTER_LINE):
            with suppress(NotJson):
                roster = roster_of(from_json(raw, Line))
        self._mark(raw, start)
        self.end = End(start, start + len(raw), lines + 1, roster, _digest(raw[:-1]), self._given)

    def _mark(self, raw: bytes, start: int) -> None:
        found = _BEGINNING.match(raw)
        if not found:
            return
        name, seq = found[1].decode(), int(found[2])
        if name not in self.marks:
            kept = self._before.of(name) if self._before else None
            if kept:
                self.marks[name] = kept
            elif re.match(names.ID, name):
                self._give(name)
        reached = self.marks[name].seq if name in self.marks else 0
        if seq > reached + 1:
            self._early.setdefault(name, {})[seq] = start
        while seq == reached + 1:
            self.marks[name] = Mark(seq, start)
            reached, seq = seq, seq + 1
            start = self._early.get(name, {}).pop(seq, -1)
            if start < 0:
                break

    def _give(self, name: str) -> None:
        prefix, number = _numbered(name)
        self._given[prefix] = max(self._given.get(prefix, 0), number)


class Writer:
    """Adds lines to a journal, each chained to the one before, and keeps its marks."""

    def __init__(self, path: Path, marks: Marks, end: End, torn: int, appender: Appender) -> None:
        self._path, self._marks, self._end, self._torn, self._appender = path, marks, end, torn, appender
        self._new: dict[str, Mark] = {}

    @property
    def roster(self) -> str:
        """The SHA-256 (hex) of the roster that was noted last; empty before the first."""
        return self._end.roster

    def add(self, deposit: str, event: Noted) -> None:
        """Note an event. Raises OutsideFailure; the journal is then as it was."""
        self.add_hash(deposit, event.seq, event.hash)

    def add_hash(self, deposit: str, seq: int, hash_: str) -> None:
        """Note an event by its hash."""
        self._add(Line(deposit, seq, hash_, self._end.digest))

    def add_roster(self, digest: str, note: str) -> None:
        """Note that the roster is another one: its SHA-256 (hex), and what has changed."""
        said = f"{digest} {note}"
        hash_ = hashlib.sha256(said.encode()).hexdigest()
        self._add(Line(ROSTER, self._end.lines, hash_, self._end.digest, said))

    def _add(self, line: Line) -> None:
        content = msgspec.json.encode(line) + b"\n"
        with disk_errors(self._path):
            self._appender.add(content[:-1], over=self._torn)
        reading = _Reading(self._marks, self._end)
        reading.take(content)
        self._marks.keep(reading.end, {})
        self._marks.know(reading.marks)
        self._new |= reading.marks
        self._end, self._torn = reading.end, 0

    def keep_marks(self) -> None:
        """Mark the lines that were added, which the disk has confirmed."""
        self._marks.keep(None, self._new)


def _numbered(deposit: str) -> tuple[str, int]:
    """How an id begins, and the number that it ends with; 0 for one that ends with none."""
    prefix, dash, number = deposit.rpartition("-")
    return prefix + dash, int(number) if number.isdecimal() else 0


def _proven(file: BinaryIO, end: End) -> bool:
    """Does the last line that the marks know stand where they say?"""
    file.seek(end.start)
    raw = file.read(max(0, end.stop - end.start))
    return end.stop > 0 and raw.endswith(b"\n") and _digest(raw[:-1]) == end.digest


def _followed(file: BinaryIO, since: Followed | None) -> tuple[set[str] | None, Followed]:
    inode, size = os.fstat(file.fileno()).st_ino, _size(file)
    goes_on = since is not None and (inode == since.inode) and size >= since.stop and _ends_with(file, since)
    begin = since.stop if since and goes_on else max(0, size - NEAR_THE_END)
    file.seek(begin)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    if not whole:
        return (set(), since) if since and goes_on else (None, Followed(inode))
    start = whole.rfind(b"\n", 0, -1) + 1
    reached = Followed(inode, begin + start, begin + len(whole), _digest(whole[start:-1]))
    if not goes_on:
        return None, reached
    found = (_BEGINNING.match(line) for line in whole.splitlines())
    named = {each[1].decode("utf-8", "replace") for each in found if each}
    return {name for name in named if re.match(names.ID, name)}, reached


def _ends_with(file: BinaryIO, since: Followed) -> bool:
    """Does the line that was followed last stand where it stood?"""
    file.seek(since.start)
    raw = file.read(since.stop - since.start)
    return not since.stop or (raw.endswith(b"\n") and _digest(raw[:-1]) == since.digest)


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def roster_of(line: Line) -> str:
    """The SHA-256 (hex) of the roster that a line names."""
    return line.note.partition(" ")[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
