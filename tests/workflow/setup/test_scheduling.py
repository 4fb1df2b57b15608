"""The timers: in the office's time, and not before the controller knows the time."""

import shutil
import subprocess

import pytest

from sopctl.adapters.systemd import Scope
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
