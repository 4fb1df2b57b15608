"""Nobody gets locked out: whatever a run does to access, the server puts it back unless the office logs in anew.

Each server gets another wrong setting, all in one run.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.runner import Outcome
from sopctl.adapters.lab import LabServer, LabStatus
from tests.lab.test_configure import Office

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


@pytest.fixture
def office(tmp_path: Path, lab: LabStatus) -> Iterator[Office]:
    """An office whose playbooks can be made to go wrong, and all of the lab's servers to break."""
    found = Office(tmp_path, lab, lab.servers[0])
    for name, (line, fault) in FAULTS.items():
        path = tmp_path / "playbooks" / name
        text = path.read_text()
        assert line in text
        path.write_text(text.replace(line, line + fault, 1))
    for server in lab.servers:
        servers.reset(lab.name, server.name)
    yield found
    for server in lab.servers:
        servers.reset(lab.name, server.name)


def test_a_setting_that_shuts_us_out_is_put_back(office: Office) -> None:
    bad: list[tuple[LabServer, dict[str, object], str]] = [
        (office.status.servers[0], {"fault_sshd": "AllowUsers nobody"}, "/etc/ssh/sshd_config.d"),
        (office.status.servers[1], {"fault_firewall": "tcp dport 22 drop"}, "firewall rules"),
        (office.status.servers[2], {"management_account_public_key": office.public["web"]}, "/etc/passwd"),
    ]
    before = [servers.run(server, SNAPSHOT) for server, _, _ in bad]
    hosts = {
        f"PS-2026-{number}": office.variables(server, armed_window_login_seconds=20, **fault)
        for number, (server, fault, _) in enumerate(bad)
    }
    result = office.play_on("configure.yml", hosts)
    assert result.outcome is Outcome.FAILED
    for number, (server, _, cause) in enumerate(bad):
        host = result.hosts[f"PS-2026-{number}"]
        assert "The server is as it was before the run; put back: " in host.message
        assert cause in host.message
        assert servers.run(server, SNAPSHOT) == before[number]
        office.server = server
        assert office.login(server.user, server.key_file, "sudo -n id -u").stdout == "0\n"


def test_a_controller_that_dies_in_the_window(office: Office) -> None:
    server = office.server
    before = servers.run(server, SNAPSHOT)
    office.play_on("facts.yml", {"PS-2026-0001": office.variables(server)})  # writes the inventory
    script = (
        "import sys; from pathlib import Path; from sopctl.adapters.ansible.runner import run_playbook as run; "
        "run(Path(sys.argv[1]), 'configure.yml', limit=['PS-2026-0001'], run_dir=Path(sys.argv[1]) / 'var/killed')"
    )
    run = subprocess.Popen([sys.executable, "-c", script, str(office.root)])
    try:
        _wait_for(server, "test -e /home/webadmin && test -d /var/lib/sopctl/window/kept")
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert servers.run(server, SNAPSHOT) != before
    servers.run(server, "sh /var/lib/sopctl/window/window.sh hold 10")  # ten minutes are long for a test
    _wait_for(server, "test -d /var/lib/sopctl/window/late")
    assert servers.run(server, SNAPSHOT) == before


def _wait_for(server: LabServer, condition: str) -> None:
    deadline = time.monotonic() + 180
    while servers.run(server, f"{condition} && echo yes || true") != "yes\n":
        assert time.monotonic() < deadline, condition
        time.sleep(0.5)
