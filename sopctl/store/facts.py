"""The months' facts of a dossier: `facts/2026-11.json`, a second gathering of a month as `2026-11-r2.json`.

What was gathered is what the history says. A file that no event names (a crash came in between) does not count.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.sop.entries import Gathered
from sopctl.model.text import printable
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors

if TYPE_CHECKING:  # the lists read which months there are, and none of the facts
    from sopctl.model.facts.server import ServerFacts

_RESTORE = Text("Restore the file from a backup. Gathering again makes a new revision.")

MAX_BYTES = 16 * 1024 * 1024
"""The limit in bytes of a facts document; the largest that a server can produce is a third of it."""


class Kept(Struct, frozen=True):
    """One gathering that was kept: the month it is of, its file below the dossier, what that must hash to, and how many
    changes its form reports (None if nobody counted)."""

    month: str
    revision: int
    file: str
    sha256: str
    changes: int | None = None


Months = dict[str, Kept]
"""The months of which there are facts, in order, each with its newest gathering."""


def months(dossier: Dossier) -> Months:
    """What a dossier's history says was gathered."""
    found: Months = {}
    for _, each in reversed(list(dossier.established(Gathered))):
        revision = found[each.month].revision + 1 if each.month in found else 1
        found[each.month] = Kept(each.month, revision, each.facts.file, each.facts.sha256, each.changes)
    return dict(sorted(found.items()))


def newest(of: Months, before: str = "9999-99") -> Kept | None:
    """The newest gathering, of a month earlier than `before`."""
    return next((of[month] for month in reversed(of) if month < before), None)


def next_revision(of: Months, month: str) -> int:
    """The number that the next gathering has in its month."""
    return of[month].revision + 1 if month in of else 1


def name_of(month: str, revision: int) -> str:
    """The file of a gathering."""
    return f"{month}.json" if revision == 1 else f"{month}-r{revision}.json"


def read(folder: Path, kept: Kept) -> "ServerFacts":
    """The facts of one gathering, of the dossier at `folder`.

    Raises InvalidRecord for a file that is gone, changed since it was kept, or holds no facts; OutsideFailure when it
    cannot be read.
    """
    from sopctl.model.facts.server import ServerFacts  # heavy: few commands read facts

    path = folder / "facts" / name_of(kept.month, kept.revision)
    if kept.file != f"facts/{path.name}" or path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        raise InvalidRecord("facts-missing", "the facts file is missing", where=str(path), remedy=_RESTORE)
    with disk_errors(path, "read"), path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise InvalidRecord(
            "facts-altered",
            "the facts were changed since they were kept",
            where=str(path),
            remedy=_RESTORE,
        )
    try:
        facts = from_json(content, ServerFacts)
        _refuse_no_time(facts.gathered_at)
    except NotJson as error:
        raise InvalidRecord(
            "not-facts", "this is not a document of facts: {reason}", where=str(path), remedy=_RESTORE, reason=error
        ) from None
    return facts


def _refuse_no_time(text: str) -> None:
    """Raise NotJson for what is no time with an offset: whoever reads facts compares and writes it as one."""
    try:
        known = datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        known = False
    if not known:
        raise NotJson(f"gathered_at is no time with an offset: {printable(text, 60)!r}")
