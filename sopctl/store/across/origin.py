"""In which format a site's records are, and what was put into it that people may change since: `origin.yml`.

The first line says the format. A site without this file is of format 0. What a later format changes in an older site,
the next command that records does by itself, and a copy of each file as it was stays in `before-format-N/`.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, to_builtins

from sopctl import __version__
from sopctl.errors import OutsideFailure
from sopctl.store import codec
from sopctl.store.durable import bytes_of, disk_errors, write_atomic

FILE_NAME = "origin.yml"
FORMAT = 1
"""The format that this version writes."""

Migration = Callable[[Path], Mapping[str, bytes]]
"""Looks at a site of one format; returns what files (by their path in the site) shall hold in the next."""


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """`files`: of each file that `init` copied into the site, the hash (SHA-256) that it had; `version`: whose they
    are. A site of format 0 knows neither."""

    format: Annotated[int, Meta(ge=0)] = 0
    version: str = ""
    files: dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]] = {}


def read(root: Path) -> Origin:
    """What the site at `root` says of itself. Raises InvalidRecord where it says nothing that can be understood."""
    path = root / FILE_NAME
    return codec.load(path, Origin) if os.path.lexists(path) else Origin()


def note(root: Path, files: Mapping[str, str]) -> None:
    """Note what was put into the site, by this version."""
    said = Origin(FORMAT, __version__, dict(sorted(files.items())))
    write_atomic(root / FILE_NAME, codec.dump(to_builtins(said)))


def format_of(root: Path) -> int:
    """The format of a site, from the first line alone: every command asks."""
    path = root / FILE_NAME
    if not os.path.lexists(path):
        return 0
    said = re.match(rb"format: ([0-9]{1,6})\n", bytes_of(path, 40))
    return int(said[1]) if said else read(root).format


def refuse_newer(root: Path) -> None:
    """Raise OutsideFailure for a site whose records a newer version wrote: this one could misread them."""
    found = format_of(root)
    if found > FORMAT:
        raise OutsideFailure(
            "site-newer",
            "a newer sopctl works on this site: its records are of format {found}, this one ({version}) knows {known}",
            where=str(root / FILE_NAME),
            remedy="Use the version that wrote it, or a newer one. Nothing was read or changed.",
            found=found,
            known=FORMAT,
            version=__version__,
        )


MIGRATIONS: tuple[Migration, ...] = (lambda _root: {},)
"""What each format changes in a site of the one before, in order. The first only notes the format."""


def migrate(root: Path) -> int | None:
    """Bring a site to this version's format, a copy of what is changed kept; call it while holding the site alone.
    Returns the format that it had, None where nothing was to be done. Raises OutsideFailure."""
    before = format_of(root)
    if before >= FORMAT:
        return None
    for number, change in enumerate(MIGRATIONS[before:FORMAT], start=before + 1):
        changed = change(root)
        for name in changed:
            old, kept = root / name, root / f"before-format-{number}" / name
            with disk_errors(kept, "write"):
                kept.parent.mkdir(parents=True, exist_ok=True)
                if old.is_file() and not kept.exists():
                    kept.write_bytes(old.read_bytes())
        for name, content in changed.items():
            write_atomic(root / name, content)
        said = read(root)
        write_atomic(root / FILE_NAME, codec.dump(to_builtins(Origin(number, said.version, said.files))))
    return before


def digest(content: bytes) -> str:
    """The hash by which a file is known again."""
    return hashlib.sha256(content).hexdigest()
