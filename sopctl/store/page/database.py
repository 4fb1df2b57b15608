"""The page's own file, `page/page.sqlite3`: never in git, and nothing that proves a deposit.

Secrets (a session's id, a link's word, a token) are kept as their hashes only: who reads the file can use none of them.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sopctl.errors import OutsideFailure
from sopctl.locale import Text
from sopctl.store.durable import disk_errors, make_folder, opened, refuse_special, touch, write_atomic
from sopctl.store.site import Site

FOLDER = "page"
FILE_NAME = "page.sqlite3"
CLIENT_SECRET = "oidc-secret"  # noqa: S105 (the name of a file)
"""The file of what the identity provider knows us by, where it gave us something."""
IGNORED = b"# accounts and sessions of the page: never in git\n*\n"
PASSING = ("sessions", "failures", "requests", "pending")
"""What no copy has: who is logged in or logging in just now, who failed to, which form was just sent."""
BUSY_SECONDS = 5.0

VERSION = 3
"""Of the tables: more of them are made where an older version made the file."""

_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, kind TEXT NOT NULL, password TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invitations (hash TEXT PRIMARY KEY, account TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (hash TEXT PRIMARY KEY, account TEXT NOT NULL, began REAL, seen REAL);
CREATE TABLE IF NOT EXISTS failures (account TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS requests (key TEXT PRIMARY KEY, account TEXT NOT NULL, place TEXT NOT NULL, at REAL);
CREATE TABLE IF NOT EXISTS links (hash TEXT PRIMARY KEY, deposit TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (account TEXT, name TEXT, text TEXT, at REAL, PRIMARY KEY (account, name));
CREATE TABLE IF NOT EXISTS refusals (at REAL NOT NULL, account TEXT, address TEXT, what TEXT, path TEXT);
CREATE TABLE IF NOT EXISTS factors (account TEXT PRIMARY KEY, secret TEXT NOT NULL, since REAL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS recovery (hash TEXT PRIMARY KEY, account TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pending (hash TEXT, kind TEXT, text TEXT NOT NULL, until REAL, PRIMARY KEY (hash, kind));
CREATE TABLE IF NOT EXISTS tokens (hash TEXT PRIMARY KEY, id TEXT NOT NULL, account TEXT NOT NULL, label TEXT NOT NULL,
    scope TEXT NOT NULL, made REAL NOT NULL, until REAL NOT NULL, used REAL);
CREATE INDEX IF NOT EXISTS failures_at ON failures (at);
"""


class Database:
    """The file, made when it is first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.path: Path = site.root / FOLDER / FILE_NAME

    def make(self) -> None:
        """Make the file, unless it is there. Raises OutsideFailure when it cannot be used, InvalidRecord for what is no
        file of the site, such as a link."""
        with self.reading():
            pass

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection, within one transaction that writes. Raises OutsideFailure when the file cannot be used."""
        try:
            with closing(self._connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads. Raises OutsideFailure when the file cannot be used."""
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _connect(self) -> sqlite3.Connection:
        self._site.folder(FOLDER)
        with disk_errors(self.path, "look at"):
            try:
                found = self.path.lstat().st_mode
            except FileNotFoundError:
                found = None
        if found is None:
            make_folder(self.path.parent)
            write_atomic(self.path.parent / ".gitignore", IGNORED)
            touch(self.path)
        else:
            refuse_special(self.path, found)
            _refuse_open(self.path, found)
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
            connection.executescript(f"{_TABLES}PRAGMA user_version = {VERSION};")
        return connection

    def _unusable(self, error: sqlite3.Error) -> OutsideFailure:
        return OutsideFailure(
            "page-file-unusable",
            "the page's accounts cannot be used: {reason}",
            where=str(self.path),
            remedy="Look after the disk and the file's owner. If it is broken, move it away and invite people again.",
            reason=error,
        )


def client_secret(site: Site) -> str:
    """What the identity provider knows us by; empty where it gave us nothing. Raises OutsideFailure for a file that
    every login of this machine can read."""
    path = site.root / FOLDER / CLIENT_SECRET
    if not path.exists():
        return ""
    with opened(path, links=False) as file:
        _refuse_open(path, os.fstat(file.fileno()).st_mode)
        return file.read(4096).decode(errors="replace").strip()


def _refuse_open(path: Path, mode: int) -> None:
    """Raise OutsideFailure for a file that every login of this machine can use: who writes the page's accounts is
    whoever they like, and who reads them has everybody's second factor."""
    if mode & 0o007:
        raise OutsideFailure(
            "secret-readable-by-others",
            "the secret can be read by others",
            where=str(path),
            remedy=Text("Close it: chmod 640 {path}", path=path),
        )


def copied(root: Path) -> bytes | None:
    """The file of the site at `root` as of one moment, without what passes; None where there is none. Raises
    OutsideFailure."""
    path = root / FOLDER / FILE_NAME
    if not path.is_file():
        return None
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as source,
            closing(sqlite3.connect(":memory:", isolation_level=None)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA secure_delete = ON")
            there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in there.intersection(PASSING):
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 (one of those above)
            copy.execute("VACUUM")
            return copy.serialize()
    except sqlite3.Error as error:
        raise OutsideFailure(
            "page-file-unusable",
            "the page's accounts cannot be used: {reason}",
            where=str(path),
            remedy="Look after the disk and the file's owner. If it is broken, move it away and invite people again.",
            reason=error,
        ) from None


def placed(root: Path, content: bytes) -> None:
    """Put a copy back into the site at `root`. Raises OutsideFailure."""
    make_folder(root / FOLDER)
    write_atomic(root / FOLDER / ".gitignore", IGNORED)
    write_atomic(root / FOLDER / FILE_NAME, content)


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256, hex. Secrets of the page are random, so that no slower hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
