"""The lab's switch: what its ports are set to is what real packets do; cables are moved, and survive what happens."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, LabSwitch, Tier, network, state
from sopctl.adapters.lab.process import wait_until
from sopctl.cli.main import cli
from sopctl.errors import Conflict, UsageError
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from tests.conftest import Ran
from tests.lab.conftest import unavailable
from tests.lab.test_checks import stand
from tests.lab.test_lab import sopctl as begin
from tests.lab.traces import orphaned_bridges, traces
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def rack(lab_name: str) -> Iterator[LabStatus]:
    """Two servers plugged into a switch. Its first `up` was killed while it was cabling; the second completed it."""
    if servers.find_tier()[0] is not Tier.SYSTEMD:
        unavailable("a switch needs booted servers")
    name = f"{lab_name}-sw"
    servers.down(name)
    killed = begin("lab", "up", "--switch", "--servers", "2", "--name", name)

    def cabling() -> bool:  # this lab, that is: others of this machine come and go meanwhile
        record = state.folder(name).read()
        return record is not None and Path("/sys/class/net", network.service_interface(record.network)).exists()

    try:
        uplink = wait_until(lambda: cabling() or killed.poll() is not None, PATIENCE)
        killed.kill()
        _, errors = killed.communicate()
        assert uplink, errors
        assert killed.returncode == -signal.SIGKILL, errors
        yield servers.up(name, servers=2)
    finally:
        servers.down(name)
    assert traces(name) == []
    assert orphaned_bridges() == set()


def switch(rack: LabStatus) -> LabSwitch:
    """The switch as it is now."""
    status = servers.status(rack.name)
    assert status
    assert status.switch
    return status.switch


def answers(address: str | None, port: int = 22, *, seconds: float = 3.0) -> bool:
    """Whether the server's sshd says what it is, at its address in the service network."""
    assert address
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def put_into(rack: LabStatus, port: str, vlan: int) -> None:
    servers.run(switch(rack).server, f"ovs-vsctl set port {port} tag={vlan}")


def learned(rack: LabStatus) -> set[tuple[str, ...]]:
    """Port, VLAN and address, as the switch learned them."""
    numbers = "for p in $(ovs-vsctl list-ports br0); do echo $(ovs-vsctl get interface $p ofport) $p; done"
    names = dict(line.split(maxsplit=1) for line in servers.run(switch(rack).server, numbers).splitlines())
    table = [line.split() for line in servers.run(switch(rack).server, "ovs-appctl fdb/show br0").splitlines()[1:]]
    return {(names[number], vlan, mac) for number, vlan, mac, _ in table if number in names}


def test_a_switch_has_the_servers_in_its_ports(rack: LabStatus) -> None:
    found = switch(rack)
    assert found.server.state == "running"
    assert [port.server for port in found.ports] == [*(server.name for server in rack.servers), *[None] * 10]
    assert servers.run(found.server, "systemctl is-system-running").strip() == "running"
    sleeping = servers.run(rack.servers[0], "systemctl is-active openvswitch-switch ovs-vswitchd || true; ip link")
    assert sleeping.split()[:2] == ["inactive", "inactive"]
    assert str(found.ports[0].mac) in sleeping


def test_a_cable_in_another_port_is_under_that_ports_rule(rack: LabStatus) -> None:
    name, port = rack.servers[0].name, switch(rack).ports[0]
    put_into(rack, "p1", 120)
    assert wait_until(lambda: answers(port.address), PATIENCE), "the server's init gives its card the address"
    killed = begin("lab", "plug", name, "5", "--name", rack.name)
    record = Path(f"/run/sopctl-lab/{rack.name}/lab.json")
    assert wait_until(lambda: json.loads(record.read_bytes())["plugs"]["1"] == 5, PATIENCE, every=0.001), (
        "it begins to pull"
    )
    killed.kill()
    killed.communicate()
    moved = servers.plug(rack.name, name, 5)
    assert moved.switch
    assert [each.name for each in moved.switch.ports if each.server == name] == ["p5"]
    assert not answers(port.address, seconds=0.5), "p5 is in quarantine"
    assert {each for each in learned(rack) if each[2] == port.mac} == {("p5", "999", port.mac)}
    put_into(rack, "p5", 120)
    assert answers(port.address)
    servers.run(moved.switch.server, "ovs-ofctl mod-port br0 p1 down")
    servers.plug(rack.name, name, 1)
    assert not answers(port.address, seconds=0.5), "a port that is shut stays shut"
    servers.run(moved.switch.server, "ovs-ofctl mod-port br0 p1 up")
    assert wait_until(lambda: answers(port.address), PATIENCE)


