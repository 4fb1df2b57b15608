"""What is done once, however often it is asked for: a form that is sent twice, a draft that is kept."""

from sopctl.store.page.database import Database, digest

KEPT_SECONDS = 2 * 24 * 3600
"""How long it is remembered that a form was sent."""
DRAFT_BYTES = 256 * 1024


class Once:
    """Forms that were sent, each by a random key of its own, and drafts. Times are seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, key: str, account: str, now: float) -> str | None:
        """Reserve a form's key before its work begins. None: do it. Else where its result is, or "" while it is still
        being done."""
        with self._database.open() as change:
            change.execute("DELETE FROM requests WHERE at < ?", (now - KEPT_SECONDS,))
            row = change.execute("SELECT place FROM requests WHERE key = ? AND account = ?", (key, account)).fetchone()
            if row is not None:
                return str(row[0])
            change.execute("INSERT INTO requests VALUES (?, ?, '', ?)", (key, account, now))
        return None

    def done(self, key: str, place: str) -> None:
        """Note where the result of a form is."""
        with self._database.open() as change:
            change.execute("UPDATE requests SET place = ? WHERE key = ?", (place, key))

    def release(self, key: str) -> None:
        """Nothing came of it: the form may be sent again."""
        with self._database.open() as change:
            change.execute("DELETE FROM requests WHERE key = ?", (key,))

    def link(self, secret: str, deposit: str, until: float) -> None:
        """Keep a link by which someone without an account answers for a deposit, once. An older one is void."""
        with self._database.open() as change:
            change.execute("DELETE FROM links WHERE deposit = ?", (deposit,))
            change.execute("INSERT INTO links VALUES (?, ?, ?)", (digest(secret), deposit, until))

    def linked(self, secret: str, now: float) -> str | None:
        """Which deposit a link is for; None for one that was used, is too old, or never was."""
        with self._database.reading() as found:
            row = found.execute(
                "SELECT deposit FROM links WHERE hash = ? AND until > ?", (digest(secret), now)
            ).fetchone()
        return str(row[0]) if row else None

    def use_link(self, secret: str) -> bool:
        """Use a link up. Was it still there?"""
        with self._database.open() as change:
            return bool(change.execute("DELETE FROM links WHERE hash = ?", (digest(secret),)).rowcount)

    def keep_draft(self, account: str, name: str, text: str, now: float) -> None:
        """Keep what someone has typed so far, for them alone."""
        if len(text) <= DRAFT_BYTES:
            with self._database.open() as change:
                change.execute("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?)", (account, name, text, now))

    def draft(self, account: str, name: str) -> str:
        """What someone has typed so far; empty for nothing."""
        with self._database.reading() as found:
            row = found.execute("SELECT text FROM drafts WHERE account = ? AND name = ?", (account, name)).fetchone()
        return str(row[0]) if row else ""

    def forget_draft(self, account: str, name: str) -> None:
        """Forget a draft."""
        with self._database.open() as change:
            change.execute("DELETE FROM drafts WHERE account = ? AND name = ?", (account, name))
