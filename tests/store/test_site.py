"""A site that cannot be read, one that leads elsewhere, its keys, and the folders of runs."""

import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.locale import Prose
from sopctl.store import locks
from sopctl.store import site as stored
from sopctl.store.durable import Unconfirmed
from sopctl.store.site import Moved, Site
from tests.cases import rows
from tests.conftest import somebody_else
from tests.patience import PATIENCE


def test_an_unreadable_site_is_one_clear_error(site: Site) -> None:
    site.root.chmod(0)
    with somebody_else(), pytest.raises(OutsideFailure, match="cannot read: Permission denied") as caught:
        Site(site.root)
    assert caught.value.id == "access-denied"
    assert "Give this account access" in str(caught.value)


def test_a_folder_that_is_no_site_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a sopctl site") as caught:
        Site(tmp_path)
    assert caught.value.id == "not-a-site"
    assert caught.value.remedy[-1] == Action("init", "DIR")


def test_a_folder_of_the_site_behind_a_link_is_refused(site: Site, tmp_path: Path) -> None:
    (site.root / "racks").rename(tmp_path / "elsewhere")
    (site.root / "racks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidRecord, match="must not be a symbolic link"):
        _ = site.racks


def test_a_rack_under_another_name_is_refused(site: Site) -> None:
    (site.root / "racks" / "A1.yml").rename(site.root / "racks" / "B1.yml")
    with pytest.raises(InvalidRecord, match=r"the record is called 'A1', its file 'B1\.yml'"):
        _ = site.racks


@pytest.mark.parametrize("row", rows("resolvers"), ids=lambda row: row["name"])
def test_resolvers(site: Site, row: dict[str, str]) -> None:
    path = site.root / "sopctl.yml"
    path.write_text(f"{path.read_text()}\nresolvers: {row['resolvers']}\n")
    if "message" in row:
        with pytest.raises(InvalidRecord) as caught:
            _ = Site(site.root).settings
        assert row["message"] in caught.value.message
    else:
        assert to_builtins(Site(site.root).settings.resolvers).keys() == {"servers", "search"}


def test_a_site_is_the_nearest_folder_above_unless_it_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (site.root / "deposits/x").mkdir(parents=True)
    monkeypatch.chdir(site.root / "deposits/x")
    assert Site.find(None).root == site.root
    assert Site.find("../..").root.samefile(site.root)
    with pytest.raises(UsageError):
        Site.find(".")
    monkeypatch.chdir("/")
    with pytest.raises(UsageError, match=r"/ is not a sopctl site: it has no sopctl\.yml"):
        Site.find(None)


@pytest.mark.parametrize(
    "line", ["head: nobody", "escalation: {1: kabid, 2: nobody}", "papers: {letter_signer: nobody}"]
)
def test_a_role_that_no_procedure_has_is_refused_where_it_stands(site: Site, line: str) -> None:
    path = site.root / "sopctl.yml"
    kept = [each for each in path.read_text().splitlines() if not each.startswith(line.partition(":")[0])]
    path.write_text("\n".join([*kept, line, ""]))
    with pytest.raises(InvalidRecord, match="no procedure has an actor 'nobody'") as caught:
        _ = Site(site.root).settings
    assert caught.value.where.startswith(f"{path}:{len(kept) + 1}:")
    assert "kabid" in str(caught.value.remedy)
    site.read_settings_again()


def test_settings_are_read_once_and_again_when_they_were_changed(site: Site) -> None:
    before = site.settings
    path = site.root / "sopctl.yml"
    path.write_text(path.read_text() + "\ncopy_administrative: true\n")
    assert site.settings is before
    site.read_settings_again()
    site.read_settings_again()
    assert site.settings.copy_administrative


def test_one_rack_can_be_read_whatever_others_are(site: Site) -> None:
    (site.root / "racks/bad.yml").write_text("no: rack\n")
    found = site.rack("A1")
    assert found is not None
    assert (found.name, site.rack("A1") is found, site.rack("none"), site.rack("../racks/A1")) == (
        "A1",
        True,
        None,
        None,
    )
    with pytest.raises(InvalidRecord):
        site.rack("bad")
    assert (site.network("none"), site.networks, site.switches) == (None, (), {})


def test_a_folder_of_the_site_is_one(site: Site) -> None:
    assert site.folder("none") == site.root / "none"
    (site.root / "file").touch()
    with pytest.raises(InvalidRecord) as caught:
        site.folder("file")
    assert (caught.value.id, caught.value.where) == ("site-folder-is-file", str(site.root / "file"))
    with pytest.raises(OutsideFailure):
        site.folder("file/below")


def test_what_lags_is_told_once(site: Site) -> None:
    first, other = OutsideFailure("x", "one"), OutsideFailure("x", "two")
    site.tell(first, other)
    site.tell(OutsideFailure("x", "two"), OutsideFailure("x", "three"))
    assert [str(each) for each in site.lagging] == [str(OutsideFailure("x", word)) for word in ("one", "two", "three")]


def test_a_site_that_was_moved_is_for_reading_only(site: Site) -> None:
    site.refuse_moved()
    site.mark_moved(Moved(datetime(2026, 11, 2, tzinfo=UTC), "ayu", "x.tar.gz"))
    with pytest.raises(NotNow) as caught:
        site.refuse_moved()
    assert (caught.value.id, caught.value.where) == ("site-moved", str(site.root / "moved.yml"))
    site.unmark_moved()
    site.unmark_moved()
    site.refuse_moved()


@pytest.mark.parametrize(
    ("mode", "kind", "id"),
    [
        (0o600, "file", ""),
        (0o640, "file", "secret-readable-by-others"),
        (0o601, "file", "secret-readable-by-others"),
        (0, "none", "no-such-key"),
        (0, "link", "no-such-key"),
        (0, "folder", "no-such-key"),
        (0, "behind a link", "no-such-key"),
    ],
)
def test_a_secret_is_a_file_of_its_owners_alone(site: Site, mode: int, kind: str, id: str) -> None:
    keys = site.root / "keys"
    name, path = "vault", keys / "vault"
    match kind:
        case "file":
            path.write_text("x")
            path.chmod(mode)
        case "link":
            (keys / "real").write_text("x")
            path.symlink_to("real")
        case "folder":
            path.mkdir()
        case "behind a link":
            (keys / "real").mkdir()
            (keys / "real/vault").write_text("x")
            (keys / "login").symlink_to("real")
            name = "login/vault"
    if not id:
        assert site.key_file(name) == path
        return
    with pytest.raises(OutsideFailure) as caught:
        site.key_file(name)
    assert (caught.value.id, caught.value.where) == (id, str(keys / name))
    assert str(keys / name) in str(caught.value.remedy)


def test_a_secret_is_kept_once_what_is_recorded_of_it_is(site: Site) -> None:
    with site.keeping_key("login/one", b"new") as path:
        assert not path.exists()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(KeyError), site.keeping_key("login/one", b"newer"):
        raise KeyError
    with pytest.raises(OutsideFailure), site.keeping_key("login/one", b"newer"):
        raise OutsideFailure("x", "not recorded")
    assert (path.read_bytes(), site.lagging) == (b"new", [])


def test_a_secret_that_lags_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "replace", refuse)
        with site.keeping_key("one", b"x"):
            pass
    with monkeypatch.context() as full:
        full.setattr("sopctl.store.durable.sync_folder", refuse)
        with site.keeping_key("two", b"x"):
            pass
    assert [(each.id, type(each)) for each in site.lagging] == [
        ("secret-lags", OutsideFailure),
        ("write-unconfirmed", Unconfirmed),
    ]
    assert [(site.root / "keys" / name).exists() for name in ("one", "two")] == [False, True]


