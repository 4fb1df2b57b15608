"""The access check against real OpenSSH servers: what sshd, PAM and the shell really say."""

import re
import socket
import time
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.adapters.ssh import Key, check, load_key
from sopctl.model.access import AccessResult, Rung, Target, Verdict

pytestmark = pytest.mark.lab

# Each account has our key; what is done to it then, and what the check must make of it.
ACCOUNTS = {
    "fine": ("true", "command", None, "true"),
    "locked": ("usermod -L locked", "command", None, "true"),  # a key still opens it: PAM locks passwords only
    "expired": ("chage -E 1 expired", "login", "account-expired", "has expired"),
    "oldpass": ("chage -d 0 oldpass", "command", "password-expired", "password has expired"),
    "nologin": ("usermod -s /usr/sbin/nologin nologin", "command", "shell-broken", "not available"),
    "falsesh": ("usermod -s /bin/false falsesh", "command", "shell-broken", "exit status 1"),
    "noshell": ("usermod -s /bin/missing noshell", "login", "denied", "refuses the key"),
    "nokey": ("rm ~nokey/.ssh/authorized_keys", "login", "denied", "refuses the key"),
    "loose": ("chmod 777 ~loose", "login", "denied", "refuses the key"),
}

# Options of an sshd of its own, and what the check must make of it.
DAEMONS = {
    "-o KexAlgorithms=diffie-hellman-group-exchange-sha256": ("command", None, "true"),
    "-o Ciphers=aes256-gcm@openssh.com": ("command", None, "true"),
    "-o MACs=hmac-sha2-512-etm@openssh.com -o Ciphers=aes256-ctr": ("command", None, "true"),
    "-o Banner=/etc/os-release": ("command", None, "true"),
    "-o KexAlgorithms=sntrup761x25519-sha512@openssh.com": ("kex", "no-common-algorithm", "offers only [^,]+$"),
    "-o Ciphers=chacha20-poly1305@openssh.com": ("kex", "no-common-algorithm", "cipher: .*chacha20"),
    "-o MACs=umac-64@openssh.com -o Ciphers=aes128-ctr": ("kex", "no-common-algorithm", "MAC: .*umac"),
    "-o HostKey=/etc/ssh/ssh_host_rsa_key": ("host-key", "host-key-changed", "ssh-ed25519 .* shows ssh-rsa "),
    "-o PubkeyAuthentication=no -o PasswordAuthentication=yes": ("login", "method-not-allowed", "asks for password"),
    "-o AuthenticationMethods=publickey,password -o PasswordAuthentication=yes": (
        "login",
        "method-not-allowed",
        "accepted, but not enough",
    ),
    "-o DenyUsers=*": ("login", "denied", "refuses the key"),
    "-o MaxAuthTries=1 -o AuthorizedKeysFile=none": ("login", "denied", "."),
    "-o ForceCommand=internal-sftp": ("command", "shell-broken", "sftp connections only"),
    "-o MaxSessions=0": ("command", "shell-broken", "refuses to run a command"),
    "-o ForceCommand='sleep 60'": ("command", "timeout", "did not end"),
    "-o ForceCommand='yes'": ("command", "flooded", "without end"),
}


def pin_of(server: LabServer, kind: str = "ssh-ed25519") -> str:
    return next(f"{key.type} {key.key}" for key in server.host_keys if key.type == kind)


def told(result: AccessResult) -> tuple[str, str | None]:
    return result.rung, result.cause


@pytest.fixture(scope="session")
def key(lab: LabStatus) -> Key:
    return load_key(Path(lab.servers[0].key_file))


def test_every_server_is_accessible_by_each_of_its_keys(lab: LabStatus, key: Key) -> None:
    for server in lab.servers:
        for host_key in server.host_keys:
            pinned = f"{host_key.type} {host_key.key}"
            target = Target(server.address, server.port, server.user, pinned, services=(server.port,))
            result = check(target, key)
            assert result.verdict is Verdict.ACCESSIBLE, result
            assert result.host_key == host_key
            assert [one.rung for one in result.rungs] == [rung for rung in Rung if rung not in ("jump", "tls", "http")]
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


