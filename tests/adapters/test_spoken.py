"""The algorithms that are offered on the wire are ours, whichever paramiko is installed (make test-paramiko4 runs this
with the older one), and a device that has none of them is told from one that has."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec.structs import replace
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from sopctl.adapters.spoken import Transport, _RsaWithSha1, known, refuse_unknown
from sopctl.adapters.ssh import check, load_key
from sopctl.adapters.switch import DeviceFault, Dialect, Endpoint, Login, Unreachable, connect
from sopctl.adapters.switch.dialect import CISCO_LIKE
from sopctl.errors import OutsideFailure
from sopctl.model.access.algorithms import (
    LEGACY,
    MODERN,
    OLD,
    Disagreement,
    Kind,
    Old,
    allowed,
    device_remedies,
    spoken,
)
from sopctl.model.access.target import HostKey, Target, fingerprint
from sopctl.workflow.trust import Host, Proof, confirmed
from tests.loopback import DEADLINE, serving

DIALECT = Dialect("cisco_ios", CISCO_LIKE)
RSA = paramiko.RSAKey.generate(2048)
BY_NAME = {
    "kex_algo_list": Kind.KEX,
    "server_key_algo_list": Kind.HOST_KEY,
    "client_encrypt_algo_list": Kind.CIPHER,
    "server_encrypt_algo_list": Kind.CIPHER,
    "client_mac_algo_list": Kind.MAC,
    "server_mac_algo_list": Kind.MAC,
    "client_compress_algo_list": Kind.COMPRESSION,
    "server_compress_algo_list": Kind.COMPRESSION,
}
NEVER = ("arcfour", "none", "md5", "ssh-dss", "gss-", "-96", "cert")
PLATFORMS = ("cisco_ios", "mikrotik_routeros", "fortinet", "hp_procurve", "paloalto_panos", "linux")


def pinned(key: paramiko.PKey = RSA) -> HostKey:
    return HostKey(key.get_name(), key.get_base64(), fingerprint(key.asbytes()))


class Listener(paramiko.Transport):
    """An SSH server that keeps what a client offers, and then hangs up."""

    heard: dict[str, list[str]]

    def _parse_kex_init(self, m: paramiko.Message) -> None:
        self.heard = self._really_parse_kex_init(paramiko.Message(m.asbytes()))  # type: ignore[attr-defined]
        raise EOFError


@contextmanager
def listening() -> Iterator[tuple[int, list[dict[str, list[str]]]]]:
    """A server's port, and what each client offered there."""
    heard: list[dict[str, list[str]]] = []

    def serve(connection: socket.socket) -> None:
        transport = Listener(connection)
        transport.set_log_channel("tests.switch")
        transport.add_server_key(RSA)
        transport.start_server(event=threading.Event())
        transport.join(DEADLINE)
        heard.append(transport.heard)
        transport.close()

    with serving(serve, threading.Event()) as port:
        yield port, heard


def offered_by(way: str, old: tuple[Old, ...]) -> dict[str, list[str]]:
    """What a client of sopctl offers to a server: the access check's, or a session's with a device."""
    with listening() as (port, heard):
        if way == "check":
            assert check(Target("127.0.0.1", port, expect_key=pinned().pin, old=old, timeout=DEADLINE)).cause
        else:
            there = Endpoint("127.0.0.1", port, pinned(), old)
            with pytest.raises(DeviceFault), connect(there, Login("x", password="x"), Dialect(way, CISCO_LIKE)):
                pass
    return heard[0]


@pytest.mark.parametrize("way", ["check", *PLATFORMS])
@pytest.mark.parametrize("old", [(), allowed(True), ("diffie-hellman-group14-sha1",), ("3des-cbc", "ssh-rsa")], ids=str)
def test_what_is_offered_on_the_wire_is_exactly_ours(way: str, old: tuple[Old, ...]) -> None:
    heard = offered_by(way, old)
    ours = spoken(old, known())
    for name, kind in BY_NAME.items():
        offered = [each for each in heard[name] if not each.startswith(("ext-info-", "kex-strict-"))]
        assert sorted(offered) == sorted(ours[kind]), kind
        assert set(offered) <= {*MODERN[kind], *old}
        assert kind is Kind.COMPRESSION or not [each for each in offered for bad in NEVER if bad in each]
    assert heard["server_key_algo_list"][0] == "rsa-sha2-512", "the pinned type comes first"


def test_what_legacy_allows_by_itself_and_what_has_to_be_named() -> None:
    assert allowed(False) == ()
    assert set(allowed(True)) == set(LEGACY)
    assert not {"diffie-hellman-group1-sha1", "3des-cbc"} & set(allowed(True))
    assert allowed(("3des-cbc", "3des-cbc")) == ("3des-cbc",)
    assert {name for names in OLD.values() for name in names} - set(LEGACY) == {
        "diffie-hellman-group1-sha1",
        "3des-cbc",
    }


def test_all_that_legacy_allows_can_be_spoken_with_any_paramiko() -> None:
    assert set(LEGACY) <= known()
    missing = {name for names in MODERN.values() for name in names} - known()
    assert missing <= {"mlkem768x25519-sha256"}, "the newest exchange alone depends on the version"


def test_what_the_installed_paramiko_cannot_speak_is_told() -> None:
    refuse_unknown(LEGACY, where="switches/sw-a1.yml")
    if "diffie-hellman-group1-sha1" in known():  # paramiko 4
        refuse_unknown(("diffie-hellman-group1-sha1",), where="switches/sw-a1.yml")
        return
    with pytest.raises(OutsideFailure) as told:
        refuse_unknown(("ssh-rsa", "diffie-hellman-group1-sha1"), where="switches/sw-a1.yml")
    assert told.value.id == "algorithm-not-spoken"
    assert "paramiko>=4.0,<5" in str(told.value)


