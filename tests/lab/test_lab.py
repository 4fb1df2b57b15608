"""The lab itself, on the real thing: it starts, finishes what was killed, and leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, OwnerState, Tier
from sopctl.adapters.lab.process import wait_until
from sopctl.errors import Conflict, ExitCode, OutsideFailure, UsageError
from tests.lab.conftest import unavailable
from tests.lab.traces import orphaned_bridges, route, traces
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

SOPCTL = (sys.executable, "-m", "sopctl")


@pytest.fixture
def own(lab_name: str) -> Iterator[str]:
    """The name of a second lab, for a test that starts and ends it by itself."""
    name = f"{lab_name}-own"
    servers.down(name)
    yield name
    servers.down(name)
    assert traces(name) == []


def sopctl(*words: str, **environment: str) -> "subprocess.Popen[bytes]":
    """The command line, in a session of its own, so that a kill hits it alone."""
    return subprocess.Popen(
        [*SOPCTL, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        start_new_session=True,
    )


WITH_STATE = """
from sopctl.adapters import lab
slow = lab.OwnerState("A state that takes its time", "echo x >>/root/mine; sleep 5", name="slow")
lab.up("{name}", servers=1, states=[[slow]])
"""
TWO_PORTS = "printf 'Port 22\\nPort 2222\\n' >/etc/ssh/sshd_config.d/20-owner.conf; systemctl restart ssh.service"


def processes() -> bytes:
    """The command lines of all processes of this machine, its lab servers' included."""
    return subprocess.check_output(["ps", "-eo", "args"])


def booted_only(status: LabStatus) -> None:
    if status.tier is not Tier.SYSTEMD:
        unavailable("this needs booted servers")


def test_every_server_is_a_server_of_its_own(lab: LabStatus) -> None:
    names = [servers.run(server, "hostname -f; id -un; python3 -c 'import apt'").split() for server in lab.servers]
    expected = [[f"{server.name}.example.org", "root"] for server in lab.servers]
    if lab.tier is Tier.SYSTEMD:
        assert names == expected
    keys = {key.key for server in lab.servers for key in server.host_keys}
    assert len(keys) == sum(len(server.host_keys) for server in lab.servers) >= 3 * len(lab.servers)
    assert len({(server.address, server.port) for server in lab.servers}) == len(lab.servers)


def test_servers_are_booted_and_sound(lab: LabStatus) -> None:
    booted_only(lab)
    for server in lab.servers:
        assert servers.run(server, "systemctl is-system-running").strip() == "running"
        servers.run(server, "printf 'table inet t {}\\n' | nft -c -f - && ip route show default | grep -q via")


def test_only_the_owner_can_log_in_and_only_by_key(lab: LabStatus) -> None:
    logins = servers.run(lab.servers[0], "cut -d: -f1,2 /etc/shadow; sshd -T | grep -i -e '^passw' -e '^permitroot'")
    assert re.search(r"^root:[!*]", logins, re.M)
    assert {"passwordauthentication no", "permitrootlogin no"} <= set(logins.splitlines())
    assert not re.search(r"^[a-z_-]+:\$", logins, re.M), "no account has a password"
    key = Path(lab.servers[0].key_file)
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


def test_up_again_leaves_running_servers_alone(lab: LabStatus) -> None:
    before = servers.status(lab.name)
    assert servers.up(lab.name, servers=3) == before
    assert servers.up(lab.name, servers=1) == before, "`servers` is how many at least"
    assert servers.status(lab.name) == before


def test_a_controllers_address_is_what_servers_see(lab: LabStatus) -> None:
    seen = servers.run(lab.servers[0], "ss -Htn state established sport = :22 || true")
    if lab.tier is Tier.SYSTEMD:
        assert f"{lab.controller}:" in seen


