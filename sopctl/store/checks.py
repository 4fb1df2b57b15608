"""The history of access checks: `var/checks.sqlite3`.

What is true now (state), each outage and who was told of it, the times that were watched, and every check, which is
rolled up into hours and days as it grows old. Any number of processes may read and write: each method is one
transaction. Times are whole seconds since 1970 (UTC).
"""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from typing import NamedTuple

import msgspec
from msgspec import Struct

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.as_json import NotJson, from_json, reader
from sopctl.model.availability import Outage, Policy, Sight, Span, State, follow, joins, turn
from sopctl.store.durable import make_folder, touch
from sopctl.store.settings import Retention
from sopctl.store.site import Site

FILE_NAME = "checks.sqlite3"
BUSY_SECONDS = 30.0
HOUR, DAY = 3600, 86400
ROWS_AT_ONCE = 20_000
"""How many rows are rolled up in one transaction: some tenths of a second, in which other processes wait."""
PAUSE_SECONDS = 0.05
"""Between two of them, so that whoever waits has its turn (SQLite's waiters look every few hundredths of a second)."""
MOST_STEPS = 100
"""In one run: a backlog is worked off by the runs after it."""

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
    # Who was told is kept for each addressee. It was not noted before, so all are told again of ongoing outages.
    """
    CREATE TABLE told (id TEXT, began INTEGER, addressee TEXT, back INTEGER NOT NULL,
        PRIMARY KEY (id, began, addressee)) WITHOUT ROWID;
    ALTER TABLE outages DROP COLUMN told;
    CREATE TABLE watched (id TEXT, began INTEGER, ended INTEGER NOT NULL, PRIMARY KEY (id, began)) WITHOUT ROWID;
    INSERT INTO watched SELECT id, json_extract(CAST(state AS TEXT), '$.first_seen'),
        json_extract(CAST(state AS TEXT), '$.checked') FROM state;
    """,
    "CREATE INDEX rolled_by_age ON rolled (span, at);",
)
"""What turns a database of version n into one of version n + 1 (PRAGMA user_version). Never edited, only added to."""


class _Rows(NamedTuple):
    """Rows that grow old: their table, which of it, what they are added up into (seconds), and how."""

    table: str
    only: str
    into: int
    sums: str


_CHECKS = _Rows("checks", "", HOUR, "COUNT(*), SUM(ok), SUM(seconds)")
_HOURS = _Rows("rolled", f"span = {HOUR} AND", DAY, "SUM(checks), SUM(ok), SUM(seconds)")


class Change(Struct, frozen=True):
    """A server that went down (`ended` is None) or came back, of which an addressee was not told before."""

    id: str
    began: int
    ended: int | None
    cause: str


class Count(Struct, frozen=True):
    """Checks in a span of `span` seconds from `at` (1: a single check): how many, how many good, mean duration."""

    at: int
    span: int
    checks: int
    ok: int
    seconds: float
    cause: str = ""


class Seen(Struct, frozen=True):
    """One server over a period: its outages, and the times in which it was watched; both oldest first."""

    outages: list[Outage]
    watched: list[Span]