# Servers that speak nothing but old algorithms. (tests/lab/test_access.py does the same with OpenSSH's.)

OLD_ONLY: dict[str, tuple[Kind, str]] = {
    "diffie-hellman-group14-sha1": (Kind.KEX, "no-common-key-exchange"),
    "ssh-rsa": (Kind.HOST_KEY, "no-common-host-key"),
    "aes128-cbc": (Kind.CIPHER, "no-common-cipher"),
    "3des-cbc": (Kind.CIPHER, "no-common-cipher"),
    "hmac-sha1": (Kind.MAC, "no-common-mac"),
}


class Server(paramiko.ServerInterface):
    """Lets one key in, and runs a shell's echo."""

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return AUTH_SUCCESSFUL if key == RSA else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        channel.sendall(command.removeprefix(b"echo ") + b"\n")
        channel.send_exit_status(0)
        channel.shutdown_write()
        return True


@contextmanager
def only(name: Old) -> Iterator[int]:
    """A server that has this old algorithm, and no other of its kind."""
    kind, _ = OLD_ONLY[name]

    class Ancient(Transport):
        def __init__(self, stream: socket.socket) -> None:
            super().__init__(stream, old=(name,), server_sig_algs=False)
            self._spoken = {**self._spoken, kind: (name,)}

    def serve(connection: socket.socket) -> None:
        transport = Ancient(connection)
        transport.set_log_channel("tests.switch")
        transport.add_server_key(_RsaWithSha1(key=RSA.key) if kind is Kind.HOST_KEY else RSA)
        transport.start_server(event=threading.Event(), server=Server())
        transport.join(DEADLINE)
        transport.close()

    with serving(serve, threading.Event()) as port:
        yield port


@pytest.mark.parametrize("name", OLD_ONLY)
def test_an_old_server_is_refused_by_what_it_lacks_and_spoken_to_where_that_is_allowed(
    tmp_path: Path, name: Old
) -> None:
    (tmp_path / "key").touch(mode=0o600)
    RSA.write_private_key_file(str(tmp_path / "key"))
    key, cause = load_key(tmp_path / "key"), OLD_ONLY[name][1]
    with only(name) as port:
        refused = check(Target("127.0.0.1", port, expect_key=pinned().pin, timeout=DEADLINE))
        assert (refused.cause, name in refused.detail) == (cause, True)
        there = Endpoint("127.0.0.1", port, pinned())
        with pytest.raises(Unreachable) as told, connect(there, Login("root", key=RSA), DIALECT):
            pass
        assert told.value.id == cause
        assert f"legacy: [{name}]" in str(told.value)
        found = check(Target("127.0.0.1", port, "root", pinned().pin, old=(name,), timeout=DEADLINE), key)
    assert found.cause is None, found.detail
    assert name in found.algorithms.values()


def test_remedies_fit_what_is_missing() -> None:
    """A new host key does not help with a key exchange, nor a cipher with a host key."""
    kex = " ".join(map(str, device_remedies(Disagreement(Kind.KEX, ("diffie-hellman-group14-sha1",)))))
    key = " ".join(map(str, device_remedies(Disagreement(Kind.HOST_KEY, ("ssh-dss",)))))
    cipher = " ".join(map(str, device_remedies(Disagreement(Kind.CIPHER, ("arcfour",)))))
    assert "would change nothing" in kex
    assert "legacy: [diffie-hellman-group14-sha1]" in kex
    assert "ECDSA" in key
    offered = ("diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1")
    both = " ".join(map(str, device_remedies(Disagreement(Kind.KEX, offered))))
    assert "legacy: [diffie-hellman-group14-sha1]" in both, "what is broken is proposed only where nothing else is left"
    assert "group1-sha1]" in " ".join(map(str, device_remedies(Disagreement(Kind.KEX, offered[1:]))))
    assert "legacy" not in key + cipher, "what must not be spoken is not proposed"


class Downgrading(paramiko.RSAKey):
    """A host key that signs by SHA-1, whatever was agreed."""

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        message = paramiko.Message()
        message.add_string("ssh-rsa")
        assert isinstance(self.key, rsa.RSAPrivateKey)
        message.add_string(self.key.sign(data, padding=padding.PKCS1v15(), algorithm=hashes.SHA1()))
        return message


def test_a_signature_by_another_algorithm_than_the_agreed_one_is_refused() -> None:
    def serve(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        transport.set_log_channel("tests.switch")
        transport.add_server_key(Downgrading(key=RSA.key))
        transport.start_server(event=threading.Event())
        transport.join(DEADLINE)
        transport.close()

    with serving(serve, threading.Event()) as port:
        found = check(Target("127.0.0.1", port, expect_key=pinned().pin, timeout=DEADLINE))
    assert found.cause == "not-ssh"
    assert "signs with ssh-rsa instead of rsa-sha2-512" in found.detail


def test_the_host_key_of_an_old_device_is_read_where_its_record_allows_it() -> None:
    with only("ssh-rsa") as port:
        host = Host("switch", "sw-a1", "127.0.0.1", port)
        with pytest.raises(OutsideFailure) as told:
            confirmed(host, Proof(trusted_path="kabel"))
        assert told.value.id == "host-key-unreadable"
        assert "offers only ssh-rsa" in told.value.message
        assert "for this device alone, in its record: legacy: [ssh-rsa]" in str(told.value)
        assert "sshd" not in str(told.value), "a device has no sshd_config"
        key, _ = confirmed(replace(host, old=("ssh-rsa",)), Proof(trusted_path="kabel"))
    assert key.sha256 == pinned().sha256
