"""The national holidays as the library `holidays` has them, kept beside the site: to load that library takes as long as
many a command.

Derived and disposable (`var/holidays.json`): what was kept from another version of the library, or is not as it was
written, is asked again.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.errors import SopctlError
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import bytes_of, make_folder, write_atomic

FILE_NAME = "holidays.json"
MAX_BYTES = 1024 * 1024

Years = dict[str, dict[date, str]]
"""By year and category (`2026 public`): the holidays with their names."""


class _File(Struct, frozen=True):
    years: Years
    hash: str


def known(root: Path) -> Years:
    """What is kept for the site at `root`, from the library that is installed now; empty without any."""
    with suppress(SopctlError, NotJson):
        found = from_json(bytes_of(root / "var" / FILE_NAME, MAX_BYTES, links=False), _File)
        if found.hash == _hash(found.years):
            return found.years
    return {}


def keep(root: Path, years: Mapping[str, Mapping[date, str]]) -> None:
    """Keep these beside what is kept. Whoever cannot write only reads."""
    all_of_them = {**known(root), **{key: dict(days) for key, days in years.items()}}
    with suppress(SopctlError):
        make_folder(root / "var")
        write_atomic(root / "var" / FILE_NAME, msgspec.json.encode(_File(all_of_them, _hash(all_of_them))))


def _hash(years: Years) -> str:
    return hashlib.sha256(_library().encode() + msgspec.json.encode(years)).hexdigest()


def _library() -> str:
    """What tells the installed library from any other version, without loading it."""
    spec = importlib.util.find_spec("holidays")
    if spec is None or spec.origin is None:
        return ""
    with suppress(OSError):
        files = (Path(spec.origin).with_name("version.py"), Path(spec.origin).parent / "countries" / "indonesia.py")
        return " ".join(f"{each.st_size} {each.st_mtime_ns}" for each in (file.stat() for file in files))
    return spec.origin