def test_accounts(pristine: LabServer, key: Key) -> None:
    names = " ".join(ACCOUNTS)
    keys = f"/home/{pristine.user}/.ssh/authorized_keys"
    servers.run(
        pristine,
        f"for name in {names}; do useradd -m -s /bin/sh $name; echo $name:once | chpasswd;"
        f" install -d -m 700 -o $name /home/$name/.ssh; install -m 600 -o $name {keys} /home/$name/.ssh/; done; "
        + "; ".join(script for script, *_ in ACCOUNTS.values()),
    )
    for name, (_, rung, cause, words) in ACCOUNTS.items():
        result = check(Target(pristine.address, pristine.port, name, pin_of(pristine)), key)
        assert told(result) == (rung, cause), (name, result)
        assert re.search(words, result.detail), (name, result.detail)


def test_daemons(pristine: LabServer, key: Key) -> None:
    ports = {options: 2200 + number for number, options in enumerate(DAEMONS)}
    lines = []
    for options, port in ports.items():
        own = "" if "HostKey=" in options else "-o HostKey=/etc/ssh/ssh_host_ed25519_key"
        listen = f"-o ListenAddress={pristine.address}:{port} -o PidFile=/run/case-{port}.pid"
        lines.append(f"/usr/sbin/sshd {options} {own} {listen}")
    servers.run(pristine, "\n".join(lines))
    try:
        for options, (rung, cause, words) in DAEMONS.items():
            timeout = 2.0 if cause == "timeout" else 20.0
            target = Target(pristine.address, ports[options], pristine.user, pin_of(pristine), timeout=timeout)
            result = check(target, key)
            assert told(result) == (rung, cause), (options, result)
            assert re.search(words, result.detail), (options, result.detail)
            assert result.seconds <= timeout + 0.5
    finally:
        servers.run(pristine, "for file in /run/case-*.pid; do kill $(cat $file); done")


def _connected(address: str, port: int) -> socket.socket:
    """A connection to an sshd that was just started: it comes back from the start before it listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection((address, port), 5)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise


def test_full_server_is_told_as_throttled(pristine: LabServer, key: Key) -> None:
    port = 2250
    options = "-o MaxStartups=1:100:1 -o LoginGraceTime=30 -o HostKey=/etc/ssh/ssh_host_ed25519_key"
    servers.run(
        pristine,
        f"/usr/sbin/sshd {options} -o ListenAddress={pristine.address}:{port} -o PidFile=/run/case-{port}.pid",
    )
    with _connected(pristine.address, port) as holder:
        assert holder.recv(4) == b"SSH-"
        result = check(Target(pristine.address, port, pristine.user, pin_of(pristine)), key)
    servers.run(pristine, f"kill $(cat /run/case-{port}.pid)")
    assert told(result) == ("banner", "throttled"), result


@pytest.mark.parametrize(
    ("rule", "rung", "cause"),
    [
        ("drop", "tcp", "filtered"),
        ("reject with tcp reset", "tcp", "refused"),
        ("reject with icmp type admin-prohibited", "tcp", "no-route"),
    ],
)
def test_firewalls(rule: str, rung: str, cause: str, lab: LabStatus, pristine: LabServer, key: Key) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a chroot has no network of its own to put a firewall into")
    port = 2260
    servers.run(
        pristine,
        "nft add table inet case; nft 'add chain inet case in { type filter hook input priority 0; }';"
        f" nft add rule inet case in tcp dport {port} {rule};"
        f" /usr/sbin/sshd -o ListenAddress={pristine.address}:{port} -o PidFile=none",
    )
    timeout = 1.5
    result = check(Target(pristine.address, port, pristine.user, pin_of(pristine), timeout=timeout), key)
    assert told(result) == (rung, cause), result
    assert result.seconds <= timeout + 0.5
    beside = Target(
        pristine.address, pristine.port, pristine.user, pin_of(pristine), services=(port, pristine.port), timeout=3
    )
    result = check(beside, key)
    assert told(result) == ("service", "port-closed"), result
    assert f"port {port}: " in result.detail
    assert f"port {pristine.port}: " not in result.detail
