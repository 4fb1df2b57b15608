"""The register: a summary of every deposit of a site, from an index that is derived and disposable.

The index (`var/index.sqlite3`) knows each dossier by the identity of its two files (inode, size, times). One look at
the folders finds what is new or changed, and only that is read again. A missing, broken, locked or unwritable index
costs time, never truth.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import NamedTuple

import msgspec

from sopctl import __version__
from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers, facts
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site

FILE_NAME = "index.sqlite3"
BUSY_SECONDS = 1.0
RACY_NS = 100_000_000
"""A file may change twice within one tick of its clock and keep its size. What changed so shortly before it was read
is read again the next time (git's rule for its index)."""


class Reading(NamedTuple):
    """The summaries of a site's sound dossiers in order of request, and what is wrong with the others."""

    summaries: list[Summary]
    errors: list[InvalidRecord]
    gathered: dict[str, facts.Months]
    """By deposit: which months' facts it keeps. Filled only on request."""


def summaries(site: Site) -> list[Summary]:
    """The summary of every dossier, in order of request. Raises InvalidRecord when any of them is broken: whoever
    decides about space or order must not overlook one."""
    reading = read(site)
    if reading.errors:
        raise reading.errors[0]
    return reading.summaries


def read(site: Site, *, gathered: bool = False) -> Reading:
    """As `summaries`, but broken dossiers are named beside the sound ones; with `gathered`, what was gathered too."""
    stamps = dict(_stamps(site))
    index = _Index(site)
    known = index.read(gathered=gathered)
    months: dict[str, facts.Months] = {}
    fresh: list[tuple[str, str, Summary, facts.Months]] = []
    found: dict[str, Summary] = {}
    errors = []
    for deposit_id, stamp in stamps.items():
        kept = known.get(deposit_id)
        if kept and kept[0] == stamp:
            _, found[deposit_id], months[deposit_id] = kept
            continue
        try:
            dossier = dossiers.read(site, deposit_id)
            summary = dossier.summary
        except InvalidRecord as error:
            errors.append(error)
            continue
        found[deposit_id], months[deposit_id] = summary, facts.months(dossier)
        if stamp:
            fresh.append((deposit_id, stamp, summary, months[deposit_id]))
    gone = known.keys() - stamps.keys()
    if fresh or gone:
        index.write(fresh, gone)
    return Reading([found[deposit_id] for deposit_id in stamps if deposit_id in found], errors, months)


def _stamps(site: Site) -> Iterator[tuple[str, str]]:
    """Each dossier's id, in order of request, with what identifies its files; empty for files too new to be trusted."""
    folder = str(site.folder("deposits"))  # as text: a Path for each of many files would take as long as the files
    trusted_before = time.time_ns() - RACY_NS
    for deposit_id in dossiers.ids(site):
        try:
            stats = [os.stat(f"{folder}/{deposit_id}/{name}", follow_symlinks=False) for name in dossiers.FILES]
        except OSError:
            yield deposit_id, ""
            continue
        racy = any(max(each.st_mtime_ns, each.st_ctime_ns) >= trusted_before for each in stats)
        identity = [(s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in stats]
        yield deposit_id, "" if racy else str(identity)


class _Index:
    """The SQLite file. Its failures are never the caller's: without it, dossiers are read."""

    def __init__(self, site: Site) -> None:
        self._path = site.root / "var" / FILE_NAME
        self._version = hashlib.sha256(
            f"{__version__} {msgspec.json.schema(Summary)} {msgspec.json.schema(facts.Kept)} "
            f"{site.library.fingerprint}".encode()
        ).hexdigest()

    def read(self, *, gathered: bool) -> dict[str, tuple[str, Summary, facts.Months]]:
        """What is known: id → (stamp, summary, what was gathered, if that is asked for: few commands need it). Nothing
        when the index is missing, broken or of another version."""
        if not self._path.is_file():
            return {}
        decode, months = msgspec.json.Decoder(Summary).decode, msgspec.json.Decoder(facts.Months).decode
        column = "gathered" if gathered else "'{}'"
        try:
            with closing(self._open()) as database:
                version = database.execute("SELECT value FROM about").fetchone()
                if version != (self._version,):
                    return {}
                rows = database.execute(f"SELECT id, stamp, summary, {column} FROM deposits").fetchall()  # noqa: S608 (one of the two above)
                return {name: (stamp, decode(blob), months(kept)) for name, stamp, blob, kept in rows}
        except sqlite3.OperationalError:
            return {}
        except (sqlite3.Error, msgspec.MsgspecError):
            with suppress(OSError):
                self._path.unlink()
            return {}

    def write(self, fresh: list[tuple[str, str, Summary, facts.Months]], gone: set[str]) -> None:
        """Note what was read, and forget what is gone."""
        encode = msgspec.json.Encoder().encode  # MessagePack would turn every time into UTC, and its day with it
        try:
            with disk_errors(self._path.parent, "make"):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                database.execute("BEGIN IMMEDIATE")
                self._prepare(database)
                database.executemany("DELETE FROM deposits WHERE id = ?", [(deposit_id,) for deposit_id in gone])
                database.executemany(
                    "INSERT OR REPLACE INTO deposits VALUES (?, ?, ?, ?)",
                    [(name, stamp, encode(summary), encode(months)) for name, stamp, summary, months in fresh],
                )
        except (sqlite3.Error, OutsideFailure):
            return  # the next command reads the same dossiers once more

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        database.execute("PRAGMA synchronous = OFF")  # derived: after a power cut it is made again
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS about (value TEXT)")
        if database.execute("SELECT value FROM about").fetchone() != (self._version,):
            database.execute("DROP TABLE IF EXISTS deposits")
            database.execute("CREATE TABLE deposits (id TEXT PRIMARY KEY, stamp TEXT, summary BLOB, gathered BLOB)")
            database.execute("DELETE FROM about")
            database.execute("INSERT INTO about VALUES (?)", (self._version,))
