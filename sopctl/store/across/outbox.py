"""How far each receiver of events is: the place in the journal behind what it has, and when to try again.

Derived, and disposable in so far as a receiver without a mark begins at the journal's end.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import bytes_of, make_folder, write_atomic

MOST = 4096


class Mark(Struct, frozen=True):
    """The place in the journal behind the last line that was taken (bytes); how often the next one failed, and before
    when it is not tried again (seconds since 1970)."""

    place: int
    failed: int = 0
    not_before: float = 0.0


class Outbox:
    """The marks of the site at `root`. Hold the lock of the outbox to write."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "var" / "outbox"

    def mark(self, receiver: str) -> Mark | None:
        """How far a receiver is; None for a new one, or where what is kept cannot be read."""
        path = self._folder / f"{receiver}.json"
        if not path.exists():
            return None
        try:
            return from_json(bytes_of(path, MOST, links=False), Mark)
        except NotJson:
            return None

    def keep(self, receiver: str, mark: Mark) -> None:
        """Keep how far a receiver is."""
        make_folder(self._folder)
        write_atomic(self._folder / f"{receiver}.json", msgspec.json.encode(mark))
