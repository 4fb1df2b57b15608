"""Nobody gets locked out: whatever a run does to access, the server puts it back unless the office logs in again.

Each server gets another wrong setting, all in one run.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps import notifying
from tests.conftest import Ran, give_back
from tests.lab.lost import BACK, EVERYWHERE, LET_GO, POINTS, SOMEWHERE, Lost
from tests.lab.parts import LAST, NETWORK, leave_out
from tests.lab.traces import kill_all

pytestmark = pytest.mark.lab

SNAPSHOT = r"""
timeout 100 sh -c 'until ip -4 route | grep -q ^default; do sleep 0.1; done' # sshd answers before networkd is done
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
    """A site whose playbooks can be made to go wrong, and deposits on `count` of the lab's servers."""

    def __init__(self, desk: Desk, lab: LabStatus, count: int, placed: Callable[..., str]) -> None:
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
        for server in lab.servers[:count]:
            fresh = servers.reset(lab.name, server.name)
            pin = next(key for key in fresh.host_keys if key.type == "ssh-ed25519")
            shown = {"type": pin.type, "key": pin.key, "sha256": pin.sha256}
            self.servers[placed(fresh.address, fresh.port, shown, fresh.user)] = fresh

    def variables(self, deposit: str, **values: object) -> None:
        """Variables of one server, as a site may set them."""
        (self.root / "inventory/host_vars").mkdir(exist_ok=True)
        (self.root / f"inventory/host_vars/{deposit}.yml").write_text(json.dumps(values))

    def standing(self, deposit: str) -> tuple[str, str, str]:
        """Where it stands, and how what was done last came out: the outcome and its note."""
        dossier = dossiers.read(self.desk.site, deposit)
        return dossier.standing.place, dossier.events[-1].outcome, dossier.events[-1].note


@pytest.fixture
def broken(desk: Desk, lab: LabStatus, placed: Callable[..., str]) -> Iterator[Callable[[int], Broken]]:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a firewall of its own")
    used: list[LabServer] = []

    def take(count: int) -> Broken:
        there = servers.up(lab.name, servers=max(count, len(lab.servers)))
        used.extend(there.servers[:count])
        return Broken(desk, there, count, placed)

    yield take
    for server in used:
        servers.reset(lab.name, server.name)


def test_a_setting_that_shuts_us_out_is_put_back(
    broken: Callable[[int], Broken], lab: LabStatus, sopctl: Callable[..., Ran]
) -> None:
    there = broken(4)
    make_key(there.root / "keys/other", "other")
    other = (there.root / "keys/other.pub").read_text().strip()
    nobody = f"{lab.controller.rpartition('.')[0]}.250"
    address = {"address": [*there.servers.values()][-1].address, "prefix": 24, "gateway": nobody}
    by_login = "Log in anew and become root: "
    faults: list[tuple[dict[str, object], str, str]] = [
        ({"fault_sshd": "AllowUsers nobody"}, by_login, "/etc/ssh/sshd_config.d"),
        ({"fault_firewall": "tcp dport 22 drop"}, by_login, "firewall rules"),
        ({"management_account_public_key": other}, by_login, "/etc/passwd"),
        ({"sopctl_static_address": address}, f" instead of {nobody}: ", "/etc/systemd/network"),
    ]
    expected = {}
    for deposit, (fault, cause, put_back) in zip(there.servers, faults, strict=True):
        there.variables(deposit, armed_window_login_seconds=20, **fault)
        expected[deposit] = cause, put_back
    for server in there.servers.values():
        servers.run(server, "mv /etc/hosts /srv/hosts; ln -s /srv/hosts /etc/hosts")
    before = {deposit: servers.run(server, SNAPSHOT) for deposit, server in there.servers.items()}
    ran = sopctl("configure", "--due", "--json", timeout=1500)
    assert ran.code == 1, ran.err
    told = {each["id"]: each["note"] for each in json.loads(ran.out)["steps"]}
    for deposit, server in there.servers.items():
        cause, put_back = expected[deposit]
        assert cause in told[deposit]
        assert "The server is as it was before the run; put back: " in told[deposit]
        if put_back == "/etc/ssh/sshd_config.d":
            said = re.search(r"Of the login sshd said: (.*?)[.] ", told[deposit])
            assert said, told[deposit]
            late = ".*[Ii]nvalid user sopctl .*"  # where the time had run out before: the account was gone again
            assert re.fullmatch(f"User sopctl from .* not allowed because not listed in AllowUsers|{late}", said[1])
        assert put_back in told[deposit]
        assert there.standing(deposit) == ("konfigurasi 1", "failed", told[deposit])
        assert servers.run(server, SNAPSHOT) == before[deposit], "it is reached, as its owner does, and unchanged"
        assert "web" not in servers.run(server, "cat /srv/hosts"), "what a link leads to comes back too"


def test_a_controller_that_dies_in_the_window(broken: Callable[[int], Broken]) -> None:
    """sopctl and all that it has started: nobody here can tell the server anything any more."""
    there = broken(1)
    deposit, server = next(iter(there.servers.items()))
    before = servers.run(server, SNAPSHOT)
    run = subprocess.Popen([sys.executable, "-m", "sopctl", "configure", deposit], cwd=there.root)
    try:
        _wait_for(server, "test -e /home/webadmin && test -d /var/lib/sopctl/window/kept")
    finally:
        killed = kill_all(run, there.root)
    assert killed > 3, "Ansible and its workers were under way"
    assert servers.run(server, SNAPSHOT) != before
    servers.run(server, "sh /var/lib/sopctl/window/window.sh hold 10")  # ten minutes are long for a test
    _wait_for(server, "test -d /var/lib/sopctl/window/late")
    assert servers.run(server, SNAPSHOT) == before
    assert there.standing(deposit)[:2] == ("konfigurasi 1", "started")
    assert dossiers.read(there.desk.site, deposit).standing.unfinished


