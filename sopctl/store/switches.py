"""The host keys that switches must show: `switches/NAME.host-key`, written only when someone confirms one.

They are public, and belong in the site's git like the switch's record, which people write and sopctl does not.
"""

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from sopctl.model.access.ladder import HostKey
from sopctl.store import codec
from sopctl.store.durable import write_atomic
from sopctl.store.site import Site


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """A pinned key: which, since when, who confirmed it, and how."""

    key: HostKey
    at: datetime
    by: str
    how: str


def pinned(site: Site, name: str) -> Pin | None:
    """The key that the switch `name` must show, or None. Raises InvalidRecord for a damaged file."""
    path = _path(site, name)
    return codec.load(path, Pin) if path.is_file() and not path.is_symlink() else None


def pin(site: Site, name: str, key: Pin) -> None:
    """Let the switch `name` show this key from now on."""
    write_atomic(_path(site, name), codec.dump(key))


def _path(site: Site, name: str) -> Path:
    return site.folder("switches") / f"{name}.host-key"
