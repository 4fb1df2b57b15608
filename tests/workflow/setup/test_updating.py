"""What a site has from an older sopctl: named by doctor, replaced where the site never changed it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord
from sopctl.store import dossiers
from sopctl.store.across import origin
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers.ansible_view import VARIABLES, refuse_unread
from sopctl.workflow.servers.playbooks import run_on, skeleton
from sopctl.workflow.setup import doctor, updating
from tests.conftest import Ran

OLDER = Path(__file__).parents[2] / "cases/older_sites"
"""Sites that were made by three earlier versions, as far as is needed here: a part of their playbooks."""

HOOK = "playbooks/hooks/after/all.yml"


def states(site: Site) -> dict[str, str]:
    return {each.file: each.state for each in updating.compare(site)}


def test_a_new_site_has_nothing_old(site: Site) -> None:
    assert updating.compare(site) == []
    assert not [each for each in doctor.diagnose(str(site.root)) if "playbooks" in each.what]


def test_what_git_does_not_track_goes_into_no_site(site: Site) -> None:
    assert not list(site.root.rglob("__pycache__"))
    assert set(updating.shipped()) == set(origin.read(site.root).files)


def older_version(site: Site, files: dict[str, str]) -> None:
    """Make it seem that `init` of an older version copied these, as they are now."""
    noted = origin.read(site.root).files
    for name, content in files.items():
        (site.root / name).write_text(content)
    origin.note(site.root, {**noted, **{name: origin.digest(text.encode()) for name, text in files.items()}})


def test_files_are_replaced_added_removed_or_left_to_the_site(site: Site) -> None:
    older_version(site, {"playbooks/facts.yml": "old\n", "playbooks/release.yml": "old\n", "playbooks/past.yml": "x\n"})
    noted = dict(origin.read(site.root).files)
    noted.pop("playbooks/inventory_only.yml")
    origin.note(site.root, noted)
    (site.root / "playbooks/inventory_only.yml").unlink()
    (site.root / "playbooks/release.yml").write_text("old, and the site's\n")
    (site.root / "ansible.cfg").write_text("[defaults]\nforks = 3\n")
    (site.root / "playbooks/configure_raw.yml").unlink()
    hook = site.root / HOOK
    hook.parent.mkdir(parents=True)
    hook.write_text("- name: The site's own\n")
    assert states(site) == {
        "ansible.cfg": "changed",
        "playbooks/configure_raw.yml": "removed",
        "playbooks/facts.yml": "old",
        "playbooks/inventory_only.yml": "new",
        "playbooks/past.yml": "gone",
        "playbooks/release.yml": "both",
    }
    found = updating.update(site)
    ours = skeleton()
    assert {each.file for each in found.done} == {
        f"playbooks/{name}.yml" for name in ("facts", "inventory_only", "past")
    }
    assert (site.root / "playbooks/facts.yml").read_bytes() == (ours / "playbooks/facts.yml").read_bytes()
    assert not (site.root / "playbooks/past.yml").exists()
    assert "-old, and the site's" in found.diffs["playbooks/release.yml"]
    assert (site.root / "playbooks/release.yml").read_text() == "old, and the site's\n"
    assert hook.read_text() == "- name: The site's own\n"
    told = states(site)
    assert set(told.values()) == {"changed", "removed"}
    assert updating.update(site).diffs == {}


@pytest.mark.parametrize("commit", sorted(path.name for path in OLDER.iterdir()))
def test_a_site_of_an_earlier_version_is_brought_up_to_date(commit: str, tmp_path: Path) -> None:
    root = Path(shutil.copytree(OLDER / commit, tmp_path / "site"))
    site = Site(root)
    with (root / "playbooks/release.yml").open("a") as file:
        file.write("# ours\n")
    found = states(site)
    assert found.pop("playbooks/release.yml") == "both"
    assert found["playbooks/configure.yml"] == "new"
    assert set(found.values()) == {"old", "new"}
    done = updating.update(site)
    assert list(done.diffs) == ["playbooks/release.yml"]
    assert states(site) == {"playbooks/release.yml": "changed"}
    assert origin.read(root).format == origin.FORMAT


def test_a_setting_that_no_role_reads_is_refused(
    site: Site, desk: Desk, sopctl: Callable[..., Ran], placed: Callable[..., str]
) -> None:
    deposit = placed("192.0.2.7", 22, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"})
    shutil.rmtree(site.root / "playbooks/roles/resolvers")
    with (site.root / "sopctl.yml").open("a") as file:
        file.write("resolvers: {servers: [192.0.2.53]}\n")
    with pytest.raises(InvalidRecord, match="no role of this site reads resolvers") as caught:
        refuse_unread(Site(site.root))
    assert "sopctl.yml:" in caught.value.where
    desk.site.read_settings_again()
    before = dossiers.read(site, deposit).head
    with (
        turn(desk, deposit, "configure") as mine,
        pytest.raises(InvalidRecord, match="no role of this site reads resolvers"),
    ):
        run_on([mine], "configure.yml")
    assert dossiers.read(site, deposit).head == before
    ran = sopctl("validate")
    assert (ran.code, "sopctl init --update" in ran.err) == (3, True)


def test_this_versions_roles_read_every_setting(site: Site) -> None:
    every = {variable for variable in VARIABLES.values() if variable != "sopctl_management_account"}
    roles = "".join(path.read_text() for path in (site.root / "playbooks").rglob("*.yml"))
    assert {variable for variable in every if variable not in roles} == set()


def test_update_says_what_it_did(site: Site, sopctl: Callable[..., Ran]) -> None:
    older_version(site, {"playbooks/facts.yml": "old\n"})
    assert "1 file of an older version: playbooks/facts.yml" in sopctl("doctor").out
    assert "✓ replaced playbooks/facts.yml" in sopctl("init", "--update").out
    assert sopctl("init", "--update").out == "The playbooks and the inventory are those of this version.\n"
    (site.root / "playbooks/facts.yml").unlink()
    assert "\nAll other files of the playbooks" in sopctl("init", "--update").out