def test_a_release_closes_what_a_run_that_broke_off_left_open(
    broken: Callable[[int], Broken], sopctl: Callable[..., Ran]
) -> None:
    """It gives back what a whole run has left, and nothing comes back once the owner has the server."""
    there = broken(1)
    leave_out(there.root, *NETWORK, *LAST)
    deposit, server = next(iter(there.servers.items()))
    before = servers.run(server, SNAPSHOT)
    ran = sopctl("configure", deposit)
    assert ran.code == 0, ran.err
    notifying.notify(there.desk, deposit, via="phone")
    ran = sopctl("verify", deposit)
    assert ran.code == 0, ran.err
    repair = subprocess.Popen([sys.executable, "-m", "sopctl", "configure", deposit, "--repair"], cwd=there.root)
    try:
        _wait_for(server, "test -d /var/lib/sopctl/window/kept")
    finally:
        kill_all(repair, there.root)
    give_back(there.desk, deposit, f"SN-{server.address}-{server.port}")
    ran = sopctl("release", deposit)
    assert ran.code == 0, ran.err
    assert without_homes(servers.run(server, SNAPSHOT)) == without_homes(before)
    left = "systemctl list-units --all --plain --no-legend 'sopctl-window*'; ls -d /var/lib/sopctl* 2>/dev/null; true"
    assert servers.run(server, left) == ""


@pytest.mark.parametrize(
    "losses",
    [pytest.param(SOMEWHERE, id="somewhere"), pytest.param(EVERYWHERE, id="everywhere", marks=pytest.mark.battery)],
)
def test_a_server_that_is_lost_in_a_run(
    broken: Callable[[int], Broken],
    lab: LabStatus,
    sopctl: Callable[..., Ran],
    losses: Sequence[tuple[str, str]],
) -> None:
    there = broken(len(losses))
    leave_out(there.root, *NETWORK, *LAST)
    lost = Lost(there, lab, losses, POINTS)
    before = {deposit: servers.run(server, SNAPSHOT) for deposit, server in there.servers.items()}
    with lost.under_way():
        ran = sopctl("configure", "--due", "--json", timeout=1500)
    assert ran.code == 6, ran.err
    servers.up(lab.name, servers=len(losses))
    back = "server itu sendiri mengembalikan"
    for (what, point), deposit in lost.at.items():
        server = there.servers[deposit]
        assert servers.console(lab.name, server.name, LET_GO, timeout=120) == "", (what, point)
        place, outcome, note = there.standing(deposit)
        same = servers.run(server, SNAPSHOT) == before[deposit]
        if point == "put back":
            assert (place, outcome, same) == ("konfigurasi 1", "failed", True), (what, note)
        elif what == "network":
            assert (place, outcome, same) == ("konfigurasi 2", "selesai", False), (point, note)
        elif outcome == "selesai":  # the next login found it started again, with all that was set before
            assert (point, same) in (("before", False), ("reload", False), ("after", False)), note
        elif point == "reload":
            assert (outcome, same) == ("failed", True), note
        elif ": the window is not open any more" in note:  # it started again in time for that
            assert (what, point, outcome, same) == ("power", "prove", "failed", True), note
            assert "had put back by itself" in note, note
        else:
            assert (outcome, same) == ("failed", point != "after"), (point, note)
            assert note.startswith("server tidak terjangkau: "), note
            assert (back in note) == (point in ("accounts", "prove")), note
            assert ("kecuali jendelanya sudah ditutup" in note) == (point == "prove"), note


@pytest.mark.battery
def test_a_server_that_is_lost_while_it_is_given_back(
    broken: Callable[[int], Broken], lab: LabStatus, sopctl: Callable[..., Ran]
) -> None:
    """What was not taken back yet stays due: the next release takes it back, and the server is as it was."""
    there = broken(len(BACK))
    before = {deposit: servers.run(server, SNAPSHOT) for deposit, server in there.servers.items()}
    assert sopctl("configure", "--due", timeout=1500).code == 0
    lost = Lost(there, lab, [("power", point) for point in BACK], BACK)
    for deposit in there.servers:
        notifying.notify(there.desk, deposit, via="phone")
        ran = sopctl("verify", deposit)
        assert ran.code == 0, ran.err
    for (_, point), deposit in lost.at.items():
        server = there.servers[deposit]
        serial = f"SN-{server.address}-{server.port}"
        give_back(there.desk, deposit, serial)
        with lost.under_way():
            ran = sopctl("release", deposit, timeout=1500)
        servers.up(lab.name, servers=len(BACK))
        if ran.code:
            assert ran.code == 6, (point, ran.err)
            assert there.standing(deposit)[1] == "failed", point
            there.variables(deposit)
            assert sopctl("release", deposit, timeout=1500).code == 0, point
        now = servers.run(server, SNAPSHOT)
        assert without_homes(now) == without_homes(before[deposit]), point


def without_homes(found: str) -> list[str]:
    """Homes stay after a release: they are their people's, as docs/howto/lab.md says."""
    return [line for line in found.splitlines() if "/home/" not in line]


def _wait_for(server: LabServer, condition: str) -> None:
    deadline = time.monotonic() + 180
    while servers.run(server, f"{condition} && echo yes || true") != "yes\n":
        assert time.monotonic() < deadline, condition
        time.sleep(0.5)
