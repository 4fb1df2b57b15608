"""The demo, whole: what it shows is what the records say, and nothing is left behind. Also when it is interrupted."""

import http.client
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabStatus, Tier
from sopctl.locale import Text
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.setup.demo import _Demo, run
from tests.lab.traces import traces
from tests.page.calling import Caller
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab


def demo(folder: Path, name: str, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "sopctl", "demo", "--folder", str(folder), "--lab", name]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def told(dossier: Dossier) -> list[str]:
    """The history without the beginnings of long work: `penitipan 4 tersedia`."""
    return [f"{e.procedure} {e.step} {e.outcome}" for e in dossier.events if e.outcome != "started"]


def assert_whole(folder: Path, ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    site = Site(folder)
    first, second, third = (dossiers.read(site, each) for each in dossiers.ids(site))
    assert told(first)[-1] == "pengembalian 10 selesai"
    loop = ["konfigurasi 3 tidak bisa", "konfigurasi 1 selesai", "konfigurasi 2 selesai", "konfigurasi 3 bisa"]
    where = told(second).index(loop[0])
    assert told(second)[where : where + 4] == loop
    refused = next(event for event in second.events if event.outcome == "tidak bisa")
    assert (refused.data["rung"], refused.data["cause"]) == ("login", "account-expired")
    assert told(second)[-1] == "konfigurasi 6 selesai"
    waited = ["penitipan 4 tidak tersedia", "penitipan 6 menunggu", "penitipan 4 tersedia"]
    assert told(third)[3:6] == waited
    assert third.events[5].data["place"] == first.events[3].data["place"], "the place that was freed"
    assert told(third)[-1] == "penitipan 10 selesai"
    papers = sorted(folder.glob("deposits/*/documents/*.pdf"))
    assert len(papers) == 7, "three hand-overs, a return with its exit record, two inventories"
    assert all(paper.read_bytes().startswith(b"%PDF-") and str(paper) in ran.stdout for paper in papers)
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.fixture
def demo_lab(lab_name: str) -> str:
    """The name of the demo's own lab, which no other test session uses."""
    return f"{lab_name}-demo"


def test_the_main_job_on_booted_servers(tmp_path: Path, lab: LabStatus, demo_lab: str) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("booted servers need CAP_SYS_ADMIN")
    ran = demo(tmp_path / "site", demo_lab)
    assert_whole(tmp_path / "site", ran)
    assert "✓ service" in ran.stdout, "the letter's port was tried"
    assert traces(demo_lab) == []


def test_the_site_in_a_browser_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: LabStatus) -> None:
    """The demo's own end, on a site that has not played through: what the whole demo shows is shown above."""
    monkeypatch.setattr(_Demo, "play", _Demo.make_site)
    monkeypatch.setattr(servers, "up", lambda *_, **__: lab)
    monkeypatch.setattr(servers, "down", lambda *_, **__: None)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    said: list[str | Text] = []
    codes: list[int] = []

    def visit() -> None:
        caller = Caller(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30), f"127.0.0.1:{port}")
        try:
            codes.append(caller.awaited())
            logins = re.findall(r"log in as (\w+) +with (\S+)", "\n".join(map(str, said)))
            for name, password in logins:
                caller.cookies.clear()
                codes.append(caller.fill("/masuk", name=name, password=password)[0])
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    visitor = threading.Thread(target=visit)
    visitor.start()
    run(tmp_path / "site", lab_name="x", keep=False, page=port, say=said.append, heading=said.append)
    visitor.join(PATIENCE)
    assert codes == [200, 303, 303, 303]
    assert accounts.kept(Site(tmp_path / "site")).all() == [], "nobody can log in any more"


@pytest.mark.battery  # the same job as above, on the other tier
def test_the_main_job_in_a_plain_container(tmp_path: Path, lab: LabStatus, demo_lab: str) -> None:
    host_name = os.uname().nodename
    before = ["capsh", "--drop=cap_sys_admin", "--", "-c", 'exec "$@"', "sh"] if lab.tier is Tier.SYSTEMD else []
    ran = demo(tmp_path / "site", demo_lab, *before)
    assert_whole(tmp_path / "site", ran)
    assert os.uname().nodename == host_name, "the machine itself was never a target"
    assert traces(demo_lab) == []


SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOMENTS = {
    "Three throwaway servers": None,
    "starting {lab}1": None,
    "$ sopctl dispose PS-": "penitipan",
    "$ sopctl configure PS-": "konfigurasi 1",
}
"""When an interrupt comes, as the demo tells it, and the step that it breaks into."""


def interrupts() -> Iterator[Any]:
    """Each moment with one of the signals; make battery takes it with the other."""
    for (number, moment), how in itertools.product(enumerate(MOMENTS), SIGNALS):
        yield pytest.param(moment, how, marks=() if how == SIGNALS[number % 2] else pytest.mark.battery)


@pytest.mark.parametrize(("moment", "how"), interrupts())
@pytest.mark.usefixtures("lab")
def test_an_interrupt_takes_the_servers_down_and_leaves_whole_records(
    tmp_path: Path, demo_lab: str, moment: str, how: signal.Signals
) -> None:
    expected = MOMENTS[moment]
    site, moment = tmp_path / "site", moment.format(lab=demo_lab)
    command = [sys.executable, "-m", "sopctl", "demo", "--folder", str(site), "--lab", demo_lab]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        before = []
        for line in process.stdout:
            before.append(line)
            if moment in line:
                break
        assert moment in "".join(before), "".join(before)[-3000:]
        if expected == "konfigurasi 1":
            _wait_for_a_run(site)
        process.send_signal(how)
        rest = process.stdout.read()
        assert process.wait(120) == 130, rest
    assert "sopctl: interrupted" in rest
    assert servers.status(demo_lab) is None
    assert traces(demo_lab) == []
    if expected is None:
        return
    newest = dossiers.read(Site(site), dossiers.ids(Site(site))[0]).events[-1]
    if expected == "konfigurasi 1":
        assert (f"{newest.procedure} {newest.step}", newest.outcome) == (expected, "interrupted")
    else:
        assert newest.procedure == expected


def _wait_for_a_run(site: Path) -> None:
    """Until Ansible has begun to write: then the interrupt falls into the middle of its work."""
    import time

    deadline = time.monotonic() + PATIENCE
    while not any(site.glob("var/runs/*/artifacts/*/job_events/*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
