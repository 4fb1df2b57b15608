"""The journal: one line per event of the whole site, hash-chained, so that a missing dossier shows too.

An event is written to its dossier first, then here. A crash between the two leaves the journal one line behind;
the next writer adds the line, because every line can be made again from the histories.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.errors import InvalidRecord
from sopctl.model.sop.history import Event
from sopctl.store.durable import append_line, disk_errors

FILE_NAME = "journal.jsonl"


class Line(Struct, frozen=True):
    """`hash` is the event's own; `prev` the SHA-256 of the journal's line before, without its newline."""

    deposit: str
    seq: int
    hash: str
    prev: str


class Journal:
    """The journal of the site at `root`. Call under the site's lock."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE_NAME

    def lines(self) -> list[Line]:
        """All lines, their chain checked. A last line torn by a crash is cut off first.

        Raises InvalidRecord at a line that was altered, moved or removed.
        """
        lines = []
        prev = ""
        for number, raw in enumerate(self._raw(), start=1):
            line = self._line(number, raw)
            if line.prev != prev:
                raise self._altered(number)
            prev = hashlib.sha256(raw).hexdigest()
            lines.append(line)
        return lines

    def add(self, deposit: str, events: Sequence[Event]) -> None:
        """Write the lines of `events` that the journal does not have yet: the newest, and any that a crash left out.

        The chain of the whole journal is checked by `lines`, not here: it grows with every event of the site.
        Raises InvalidRecord at a line of this deposit that was altered.
        """
        raw = self._raw()
        start = msgspec.json.encode({"deposit": deposit})[:-1]
        known = {self._line(number, line).seq for number, line in enumerate(raw, 1) if line.startswith(start)}
        prev = hashlib.sha256(raw[-1]).hexdigest() if raw else ""
        for event in events:
            if event.seq not in known:
                content = msgspec.json.encode(Line(deposit, event.seq, event.hash, prev))
                append_line(self.path, content)
                prev = hashlib.sha256(content).hexdigest()

    def _line(self, number: int, raw: bytes) -> Line:
        try:
            return msgspec.json.decode(raw, type=Line)
        except msgspec.DecodeError:
            raise self._altered(number) from None

    def _altered(self, number: int) -> InvalidRecord:
        return InvalidRecord(
            "journal-altered",
            "the journal was altered here",
            where=f"{self.path}:{number}:1",
            remedy="Restore the journal from the site's git or a backup.",
        )

    def _raw(self) -> list[bytes]:
        if not self.path.exists():
            return []
        with disk_errors(self.path, "read"):
            content = self.path.read_bytes()
            end = content.rfind(b"\n") + 1
            if end < len(content):
                with self.path.open("r+b") as file:
                    file.truncate(end)
        return content[:end].splitlines()
