"""The page's own file: who may use it, and what of it is copied."""

import sqlite3
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.store.page import database
from sopctl.store.page.database import Database
from sopctl.store.site import Site


@pytest.mark.parametrize(
    ("mode", "open_"), [(0o600, False), (0o660, False), (0o670, False), (0o641, True), (0o642, True), (0o644, True)]
)
def test_what_every_login_can_use_is_no_secret(site: Site, mode: int, open_: bool) -> None:
    """Each bit of others counts, and none of the group's."""
    Database(site).make()
    secret = site.root / "page" / "oidc-secret"
    secret.write_text(" word\n")
    for path in (secret, site.root / "page" / "page.sqlite3"):
        path.chmod(mode)
    if not open_:
        assert database.client_secret(site) == "word"
        Database(site).make()
        return
    for look in (lambda: database.client_secret(site), Database(site).make):
        with pytest.raises(OutsideFailure) as caught:
            look()
        assert caught.value.id == "secret-readable-by-others"


def test_without_a_secret_there_is_none(site: Site) -> None:
    assert database.client_secret(site) == ""


def test_what_was_begun_and_failed_is_as_it_was(site: Site) -> None:
    page = Database(site)

    def fail() -> None:
        with page.open() as found:
            found.execute("INSERT INTO accounts VALUES ('a', 'person', 'x')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with page.open() as found:
        found.execute("INSERT INTO accounts VALUES ('b', 'person', 'x')")
    with page.reading() as found:
        assert found.execute("SELECT name FROM accounts").fetchall() == [("b",)]


def test_a_file_that_is_none_of_the_sites_is_refused(site: Site, tmp_path: Path) -> None:
    page = Database(site)
    page.make()
    page.path.rename(tmp_path / "real")
    page.path.symlink_to(tmp_path / "real")
    with pytest.raises(InvalidRecord):
        page.make()
    page.path.unlink()
    page.path.write_bytes(b"no database" * 100)
    page.path.chmod(0o600)
    with pytest.raises(OutsideFailure) as caught:
        page.make()
    assert (caught.value.id, caught.value.where) == ("page-file-unusable", str(page.path))


def test_a_copy_has_what_lasts_and_nothing_that_passes(site: Site) -> None:
    assert database.copied(site.root) is None
    with Database(site).open() as found:
        found.execute("INSERT INTO accounts VALUES ('a', 'person', 'x')")
        found.execute("INSERT INTO links VALUES ('h', 'PS-2026-0001', 1)")
        found.execute("INSERT INTO sessions VALUES ('h', 'a', 1, 1)")
        found.execute("INSERT INTO failures VALUES ('a', '192.0.2.1', 1)")
        found.execute("INSERT INTO requests VALUES ('k', 'a', 'p', 1)")
        found.execute("INSERT INTO pending VALUES ('h', 'k', 't', 1)")
    content = database.copied(site.root)
    assert content is not None
    copy = sqlite3.connect(":memory:")
    copy.deserialize(content)
    rows = {
        name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    }
    assert {name for name, count in rows.items() if count} == {"accounts", "links"}
