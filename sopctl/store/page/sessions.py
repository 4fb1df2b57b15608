"""Who is logged in, who failed to, and who was refused."""

from sopctl.store.page.database import Database, digest

IDLE_SECONDS = 8 * 3600
"""How long a session lasts that nobody uses: a working day."""
LONGEST_SECONDS = 24 * 3600
"""How long a session lasts at most."""
NOTE_SECONDS = 300
"""How exactly it is noted when a session was last used."""
WINDOW_SECONDS = 15 * 60
"""The time within which failures to log in are counted."""
MOST_REFUSALS = 100_000
"""How many refusals are kept."""


class Sessions:
    """The sessions of one site. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, secret: str, account: str, now: float) -> None:
        """Note that who holds `secret` is logged in as `account`. Sessions that are over are forgotten."""
        with self._database.open() as change:
            change.execute(
                "DELETE FROM sessions WHERE seen < ? OR began < ?", (now - IDLE_SECONDS, now - LONGEST_SECONDS)
            )
            change.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(secret), account, now, now))

    def account(self, secret: str, now: float) -> str | None:
        """The account that who holds `secret` is logged in as, or None."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT account, seen FROM sessions WHERE hash = ? AND seen >= ? AND began >= ?",
                (digest(secret), now - IDLE_SECONDS, now - LONGEST_SECONDS),
            ).fetchone()
        if row is None:
            return None
        if now - row[1] > NOTE_SECONDS:
            with self._database.open() as change:
                change.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (now, digest(secret)))
        return str(row[0])

    def end(self, secret: str) -> None:
        """Forget a session."""
        with self._database.open() as change:
            change.execute("DELETE FROM sessions WHERE hash = ?", (digest(secret),))

    def failures(self, account: str, address: str, now: float) -> tuple[int, int]:
        """How often a login failed lately: as `account` from `address`, and from `address` as anyone."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT COUNT(*) FILTER (WHERE account = ?), COUNT(*) FROM failures WHERE address = ? AND at > ?",
                (account, address, now - WINDOW_SECONDS),
            ).fetchone()
        return int(row[0]), int(row[1])

    def failures_anywhere(self, account: str, now: float) -> int:
        """How often a login failed lately as `account`, from wherever."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT COUNT(*) FROM failures WHERE account = ? AND at > ?", (account, now - WINDOW_SECONDS)
            ).fetchone()
        return int(row[0])

    def failed(self, account: str, address: str, now: float) -> None:
        """Note that a login failed."""
        with self._database.open() as change:
            change.execute("DELETE FROM failures WHERE at < ?", (now - WINDOW_SECONDS,))
            change.execute("INSERT INTO failures VALUES (?, ?, ?)", (account, address, now))

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of an account from this address."""
        with self._database.open() as change:
            change.execute("DELETE FROM failures WHERE account = ? AND address = ?", (account, address))

    def refused(self, now: float, account: str, address: str, what: str, path: str) -> None:
        """Note who was refused what; the oldest notes make room."""
        with self._database.open() as change:
            change.execute(
                "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)", (now, account, address, what[:200], path[:300])
            )
            change.execute(
                "DELETE FROM refusals WHERE rowid <= (SELECT MAX(rowid) FROM refusals) - ?", (MOST_REFUSALS,)
            )

    def refusals(self, most: int = 100) -> list[tuple[float, str, str, str, str]]:
        """The newest refusals: when, who, from where, what, at which path."""
        with self._database.reading() as found:
            rows = found.execute(
                "SELECT at, account, address, what, path FROM refusals ORDER BY rowid DESC LIMIT ?", (most,)
            )
            return [tuple(row) for row in rows]
