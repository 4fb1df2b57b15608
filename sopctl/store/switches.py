"""What is kept of switches: the host keys that they must show, and which changes of a port are under way.

The keys (`switches/NAME.host-key`) are written only when someone confirms one. They are public, and belong in the
site's git like the switch's record, which people write and sopctl does not.
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.model.access.target import HostKey
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.ports.port import ActualPort
from sopctl.store import codec
from sopctl.store.durable import disk_errors, listed, write_atomic
from sopctl.store.site import Site


class PinnedKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A host key that a switch must show: since when, who confirmed it, and how."""

    key: HostKey
    at: datetime
    by: str
    how: str


class Unfinished(Struct, frozen=True):
    """A change of a port that is under way, or was cut off: whose port it is, whether it is given or taken away
    (`service`), the port as it was `before`, and `until` when the switch may put it back by itself (None: it does not).
    """

    switch: str
    port: str
    deposit: str
    service: bool
    before: ActualPort
    until: datetime | None = None


class UnderWay(Struct, frozen=True):
    """The mark of a change of a port: present while it is under way, and left behind by one that was killed."""

    folder: Path
    switch: str
    port: str

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.switch}-{self.port.replace('/', '_')}"

    @property
    def marked(self) -> bool:
        return self._path.exists()

    def mark(self, change: Unfinished) -> None:
        with disk_errors(self._path):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path, msgspec.json.encode(change))

    def clear(self) -> None:
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)


def unfinished(folder: Path, switch: str) -> list[Unfinished]:
    """The changes on a switch that were cut off, by their marks. Marks of older versions, which say nothing, and those
    that are damaged are left out."""
    found = []
    for path in listed(folder, f"{switch}-*"):
        with suppress(OSError, NotJson):
            mark = from_json(path.read_bytes(), Unfinished)
            if mark.switch == switch:
                found.append(mark)
    return found


def pinned(site: Site, name: str) -> PinnedKey | None:
    """The key that the switch `name` must show, or None. Raises InvalidRecord for a damaged file."""
    path = _path(site, name)
    return codec.load(path, PinnedKey) if path.is_file() and not path.is_symlink() else None


def pin(site: Site, name: str, key: PinnedKey) -> None:
    """Expect this key of the switch `name` from now on."""
    write_atomic(_path(site, name), codec.dump(key))


def _path(site: Site, name: str) -> Path:
    return site.folder("switches") / f"{name}.host-key"
