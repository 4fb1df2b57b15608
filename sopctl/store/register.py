"""The register: a summary of every deposit of a site, from an index that is derived and disposable.

The index (`var/index.sqlite3`) knows each dossier by the identity of its two files (inode, size, times). One look at
the folders finds what is new or changed, and only that is read again. A missing, broken, locked or unwritable index
costs time, never truth: each row has its own checksum, and what decides about a place in a rack reads the histories of
those that may stand there (`standing`).
"""

import hashlib
import os
import re
import sqlite3
import struct
import sys
import time
import zlib
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from sopctl import __version__
from sopctl.errors import OutsideFailure, SopctlError
from sopctl.model.as_json import NotJson, reader
from sopctl.model.sop.summary import Route, Summary
from sopctl.store import dossiers, facts
from sopctl.store.across.processes import beside, in_processes
from sopctl.store.durable import bytes_of, make_folder, touch
from sopctl.store.site import Site

FILE_NAME = "index.sqlite3"
BUSY_SECONDS = 1.0
ROWS_AT_ONCE = 100
"""Of the index: as many as stay in the processor's cache."""
RACY_NS = 100_000_000
"""A file may change twice within one tick of its clock and keep its size. What changed so shortly before it was read
is read again the next time (git's rule for its index)."""


class Reading(NamedTuple):
    """The summaries of a site's sound dossiers in order of request, and what is wrong with the others."""

    summaries: list[Summary]
    broken: dict[str, SopctlError]
    """By deposit: what is wrong with its dossier."""
    gathered: dict[str, facts.Months]
    """By deposit: which months' facts it keeps. Filled only on request."""
    last_known: list[Summary]
    """Of those that cannot be read now, what was known of them when they last could."""

    @property
    def errors(self) -> list[SopctlError]:
        """What is wrong with the dossiers that cannot be read."""
        return list(self.broken.values())


def summaries(site: Site) -> list[Summary]:
    """The summary of every dossier that can be read, in order of request. The others are told (`Site.lagging`): one
    broken dossier holds up nobody else."""
    reading = read(site)
    site.tell(*reading.errors)
    return reading.summaries


def standing(site: Site, racks: Collection[str] = ()) -> list[Summary]:
    """The same, for a decision about places in these racks: whoever may stand there is read from their history, not
    from the index; and whoever cannot be read now stands where they stood when they last could."""
    reading = read(site)
    site.tell(*reading.errors)
    found = [_confirmed(site, each, racks) for each in reading.summaries] if racks else reading.summaries
    return [*found, *reading.last_known]


def _confirmed(site: Site, each: Summary, racks: Collection[str]) -> Summary:
    named = re.compile(rb"\brack: ['\"]?(?:" + b"|".join(re.escape(name.encode()) for name in racks) + rb")['\"]?\s")
    try:
        history = site.folder("deposits") / each.id / "history.yml"
        concerned = named.search(bytes_of(history, dossiers.HISTORY_BYTES, links=False))
        return dossiers.read(site, each.id).summary if concerned else each
    except SopctlError as error:
        site.tell(error)
        return each


def read(site: Site, *, gathered: bool = False) -> Reading:
    """As `summaries`, but broken dossiers are named beside the sound ones; with `gathered`, what was gathered too."""
    if site.recent is not None:
        return site.recent.read(site)
    return whole(site, gathered=gathered)[0]


def whole(site: Site, *, gathered: bool) -> tuple[Reading, dict[str, bytes]]:
    """As `read`, of the files themselves; and by deposit the stamp under which it was read, empty for one that has to
    be read again."""
    ids, index = dossiers.ids(site), _Index(site)
    with beside(partial(_looked_at, site.folder("deposits"), ids), len(ids)) as looked:
        known = index.read(gathered=gathered)
        stamps = _apart(ids, looked())
    months: dict[str, facts.Months] = {}
    found: dict[str, Summary] = {}
    for deposit_id, stamp in stamps.items():
        kept = known.get(deposit_id)
        if kept and kept[0] == stamp:
            found[deposit_id] = kept[1]
            if gathered:
                months[deposit_id] = kept[2]
    fresh: list[tuple[str, bytes, Summary, facts.Months]] = []
    last_known: list[Summary] = []
    broken: dict[str, SopctlError] = {}
    for each in in_processes(partial(_anew, site), [each for each in stamps if each not in found]):
        if isinstance(each.read, SopctlError):
            broken[each.id] = each.read
            last_known += [known[each.id][1]] if each.id in known else []
            continue
        found[each.id], months[each.id] = each.read, each.gathered
        if stamps[each.id]:
            fresh.append((each.id, stamps[each.id], each.read, each.gathered))
    gone = known.keys() - stamps.keys()
    if fresh or gone:
        index.write(fresh, gone)
    sound = [found[deposit_id] for deposit_id in stamps if deposit_id in found]
    return Reading(sound, broken, months, last_known), stamps


class _Anew(NamedTuple):
    """A dossier that was read, or why it could not be."""

    id: str
    read: Summary | SopctlError
    gathered: facts.Months


def _anew(site: Site, ids: Sequence[str]) -> list[_Anew]:
    found = []
    for deposit_id in ids:
        try:
            dossier = dossiers.read(site, deposit_id)
            found.append(_Anew(deposit_id, dossier.summary, facts.months(dossier)))
        except SopctlError as error:
            found.append(_Anew(deposit_id, error, {}))
    return found


_NUMBERS = struct.Struct("4Q4q")
"""Of a stamp. Written out in tens, they would take longer than looking at the files."""
_NO_STAMP = bytes(_NUMBERS.size)


