"""The journal: one line per event of the whole site, hash-chained, so that a missing dossier shows too.

An event is committed by its dossier's history, and noted here in the same turn, under the site's lock. A crash or a
full disk between the two leaves the newest event of that dossier without its line; nothing more, because no event is
committed while the one before it has none. So a journal that lacks more was cut, and one that names what is not there
shows what was removed.

What it cannot show alone: that its end was cut off together with the events that stood there, or that all of it was
made anew. For that, its head is kept elsewhere (`anchor`).
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from sopctl.errors import Action, InvalidRecord
from sopctl.model import names
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.codec import refuse_conflict
from sopctl.store.durable import append_line, opened, write_atomic

FILE_NAME = "journal.jsonl"
MENDED = "-"
"""In place of a deposit: a line that says why the journal was mended, by whom and when."""
ROSTER = "="
"""In place of a deposit: a line that says what has changed in the roster (`roster.py`), who noticed it and when."""
MAX_LINE = 4096

RESTORE = (
    "Restore the journal from the site's git or a backup.",
    "If it is lost, say why:",
    Action("journal mend", needs=("reason",)),
)


class Line(Struct, frozen=True, omit_defaults=True):
    """`hash` is the event's own; `prev` the SHA-256 of the journal's line before, without its newline. Of a line about
    a mend, `deposit` is MENDED, of one about the roster ROSTER, and `hash` that of `note`, which says what happened."""

    deposit: str
    seq: int
    hash: str
    prev: str
    note: str = ""


class Noted(Protocol):
    """What has a line: an event, or a record of the register of reports."""

    @property
    def seq(self) -> int: ...

    @property
    def hash(self) -> str: ...

    @property
    def at(self) -> datetime: ...


class Anchor(Struct, frozen=True):
    """How many lines a journal had, and the hash of the last: kept elsewhere, it shows a journal that was cut or made
    anew since."""

    lines: int
    head: str

    def __str__(self) -> str:
        return f"{self.lines}:{self.head}"


def lags(name: str, missing: Sequence[int], events: int) -> bool:
    """Can a crash have left out the events of these numbers, of a history that has so many? The newest alone can be
    missing; the first only of a book of the house, since a dossier is opened together with its line."""
    return list(missing) in ([], [events]) and (1 not in missing or not re.match(names.ID, name))


class Journal:
    """The journal of the site at `root`. Reading never writes; to write, hold the site's lock."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE_NAME

    def lines(self) -> list[Line]:
        """All lines, their chain checked, without one that a crash tore at the end.

        Raises InvalidRecord at a line that was altered, moved or removed.
        """
        return self._chained(self._read()[0])

    def newest(self) -> str | None:
        """The deposit of the newest event of a dossier, as its line says (the chain is not checked); None where there
        is none. Other lines (of a mend, the roster, a book of the house) are passed over."""
        lines = (self._line(number, raw) for number, raw in reversed(list(enumerate(self._read()[0], 1))))
        return next((line.deposit for line in lines if re.match(names.ID, line.deposit)), None)

    def anchor(self) -> Anchor:
        """Where the journal ends now. Raises InvalidRecord as `lines`."""
        raw, _ = self._read()
        self._chained(raw)
        return Anchor(len(raw), _digest(raw[-1]) if raw else "")

    def refuse_other_than(self, anchor: Anchor) -> None:
        """Raise InvalidRecord unless this journal goes on from `anchor`."""
        raw, _ = self._read()
        self._chained(raw)
        there = _digest(raw[anchor.lines - 1]) if 0 < anchor.lines <= len(raw) else ""
        if there != anchor.head:
            raise InvalidRecord(
                "journal-not-anchored",
                "the journal does not go on from its anchor: it was cut, or made anew",
                where=f"{self.path}:{anchor.lines}:1",
                remedy=RESTORE,
            )

    def catch_up(self, deposit: str, events: Sequence[Noted]) -> "Writer":
        """Bring the journal up to the events that a dossier has. Returns what its next event is noted with.

        Raises InvalidRecord where it lacks more of them than a crash can leave, or was altered; OutsideFailure.
        """
        raw, torn = self._read()
        start = msgspec.json.encode({"deposit": deposit})[:-1]
        known = {self._line(number, line).seq for number, line in enumerate(raw, 1) if line.startswith(start)}
        missing = [event for event in events if event.seq not in known]
        if not lags(deposit, [event.seq for event in missing], len(events)):
            raise self.cut(deposit, len(missing))
        writer = self._writer(raw, torn)
        for event in missing:
            writer.add(deposit, event)
        return writer

    def writer(self) -> "Writer":
        """What lines are added with, after those that are there."""
        return self._writer(*self._read())

    def rosters(self) -> list[str]:
        """The SHA-256 (hex) of each roster that it names. Raises InvalidRecord as `lines`."""
        return [_roster_of(line) for line in self.lines() if line.deposit == ROSTER]

    def _writer(self, raw: Sequence[bytes], torn: int) -> "Writer":
        start = msgspec.json.encode({"deposit": ROSTER})[:-1]
        number = next((at for at in range(len(raw), 0, -1) if raw[at - 1].startswith(start)), 0)
        roster = _roster_of(self._line(number, raw[number - 1])) if number else ""
        return Writer(self.path, _digest(raw[-1]) if raw else "", torn, len(raw), roster)

    def numbers(self, prefix: str) -> set[int]:
        """The numbers of all deposits whose ids begin with `prefix` that it names, also of those that are gone."""
        pattern = re.compile(rb'"deposit":"' + re.escape(prefix).encode() + rb'(\d{1,9})"')
        return {int(found[1]) for line in self._read()[0] if (found := pattern.match(line, 1))}

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
            "the journal lacks {count} events of {deposit}, more than a crash can leave out: it was cut",
            where=str(self.path),
            remedy=RESTORE,
            deposit=deposit,
            count=count,
        )

    def _chained(self, raw: Sequence[bytes]) -> list[Line]:
        lines = []
        prev = ""
        for number, each in enumerate(raw, start=1):
            line = self._line(number, each)
            if line.prev != prev or (line.note and hashlib.sha256(line.note.encode()).hexdigest() != line.hash):
                raise self._altered(number)
            prev = _digest(each)
            lines.append(line)
        return lines

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
        if not self.path.is_symlink() and not self.path.exists():
            return [], 0
        with opened(self.path, links=False) as file:
            content = file.read()
        end = content.rfind(b"\n") + 1
        torn = len(content) - end
        lines = content[:end].splitlines()
        if torn > MAX_LINE:
            raise self._altered(len(lines) + 1)
        return lines, torn