def test_what_breaks_is_put_right_by_the_next_up(rack: LabStatus) -> None:
    put_into(rack, "p1", 120)
    pid = switch(rack).server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: switch(rack).server.state == "stopped", PATIENCE)
    servers.up(rack.name)
    assert wait_until(lambda: answers(switch(rack).ports[0].address), PATIENCE), "the ports are as they were configured"
    servers.reset(rack.name, rack.servers[0].name)
    assert wait_until(lambda: answers(switch(rack).ports[0].address), PATIENCE), "plugged in again"


def test_what_cannot_be_plugged(rack: LabStatus, lab: LabStatus) -> None:
    first, second = (server.name for server in rack.servers)
    with pytest.raises(Conflict, match=f"{second} is plugged into p2"):
        servers.plug(rack.name, first, 2)
    with pytest.raises(UsageError, match="ports 1 to 12"):
        servers.plug(rack.name, first, 13)
    with pytest.raises(UsageError, match="has no server"):
        servers.plug(rack.name, f"{rack.name}0", 3)
    with pytest.raises(UsageError, match="has no switch"):
        servers.plug(lab.name, lab.servers[0].name, 1)
    with pytest.raises(UsageError, match="12 ports, not 13"):
        servers.up(rack.name, servers=13)


PING = """
- hosts: deposits
  gather_facts: false
  tasks:
    - ansible.builtin.raw: ip -brief address show svc0
"""
"""In place of the whole configuration, which has tests of its own: a login over the service network, by Ansible."""

IMPATIENT = """
import sys
from sopctl.cli.main import main
from sopctl.workflow.ports import left_over
left_over.RESTORE_SECONDS = int(sys.argv.pop(1))  # 180, but for tests
main()
"""


