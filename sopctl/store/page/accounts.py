"""Accounts of the page, and the one-time links by which people set their passwords."""

from msgspec import Struct

from sopctl.model.principal import AccountKind
from sopctl.store.page.database import Database, digest


class Account(Struct, frozen=True):
    """An account: whose it is (a person's or a unit's key in sopctl.yml, or an auditor's name), and the hash of the
    password, empty until one is set."""

    name: str
    kind: AccountKind
    password: str = ""


class Accounts:
    """The accounts of one site. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._database.reading() as found:
            return [Account(*row) for row in found.execute("SELECT name, kind, password FROM accounts ORDER BY name")]

    def find(self, name: str) -> Account | None:
        """The account of this name, or None."""
        with self._database.reading() as found:
            row = found.execute("SELECT name, kind, password FROM accounts WHERE name = ?", (name,)).fetchone()
        return Account(*row) if row else None

    def invite(self, name: str, kind: AccountKind, link: str, until: float) -> None:
        """Keep an account and the link by which its password may be set, once. Links from before are void."""
        with self._database.open() as change:
            change.execute(
                "INSERT INTO accounts VALUES (?, ?, '') ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
                (name, kind),
            )
            change.execute("DELETE FROM invitations WHERE account = ?", (name,))
            change.execute("INSERT INTO invitations VALUES (?, ?, ?)", (digest(link), name, until))

    def invited(self, link: str, now: float) -> Account | None:
        """Whose link this is; None for one that was used, is too old, or never was."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT account FROM invitations WHERE hash = ? AND until > ?", (digest(link), now)
            ).fetchone()
        return self.find(row[0]) if row else None

    def accept(self, link: str, password: str, now: float) -> Account | None:
        """Use a link up and set the password; every session of the account ends. None for a link that is not good."""
        with self._database.open() as change:
            row = change.execute(
                "DELETE FROM invitations WHERE hash = ? AND until > ? RETURNING account", (digest(link), now)
            ).fetchone()
            if row is None:
                return None
            change.execute("UPDATE accounts SET password = ? WHERE name = ?", (password, row[0]))
            change.execute("DELETE FROM sessions WHERE account = ?", (row[0],))
        return self.find(row[0])

    def revoke(self, name: str) -> bool:
        """Forget an account and all that is its own: links, sessions, drafts, tokens, the second factor. Was there
        one?"""
        with self._database.open() as change:
            gone = change.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount
            for table in ("invitations", "sessions", "drafts", "factors", "recovery", "tokens"):
                change.execute(f"DELETE FROM {table} WHERE account = ?", (name,))  # noqa: S608 (one of these)
        return bool(gone)
