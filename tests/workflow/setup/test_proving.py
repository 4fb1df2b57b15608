"""What the proof is made of: services that are asked, differences that count. The whole of it is in tests/lab."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

from sopctl.adapters.lab import LabServer, Service
from sopctl.workflow.setup import proving
from sopctl.workflow.setup.lab import states_named
from sopctl.workflow.setup.proving import Proof, Seen, answers

Protocol = Literal["tcp", "udp"]

HERE = "127.0.0.1"
SERVER = LabServer("lab1", HERE, 22, "titipan", "key", (), "running", None)


@contextmanager
def listening(protocol: Protocol, answer: bytes) -> Iterator[int]:
    """A service that answers everything with `answer`, in two parts over TCP; its port."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as service:
        service.bind((HERE, 0))
        if protocol == "tcp":
            service.listen()

        def serve() -> None:
            try:
                while True:
                    if protocol == "udp":
                        service.sendto(answer, service.recvfrom(100)[1])
                        continue
                    connection, _ = service.accept()
                    with connection:
                        connection.sendall(answer[:3])
                        connection.sendall(answer[3:])
            except OSError:
                pass  # closed below

        threading.Thread(target=serve, daemon=True).start()
        yield int(service.getsockname()[1])
        service.shutdown(socket.SHUT_RDWR) if protocol == "tcp" else None


@pytest.mark.parametrize(
    ("protocol", "answer", "expect", "right"),
    [
        ("tcp", b"SSH-2.0-x", "SSH-2.0", True),
        ("tcp", b"SSH-2.0-x", "", True),
        ("tcp", b"HTTP/1.0 403", "halaman", False),
        ("tcp", b"", "halaman", False),
        ("udp", b"\x12\x34", "", True),
        ("udp", b"other", "wanted", False),
    ],
)
def test_a_service_answers_or_does_not(protocol: Protocol, answer: bytes, expect: str, right: bool) -> None:
    with listening(protocol, answer) as port:
        service = Service(
            port, "udp" if protocol == "udp" else "tcp", send="x" if protocol == "udp" else "", expect=expect
        )
        assert answers(HERE, service, seconds=0) is right


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_nothing_listens_there(protocol: Protocol) -> None:
    with listening(protocol, b"x") as port:
        pass
    assert not answers(HERE, Service(port, protocol, send="x"), seconds=0)


@pytest.mark.parametrize(
    ("difference", "stays"),
    [
        ("+ file /home/webadmin drwx------ 1001:1001 ", True),
        ("+ content /home/webadmin/.ssh/authorized_keys abc", True),
        ("+ file /home/sopctl/.profile -rw------- 1002:1002 ", True),
        ("- file /home/webadmin drwxr-x--- 1001:1001 ", False),
        ("+ file /home/webadmin2 drwx------ 1001:1001 ", False),
        ("+ file /home/other drwx------ 1001:1001 ", False),
        ("+ account webadmin:x:1001:1001::/home/webadmin:/bin/bash", False),
        ("+ file /etc/systemd/journald.conf.d drwxr-xr-x 0:0 ", False),
        ("+ ours /run/sopctl-window", False),
    ],
)
def test_only_homes_that_the_run_made_may_stay(difference: str, stays: bool) -> None:
    case = proving._Case(
        SERVER, states_named("two-ssh-ports"), before=frozenset(["account titipan:x:1000:1000::/home/t:"])
    )
    assert proving._stays(difference, case) is stays
    there = frozenset(
        ["account webadmin:x:1001:1001::/home/webadmin:/bin/bash", "account sopctl:x:1:1::/home/sopctl:/bin/sh"]
    )
    assert not proving._stays(difference, proving._Case(SERVER, states_named("web-from-a-home"), before=there))


def test_a_proof_is_good_when_all_steps_are() -> None:
    good, bad = Seen("a", ok=True), Seen("b", ok=False)
    assert Proof("lab1", ("ufw",), (good,)).ok
    assert not Proof("lab1", ("ufw",), (good, bad)).ok
