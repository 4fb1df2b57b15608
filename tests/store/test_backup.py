"""What is in the file of a backup and what is not, and what is taken out of one that somebody made up."""

import hashlib
import io
import os
import sqlite3
import stat
import tarfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest
from msgspec import json

from sopctl import __version__
from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from sopctl.store import backup, checks, modes, staging
from sopctl.store.page import database as page
from sopctl.store.site import MOVED, Site

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def nothing(_path: Path) -> bool:
    """No file holds a secret."""
    return False


def as_it_is(content: bytes) -> bytes:
    """Instead of a seal."""
    return content


def unpacked(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}


def made_up(file: Path, files: Mapping[str, bytes], hashes: Mapping[str, str] | None = None) -> Path:
    """An archive with a manifest of what is in it: the right one, or one with these hashes."""
    if hashes is None:
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    said = {"made": MADE, "version": "1", "anchor": {"lines": 0, "head": ""}, "files": hashes}
    file.write_bytes(archive({**files, backup.MANIFEST: json.encode(said)}, "w:gz"))
    return file


def archive(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as packed:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_what_is_left_out_and_what_is_named_as_such(site: Site, tmp_path: Path) -> None:
    """What can be made again, what passes, and what is no file of ours; a link is told, as somebody may miss it."""
    put(site.root, "playbooks/mine.yml", ".gitignore", "racks/keys/x", "deposits/PS-2026-0001/deposit.yml")
    put(site.root, "deposits/PS-2026-0001/documents/0001-x.pdf", "deposits/PS-2026-0009/documents/0001-x.pdf")
    out = (
        "var/index",
        "keys/mail",
        "page/x",
        ".git/config",
        "racks/.hidden",
        "racks/.cache/x",
        "playbooks/__pycache__/x",
    )
    put(site.root, *out, f"deposits/{staging.PREFIX}x/PS-2026-0002/deposit.yml", MOVED)
    (site.root / "link.yml").symlink_to(tmp_path)
    (site.root / "racks/linked").symlink_to(tmp_path)
    os.mkfifo(site.root / "deposits/PS-2026-0001/pipe")
    before = {str(each.relative_to(site.root)) for each in site.root.rglob("*")}
    made = backup.write(site, tmp_path / "b.tar.gz", MADE, is_secret=nothing)
    there = set(unpacked((tmp_path / "b.tar.gz").read_bytes()))
    assert there - {backup.MANIFEST} == set(made.files)
    assert {"playbooks/mine.yml", ".gitignore", "racks/keys/x", "sopctl.yml"} <= there
    assert "deposits/PS-2026-0001/documents/0001-x.pdf" in there
    gone = {each for each in before - there if (site.root / each).is_file()}
    assert {*out, MOVED} <= gone
    assert "deposits/PS-2026-0009/documents/0001-x.pdf" in gone, "whose dossier is not in the copy"
    assert not any(".new-" in each for each in there)
    assert sorted(made.left) == ["deposits/PS-2026-0001/pipe", "link.yml", "racks/linked"]
    assert (made.made, made.version) == (MADE, __version__)


def test_the_file_is_its_owners_alone_and_no_other_is_left(site: Site, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    backup.write(site, tmp_path / "to/b.tar.gz", MADE, is_secret=nothing)
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["b.tar.gz"]
    assert stat.S_IMODE((tmp_path / "to/b.tar.gz").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "to/b.tar.gz", "r:gz") as written:
        assert {entry.mode for entry in written} == {0o640}


def test_a_backup_that_fails_leaves_nothing(site: Site, tmp_path: Path) -> None:
    def broken(_content: bytes) -> bytes:
        raise ValueError

    (tmp_path / "to").mkdir()
    with pytest.raises(ValueError):  # noqa: PT011 (it has no message)
        backup.write(site, tmp_path / "to/b.tar.gz", MADE, is_secret=nothing, secrets=broken)
    assert list((tmp_path / "to").iterdir()) == []


@pytest.mark.parametrize("place", ["there.tar.gz", "site/b.tar.gz", "link/b.tar.gz"])
def test_it_is_a_new_file_outside_the_site(place: str, site: Site, tmp_path: Path) -> None:
    (tmp_path / "there.tar.gz").touch()
    (tmp_path / "link").symlink_to(site.root)
    with pytest.raises(UsageError) as refused:
        backup.write(site, tmp_path / place, MADE, is_secret=nothing)
    assert refused.value.id == "backup-in-the-way"


def test_what_is_sealed_is_what_holds_secrets(site: Site, tmp_path: Path) -> None:
    """Keys one folder deep, variables that hold a secret, and what the page keeps; a link's target is somebody's."""
    put(
        site.root,
        "keys/mail",
        "keys/login/PS-2026-0001",
        "keys/a/b/c",
        "inventory/group_vars/x.yml",
        "racks/secret.yml",
    )
    put(site.root, f"{page.FOLDER}/{page.CLIENT_SECRET}")
    (site.root / "keys/linked").symlink_to("/etc/hostname")
    with page.Database(site).open():
        pass

    def secret(path: Path) -> bool:
        return path.name in ("x.yml", "secret.yml")

    file = tmp_path / "b.tar.gz"
    made = backup.write(site, file, MADE, is_secret=secret, secrets=as_it_is)
    assert made.left == ()
    there = unpacked(file.read_bytes())
    keys, variables = unpacked(there[backup.SECRETS]), unpacked(there[backup.VARIABLES])
    assert keys.keys() >= {"mail", "login/PS-2026-0001"}
    assert keys.keys().isdisjoint({"linked", "a/b/c"})
    assert variables.keys() == {"inventory/group_vars/x.yml", f"{page.FOLDER}/{page.CLIENT_SECRET}"}
    assert "inventory/group_vars/x.yml" not in there
    assert there["racks/secret.yml"] == b"racks/secret.yml", "Ansible does not execute it"
    assert backup.PAGE in there

    plain = backup.write(site, tmp_path / "plain.tar.gz", MADE, is_secret=secret)
    assert set(plain.left) == {
        "inventory/group_vars/x.yml",
        f"{page.FOLDER}/{page.CLIENT_SECRET}",
        f"{page.FOLDER}/{page.FILE_NAME}",
    }
    assert set(unpacked((tmp_path / "plain.tar.gz").read_bytes())).isdisjoint({*backup.SEALED, *plain.left})

    root = tmp_path / "restored"
    assert backup.restore(file, root, unseal=as_it_is) == backup.read_manifest(file) == made
    for name, right in {
        "keys/mail": 0o600,
        "keys/login/PS-2026-0001": 0o600,
        "inventory/group_vars/x.yml": 0o600,
    }.items():
        assert (root / name).read_text() == name
        assert stat.S_IMODE((root / name).stat().st_mode) == right
    assert {stat.S_IMODE((root / name).stat().st_mode) for name in ("keys", "keys/login")} == {0o700}
    assert stat.S_IMODE((root / "inventory/group_vars").stat().st_mode) == 0o750
    assert (root / page.FOLDER / page.FILE_NAME).is_file()

    without = tmp_path / "without"
    backup.restore(file, without)
    assert list((without / "keys").iterdir()) == []
    assert not (without / page.FOLDER).exists()
    assert not [name for name in backup.SEALED if (without / name).exists()]


def test_a_restored_site_has_its_folders_whatever_was_in_the_backup(tmp_path: Path) -> None:
    root = tmp_path / "restored"
    root.mkdir()
    backup.restore(made_up(tmp_path / "b.tar.gz", {"sopctl.yml": b"x", "racks/A1.yml": b"y"}), root)
    there = {path.name: stat.S_IMODE(path.stat().st_mode) for path in root.iterdir() if path.is_dir()}
    assert there == {"racks": 0o750, "networks": 0o750, "deposits": 0o750, "keys": 0o700}
    assert ((root / "sopctl.yml").read_bytes(), (root / "racks/A1.yml").read_bytes()) == (b"x", b"y")


@pytest.mark.parametrize("there", ["a file", "a folder with something"])
def test_it_is_restored_into_an_empty_folder(there: str, tmp_path: Path) -> None:
    put(tmp_path, "root" if there == "a file" else "root/x")
    with pytest.raises(UsageError) as refused:
        backup.restore(made_up(tmp_path / "b.tar.gz", {}), tmp_path / "root")
    assert refused.value.id == "restore-not-empty"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_nothing_is_unpacked_outside(name: str, tmp_path: Path) -> None:
    for sealed in (backup.SECRETS, backup.VARIABLES):
        content = archive({name: b"mine", "right" if sealed == backup.SECRETS else "inventory/right": b"kept"})
        file, root = made_up(tmp_path / sealed, {sealed: content}), tmp_path / f"restored-{sealed}"
        backup.restore(file, root, unseal=as_it_is)
        found = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        assert found == ["keys/right" if sealed == backup.SECRETS else "inventory/right"]
        assert not (tmp_path / "x").exists()
    with pytest.raises(InvalidRecord) as refused:
        backup.restore(made_up(tmp_path / "b", {name: b"mine"}), tmp_path / "restored")
    assert refused.value.id == "not-a-backup"


def test_what_was_sealed_goes_where_it_came_from_and_nowhere_else(tmp_path: Path) -> None:
    keys = archive({"mail": b"a", "login/x": b"b", "too/deep/x": b"c", "large": b"d" * (backup.SECRET_BYTES + 1)})
    names = [*modes.EXECUTED, page.FOLDER, "sopctl.yml", "racks", "keys"]
    variables = archive({f"{name}/x": b"e" for name in names})
    file, root = made_up(tmp_path / "b", {backup.SECRETS: keys, backup.VARIABLES: variables}), tmp_path / "restored"
    backup.restore(file, root, unseal=as_it_is)
    there = {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}
    right = dict.fromkeys((f"{name}/x" for name in (*modes.EXECUTED, page.FOLDER)), 1)
    assert there == {"keys/mail": 1, "keys/login/x": 1, "keys/large": backup.SECRET_BYTES, **right}


def test_a_file_that_its_manifest_does_not_name_right_is_told_by_its_name(tmp_path: Path) -> None:
    for files, hashes in (
        ({"racks/A1.yml": b"x"}, {}),
        ({"racks/A1.yml": b"x"}, {"racks/A1.yml": "0" * 64}),
        ({}, {"racks/A1.yml": "0" * 64}),
    ):
        file = made_up(tmp_path / "b", files, hashes)
        with pytest.raises(InvalidRecord) as refused:
            backup.restore(file, tmp_path / "restored")
        assert (refused.value.id, refused.value.values["name"]) == ("backup-altered", "racks/A1.yml")
        assert refused.value.where == str(file)
        rmtree(tmp_path / "restored")


def test_an_archive_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_bytes(archive({"x": b""}, "w:gz"))
    with pytest.raises(InvalidRecord, match=r"it has no MANIFEST\.json"):
        backup.read_manifest(file)
    file.write_bytes(archive({backup.MANIFEST: b"[]"}, "w:gz"))
    with pytest.raises(InvalidRecord) as refused:
        backup.read_manifest(file)
    assert refused.value.id == "not-a-backup"
    for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE):
        with tarfile.open(file, "w:gz") as written:
            entry = tarfile.TarInfo("x" * 200)
            entry.type = kind
            written.addfile(entry)
        with pytest.raises(InvalidRecord, match=f"'{'x' * 100}' is no file of a site"):
            backup.read_manifest(file)


@pytest.mark.parametrize(("limit", "most"), [("MAX_FILE", 300), ("MAX_FILES", 2)])
def test_a_backup_may_be_as_large_as_a_site_and_no_larger(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, limit, most)
    right = {"racks/A1.yml": b"x" * (most if limit == "MAX_FILE" else 1)}
    backup.restore(made_up(tmp_path / "b", right), tmp_path / "restored")
    wrong = {"racks/A1.yml": b"x" * (most + 1)} if limit == "MAX_FILE" else {"racks/A1.yml": b"", "racks/A2.yml": b""}
    with pytest.raises(InvalidRecord, match="larger than a backup"):
        backup.restore(made_up(tmp_path / "c", wrong), tmp_path / "again")


def test_checks_are_as_of_one_moment_and_what_cannot_be_read_is_told(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    file = site.root / "var" / checks.FILE_NAME
    name = f"var/{checks.FILE_NAME}"
    file.unlink(missing_ok=True)
    assert name not in backup.write(site, tmp_path / "none", MADE, is_secret=nothing).files
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE x (a)")
        database.commit()
        database.execute("INSERT INTO x VALUES ('half')")
        backup.write(site, tmp_path / "b", MADE, is_secret=nothing)
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(unpacked((tmp_path / "b").read_bytes())[name])
        assert copy.execute("SELECT * FROM x").fetchall() == []
    assert list((tmp_path / "here").iterdir()) == [], "it is copied in memory"
    file.write_bytes(b"x" * 5000)
    with pytest.raises(OutsideFailure) as failed:
        backup.write(site, tmp_path / "c", MADE, is_secret=nothing)
    assert (failed.value.id, failed.value.where) == ("checks-not-copied", str(file))
