"""The access check against real OpenSSH servers: what sshd, PAM, firewalls and shells really say."""

import contextlib
import re
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.adapters.ssh import Key, check, examine_accounts, load_key
from sopctl.model.access.account import Check, Examination
from sopctl.model.access.ladder import AccessResult, Rung, Verdict, remedy
from sopctl.model.access.target import Jump, Pin, Target, endpoint, service
from sopctl.model.text import printable
from tests.patience import LATE, PATIENCE

pytestmark = pytest.mark.lab

CASES = Path(__file__).parents[1] / "cases"
CAUSES = yaml.load((CASES / "causes.yml").read_text(), yaml.CSafeLoader)
ACCOUNTS = yaml.load((CASES / "accounts.yml").read_text(), yaml.CSafeLoader)
ROOMY = 20.0
FIRST_PORT = 2200


def pin_of(server: LabServer, kind: str = "ssh-ed25519") -> Pin:
    return next(key.pin for key in server.host_keys if key.type == kind)


def told(result: AccessResult) -> tuple[str, str | None]:
    return result.rung, result.cause


@pytest.fixture(scope="session")
def key(lab: LabStatus) -> Key:
    return load_key(Path(lab.servers[0].key_file))


@pytest.fixture(scope="session")
def public_key(lab: LabStatus) -> str:
    """The public half of `key`: "TYPE BASE64"."""
    made = subprocess.run(
        ["ssh-keygen", "-y", "-f", lab.servers[0].key_file], capture_output=True, text=True, check=True
    )
    return " ".join(made.stdout.split()[:2])


def test_every_server_is_accessible_by_each_of_its_keys(lab: LabStatus, key: Key) -> None:
    for server in lab.servers:
        for host_key in server.host_keys:
            target = Target(server.address, server.port, server.user, host_key.pin, services=(server.port,))
            result = check(target, key)
            assert result.verdict is Verdict.ACCESSIBLE, result
            assert result.host_key == host_key
            assert [one.rung for one in result.rungs] == [one for one in Rung if one not in ("jump", "tls", "http")]
            assert "OpenSSH" in result.banner


def test_another_servers_key_is_a_changed_key_and_ends_before_the_login(lab: LabStatus, key: Key) -> None:
    one, other = lab.servers[0], lab.servers[1]
    changed = check(Target(one.address, one.port, "never-named", pin_of(other)), key)
    assert told(changed) == ("host-key", "host-key-changed")
    unknown = check(Target(one.address, one.port, "never-named"), key)
    assert told(unknown) == ("host-key", "host-key-unknown")
    right = check(Target(one.address, one.port, "once-named", pin_of(one)), key)
    assert told(right) == ("login", "denied")
    if lab.tier is Tier.SYSTEMD:  # a chroot keeps no journal to look into
        seen = servers.run(one, "journalctl --sync; journalctl -u ssh --no-pager")
        assert "once-named" in seen
        assert "never-named" not in seen


@contextlib.contextmanager
def daemons(server: LabServer, cases: list[dict[str, Any]], options: str) -> Iterator[dict[str, int]]:
    """For each case an sshd of its own on `server`: the case's name → its port."""
    ports = {case["name"]: FIRST_PORT + number for number, case in enumerate(cases)}
    lines = ["cp /usr/sbin/sshd /usr/sbin/denied-sshd", "echo 'denied-sshd: ALL' >>/etc/hosts.deny"]
    for case in cases:
        port = ports[case["name"]]
        own = "" if "HostKey=" in case[options] else "-o HostKey=/etc/ssh/ssh_host_ed25519_key"
        listen = f"-o ListenAddress={server.address}:{port} -o PidFile=/run/case-{port}.pid"
        lines.append(f"/usr/sbin/{case.get('program', 'sshd')} {case[options]} {own} {listen}")
    servers.run(server, "\n".join(lines))
    try:
        for port in ports.values():
            listening(server.address, port)
        for case in cases:
            if "then" in case:
                servers.run(server, f"pid=$(cat /run/case-{ports[case['name']]}.pid); {case['then']}")
        yield ports
    finally:
        servers.run(server, "for file in /run/case-*.pid; do kill -KILL $(cat $file); done")


