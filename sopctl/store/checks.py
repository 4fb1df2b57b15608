"""The history of access checks: `var/checks.sqlite3`.

What is true now (state), each outage, and every check, which is rolled up into hours and days as it grows old. Any
number of processes may read and write: each run is one transaction. Times are whole seconds since 1970 (UTC).
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import msgspec
from msgspec import Struct

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.availability import Outage, Policy, Sight, State, Status, follow, turn
from sopctl.store.durable import disk_errors
from sopctl.store.settings import Retention
from sopctl.store.site import Site

FILE_NAME = "checks.sqlite3"
BUSY_SECONDS = 30.0
HOUR, DAY = 3600, 86400

MIGRATIONS = (
    """
    CREATE TABLE state (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE checks (id TEXT, at INTEGER, ok INTEGER NOT NULL, cause TEXT NOT NULL, seconds REAL NOT NULL,
        PRIMARY KEY (id, at)) WITHOUT ROWID;
    CREATE TABLE rolled (id TEXT, span INTEGER, at INTEGER, checks INTEGER NOT NULL, ok INTEGER NOT NULL,
        seconds REAL NOT NULL, PRIMARY KEY (id, span, at)) WITHOUT ROWID;
    CREATE TABLE outages (id TEXT, began INTEGER, ended INTEGER, cause TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (id, began)) WITHOUT ROWID;
    CREATE INDEX checks_by_age ON checks (at);
    """,
)
"""What makes a database of version n one of n + 1 (PRAGMA user_version). Never edited, only added to."""


class Change(Struct, frozen=True):
    """A server that went down (`ended` is None) or came back, of which nobody has been told yet."""

    id: str
    began: int
    ended: int | None
    cause: str

    @property
    def status(self) -> Status:
        return Status.DOWN if self.ended is None else Status.UP


class Count(Struct, frozen=True):
    """Checks in a span of `span` seconds from `at` (1: a single check): how many, how many good, mean duration."""

    at: int
    span: int
    checks: int
    ok: int
    seconds: float
    cause: str = ""


class Checks:
    """The history of one site. Every method raises OutsideFailure when the database cannot be used, InvalidRecord
    when it is none or of a newer sopctl."""

    def __init__(self, site: Site) -> None:
        self._path = site.root / "var" / FILE_NAME

    def record(self, sights: Mapping[str, Sight], policy: Policy) -> dict[str, State]:
        """Note what a run saw, and return the state of each server thereafter."""
        states = {}
        with self._change() as database:
            for name, sight in sights.items():
                before = _state(database, name)
                after = follow(before, sight, policy)
                database.execute(
                    "INSERT OR IGNORE INTO checks VALUES (?, ?, ?, ?, ?)",
                    (name, sight.at, sight.ok, sight.cause, sight.seconds),
                )
                database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, msgspec.json.encode(after)))
                _note_turn(database, name, before, after)
                states[name] = after
        return states

    def states(self) -> dict[str, State]:
        """What is held true of each server."""
        with self._look() as database:
            rows = database.execute("SELECT id, state FROM state ORDER BY id").fetchall()
        return {name: msgspec.json.decode(blob, type=State) for name, blob in rows}

    def outages(self, name: str) -> list[Outage]:
        """The outages of a server, oldest first."""
        with self._look() as database:
            rows = database.execute("SELECT began, ended, cause FROM outages WHERE id = ? ORDER BY began", (name,))
            return [Outage(*row) for row in rows]

    def counts(self, name: str, first: int, last: int) -> list[Count]:
        """The checks of a server from `first` until before `last`, oldest first; the older, the coarser."""
        with self._look() as database:
            rows = database.execute(
                "SELECT at, 1 AS span, 1, ok, seconds, cause FROM checks WHERE id = :id AND at >= :first AND at < :last"
                " UNION ALL SELECT at, span, checks, ok, seconds / checks, '' FROM rolled"
                " WHERE id = :id AND at >= :first AND at < :last ORDER BY 1",
                {"id": name, "first": first, "last": last},
            )
            return [Count(*row) for row in rows]

    def untold(self) -> list[Change]:
        """The changes that nobody has been told of: servers that went down, and those told to be down that are back."""
        with self._look() as database:
            rows = database.execute(
                "SELECT id, began, ended, cause FROM outages"
                " WHERE (ended IS NULL AND told = 0) OR (ended IS NOT NULL AND told = 1) ORDER BY id, began"
            )
            return [Change(*row) for row in rows]

    def tell(self, changes: list[Change]) -> None:
        """Note that people have been told of `changes`."""
        with self._change() as database:
            database.executemany(
                "UPDATE outages SET told = ? WHERE id = ? AND began = ?",
                [(1 if one.ended is None else 2, one.id, one.began) for one in changes],
            )

    def prune(self, now: int, keep: Retention) -> None:
        """Roll up what is old: checks into hours, hours into days; forget the oldest days."""
        hours_from = (now - keep.checks_days * DAY) // HOUR * HOUR
        days_from = (now - keep.hours_days * DAY) // DAY * DAY
        with self._change() as database:
            if database.execute("SELECT 1 FROM checks WHERE at < ? LIMIT 1", (hours_from,)).fetchone():
                _roll(database, "SELECT id, at, 1 AS checks, ok, seconds FROM checks WHERE at < ?", HOUR, hours_from)
                database.execute("DELETE FROM checks WHERE at < ?", (hours_from,))
            _roll(
                database,
                "SELECT id, at, checks, ok, seconds FROM rolled WHERE span = 3600 AND at < ?",
                DAY,
                days_from,
            )
            database.execute("DELETE FROM rolled WHERE span = ? AND at < ?", (HOUR, days_from))
            oldest = now - keep.days_days * DAY
            database.execute("DELETE FROM rolled WHERE at < ?", (oldest,))
            database.execute("DELETE FROM outages WHERE ended < ?", (oldest,))

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @contextmanager
    def _look(self) -> Iterator[sqlite3.Connection]:
        with self._open() as database:
            yield database

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with disk_errors(self._path.parent, "make"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
                self._migrate(database)
                yield database
        except sqlite3.OperationalError as error:
            raise OutsideFailure(
                f"the history of checks cannot be used: {error}",
                where=str(self._path),
                remedy="Is the disk full, or the file another user's?",
            ) from error
        except sqlite3.DatabaseError as error:
            raise InvalidRecord(
                f"the history of checks is broken: {error}",
                where=str(self._path),
                remedy="Move it away: checks then begin a new one.",
            ) from error

    def _migrate(self, database: sqlite3.Connection) -> None:
        version = _version(database)
        if version > len(MIGRATIONS):
            raise InvalidRecord(
                f"the history of checks is of a newer sopctl (version {version})",
                where=str(self._path),
                remedy="Use that sopctl, or move the file away.",
            )
        while version < len(MIGRATIONS):
            database.execute("BEGIN IMMEDIATE")
            version = _version(database)  # another process may have been faster
            for statement in MIGRATIONS[version].split(";") if version < len(MIGRATIONS) else ():
                database.execute(statement)
            version = min(version + 1, len(MIGRATIONS))
            database.execute(f"PRAGMA user_version = {version}")
            database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _state(database: sqlite3.Connection, name: str) -> State | None:
    row = database.execute("SELECT state FROM state WHERE id = ?", (name,)).fetchone()
    return msgspec.json.decode(row[0], type=State) if row else None


def _note_turn(database: sqlite3.Connection, name: str, before: State | None, after: State) -> None:
    last = database.execute(
        "SELECT began, ended, cause FROM outages WHERE id = ? ORDER BY began DESC LIMIT 1", (name,)
    ).fetchone()
    known = [Outage(*last)] if last else []
    for outage in turn(known, before, after):
        database.execute(
            "INSERT INTO outages (id, began, ended, cause) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id, began) DO UPDATE SET ended = excluded.ended",
            (name, outage.began, outage.ended, outage.cause),
        )


def _roll(database: sqlite3.Connection, source: str, span: int, before: int) -> None:
    database.execute(
        f"INSERT INTO rolled SELECT id, {span}, at / {span} * {span}, SUM(checks), SUM(ok), SUM(seconds)"  # noqa: S608
        f" FROM ({source}) GROUP BY 1, 3 ON CONFLICT (id, span, at) DO UPDATE SET"
        " checks = checks + excluded.checks, ok = ok + excluded.ok, seconds = seconds + excluded.seconds",
        (before,),
    )
