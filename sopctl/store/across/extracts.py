"""What single questions need of every dossier, kept so that only those that have changed are read again.

An extract is what one question needs of a dossier: the steps that were due, the papers that it names. It is derived and
disposable (`var/extracts.sqlite3`), made when it is first asked for, and kept with the identity of the dossier's files
as the register's index is. A row that is missing, of another version or not as it was written costs the reading of its
dossier; whoever decides something reads the histories themselves.
"""

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

from sopctl import __version__
from sopctl.errors import OutsideFailure, SopctlError
from sopctl.model.as_json import NotJson, from_json
from sopctl.store import dossiers, register
from sopctl.store.across.processes import in_processes
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import make_folder, touch
from sopctl.store.site import Site

T = TypeVar("T")

FILE_NAME = "extracts.sqlite3"
BUSY_SECONDS = 1.0
MAX_BYTES = 16 * 1024 * 1024
"""How large an extract of one dossier may be; its history is four times smaller."""
HARMED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_ERROR)
"""What SQLite says of a file that is no use any more. One that is busy, or that this account may not write, is left."""


class Extract(NamedTuple, Generic[T]):
    """A question: its name, what the answer is like, and how it is made of a dossier (`of`, which raises as the record
    does)."""

    name: str
    kind: type[T]
    of: Callable[[Dossier], T]


class Extracted(NamedTuple, Generic[T]):
    """The answers by deposit, in order of request, and what is wrong with the dossiers that cannot give one."""

    found: dict[str, T]
    broken: dict[str, SopctlError]


def extracted(site: Site, extract: Extract[T]) -> Extracted[T]:
    """The extract of every dossier. Only what has changed since it was made last is read."""
    stamps = {each: stamp.hex() for each, stamp in register.stamps_of(site, dossiers.ids(site)).items()}
    kept = Kept(site.root, extract.name, _version(site, extract))
    known, found = kept.rows(), dict[str, T]()
    for deposit_id, stamp in stamps.items():
        row = known.get(deposit_id)
        if row and stamp and row[0] == stamp:
            with suppress(NotJson):
                found[deposit_id] = from_json(row[1], extract.kind)
    missing = [each for each in stamps if each not in found]
    made = in_processes(partial(_made, site, extract.of), missing)
    broken = {each.id: each.wrong for each in made if each.wrong}
    fresh = {each.id: each.content for each in made if not each.wrong}
    found |= {deposit_id: from_json(content, extract.kind) for deposit_id, content in fresh.items()}
    gone = known.keys() - stamps.keys()
    rows = [(each, stamps[each], content) for each, content in fresh.items() if stamps[each]]
    if rows or gone:
        kept.keep(rows, gone)
    return Extracted({each: found[each] for each in stamps if each in found}, broken)


class _Made(NamedTuple):
    id: str
    content: bytes = b""
    wrong: SopctlError | None = None


def _made(site: Site, of: Callable[[Dossier], object], ids: Sequence[str]) -> list[_Made]:
    found = []
    for each in ids:
        try:
            found.append(_Made(each, msgspec.json.encode(of(dossiers.read(site, each)))))
        except SopctlError as error:
            found.append(_Made(each, wrong=error))
    return found


def _version(site: Site, extract: Extract[T]) -> str:
    schema = msgspec.json.schema(extract.kind)
    return hashlib.sha256(f"1 {__version__} {schema} {site.library.fingerprint}".encode()).hexdigest()


class Kept:
    """Rows of one kind by name, each with what it is valid for (`stamp`) and a hash of its own; of the site at `root`.
    Their failures are never the caller's: without them, what they were made of is read."""

    def __init__(self, root: Path, kind: str, version: str) -> None:
        self._path = root / "var" / FILE_NAME
        self._kind, self._version = kind, version

    def rows(self) -> dict[str, tuple[str, bytes]]:
        """What is kept: name → (stamp, content)."""
        if not self._path.is_file():
            return {}
        query = "SELECT name, stamp, content, hash FROM kept WHERE kind = ? AND version = ?"
        try:
            with closing(self._open()) as database:
                rows = database.execute(query, (self._kind, self._version)).fetchall()
            return {
                name: (stamp, _unpacked(content))
                for name, stamp, content, hash_ in rows
                if self._hash(name, stamp, content) == hash_
            }
        except sqlite3.Error as error:
            self._heal(error)
        except (zlib.error, TypeError, AttributeError):  # a row of other types, with a hash: someone made it
            self.forget()
        return {}

    def keep(self, rows: Iterable[tuple[str, str, bytes]], gone: Iterable[str] = (), *, anew: bool = False) -> None:
        """Keep these rows (name, stamp, content), and forget what is gone; with `anew` all others of the kind too."""
        packed = [(name, stamp, zlib.compress(content, 1)) for name, stamp, content in rows]
        try:
            make_folder(self._path.parent)
            touch(self._path)
            with closing(self._open()) as database, database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS kept (kind TEXT, name TEXT, version TEXT, stamp TEXT, content BLOB, "
                    "hash TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID"
                )
                if anew:
                    database.execute("DELETE FROM kept WHERE kind = ?", (self._kind,))
                database.executemany(
                    "DELETE FROM kept WHERE kind = ? AND name = ?", [(self._kind, name) for name in gone]
                )
                database.executemany(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (self._kind, name, self._version, stamp, content, self._hash(name, stamp, content))
                        for name, stamp, content in packed
                    ],
                )
        except OutsideFailure:
            return  # the next one reads the same once more
        except sqlite3.Error as error:
            self._heal(error)

    def forget(self) -> None:
        """Remove the file: it is made again."""
        with suppress(OSError):
            self._path.unlink()

    def _heal(self, error: sqlite3.Error) -> None:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in HARMED:
            self.forget()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        database.execute("PRAGMA synchronous = OFF")  # derived: after a power cut it is made again
        return database

    def _hash(self, name: str, stamp: str, content: bytes) -> str:
        parts = (self._kind.encode(), self._version.encode(), name.encode(), stamp.encode(), content)
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(content, MAX_BYTES)
    return found if unpacker.eof else b""