def test_servers_cannot_leave_the_machine(lab: LabStatus) -> None:
    booted_only(lab)
    assert route()
    with pytest.raises(OSError, match=r"unreachable|No route"):
        socket.create_connection(("198.19.255.250", 22), timeout=5)
    probe = "python3 -c \"import socket; socket.create_connection(('192.0.2.77', 22), 1)\" && echo OUT || true"
    assert "OUT" not in servers.run(lab.servers[0], probe)
    bridge = next(iter(Path("/sys/class/net").glob(f"vb-{lab.servers[0].name}/master"))).resolve().name
    assert Path(f"/proc/sys/net/ipv4/conf/{bridge}/forwarding").read_text().strip() == "0"


def test_run_raises_with_the_scripts_own_words(lab: LabStatus) -> None:
    with pytest.raises(OutsideFailure, match="no such luck") as caught:
        servers.run(lab.servers[0], "echo no such luck >&2; exit 3")
    assert caught.value.where == lab.servers[0].name
    with pytest.raises(OutsideFailure, match=r"did not end within 1 s"):
        servers.run(lab.servers[0], "sleep 60", timeout=1)


def test_a_server_powered_off_from_inside_is_stopped_and_boots_again_with_its_disk(lab: LabStatus) -> None:
    booted_only(lab)
    victim = lab.servers[1]
    before = servers.status(lab.name)
    assert before is not None
    # In a moment, so that this login ends before the server does.
    servers.run(victim, "touch /root/kept; systemd-run --quiet --on-active=1 systemctl poweroff")

    def state() -> str:
        status = servers.status(lab.name)
        assert status is not None
        return status.servers[1].state

    assert wait_until(lambda: state() == "stopped", PATIENCE, every=0.1)
    again = servers.up(lab.name, servers=3)
    assert {server.state for server in again.servers} == {"running"}
    assert again.servers[1].host_keys == victim.host_keys
    assert [again.servers[n].pid for n in (0, 2)] == [before.servers[n].pid for n in (0, 2)]
    servers.run(again.servers[1], "test -e /root/kept")


def test_reset_gives_a_server_back_as_new(pristine: LabServer, lab: LabStatus) -> None:
    servers.run(pristine, "touch /root/mine; rm -f /etc/ssh/ssh_host_*; chsh -s /bin/false titipan")
    with pytest.raises(OutsideFailure):
        servers.run(pristine, "true")
    again = servers.reset(lab.name, pristine.name)
    assert (again.address, again.host_keys) == (pristine.address, pristine.host_keys)
    assert servers.run(again, "ls /root").strip() == ""
    with pytest.raises(UsageError, match="no server"):
        servers.reset(lab.name, "nobody9")


def test_a_second_run_gets_the_holders_pid(own: str) -> None:
    first = sopctl("lab", "up", "--name", own, "--servers", "1")
    lock = Path(f"/run/sopctl-lab/{own}.lock")
    assert wait_until(lambda: lock.exists() and lock.read_bytes().startswith(str(first.pid).encode()), PATIENCE)
    with pytest.raises(Conflict, match=str(first.pid)):
        servers.down(own)
    second = sopctl("lab", "up", "--name", own, "--json")
    output, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == ExitCode.CONFLICT
    assert json.loads(output)["error"]["exit_code"] == ExitCode.CONFLICT
    output, errors = first.communicate(timeout=PATIENCE)
    assert first.returncode == 0, errors


def mounted(point: str) -> Callable[[str], bool]:
    return lambda name: f"/sopctl-lab/{name}/{point.format(name)}" in Path("/proc/self/mountinfo").read_text()


def there(pattern: str) -> Callable[[str], bool]:
    return lambda name: any(Path("/").glob(pattern.format(name)))


