"""Nobody gets locked out: whatever a run does to access, the server puts it back unless the office logs in anew.

Each server gets another wrong setting, all in one run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.making import make_key
from tests.conftest import Ran
from tests.lab.test_servers import _processes_of

pytestmark = pytest.mark.lab

SNAPSHOT = r"""
for path in /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/sudoers.d /etc/ssh /etc/sopctl /etc/systemd/system \
    /etc/systemd/network /home /var/lib/sopctl/created /var/lib/sopctl/kept; do
    find "$path" -name .ansible -prune -o -printf '%p %y %m %U %G %l\n' -type f -exec sha256sum {} \; 2>/dev/null
done | sort
nft -s list ruleset 2>/dev/null
ip -4 route
"""
FAULTS = {
    "roles/sshd/templates/sopctl.conf.j2": ("PubkeyAuthentication yes\n", "{{ fault_sshd | default('') }}\n"),
    "roles/firewall/templates/firewall.nft.j2": ("policy drop;\n", "{{ fault_firewall | default('') }}\n"),
}
"""In the test's copy of the playbooks: the file, and what it says in addition behind this line."""


class Broken:
    """A site whose playbooks can be made to go wrong, and deposits on all of the lab's servers, to be configured."""

    def __init__(self, desk: Desk, lab: LabStatus, placed: Callable[..., str]) -> None:
        self.root, self.desk, self.servers = desk.site.root, desk, {}
        for name, (line, fault) in FAULTS.items():
            path = self.root / "playbooks" / name
            text = path.read_text()
            assert line in text
            path.write_text(text.replace(line, line + fault, 1))
        rack = self.root / "racks/A1.yml"
        rack.write_text(rack.read_text().replace("units: 4", "units: 20").replace("2000", "20000"))
        (self.root / "keys/owner").write_bytes(Path(lab.servers[0].key_file).read_bytes())
        (self.root / "keys/owner").chmod(0o600)
        for server in lab.servers:
            fresh = servers.reset(lab.name, server.name)
            pin = next(key for key in fresh.host_keys if key.type == "ssh-ed25519")
            shown = {"type": pin.type, "key": pin.key, "sha256": pin.sha256}
            self.servers[placed(fresh.address, fresh.port, shown, fresh.user)] = fresh

    def variables(self, deposit: str, **values: str | int) -> None:
        """Variables of one server, as a site may set them."""
        (self.root / "inventory/host_vars").mkdir(exist_ok=True)
        (self.root / f"inventory/host_vars/{deposit}.yml").write_text(json.dumps(values))

    def standing(self, deposit: str) -> tuple[str, str, str]:
        """Where it stands, and how what was done last came out: the outcome and its note."""
        dossier = dossiers.read(self.desk.site, deposit)
        return dossier.standing.place, dossier.events[-1].outcome, dossier.events[-1].note


@pytest.fixture
def broken(desk: Desk, lab: LabStatus, placed: Callable[..., str]) -> Iterator[Broken]:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a firewall of its own")
    yield Broken(desk, lab, placed)
    for server in lab.servers:
        servers.reset(lab.name, server.name)


def test_a_setting_that_shuts_us_out_is_put_back(broken: Broken, sopctl: Callable[..., Ran]) -> None:
    make_key(broken.root / "keys/other", "other")
    other = (broken.root / "keys/other.pub").read_text().strip()
    faults: list[tuple[dict[str, str | int], str]] = [
        ({"fault_sshd": "AllowUsers nobody"}, "/etc/ssh/sshd_config.d"),
        ({"fault_firewall": "tcp dport 22 drop"}, "firewall rules"),
        ({"management_account_public_key": other}, "/etc/passwd"),
    ]
    put_back = {}
    for deposit, (fault, what) in zip(broken.servers, faults, strict=True):
        broken.variables(deposit, armed_window_login_seconds=20, **fault)
        put_back[deposit] = what
    before = {deposit: servers.run(server, SNAPSHOT) for deposit, server in broken.servers.items()}
    ran = sopctl("configure", "--due", "--json", timeout=400)
    assert ran.code == 1, ran.err
    told = {each["id"]: each["note"] for each in json.loads(ran.out)["deposits"]}
    for deposit, server in broken.servers.items():
        assert "Log in anew and become root: " in told[deposit], "the cause"
        assert "The server is as it was before the run; put back: " in told[deposit]
        assert put_back[deposit] in told[deposit]
        assert broken.standing(deposit) == ("konfigurasi 1", "failed", told[deposit])
        assert servers.run(server, SNAPSHOT) == before[deposit], "it is reached, as its owner does, and unchanged"


def test_a_controller_that_dies_in_the_window(broken: Broken) -> None:
    """sopctl and all that it has started: nobody here can tell the server anything any more."""
    deposit, server = next(iter(broken.servers.items()))
    before = servers.run(server, SNAPSHOT)
    run = subprocess.Popen([sys.executable, "-m", "sopctl", "configure", deposit], cwd=broken.root)
    try:
        _wait_for(server, "test -e /home/webadmin && test -d /var/lib/sopctl/window/kept")
    finally:
        killed = [int(line.split()[0]) for line in _processes_of(broken.root)]
        for pid in [run.pid, *killed]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.wait()
    assert len(killed) > 3, "Ansible and its workers were under way"
    deadline = time.monotonic() + 10
    while _processes_of(broken.root):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert servers.run(server, SNAPSHOT) != before
    servers.run(server, "sh /var/lib/sopctl/window/window.sh hold 10")  # ten minutes are long for a test
    _wait_for(server, "test -d /var/lib/sopctl/window/late")
    assert servers.run(server, SNAPSHOT) == before
    assert broken.standing(deposit)[:2] == ("konfigurasi 1", "started")
    assert dossiers.read(broken.desk.site, deposit).standing.unfinished


def _wait_for(server: LabServer, condition: str) -> None:
    deadline = time.monotonic() + 180
    while servers.run(server, f"{condition} && echo yes || true") != "yes\n":
        assert time.monotonic() < deadline, condition
        time.sleep(0.5)