def test_a_key_is_put_aside_with_its_public_half_and_replaces_none(site: Site) -> None:
    keys = site.root / "keys"
    for turn in (1, 2, 3):
        for name in ("old", "old.pub"):
            (keys / name).write_text(str(turn))
        moved = site.put_key_aside("old")
        number = f".{turn}" if turn > 1 else ""
        assert moved == [keys / f"retired/old{number}", keys / f"retired/old.pub{number}"]
        assert {path.read_text() for path in moved} == {str(turn)}
    assert site.put_key_aside("old") == []
    assert stat.S_IMODE((keys / "retired").stat().st_mode) == 0o700
    for name in ("made", "made.pub"):
        (keys / name).write_text("x")
    site.drop_key("made")
    site.drop_key("made")
    assert not list(keys.glob("made*"))


def test_the_key_is_named_where_nothing_else_changes(site: Site) -> None:
    site.name_keys("new", "management")
    assert (site.settings.management.key, site.settings.management.before) == ("new", "management")
    path = site.root / "sopctl.yml"
    path.write_text(path.read_text() + "\n# management: {key: other}\n")
    site.name_keys("newer", None)
    assert (site.settings.management.key, site.settings.management.before) == ("newer", None)
    kept = [line for line in path.read_text().splitlines() if not line.startswith("management:")]
    path.write_text("\n".join([*kept, "management: {}", ""]))
    before = path.read_bytes()
    with pytest.raises(InvalidRecord) as caught:
        site.name_keys("new", "older")
    assert (caught.value.id, caught.value.where, path.read_bytes()) == ("settings-not-changed", str(path), before)
    assert "management: {key: new, before: older}" in str(caught.value.remedy)