def listening(address: str, port: int) -> None:
    """Wait for an sshd that was just started: it comes back from the start before it listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((address, port), 5).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def assert_told(case: dict[str, Any], result: AccessResult, timeout: float) -> None:
    assert told(result) == (case["rung"], case["cause"]), (case["name"], result)
    assert re.search(case["detail"], result.detail), (case["name"], result.detail)
    assert result.detail == printable(result.detail, 2000)
    assert (result.verdict is Verdict.ACCESSIBLE) == (case["cause"] is None)
    assert bool(remedy(result)) == (case["cause"] is not None)
    assert result.seconds <= timeout + LATE


def test_daemons(lab: LabStatus, pristine: LabServer, key: Key) -> None:
    cases = [case for case in CAUSES if "sshd" in case]
    pins = {
        "right": pin_of(pristine),
        "rsa": pin_of(pristine, "ssh-rsa"),
        "other": pin_of(lab.servers[0]),
        "none": None,
    }
    with daemons(pristine, cases, "sshd") as ports, contextlib.ExitStack() as busy:
        for case in cases:
            port, timeout = ports[case["name"]], case.get("timeout", ROOMY)
            for _ in range(case.get("busy", 0)):
                holder = busy.enter_context(socket.create_connection((pristine.address, port), 5))
                assert holder.recv(4) == b"SSH-"
            wanted = (service(case["service"].replace("PORT", str(port))),) if "service" in case else ()
            target = Target(
                pristine.address,
                port,
                pristine.user,
                pins[case.get("pin", "right")],
                command=case.get("command", "true"),
                services=wanted,
                timeout=timeout,
                old=tuple(case.get("old", ())),
            )
            assert_told(case, check(target, key), timeout)


def test_jump_hosts(lab: LabStatus, pristine: LabServer, key: Key) -> None:
    cases = [case for case in CAUSES if "jump" in case]
    cases.sort(key=lambda case: "files_only" in case)
    behind = lab.servers[0]
    pins = {"right": pin_of(behind), "other": pin_of(lab.servers[1]), "none": None}
    jump_pins = {"right": pin_of(pristine), "other": pin_of(lab.servers[1]), "none": None}
    with daemons(pristine, cases, "jump") as ports:
        for case in cases:
            timeout = case.get("timeout", ROOMY)
            if "files_only" in case:
                servers.run(pristine, "sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf")
            host, port = endpoint(case["to"]) if "to" in case else (behind.address, behind.port)
            jump_pin = jump_pins[case.get("jump_pin", "right")]
            wanted = service(case.get("service", "PORT").replace("PORT", str(behind.port)))
            target = Target(
                host,
                port,
                behind.user,
                pins[case.get("pin", "right")],
                services=(wanted,),
                timeout=timeout,
                jump=Jump(pristine.address, ports[case["name"]], pristine.user, jump_pin),
            )
            assert_told(case, check(target, key), timeout)


def test_a_jump_host_that_dies_is_told_as_such(lab: LabStatus, pristine: LabServer, key: Key) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a chroot has no /proc in which to find the processes of one connection")
    cases = [{"name": "gate", "sshd": ""}, {"name": "slow", "sshd": "-o ForceCommand='sleep 60'"}]
    pin = pin_of(pristine)
    with daemons(pristine, cases, "sshd") as ports:
        through = Jump(pristine.address, ports["gate"], pristine.user, pin)
        target = Target(pristine.address, ports["slow"], pristine.user, pin, timeout=ROOMY, jump=through)
        kill = (
            f"sleep 1; for one in $(ps -o pid= --ppid $(cat /run/case-{ports['gate']}.pid));"
            " do kill -KILL $one $(ps -o pid= --ppid $one); done"
        )
        killer = threading.Thread(target=servers.run, args=(pristine, kill))
        killer.start()
        result = check(target, key)
        killer.join()
    assert told(result) == ("jump", "closed"), result
    assert [one.rung for one in result.rungs if not one.ok] == ["jump"]
    assert result.seconds < ROOMY / 2


def test_firewalls(lab: LabStatus, pristine: LabServer, key: Key) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a chroot has no network of its own to put a firewall into")
    cases = [case for case in CAUSES if "firewall" in case]
    with daemons(pristine, [{**case, "sshd": ""} for case in cases], "sshd") as ports:
        rules = "; ".join(
            f"nft add rule inet case in tcp dport {ports[case['name']]} {case['firewall']}" for case in cases
        )
        servers.run(
            pristine,
            "nft add table inet case; nft 'add chain inet case in { type filter hook input priority 0; }'; " + rules,
        )
        for case in cases:
            port, timeout = ports[case["name"]], case["timeout"]
            target = Target(pristine.address, port, pristine.user, pin_of(pristine), timeout=timeout)
            assert_told(case, check(target, key), timeout)
        beside = Target(
            pristine.address, pristine.port, pristine.user, pin_of(pristine), services=(port, pristine.port), timeout=3
        )
        result = check(beside, key)
    assert told(result) == ("service", "port-closed"), result
    assert f"port {port}: " in result.detail
    assert f"port {pristine.port}: " not in result.detail


def make_accounts(server: LabServer, public_key: str) -> None:
    """Each account of accounts.yml with our key, and with what is done to it."""
    lines = [f"k={shlex.quote(public_key)}", "config=/etc/ssh/sshd_config.d/99-cases.conf", "set -e"]
    for case in ACCOUNTS:
        lines += [
            f"n={case['name']}",
            "useradd -m -s /bin/sh $n; install -d -m 700 -o $n /home/$n/.ssh",
            'echo "$k" >/home/$n/.ssh/authorized_keys; chown $n /home/$n/.ssh/authorized_keys',
            "chmod 600 /home/$n/.ssh/authorized_keys",
            case["do"],
        ]
        if "match" in case:
            lines.append(f"printf 'Match User %s\\n  %s\\n' $n {shlex.quote(case['match'])} >>$config")
    servers.run(server, "\n".join(lines), timeout=60)


def test_accounts(pristine: LabServer, key: Key, public_key: str) -> None:
    """What the management account finds, and what a login with the account's own key meets, are one truth."""
    make_accounts(pristine, public_key)
    management = Target(pristine.address, pristine.port, pristine.user, pin_of(pristine))
    with daemons(pristine, [{"name": "cases", "sshd": ""}], "sshd") as ports, ThreadPoolExecutor(4) as pool:

        def look(case: dict[str, Any]) -> tuple[Examination, AccessResult]:
            timeout = 2.0 if case["login"] == "timeout" else ROOMY
            own = Target(pristine.address, ports["cases"], case["name"], pin_of(pristine), timeout=timeout)
            return examine_accounts(management, key, {case["name"]: [public_key]}), check(own, key)

        for case, (found, own) in zip(ACCOUNTS, pool.map(look, ACCOUNTS), strict=True):
            assert found.access.verdict is Verdict.ACCESSIBLE, (case["name"], found)
            (account,) = found.accounts
            assert found.ok == account.ok == ("check" not in case), (case["name"], account.failed)
            assert own.cause == case["login"], (case["name"], own)
            assert all(one.detail == printable(one.detail, 2000) for one in account.findings)
            if "check" in case:
                failed = account.failed[0]
                assert (failed.check, failed.cause) == (case["check"], case["cause"]), (case["name"], account.failed)
                assert re.search(case["detail"], failed.detail), (case["name"], failed)
                checks = [one.check for one in account.failed]
                assert checks == [case["check"], *case.get("also", [])], (case["name"], account.failed)