MOMENTS = {
    "the lock is taken": there("run/sopctl-lab/{0}.lock"),
    "the record is written": there("run/sopctl-lab/{0}/lab.json"),
    "the disks are mounted": mounted("disks"),
    "host keys are being made": there("run/sopctl-lab/{0}/servers/*/seed.new/etc/ssh/ssh_host_*"),
    "an overlay is mounted": mounted("disks/{0}1/root"),
    "a process is recorded": there("run/sopctl-lab/{0}/servers/*/process"),
    "a control group is made": there("sys/fs/cgroup/*/sopctl-lab/*/{0}*"),
    "a link is made": there("sys/class/net/vb-{0}*"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_starting(moment: str, own: str, lab: LabStatus) -> None:
    """`down` cleans up after kill -9 at any moment (every other one: after `up` has completed the lab)."""
    booted_only(lab)
    reached = MOMENTS[moment]
    command = sopctl("lab", "up", "--name", own, "--servers", "2")
    assert wait_until(lambda: reached(own) or command.poll() is not None, PATIENCE, every=0.001)
    command.kill()
    command.communicate()
    if list(MOMENTS).index(moment) % 2:
        status = servers.up(own, servers=2)
        assert [servers.run(server, "hostname").strip() for server in status.servers] == [f"{own}1", f"{own}2"]
    servers.down(own)
    assert traces(own) == []
    assert orphaned_bridges() == set()


def test_killed_while_going_down(own: str, lab: LabStatus) -> None:
    for delay in (0.15, 0.4, 0.7):
        servers.up(own, servers=2)
        command = sopctl("lab", "down", "--name", own)
        deadline = time.monotonic() + delay
        wait_until(lambda deadline=deadline: time.monotonic() >= deadline, PATIENCE)  # type: ignore[misc] # binds the loop's value
        command.kill()
        command.communicate()
        servers.down(own)
        assert traces(own) == []
        assert orphaned_bridges() == set()


def test_a_killed_server_is_stopped_and_its_remains_are_no_obstacle(own: str, lab: LabStatus) -> None:
    booted_only(lab)
    (server,) = servers.up(own, servers=1).servers
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)  # its payload lives on, with the address: nobody is its parent any more
    assert wait_until(lambda: servers.status(own).servers[0].state == "stopped", PATIENCE)  # type: ignore[union-attr]
    (again,) = servers.up(own, servers=1).servers
    assert servers.run(again, "systemctl is-system-running").strip() == "running"


def test_a_server_is_put_into_its_owners_states_once_and_again_after_a_reset(own: str, lab: LabStatus) -> None:
    booted_only(lab)
    first = OwnerState("A file", "test ! -e /root/mine\necho first >/root/mine", name="first")
    second = OwnerState(
        "More in it, and two ports", "echo second >>/root/mine\n" + TWO_PORTS, ssh_port=2222, name="second"
    )
    (server,) = servers.up(own, servers=1, states=[[first, second]]).servers
    assert (server.states, server.port) == (("first", "second"), 2222)
    assert servers.run(server, "cat /root/mine; echo third >>/root/mine") == "first\nsecond\n"
    assert servers.up(own, servers=1, states=[[first, second]]).servers == (server,)
    assert servers.console(own, server.name, "cat /root/mine") == "first\nsecond\nthird\n"
    with pytest.raises(UsageError, match="is there already, and not in the states first"):
        servers.up(own, servers=1, states=[[first]])

    servers.console(own, server.name, "systemctl stop ssh.service; passwd --lock titipan >/dev/null")
    with pytest.raises(OutsideFailure):
        servers.run(server, "true")
    assert servers.console(own, server.name, "id -un; tty || true").split() == ["root", "not", "a", "tty"]
    again = servers.reset(own, server.name)
    assert (again.port, again.states) == (2222, server.states)
    assert servers.run(again, "cat /root/mine") == "first\nsecond\n"

    with pytest.raises(OutsideFailure, match="so it is") as caught:
        servers.up(own, servers=2, states=[[], [OwnerState("No", "echo so it is >&2; exit 3", name="no")]])
    assert caught.value.where == f"{own}2, state no"
    assert servers.console(own, f"{own}2", "hostname").strip() == f"{own}2", "it is left for inspection"


def test_a_killed_run_leaves_no_server_halfway_into_a_state(own: str, lab: LabStatus) -> None:
    booted_only(lab)
    script = WITH_STATE.format(name=own)
    command = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    reached = mounted("disks/{0}1/root")
    assert wait_until(lambda: reached(own) and b"sleep 5" in processes(), PATIENCE, every=0.05)
    command.kill()
    command.communicate()
    (server,) = servers.up(own, servers=1).servers
    assert servers.run(server, "cat /root/mine") == "x\n"


def test_interrupted_up_takes_down_what_it_started(own: str, lab: LabStatus) -> None:
    command = sopctl("lab", "up", "--name", own, "--servers", "2")
    assert wait_until(lambda: there("run/sopctl-lab/{0}/servers/*/process")(own), PATIENCE, every=0.01)
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=PATIENCE)
    assert command.returncode == ExitCode.INTERRUPTED, errors
    assert traces(own) == []


