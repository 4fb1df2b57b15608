"""Marks in the journal: where it ended, and where each history's newest line is, so that an event need not read it all.

They are derived and disposable (`var/journal.sqlite3`), as the index is. What a mark says is read again at its place in
the journal before it counts (`journal.py`); a mark that is wrong or missing costs one reading of the whole. Hold the
site's lock.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sopctl.errors import OutsideFailure
from sopctl.store.durable import make_folder, touch

FILE_NAME = "journal.sqlite3"
VERSION = "1"
BUSY_SECONDS = 1.0
_TABLES = """
CREATE TABLE IF NOT EXISTS ends (version TEXT, start INTEGER, stop INTEGER, lines INTEGER, roster TEXT, hash TEXT);
CREATE TABLE IF NOT EXISTS newest (name TEXT PRIMARY KEY, seq INTEGER, start INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS given (prefix TEXT PRIMARY KEY, number INTEGER, hash TEXT) WITHOUT ROWID;
"""
_THE_END = """
INSERT OR REPLACE INTO ends (rowid, version, start, stop, lines, roster, hash) VALUES (1, ?, ?, ?, ?, ?, ?)
"""
"""The only row."""


class End(NamedTuple):
    """Where the journal ended: its last line stands from `start` to `stop` (bytes, the newline included) and is the
    `lines`-th; `roster` is the SHA-256 (hex) of the roster that was noted last; `digest` that of the last line."""

    start: int = 0
    stop: int = 0
    lines: int = 0
    roster: str = ""
    digest: str = ""


class Mark(NamedTuple):
    """The journal has a line for each event of a history up to `seq`, whose line begins at byte `start`."""

    seq: int
    start: int


class Marks:
    """The marks of the site at `root`. Their failures are never the caller's: without them the journal is read."""

    def __init__(self, root: Path) -> None:
        self._path = root / "var" / FILE_NAME
        self._held: sqlite3.Connection | None = None
        self._holding = False

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Open the file once for all that is asked and kept in the block, as one transaction at its end."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            with suppress(sqlite3.Error):  # the next event reads more
                if self._held is not None:
                    self._held.execute("COMMIT")
            self._let_go()

    def end(self) -> End | None:
        """Where the journal ended when the marks were made; None without marks."""
        rows = self._rows("SELECT start, stop, lines, roster, hash FROM ends WHERE version = ?", VERSION)
        return End(*rows[0]) if len(rows) == 1 else None

    def of(self, name: str) -> Mark | None:
        """The mark of a history."""
        rows = self._rows("SELECT seq, start FROM newest WHERE name = ?", name)
        return Mark(*rows[0]) if rows else None

    def given(self, prefix: str) -> int | None:
        """The highest number of a deposit whose id begins with `prefix`, 0 before the first; None where that is not
        known. Nothing in the journal proves it, so the row has a hash of its own."""
        rows = self._rows("SELECT number, hash FROM given WHERE prefix = ?", prefix)
        lost = not rows and self._rows("SELECT 1 FROM newest WHERE name LIKE ? || '%' LIMIT 1", prefix)
        if lost or any(hash_ != _hash(prefix, number) for number, hash_ in rows):
            self.forget()
            return None
        return rows[0][0] if rows else 0

    def keep(self, end: End, marks: Mapping[str, Mark], given: Mapping[str, int], *, anew: bool = False) -> None:
        """Keep where the journal ends now, and what is new; with `anew` in place of all that was kept."""
        try:
            if self._held is None:
                make_folder(self._path.parent)
                touch(self._path)
            with self._opened(to_write=True) as database:
                for statement in filter(str.strip, _TABLES.split(";")) if anew else ():
                    database.execute(statement)
                for table in ("ends", "newest", "given") if anew else ():
                    database.execute(f"DELETE FROM {table}")  # noqa: S608 (one of the three above)
                database.execute(_THE_END, (VERSION, *end))
                database.executemany(
                    "INSERT OR REPLACE INTO newest VALUES (?, ?, ?)", ((name, *mark) for name, mark in marks.items())
                )
                for prefix, number in given.items():
                    row = prefix, number, _hash(prefix, number)
                    database.execute("INSERT OR REPLACE INTO given VALUES (?, ?, ?)", row)
        except OutsideFailure:
            return  # the next event reads more
        except sqlite3.Error:
            self.forget()

    def forget(self) -> None:
        """Remove the marks: they are made again."""
        self._let_go()
        with suppress(OSError):
            self._path.unlink()

    def _rows(self, query: str, value: str) -> list[Any]:
        if self._held is None and not self._path.is_file():
            return []
        try:
            with self._opened() as database:
                return database.execute(query, (value,)).fetchall()
        except sqlite3.Error:
            self.forget()
            return []

    @contextmanager
    def _opened(self, *, to_write: bool = False) -> Iterator[sqlite3.Connection]:
        """The file; within a transaction for who writes, and for all that is done in `at_hand`."""
        if self._held is not None:
            yield self._held
            return
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            if to_write or self._holding:
                database.execute("PRAGMA synchronous = OFF")  # derived: it may be lost
                database.execute("PRAGMA journal_mode = MEMORY")
                database.execute("BEGIN IMMEDIATE")
            if self._holding:
                self._held = database
            yield database
            if database is not self._held and database.in_transaction:
                database.execute("COMMIT")
        finally:
            if database is not self._held:
                database.close()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
        self._held = None


def _hash(prefix: str, number: int) -> str:
    return hashlib.sha256(f"{prefix} {number}".encode()).hexdigest()