class Writer:
    """Adds lines to a journal, each chained to the one before."""

    def __init__(self, path: Path, prev: str, torn: int, lines: int = 0, roster: str = "") -> None:
        self._path, self._prev, self._torn, self._lines = path, prev, torn, lines
        self.roster = roster
        """The SHA-256 (hex) of the roster that was noted last; empty before the first."""

    def add(self, deposit: str, event: Noted) -> None:
        """Note an event. Raises OutsideFailure; the journal is then as it was."""
        self.add_hash(deposit, event.seq, event.hash)

    def add_hash(self, deposit: str, seq: int, hash_: str) -> None:
        """Note an event by its hash."""
        self._add(Line(deposit, seq, hash_, self._prev))

    def add_roster(self, digest: str, note: str) -> None:
        """Note that the roster is another one: its SHA-256 (hex), and what has changed."""
        said = f"{digest} {note}"
        self._add(Line(ROSTER, self._lines, hashlib.sha256(said.encode()).hexdigest(), self._prev, said))
        self.roster = digest

    def _add(self, line: Line) -> None:
        content = msgspec.json.encode(line)
        append_line(self._path, content, over=self._torn)
        self._prev, self._torn, self._lines = _digest(content), 0, self._lines + 1


def _roster_of(line: Line) -> str:
    return line.note.partition(" ")[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
