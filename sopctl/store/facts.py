"""The months' facts of a dossier: `facts/2026-11.json`, a second gathering of a month as `2026-11-r2.json`."""

import re
from pathlib import Path

import msgspec

from sopctl.errors import InvalidRecord
from sopctl.model.facts import ServerFacts
from sopctl.store.durable import disk_errors

_FILE = re.compile(r"(\d{4}-\d{2})(?:-r(\d{1,4}))?\.json")


def months(folder: Path) -> dict[str, int]:
    """The months of which the dossier at `folder` keeps facts, in order, each with its newest revision."""
    found: dict[str, int] = {}
    if not (folder / "facts").is_dir():
        return found
    with disk_errors(folder / "facts", "read"):
        kept = list((folder / "facts").iterdir())
    for path in kept:
        if match := _FILE.fullmatch(path.name):
            found[match[1]] = max(found.get(match[1], 1), int(match[2] or 1))
    return dict(sorted(found.items()))


def name_of(month: str, revision: int) -> str:
    """The file of a gathering."""
    return f"{month}.json" if revision == 1 else f"{month}-r{revision}.json"


def read(folder: Path, month: str, revision: int) -> ServerFacts:
    """The facts of one gathering. Raises InvalidRecord for a file that holds none, OutsideFailure when it cannot be
    read."""
    path = folder / "facts" / name_of(month, revision)
    with disk_errors(path, "read"):
        content = path.read_bytes()
    try:
        return msgspec.json.decode(content, type=ServerFacts)
    except msgspec.DecodeError as error:
        raise InvalidRecord(f"not a facts document: {error}", where=str(path)) from None
