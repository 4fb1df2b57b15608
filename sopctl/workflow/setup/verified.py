"""What the last check of the journal found in order, so that the next one need not parse it all again.

It is derived and disposable (`var/extracts.sqlite3`), and nothing is believed for it unseen: of the journal and of each
history, all bytes are read and compared by their SHA-256. Only what is the same to the last byte is not parsed again.
Whatever does not fit is a reason to check the whole.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from sopctl import __version__
from sopctl.model.as_json import NotJson, from_json
from sopctl.store import books, codec, dossiers, issued
from sopctl.store.across.extracts import Kept
from sopctl.store.journal import Covered
from sopctl.store.site import Site

KIND = "verified"
_JOURNAL = ""
"""The name of the row of the journal itself; no history is called so."""


class Paper(Struct, frozen=True):
    """A file that the event `seq` names, below its dossier's folder. Of one that was filed as `signed`, every byte
    counts: nothing can make it anew."""

    seq: int
    file: str
    sha256: str
    signed: bool = False


class Agreed(Struct, frozen=True):
    """A history whose lines in the covered beginning of the journal agree with it: how many events it had, the SHA-256
    of their hashes one after the other, whether only its newest lacked its line, and its papers."""

    events: int
    hashes: str
    lagging: bool
    papers: tuple[Paper, ...] = ()


class _Journal(Struct, frozen=True):
    """`names`: the SHA-256 of the names of all histories that agreed, so that no row can be missing unseen."""

    covered: Covered
    names: str


class Verified(Struct, frozen=True):
    """What was in order: how far the journal went, and each history, by name, with what its files were (`stamp`, empty
    for one that has to be read each time)."""

    covered: Covered
    agreed: Mapping[str, tuple[str, Agreed]]


def of(site: Site) -> Verified | None:
    """What the last check of this site found in order; None where that is not known."""
    rows = _kept(site).rows()
    try:
        _, said = rows.pop(_JOURNAL)
        journal = from_json(said, _Journal)
        agreed = {name: (stamp, from_json(content, Agreed)) for name, (stamp, content) in rows.items()}
    except (KeyError, NotJson):
        return None
    return Verified(journal.covered, agreed) if journal.names == _names(agreed) else None


def keep(site: Site, before: Verified | None, now: Verified) -> None:
    """Keep what is in order now, in place of what was `before`."""
    known = before.agreed if before else {}
    changed = [
        (name, stamp, msgspec.json.encode(agreed))
        for name, (stamp, agreed) in now.agreed.items()
        if known.get(name) != (stamp, agreed)
    ]
    if before and not changed and before.covered == now.covered and before.agreed.keys() == now.agreed.keys():
        return
    journal = msgspec.json.encode(_Journal(now.covered, _names(now.agreed)))
    _kept(site).keep([*changed, (_JOURNAL, "", journal)], known.keys() - now.agreed.keys(), anew=before is None)


def digest(hashes: Sequence[str]) -> str:
    """The SHA-256 (hex) of the hashes of events, one after the other."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def stamp(history: bytes, record: bytes) -> str:
    """What the two files of a dossier are known again by."""
    return hashlib.sha256(hashlib.sha256(history).digest() + hashlib.sha256(record).digest()).hexdigest()


def stamp_of(site: Site, name: str) -> str:
    """The same of the dossier on disk; empty for a book and the reports, which are few. Raises as reading it does."""
    if name == issued.NAME or books.is_book(name):
        return ""
    folder = dossiers.folder_of(site, name)
    history = codec.read(folder / "history.yml", dossiers.HISTORY_BYTES, links=False)
    return stamp(history, codec.read(folder / "deposit.yml", links=False))


def _names(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _kept(site: Site) -> Kept:
    schema = msgspec.json.schema_components([Agreed, _Journal])
    version = hashlib.sha256(f"1 {__version__} {schema} {site.library.fingerprint}".encode()).hexdigest()
    return Kept(site.root, KIND, version)
