"""In which format a site is: older ones are migrated with a copy kept, newer ones are refused."""

import os
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.store.across import origin
from sopctl.store.site import Site


def test_a_new_site_notes_its_format_and_what_was_copied(site: Site) -> None:
    found = origin.read(site.root)
    assert found.format == origin.FORMAT
    assert found.files["ansible.cfg"] == origin.digest((site.root / "ansible.cfg").read_bytes())
    assert origin.migrate(site.root) is None


@pytest.mark.parametrize("said", ["format: 2\nwhat_nobody_knows: 1\n", "format: 999999\n"])
def test_a_site_of_a_newer_version_is_refused_before_anything_is_read(site: Site, said: str) -> None:
    (site.root / origin.FILE_NAME).write_text(said)
    (site.root / "sopctl.yml").write_text("in_a_way: that nobody here reads\n")
    with pytest.raises(OutsideFailure, match="a newer sopctl works on this site") as caught:
        Site(site.root)
    assert caught.value.id == "site-newer"


@pytest.mark.parametrize("said", ["", "format: -1\n", "format: [1]\n", "\0", "x" * 5_000_000])
def test_what_cannot_be_understood_is_one_error_with_its_place(site: Site, said: str) -> None:
    (site.root / origin.FILE_NAME).write_text(said)
    with pytest.raises(InvalidRecord) as caught:
        Site(site.root)
    assert origin.FILE_NAME in caught.value.where


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop"])
def test_what_is_no_file_holds_nobody_up(site: Site, kind: str) -> None:
    path = site.root / origin.FILE_NAME
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path)
    with pytest.raises((InvalidRecord, OutsideFailure)):
        Site(site.root)


def test_an_older_site_is_migrated_step_by_step_and_a_copy_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By formats that are still to come."""

    def renamed(root: Path) -> dict[str, bytes]:
        return {"sopctl.yml": (root / "sopctl.yml").read_bytes() + b"# second\n"}

    (site.root / origin.FILE_NAME).unlink()
    before = (site.root / "sopctl.yml").read_bytes()
    monkeypatch.setattr(origin, "FORMAT", 2)
    monkeypatch.setattr(origin, "MIGRATIONS", (*origin.MIGRATIONS, renamed))
    with Site(site.root).alone():
        pass
    assert (site.root / "sopctl.yml").read_bytes() == before + b"# second\n"
    assert (site.root / "before-format-2/sopctl.yml").read_bytes() == before
    assert origin.read(site.root).format == 2
    assert origin.migrate(site.root) is None