class Checks:
    """The history of one site. Every method raises OutsideFailure when the database cannot be used, and InvalidRecord
    when the file is not one, or was written by a newer sopctl."""

    def __init__(self, site: Site) -> None:
        self._path = site.root / "var" / FILE_NAME

    @property
    def begun(self) -> bool:
        """Has anything ever been checked?"""
        return self._path.is_file()

    @contextmanager
    def recording(self, policy: Policy) -> Iterator[Callable[[str, Sight], State]]:
        """A function that notes what a check saw of a server, and returns the server's state after it. What it has
        noted is kept, however the process ends. A check is known by its server and its time: noted again, whenever
        that is, it changes nothing; and one that arrives after a newer one is counted, but turns nothing."""
        with self._open() as database:

            def record(name: str, sight: Sight) -> State:
                with _transaction(database):
                    before = _state(database, name)
                    if before and sight.at <= before.checked and _noted(database, name, sight.at):
                        return before
                    after = follow(before, sight, policy)
                    database.execute(
                        "INSERT OR IGNORE INTO checks VALUES (?, ?, ?, ?, ?)",
                        (name, sight.at, sight.ok, sight.cause, sight.seconds),
                    )
                    database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, msgspec.json.encode(after)))
                    _note_turn(database, name, before, after)
                    _note_watch(database, name, before, sight.at, policy)
                return after

            yield record

    def states(self) -> dict[str, State]:
        """The state of each server, by id."""
        with self._open() as database:
            rows = database.execute("SELECT id, state FROM state ORDER BY id").fetchall()
        state = reader(State)
        return {name: state(blob) for name, blob in rows}

    def outages(self, name: str) -> list[Outage]:
        """The outages of a server, oldest first."""
        with self._open() as database:
            rows = database.execute("SELECT began, ended, cause FROM outages WHERE id = ? ORDER BY began", (name,))
            return [Outage(*row) for row in rows]

    def counts(self, name: str, first: int, last: int) -> list[Count]:
        """The checks of a server from `first` until before `last`, oldest first; the older, the coarser."""
        with self._open() as database:
            rows = database.execute(
                "SELECT at, 1 AS span, 1, ok, seconds, cause FROM checks WHERE id = :id AND at >= :first AND at < :last"
                " UNION ALL SELECT at, span, checks, ok, seconds / checks, '' FROM rolled"
                " WHERE id = :id AND at >= :first AND at < :last ORDER BY 1",
                {"id": name, "first": first, "last": last},
            )
            return [Count(*row) for row in rows]

    def seen(self, first: int, last: int, name: str = "") -> dict[str, Seen]:
        """Every server that was watched between `first` and `last`, or the one of this `name`: the outages that touch
        that period, and what was watched of the time since the earliest of them began."""
        one, of = ("id = ? AND ", (name,)) if name else ("", ())
        with self._open() as database:
            found = database.execute(
                f"SELECT id, began, ended, cause FROM outages WHERE {one}began < ? AND (ended IS NULL OR ended > ?)"  # noqa: S608 (one of the two above)
                " ORDER BY id, began",
                (*of, last, first),
            ).fetchall()
            since = min([first, *(began for _, began, _, _ in found)])
            spans = database.execute(
                f"SELECT id, began, ended FROM watched WHERE {one}began < ? AND ended >= ? ORDER BY id, began",  # noqa: S608
                (*of, last, since),
            ).fetchall()
        outages, watched = defaultdict(list), defaultdict(list)
        for server, *rest in found:
            outages[server].append(Outage(*rest))
        for server, *rest in spans:
            watched[server].append(Span(*rest))
        return {server: Seen(outages[server], some) for server, some in watched.items() if some[-1].ended >= first}

    def claim(self, addressee: str, muted: Collection[str] = ()) -> list[Change]:
        """The changes that `addressee` is to be told of: servers that went down, and those told to be down that are
        back. They are noted as told, so that no other process, and none after a crash, tells them again. Of those that
        are `muted` nobody is told yet."""
        with self._change() as database:
            rows = database.execute(
                "SELECT o.id, o.began, o.ended, o.cause FROM outages o"
                " LEFT JOIN told t ON t.id = o.id AND t.began = o.began AND t.addressee = ?"
                " WHERE (o.ended IS NULL AND t.back IS NULL) OR (o.ended IS NOT NULL AND t.back = 0) ORDER BY 1, 2",
                (addressee,),
            )
            changes = [Change(*row) for row in rows if row[0] not in muted]
            database.executemany(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)",
                [(one.id, one.began, addressee, one.ended is not None) for one in changes],
            )
        return changes

    def release(self, addressee: str, changes: Sequence[Change]) -> None:
        """Note that `addressee` was not told of `changes` after all."""
        with self._change() as database:
            for one in changes:
                told = (one.id, one.began, addressee)
                if one.ended is None:
                    database.execute("DELETE FROM told WHERE id = ? AND began = ? AND addressee = ?", told)
                else:
                    database.execute("UPDATE told SET back = 0 WHERE id = ? AND began = ? AND addressee = ?", told)

    def prune(self, now: int, keep: Retention) -> None:
        """Roll up what is old: checks into hours, hours into days; forget the oldest days. A long backlog is worked
        off in steps, between which others may write, and what is left of it by the next run."""
        hours_from = (now - keep.checks_days * DAY) // HOUR * HOUR
        days_from = (now - keep.hours_days * DAY) // DAY * DAY
        steps = chain(self._steps(_CHECKS, hours_from), self._steps(_HOURS, days_from))
        for _step in islice(steps, MOST_STEPS):
            time.sleep(PAUSE_SECONDS)
        with self._change() as database:
            oldest = now - keep.days_days * DAY
            database.execute("DELETE FROM rolled WHERE span IN (?, ?) AND at < ?", (HOUR, DAY, oldest))
            database.execute("DELETE FROM watched WHERE ended < ?", (oldest,))
            database.execute("DELETE FROM state WHERE json_extract(CAST(state AS TEXT), '$.checked') < ?", (oldest,))
            database.execute(
                "DELETE FROM outages WHERE ended < ? OR (ended IS NULL AND id NOT IN (SELECT id FROM state))", (oldest,)
            )
            database.execute("DELETE FROM told WHERE (id, began) NOT IN (SELECT id, began FROM outages)")

    def _steps(self, rows: _Rows, before: int) -> Iterator[None]:
        """Roll up these rows, from before that time, a part of them in each step."""
        while True:
            with self._change() as database:
                found = database.execute(
                    f"SELECT at FROM {rows.table} WHERE {rows.only} at < ? ORDER BY at LIMIT 1 OFFSET ?",  # noqa: S608 (one of the two below)
                    (before, ROWS_AT_ONCE),
                ).fetchone()
                until = found[0] + 1 if found else before
                done = _roll(database, rows, until)
            if done:
                yield
            if not found:
                return

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._open() as database, _transaction(database):
            yield database

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        make_folder(self._path.parent)
        touch(self._path)
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
                _use_wal(database)
                database.execute("PRAGMA synchronous = NORMAL")
                self._migrate(database)
                yield database
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise OutsideFailure(
                    "checks-held",
                    "another process has held the history of checks for {seconds:.0f} s",
                    where=str(self._path),
                    remedy="See which one (fuser names it), and run the command again when it has ended.",
                    seconds=BUSY_SECONDS,
                ) from error
            raise OutsideFailure(
                "checks-unusable",
                "the history of checks cannot be used: {reason}",
                where=str(self._path),
                remedy="See that the disk is not full, and that this account may write the file.",
                reason=str(error),
            ) from error
        except (sqlite3.DatabaseError, NotJson) as error:
            raise InvalidRecord(
                "checks-broken",
                "the history of checks is broken: {reason}",
                where=str(self._path),
                remedy="Move the file away; the next check begins a new one.",
                reason=str(error),
            ) from error

    def _migrate(self, database: sqlite3.Connection) -> None:
        version = _version(database)
        if version > len(MIGRATIONS):
            raise InvalidRecord(
                "checks-too-new",
                "the history of checks was written by a newer sopctl (version {version})",
                where=str(self._path),
                remedy="Use that sopctl, or move the file away; the next check begins a new one.",
                version=version,
            )
        while version < len(MIGRATIONS):
            database.execute("BEGIN IMMEDIATE")
            version = _version(database)  # another process may have been faster
            for statement in MIGRATIONS[version].split(";") if version < len(MIGRATIONS) else ():
                database.execute(statement)
            version = min(version + 1, len(MIGRATIONS))
            database.execute(f"PRAGMA user_version = {version}")
            database.execute("COMMIT")


