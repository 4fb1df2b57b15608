"""The timers: in the office's time, and not before the controller knows the time."""

import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from sopctl.adapters.systemd import Scope, make_account
from sopctl.errors import UsageError
from sopctl.store.site import Site
from sopctl.workflow.setup import scheduling


def in_makassar(site: Site) -> Site:
    settings = site.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("Asia/Jakarta", "Asia/Makassar"))
    return Site(site.root)


def test_timers_run_in_the_office_s_time(site: Site) -> None:
    files = scheduling.unit_files(in_makassar(site), Scope(run_as="sopctl"))
    found = [line for text in files.values() for line in text.splitlines() if line.startswith("OnCalendar=")]
    assert len(found) >= 4
    assert all(line.endswith(" Asia/Makassar") for line in found)
    assert "OnCalendar=*-*-* 07:30 Asia/Makassar" in found


def test_jobs_of_the_machine_wait_for_the_time(site: Site) -> None:
    for name, text in scheduling.unit_files(site, Scope(run_as="sopctl")).items():
        if name.endswith(".service"):
            waits = "network-online.target time-sync.target"
            assert f"\nWants={waits}\nAfter={waits}\n" in text
    for text in scheduling.unit_files(site, Scope()).values():
        assert "time-sync" not in text, "a user's own manager has no such target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_when(site: Site) -> None:
    for job in scheduling.jobs(in_makassar(site)):
        when = f"{job.calendar} {job.time_zone}"
        ran = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "Asia/Makassar" in ran.stdout


@pytest.fixture
def with_page(site: Site) -> Site:
    """The site, shared by a group, with a page."""
    settings = site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + 'page: {url: "https://titipan.example.org"}\nsite: {group: users}\n')
    return Site(site.root)


def test_the_page_is_a_service_of_an_account_without_keys(with_page: Site) -> None:
    files = scheduling.unit_files(with_page, Scope(run_as="daemon"), "sopctl-page")
    (name,) = set(files) - set(scheduling.unit_files(with_page, Scope(run_as="daemon")))
    text = files[name]
    root = with_page.root
    for line in (
        "User=sopctl-page",
        "SupplementaryGroups=users",
        "RuntimeDirectoryMode=0750",
        f'ReadWritePaths="-{root}"',
        f'InaccessiblePaths="-{root}/keys" "-{root}/var/runs" "-{root}/var/drafts"',
        "PrivateNetwork=yes",
    ):
        assert line in text.splitlines()
    for fixed in ("sopctl.yml", "playbooks", "inventory", "ansible.cfg", "procedures", "racks", ".git"):
        assert f'"-{root}/{fixed}"' in next(line for line in text.splitlines() if line.startswith("ReadOnlyPaths="))
    assert f'"serve" "--unix" "{scheduling.socket(with_page)}"' in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_the_page_s_unit_sound_and_closed(with_page: Site, tmp_path: Path) -> None:
    files = scheduling.unit_files(with_page, Scope(run_as="daemon"), "daemon2")
    name = next(name for name in files if name.endswith("-page.service"))
    (tmp_path / name).write_text(files[name].replace("User=daemon2", "User=daemon"))
    verify = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True, check=False
    )
    assert (verify.returncode, [line for line in verify.stderr.splitlines() if name in line]) == (0, [])
    judge = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", str(tmp_path / name)]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-2000:] + judged.stderr


HOSTILE = ("-x 'y' \"z\"", "100% %h %n", "$HOME ${PATH} $$", "a\\", "a\\x20b;c", "# é 数据")
"""Names of folders: quotes, specifiers, variables, escapes, and what begins an option or a comment."""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", HOSTILE)
def test_systemd_finds_the_units_of_a_site_in_any_folder_sound(with_page: Site, tmp_path: Path, name: str) -> None:
    moved = Site(with_page.root.rename(with_page.root.with_name(name)))
    files = scheduling.unit_files(moved, Scope(run_as="daemon"), "bin")
    for unit, text in files.items():
        (tmp_path / unit).write_text(text)
    verify = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / unit for unit in files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in verify.stderr.splitlines() if any(unit in line for unit in files)] == []


def test_a_folder_that_no_unit_can_name_is_refused(site: Site) -> None:
    for name in ("a\nExecStart=x", "a\x1b[2J", "a\udcffb"):
        moved = Site(site.root.rename(site.root.with_name(name)))
        with pytest.raises(UsageError, match="cannot hold"):
            scheduling.unit_files(moved, Scope(run_as="daemon"))
        moved.root.rename(site.root)


def test_what_a_job_is_told_of_has_no_variables_in_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dollar is doubled in arguments alone: in the environment it means nothing, and a program that has one in its
    path cannot be named."""
    moved = Site(site.root.rename(site.root.with_name("a$HOME")))
    monkeypatch.setattr("sys.executable", "/opt/b/python3")
    text = "".join(scheduling.unit_files(moved, Scope(run_as="daemon")).values())
    assert f'"{moved.root.with_name("a$$HOME")}"' in text
    monkeypatch.setattr("sys.executable", "/opt/$b/python3")
    with pytest.raises(UsageError, match="cannot hold"):
        scheduling.unit_files(moved, Scope(run_as="daemon"))


def test_the_page_runs_as_nobody_who_has_the_keys(with_page: Site) -> None:
    owner = pwd.getpwuid(with_page.root.stat().st_uid).pw_name
    for user in (owner, "root", "daemon"):
        with pytest.raises(UsageError, match="must not run as"):
            scheduling.unit_files(with_page, Scope(run_as="daemon"), user)
    with pytest.raises(UsageError, match="--page"):
        scheduling.unit_files(with_page, Scope(), "sopctl-page")
    settings = with_page.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("site: {group: users}\n", ""))
    with pytest.raises(UsageError, match="no group"):
        scheduling.unit_files(Site(with_page.root), Scope(run_as="daemon"), "sopctl-page")
    settings.write_text(settings.read_text().replace('page: {url: "https://titipan.example.org"}\n', ""))
    with pytest.raises(UsageError, match="its address"):
        scheduling.unit_files(Site(with_page.root), Scope(run_as="daemon"), "sopctl-page")


def test_an_account_that_is_there_is_not_made() -> None:
    make_account("daemon", "x")  # would fail without root, and ask for a name that is free with it