def test_interrupted_up_leaves_older_servers_alone(own: str, lab: LabStatus) -> None:
    booted_only(lab)
    before = servers.up(own, servers=1)
    command = sopctl("lab", "up", "--name", own, "--servers", "2")
    assert wait_until(lambda: there(f"run/sopctl-lab/{{0}}/servers/{own}2/process")(own), PATIENCE, every=0.01)
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=PATIENCE)
    assert command.returncode == ExitCode.INTERRUPTED, errors
    assert servers.status(own) == before
    assert not any("2" in trace.rpartition(own)[2][:2] for trace in traces(own) if trace.startswith("process"))


def test_another_release_needs_a_fresh_lab(lab: LabStatus) -> None:
    with pytest.raises(UsageError, match="bookworm"):
        servers.up(lab.name, release="trixie")


def test_status_shows_labs_side_by_side(lab: LabStatus, own: str) -> None:
    mine = servers.up(own, servers=1)
    command = sopctl("lab", "status", "--json")
    output, errors = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, errors
    shown = {one["name"]: one for one in json.loads(output)["labs"]}
    assert {lab.name, own} <= shown.keys()
    assert shown[own]["servers"][0]["address"] == mine.servers[0].address
    assert shown[own]["controller"] != shown[lab.name]["controller"] or lab.tier is Tier.CHROOT


CHROOT_SCENARIO = """
import json, sys
from sopctl.adapters import lab
name = sys.argv[1]
status = lab.up(name, servers=2)
assert lab.up(name, servers=2) == status
server = status.servers[1]
facts = lab.run(server, '''
id -un; test ! -e /proc/1 && echo no-proc; touch /root/mine
python3 -c "import apt, os, ssl; print(len(os.urandom(4)))"
nohup setsid sleep 4711 >/dev/null 2>&1 </dev/null &
''')
again = lab.reset(name, server.name)
print(json.dumps({"tier": status.tier, "servers": [[s.address, s.port] for s in status.servers], "facts": facts.split(),
                  "kept": lab.run(again, "ls /root")}))
lab.down(name)
"""


def test_without_mounts_each_server_is_a_root_file_system_with_its_own_sshd(own: str, lab: LabStatus) -> None:
    """In a process without CAP_SYS_ADMIN, as in a plain container."""
    booted_only(lab)
    line = f'exec {sys.executable} -c "$0" {own}'
    done = subprocess.run(
        ["capsh", "--drop=cap_sys_admin", "--", "-c", line, CHROOT_SCENARIO],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tier"] == "chroot"
    assert [port for _, port in found["servers"]] == [2201, 2202]
    assert found["facts"] == ["root", "no-proc", "4"]
    assert found["kept"] == ""
    assert traces(own) == [], "the sleeping process included"


WITHOUT_ROOT = """
import os, sys
import sopctl.adapters.lab, sopctl.cli.site.lab.up, sopctl.cli.main, sopctl.workflow.setup.lab  # out of reach later
os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
sys.argv = ["sopctl", "lab", "up"]
sopctl.cli.main.main()
"""


def test_without_root_there_is_one_clear_message(lab: LabStatus) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_ROOT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.OUTSIDE
    assert done.stderr.count("sudo") == 1
    assert "Traceback" not in done.stderr