def test_what_stands_in_the_way_of_an_examination(
    lab: LabStatus, pristine: LabServer, key: Key, public_key: str
) -> None:
    good = Target(pristine.address, pristine.port, pristine.user, pin_of(pristine))
    away = examine_accounts(good, key, {pristine.user: [public_key]}, address="192.0.2.9")
    assert away.ok
    assert "192.0.2.9" in next(one.detail for one in away.accounts[0].findings if one.check is Check.RULES)

    through = Jump(lab.servers[0].address, lab.servers[0].port, lab.servers[0].user, pin_of(lab.servers[0]))
    jumped = Target(pristine.address, pristine.port, pristine.user, pin_of(pristine), jump=through)
    found = examine_accounts(jumped, key, {pristine.user: [public_key]})
    assert found.ok
    seen_from = lab.servers[0].address if lab.tier is Tier.SYSTEMD else "127.0.0.1"
    assert seen_from in next(one.detail for one in found.accounts[0].findings if one.check is Check.RULES)

    wrong = Target(pristine.address, pristine.port, pristine.user, pin_of(lab.servers[0]))
    changed = examine_accounts(wrong, key, {pristine.user: [public_key]})
    assert (changed.ok, changed.accounts, changed.access.cause) == (False, (), "host-key-changed")

    # An account without sudo looks at nothing, and says so.
    servers.run(pristine, "rm /etc/sudoers.d/owner")
    helpless = examine_accounts(good, key, {pristine.user: [public_key]})
    assert told(helpless.access) == ("command", "sudo-refused"), helpless
    assert "a password is required" in helpless.access.detail


def test_a_server_that_closes_for_work(pristine: LabServer, key: Key) -> None:
    good = Target(pristine.address, pristine.port, pristine.user, pin_of(pristine))
    servers.run(
        pristine,
        'echo "System is going down. Unprivileged users are not permitted to log in anymore." >/run/nologin',
    )
    assert told(check(good, key)) == ("login", "not-allowed")
