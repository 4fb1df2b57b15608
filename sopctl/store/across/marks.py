"""Marks in the journal: where it ended, and where each history's newest line is, so that an event need not read it all.

They are derived and disposable (`var/marks/`), as the index is: a small file for the end, and one for each history. A
database would cost more than all else of an event. What a mark says is read again at its place in the journal before it
counts (`journal.py`); a mark that is wrong or missing costs one reading of the whole. Hold the site's lock.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from sopctl.errors import OutsideFailure
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import open_in_place

FOLDER = "marks"
THE_END = ".end"
"""Its file; no history's name begins so."""
EARLIER = "journal.sqlite3"
"""Beside the folder: where an older version kept them."""
MOST = 64 * 1024
VERSION = b"2"


class End(Struct, frozen=True):
    """Where the journal ended: its last line stands from `start` to `stop` (bytes, the newline included) and is the
    `lines`-th; `roster` is the SHA-256 (hex) of the roster that was noted last; `digest` that of the last line.
    `given`: for each beginning of an id, the highest number of a deposit that it names, also of those that are gone."""

    start: int = 0
    stop: int = 0
    lines: int = 0
    roster: str = ""
    digest: str = ""
    given: dict[str, int] = {}


class Mark(NamedTuple):
    """The journal has a line for each event of a history up to `seq`, whose line begins at byte `start`."""

    seq: int
    start: Annotated[int, Meta(ge=0, lt=1 << 62)]


class Marks:
    """The marks of the site at `root`. Their failures are never the caller's: without them the journal is read."""

    def __init__(self, root: Path) -> None:
        self._folder = root / f"var/{FOLDER}"
        self._of: dict[str, Mark | None] = {}

    def end(self) -> End | None:
        """Where the journal ended when the marks were made; None without marks. Nothing in the journal proves its lines
        and numbers, so it has a hash of its own."""
        hash_, _, said = self._read(THE_END).partition(b" ")
        if hash_ != _hash(said):
            return None
        with suppress(NotJson):
            return from_json(said, End)
        return None

    def of(self, name: str) -> Mark | None:
        """The mark of a history, as it was when it was first asked for or last kept."""
        if name not in self._of:
            self._of[name] = None
            with suppress(NotJson):
                self._of[name] = from_json(self._read(name), Mark)
        return self._of[name]

    def look_again(self) -> None:
        """Others may have kept marks since they were asked for."""
        self._of.clear()

    def know(self, marks: Mapping[str, Mark]) -> None:
        """Answer with these from now on, which are to be kept later."""
        self._of |= marks

    def keep(self, end: End | None, marks: Mapping[str, Mark], *, anew: bool = False) -> None:
        """Keep where the journal ends now (None: as was kept), and what is new; with `anew` in place of all that was
        kept."""
        if anew:
            self.forget()
        with suppress(OutsideFailure, OSError):  # the next event reads more
            for name, mark in marks.items():
                self._of[name] = mark
                self._write(name, msgspec.json.encode(mark))
            if end is None:
                return
            said = msgspec.json.encode(end)
            self._write(THE_END, b"%b %b" % (_hash(said), said))  # last: what stands behind the old one is read again

    def forget(self) -> None:
        """Remove the marks: they are made again."""
        self._of.clear()
        with suppress(OSError):
            (self._folder / THE_END).unlink(missing_ok=True)  # first: without it, none counts
            (self._folder.parent / EARLIER).unlink(missing_ok=True)
            for each in os.listdir(self._folder):
                (self._folder / each).unlink()

    def _read(self, name: str) -> bytes:
        try:
            descriptor = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return b""
        try:
            return os.read(descriptor, MOST).partition(b"\n")[0]
        except OSError:
            return b""
        finally:
            os.close(descriptor)

    def _write(self, name: str, line: bytes) -> None:
        """What is longer is not cut to it: cutting a file is a change that the disk has to note."""
        descriptor = open_in_place(self._folder / name)
        try:
            os.pwrite(descriptor, line + b"\n", 0)
        finally:
            os.close(descriptor)


def _hash(said: bytes) -> bytes:
    return hashlib.sha256(VERSION + said).hexdigest().encode()