def stamps_of(site: Site, ids: Collection[str], *, settled: bool = True) -> dict[str, bytes]:
    """For each of these dossiers what identifies its files: empty for what cannot be found, and, if they have to be
    `settled`, for files too new to be trusted."""
    return _apart(ids, _looked_at(site.folder("deposits"), ids, settled=settled))


def _apart(ids: Collection[str], stamps: bytes) -> dict[str, bytes]:
    """The stamps of these dossiers, which follow each other."""
    size = _NUMBERS.size
    cut = (stamps[at : at + size] for at in range(0, len(stamps), size))
    return {each: b"" if stamp == _NO_STAMP else stamp for each, stamp in zip(ids, cut, strict=True)}


def _looked_at(deposits: Path, ids: Collection[str], *, settled: bool = True) -> bytes:
    """The stamps of these dossiers, one after the other; `_NO_STAMP` for one that has none.

    This is most of what a warm index costs, for a hundred thousand files and more: hence the plain loop, and names that
    the kernel looks up from the folder.
    """
    trusted_before = time.time_ns() - RACY_NS if settled else sys.maxsize
    look, pack, (one, other) = os.lstat, _NUMBERS.pack, dossiers.FILES
    stamps = bytearray()
    try:
        folder = os.open(deposits, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # none of them can be found
        return _NO_STAMP * len(ids)
    try:
        for each in ids:
            try:
                a, b = look(f"{each}/{one}", dir_fd=folder), look(f"{each}/{other}", dir_fd=folder)
                times = a.st_mtime_ns, a.st_ctime_ns, b.st_mtime_ns, b.st_ctime_ns
                trusted = max(times) < trusted_before
                stamps += pack(a.st_ino, a.st_size, b.st_ino, b.st_size, *times) if trusted else _NO_STAMP
            except (OSError, struct.error):  # none there, or a time that no number here is large enough for
                stamps += _NO_STAMP
    finally:
        os.close(folder)
    return bytes(stamps)


@cache
def _shape() -> str:
    """What this program keeps in a row."""
    kept = " ".join(str(msgspec.json.schema(kind)) for kind in (Summary, Route, facts.Kept))
    return f"{__version__} {Summary.__struct_fields__} {kept}"


class _Index:
    """The SQLite file. Its failures are never the caller's: without it, dossiers are read."""

    def __init__(self, site: Site) -> None:
        self._path = site.root / "var" / FILE_NAME
        self._version = hashlib.sha256(f"5 {_shape()} {site.library.fingerprint}".encode()).hexdigest()

    def read(self, *, gathered: bool) -> dict[str, tuple[bytes, Summary, facts.Months]]:
        """What is known: id → (stamp, summary, what was gathered, if that is asked for: few commands need it). Nothing
        when the index is missing, broken or of another version. The id is the summary's: each column that is read
        costs."""
        if not self._path.is_file():
            return {}
        columns = "stamp, summary, checksum" + ", gathered" * gathered
        try:
            with closing(self._open()) as database:
                version = database.execute("SELECT value FROM about").fetchone()
                if version != (self._version,):
                    return {}
                rows = database.execute(f"SELECT {columns} FROM deposits")  # noqa: S608 (one of the two above)
                summaries, months = reader(list[Summary]), reader(facts.Months)
                known: dict[str, tuple[bytes, Summary, facts.Months]] = {}
                while some := rows.fetchmany(ROWS_AT_ONCE):
                    sound = [row for row in some if _checksum(row[0], row[1]) == row[2]]
                    read = summaries(b"[%b]" % b",".join([row[1] for row in sound]))
                    for row, summary in zip(sound, read, strict=True):
                        known[summary.id] = row[0], summary, months(row[3]) if gathered else {}
                return known
        except (sqlite3.Error, NotJson, TypeError) as error:  # TypeError: of a column of another type than was written
            self._heal(error)
            return {}

    def write(self, fresh: list[tuple[str, bytes, Summary, facts.Months]], gone: set[str]) -> None:
        """Note what was read, and forget what is gone."""
        encode = msgspec.json.Encoder().encode  # MessagePack would turn every time into UTC, and its day with it
        try:
            make_folder(self._path.parent)
            touch(self._path)
            with closing(self._open()) as database, database:
                database.execute("BEGIN IMMEDIATE")
                self._prepare(database)
                database.executemany("DELETE FROM deposits WHERE id = ?", [(deposit_id,) for deposit_id in gone])
                database.executemany(
                    "INSERT OR REPLACE INTO deposits VALUES (?, ?, ?, ?, ?)",
                    [
                        (name, stamp, blob := encode(summary), encode(months), _checksum(stamp, blob))
                        for name, stamp, summary, months in fresh
                    ],
                )
        except OutsideFailure:
            return  # the next command reads the same dossiers once more
        except sqlite3.Error as error:
            self._heal(error)

    def _heal(self, error: Exception) -> None:
        """Remove an index that is broken: it is made again. One that is busy, or that this account may not write, is
        not."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
            with suppress(OSError):
                self._path.unlink()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        database.execute("PRAGMA synchronous = OFF")  # derived: after a power cut it is made again
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS about (value TEXT)")
        if database.execute("SELECT value FROM about").fetchone() != (self._version,):
            database.execute("DROP TABLE IF EXISTS deposits")
            database.execute(
                "CREATE TABLE deposits (id TEXT PRIMARY KEY, stamp BLOB, summary BLOB, gathered BLOB, checksum INTEGER)"
            )
            database.execute("DELETE FROM about")
            database.execute("INSERT INTO about VALUES (?)", (self._version,))


def _checksum(stamp: bytes, blob: bytes) -> int:
    """What shows that a row was harmed. Whoever forges one can compute any sum, so it need not be one that is hard to
    forge."""
    return zlib.crc32(blob, zlib.crc32(stamp))