def _use_wal(database: sqlite3.Connection) -> None:
    """Let readers work beside a writer. SQLite's own time-out does not cover the switch to this mode, which a new
    database needs once: while another process is making it, it is retried for just as long."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _state(database: sqlite3.Connection, name: str) -> State | None:
    row = database.execute("SELECT state FROM state WHERE id = ?", (name,)).fetchone()
    return from_json(row[0], State) if row else None


def _noted(database: sqlite3.Connection, name: str, at: int) -> bool:
    """Is the check of that time known, by itself or in a sum?"""
    places: list[tuple[str, tuple[object, ...]]] = [("checks WHERE id = ? AND at = ?", (name, at))]
    places += [("rolled WHERE id = ? AND at = ? AND span = ?", (name, at // span * span, span)) for span in (HOUR, DAY)]
    return any(database.execute(f"SELECT 1 FROM {where}", asked).fetchone() for where, asked in places)  # noqa: S608 (the three above)


def _note_turn(database: sqlite3.Connection, name: str, before: State | None, after: State) -> None:
    if before and before.status is after.status:  # as after nearly every check: nothing has turned
        return
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


def _note_watch(database: sqlite3.Connection, name: str, before: State | None, at: int, policy: Policy) -> None:
    if before is None or not joins(before.checked, at, policy):
        database.execute("INSERT OR IGNORE INTO watched VALUES (?, ?, ?)", (name, at, at))
    elif at > before.checked:
        database.execute("UPDATE watched SET ended = ? WHERE id = ? AND ended = ?", (at, name, before.checked))


def _roll(database: sqlite3.Connection, rows: _Rows, before: int) -> int:
    """Add up the rows from before that time, and remove them. Returns how many there were."""
    which = f"FROM {rows.table} WHERE {rows.only} at < ?"
    database.execute(
        f"INSERT INTO rolled SELECT id, {rows.into}, at / {rows.into} * {rows.into}, {rows.sums} {which}"
        " GROUP BY 1, 3 ON CONFLICT (id, span, at) DO UPDATE SET"
        " checks = checks + excluded.checks, ok = ok + excluded.ok, seconds = seconds + excluded.seconds",
        (before,),
    )
    return database.execute(f"DELETE {which}", (before,)).rowcount