def test_a_deposits_port_from_quarantine_to_release(
    rack: LabStatus, desk: Desk, placed: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    """The office's commands, seen from the service network: what they say of a port is what packets do."""
    root, found = desk.site.root, switch(rack)
    for server, name in zip(rack.servers, ("p1", "p2"), strict=True):
        put_into(rack, name, 999)
        servers.plug(rack.name, server.name, int(name[1:]))
    (root / "racks/A1.yml").write_text(RACK)
    (root / "playbooks/configure.yml").write_text(PING)
    for name in ("owner", "sw-a1"):
        (root / "keys" / name).write_bytes(Path(found.server.key_file).read_bytes())
        (root / "keys" / name).chmod(0o600)
    described = sopctl("lab", "switch", "--as", "sw-a1", "--name", rack.name)
    (root / "switches").mkdir(exist_ok=True)
    (root / "switches/sw-a1.yml").write_text(described.out)
    first, second = (stand(placed, replace(server, address=address), server.user) for server, address in cards(rack))
    one, other = (address for _, address in cards(rack))
    pin = next(key.sha256 for key in found.server.host_keys if key.type == "ssh-ed25519")
    assert office(root, "switch", "host-key", "sw-a1", "--confirm", pin)[0] == 0

    assert not answers(one, seconds=0.5), "in quarantine"
    code, planned = office(root, "switch", "plan", first)
    assert (code, planned["before"]["setting"]["vlan"], planned["wanted"]["vlan"]) == (0, 999, 120)
    assert not answers(one, seconds=0.5), "a plan changes nothing"
    assert office(root, "configure", first)[0] == 0, "the port first, then Ansible over it"
    over_it = replace(rack.servers[0], address=one)
    assert len(servers.run(over_it, "head -c 300000 /dev/zero | tr '\\0' x")) == 300_000, "more than one packet"
    events = dossiers.read(desk.site, first).events
    (kept,) = [event.data["switch_port"] for event in events if "switch_port" in event.data]
    assert (kept["before"]["vlan"], kept["after"]["vlan"], kept["mac"]) == ("999", "120", found.ports[0].mac)

    servers.plug(rack.name, rack.servers[1].name, 7)
    servers.plug(rack.name, rack.servers[0].name, 2)
    assert not answers(one, seconds=0.5), "moved into a port that is in quarantine"
    for _ in range(20):  # the switch knows it there once the server has sent something
        code, audited = office(root, "switch", "audit")
        if ("elsewhere", "p2", first) in findings(audited):
            break
    assert (code, ("elsewhere", "p2", first) in findings(audited)) == (1, True), audited
    code, strange = office(root, "switch", "apply", second)
    assert (code, strange["port"]["state"], strange["port"]["cause"]) == (1, "refused", "other-server")
    assert tag(rack, "p2") == "999"
    servers.plug(rack.name, rack.servers[0].name, 1)
    assert answers(one), "back in its own port, without anyone's doing"

    kill_while_it_waits(rack, root, second, patience=6)
    assert wait_until(lambda: tag(rack, "p2") == "999", PATIENCE, every=0.2), "the switch put it back by itself"
    kill_while_it_waits(rack, root, second, patience=180)
    servers.plug(rack.name, rack.servers[1].name, 2)
    code, applied = office(root, "switch", "apply", second)
    assert (code, applied["port"]["state"], applied["port"]["mac"]) == (0, "unchanged", found.ports[1].mac)
    assert answers(other)
    left = "systemctl list-units --all --plain --no-legend 'sopctl-restore-*'; ls /run | grep sopctl-restore || true"
    assert servers.run(found.server, left) == "", "the killed run's way back will not be taken in three minutes"
    code, audited = office(root, "switch", "audit")
    assert (code, findings(audited)) == (0, set()), audited

    assert office(root, "switch", "release", first)[0] == 0
    assert not answers(one, seconds=0.5)
    assert servers.run(rack.servers[0], "cat /sys/class/net/svc0/carrier").strip() == "0", "shut: no link"
    assert answers(other), "the other one has not noticed"


def office(root: Path, *words: str) -> tuple[int, Any]:
    """A command at the site, in this process; its exit code, and what it says as JSON."""
    ran = CliRunner().invoke(cli, ["--site", str(root), *words, "--json"], catch_exceptions=False)
    return ran.exit_code, json.loads(ran.stdout)


def findings(audited: Any) -> set[tuple[str, str, str]]:
    return {(each["kind"], each["port"], each["deposit"]) for each in audited["findings"]}


RACK = """
name: A1
room: R
units: 4
depth_mm: 900
power_watts: 2000
switch: {name: sw-a1, ports: 2}
"""


def kill_while_it_waits(rack: LabStatus, root: Path, deposit: str, *, patience: int) -> None:
    """Kill `switch apply` of the deposit on p2, into which nothing is plugged: it has changed the port, and listens."""
    command = [sys.executable, "-c", IMPATIENT, str(patience), "switch", "apply", deposit]
    with subprocess.Popen(command, cwd=root, start_new_session=True) as apply:
        assert wait_until(lambda: tag(rack, "p2") == "120" or apply.poll() is not None, PATIENCE)
        apply.kill()
    assert apply.returncode == -signal.SIGKILL
    assert tag(rack, "p2") == "120"


def cards(rack: LabStatus) -> list[tuple[LabServer, str]]:
    """The servers with their addresses in the service network."""
    ports = {port.server: port for port in switch(rack).ports}
    return [(server, str(ports[server.name].address)) for server in rack.servers]


def tag(rack: LabStatus, port: str) -> str:
    return servers.run(switch(rack).server, f"ovs-vsctl get port {port} tag").strip()
