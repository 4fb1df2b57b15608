"""Second factors of accounts, and what lies between the two steps of a login."""

from collections.abc import Iterable

from sopctl.store.page.database import Database, digest

MOST_PENDING = 2000
"""How many logins may be half done: strangers begin them."""


class Factors:
    """The second factors of one site: a secret that the person's device shares (as TOTP needs it, so not as a hash),
    and codes to recover with. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def propose(self, account: str, secret: str) -> None:
        """Keep a secret that counts once a code of it has been shown. One that counts already stays."""
        with self._database.open() as change:
            change.execute(
                "INSERT INTO factors VALUES (?, ?, NULL, 0) ON CONFLICT (account)"
                " DO UPDATE SET secret = excluded.secret, used = 0 WHERE since IS NULL",
                (account, secret),
            )

    def find(self, account: str) -> tuple[str, float | None] | None:
        """The secret of an account, and since when it counts (None: not yet); None for none."""
        with self._database.reading() as found:
            row = found.execute("SELECT secret, since FROM factors WHERE account = ?", (account,)).fetchone()
        return (str(row[0]), row[1]) if row else None

    def counts(self, account: str) -> bool:
        """Does a login of this account need a second factor?"""
        found = self.find(account)
        return found is not None and found[1] is not None

    def use(self, account: str, step: int) -> bool:
        """Use up the code of a time step, and those before. Was it still good?"""
        with self._database.open() as change:
            row = change.execute("UPDATE factors SET used = ? WHERE account = ? AND used < ?", (step, account, step))
        return bool(row.rowcount)

    def confirm(self, account: str, now: float, recovery: Iterable[str]) -> bool:
        """From now on the proposed secret counts, with these codes to recover with; every session of the account ends.
        False where one counts already."""
        with self._database.open() as change:
            done = change.execute("UPDATE factors SET since = ? WHERE account = ? AND since IS NULL", (now, account))
            if done.rowcount:
                change.execute("DELETE FROM recovery WHERE account = ?", (account,))
                change.executemany("INSERT INTO recovery VALUES (?, ?)", [(digest(each), account) for each in recovery])
                change.execute("DELETE FROM sessions WHERE account = ?", (account,))
        return bool(done.rowcount)

    def recover(self, account: str, code: str) -> bool:
        """Use a recovery code up. Was it there?"""
        with self._database.open() as change:
            gone = change.execute("DELETE FROM recovery WHERE hash = ? AND account = ?", (digest(code), account))
        return bool(gone.rowcount)

    def left(self, account: str) -> int:
        """How many recovery codes are left."""
        with self._database.reading() as found:
            row = found.execute("SELECT COUNT(*) FROM recovery WHERE account = ?", (account,)).fetchone()
        return int(row[0])

    def forget(self, account: str) -> bool:
        """Forget the second factor of an account. Was there one?"""
        with self._database.open() as change:
            change.execute("DELETE FROM recovery WHERE account = ?", (account,))
            return bool(change.execute("DELETE FROM factors WHERE account = ?", (account,)).rowcount)


class Pending:
    """What a browser has begun and not finished, by the secret of its cookie. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, secret: str, kind: str, text: str, now: float, until: float) -> None:
        """Keep `text` for whoever holds `secret`; what is too old, or too much, is forgotten."""
        with self._database.open() as change:
            change.execute("DELETE FROM pending WHERE until < ?", (now,))
            change.execute("INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?)", (digest(secret), kind, text, until))
            change.execute("DELETE FROM pending WHERE rowid <= (SELECT MAX(rowid) FROM pending) - ?", (MOST_PENDING,))

    def look(self, secret: str, kind: str, now: float) -> str | None:
        """What is kept of this kind, or None."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT text FROM pending WHERE hash = ? AND kind = ? AND until >= ?", (digest(secret), kind, now)
            ).fetchone()
        return str(row[0]) if row else None

    def take(self, secret: str, kind: str, now: float) -> str | None:
        """The same, once."""
        with self._database.open() as change:
            row = change.execute(
                "DELETE FROM pending WHERE hash = ? AND kind = ? AND until >= ? RETURNING text",
                (digest(secret), kind, now),
            ).fetchone()
        return str(row[0]) if row else None