def test_the_folders_of_runs(site: Site) -> None:
    runs = site.root / "var/runs"
    assert site.new_run("check") == runs / "check.1"
    for name in ("check.1", "check.9", "check.x", "other.12"):
        (runs / name).mkdir()
    assert (site.new_run("check"), site.new_run("new")) == (runs / "check.10", runs / "new.1")
    now = datetime.now(UTC)
    for name, days in (("check.1", 91), ("check.9", 89), ("check.x", 1), ("other.12", 200)):
        then = (now - timedelta(days=days)).timestamp()
        os.utime(runs / name, (then, then))
    assert [path.name for path, _ in site.runs()] == ["check.x", "check.9", "check.1", "other.12"]
    site.forget_runs(now)
    assert [path.name for path, _ in site.runs()] == ["check.x", "check.9"]


def test_whoever_records_for_the_first_time_waits_for_no_other_that_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command does, and each request to the page: only a site of an older format is taken alone once."""
    monkeypatch.setattr(stored, "SITE_LOCK_SECONDS", 0.05)
    with Site(site.root).recording():
        with Site(site.root).recording():
            pass
        (site.root / "origin.yml").unlink()
        with pytest.raises(Conflict), Site(site.root).recording():
            pass


def test_several_record_at_once_and_who_wants_the_site_alone_comes_before_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, so that a backup does not wait until the office goes home."""
    asked, had, go_on = threading.Event(), threading.Event(), threading.Event()
    waited = locks.wait_until_free

    def waiting(path: Path, what: Prose, wait: float) -> None:
        asked.set()
        waited(path, what, wait)

    monkeypatch.setattr(locks, "wait_until_free", waiting)

    def alone() -> None:
        with Site(site.root).alone():
            had.set()
            go_on.wait(PATIENCE)

    one, another, late = (Site(site.root) for _ in range(3))
    for each in (one, another, late):
        with each.recording():  # what is done once
            pass
    asked.clear()
    thread = threading.Thread(target=alone, daemon=True)
    with one.recording():
        with another.recording():
            thread.start()
            assert asked.wait(PATIENCE)
        monkeypatch.setattr(stored, "SITE_LOCK_SECONDS", 0.05)
        with pytest.raises(Conflict), late.recording():
            pass
        with one.in_order():
            assert not had.is_set()
    assert had.wait(PATIENCE)
    with pytest.raises(Conflict), late.recording():
        pass
    go_on.set()
    thread.join(PATIENCE)
    with late.recording():
        pass
