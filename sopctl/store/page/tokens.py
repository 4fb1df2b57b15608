"""Tokens, by which programs ask in the name of an account."""

from typing import Literal

from msgspec import Struct

from sopctl.store.page.database import Database, digest

Scope = Literal["read", "act"]
NOTE_SECONDS = 300
"""How exactly it is noted when a token was last used."""


class Token(Struct, frozen=True):
    """A token, without its secret: whose it is, what it is for, whether it may act or only read, and when it was made,
    ends, and was last used (seconds since 1970)."""

    id: str
    account: str
    label: str
    scope: Scope
    made: float
    until: float
    used: float | None = None


class Tokens:
    """The tokens of one site; of their secrets only the hashes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: Token, secret: str) -> None:
        """Keep a token."""
        row = (token.id, token.account, token.label, token.scope, token.made, token.until)
        with self._database.open() as change:
            change.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", (digest(secret), *row))

    def all(self) -> list[Token]:
        """Every token, by account and age."""
        with self._database.reading() as found:
            rows = found.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY account, made")  # noqa: S608 (the columns)
            return [Token(*row) for row in rows]

    def find(self, secret: str, now: float) -> Token | None:
        """The token with this secret; None for one that has ended, was revoked, or never was."""
        with self._database.reading() as found:
            row = found.execute(
                f"SELECT {_COLUMNS} FROM tokens WHERE hash = ? AND until > ?",  # noqa: S608 (the columns)
                (digest(secret), now),
            ).fetchone()
        if row is None:
            return None
        token = Token(*row)
        if now - (token.used or 0) > NOTE_SECONDS:
            with self._database.open() as change:
                change.execute("UPDATE tokens SET used = ? WHERE id = ?", (now, token.id))
        return token

    def revoke(self, id: str) -> bool:
        """Forget a token. Was there one?"""
        with self._database.open() as change:
            return bool(change.execute("DELETE FROM tokens WHERE id = ?", (id,)).rowcount)


_COLUMNS = "id, account, label, scope, made, until, used"
