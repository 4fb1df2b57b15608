"""Connections are made to addresses that were judged, whatever a name resolves to a moment later."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sopctl.adapters import resolving
from sopctl.adapters.resolving import AddressRefused, connect, is_here, judged
from sopctl.model.access.destinations import EVERYWHERE, Destinations
from tests.loopback import serving

HERE = Destinations(rehearsal=("127.0.0.0/8",))


def answers(monkeypatch: pytest.MonkeyPatch, *turns: list[str]) -> list[str]:
    """Let names resolve to these addresses, one turn after the other; returns what was asked."""
    asked: list[str] = []
    real, left = socket.getaddrinfo, list(turns)

    def ask(host: str, *more: Any, **options: Any) -> Any:
        asked.append(host)
        if not host.endswith(".example.org"):
            return real(host, *more, **options)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, 0)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return asked


@contextlib.contextmanager
def listening() -> Iterator[int]:
    with serving(lambda sock: sock.close(), threading.Event()) as port:
        yield port


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "::1", "fe80::1"])
def test_a_name_that_leads_to_us_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    answers(monkeypatch, [address])
    with pytest.raises(AddressRefused, match=r"web\.example\.org is "):
        connect("web.example.org", 22, 1, EVERYWHERE)


def test_one_address_of_ours_makes_the_others_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, ["192.0.2.7", "127.0.0.1"])
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1, the controller itself"):
        judged("web.example.org", EVERYWHERE)


def test_a_name_is_asked_once_and_the_answer_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer would be another one."""
    asked = answers(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    made: list[Any] = []

    def create(where: Any, _seconds: float) -> Any:
        made.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create)
    with pytest.raises(ConnectionRefusedError):
        connect("web.example.org", 22, 1, HERE)
    assert (asked, made) == (["web.example.org"], [("127.0.0.2", 22)])


def test_our_own_machines_are_known_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Destinations(ours={"mail-7.example.org": "the office's mail server"})
    answers(monkeypatch, ["192.0.2.25"])
    with pytest.raises(AddressRefused, match=r"192\.0\.2\.25 is the office's mail server"):
        judged("192.0.2.25", ours)


def test_an_address_of_this_machine_is_known() -> None:
    assert is_here("127.0.0.1")
    assert not is_here("192.0.2.7")
    assert not is_here("no address")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.7", 9))
        except OSError:
            pytest.skip("this machine has no route to elsewhere")
        own = probe.getsockname()[0]
    assert is_here(own)
    with pytest.raises(AddressRefused, match="an address of the controller itself"):
        judged(own, EVERYWHERE)


def test_what_is_right_is_connected_to() -> None:
    with listening() as port:
        connect("127.0.0.1", port, 5, HERE).close()
        connect("localhost", port, 5, None).close()
    with pytest.raises(OSError, match="refused"):
        connect("127.0.0.1", port, 5, HERE)


def test_a_name_without_an_answer_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [gone.wait(30)] * 0)
    try:
        with pytest.raises(OSError, match="no name server answered"):
            judged("slow.example.org", EVERYWHERE, 0.1)
    finally:
        gone.set()


def test_the_controllers_own_resolver_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, ["192.0.2.25"])
    ours = Destinations(ours={"mail-8.example.org": "the office's mail server"})
    for _ in range(3):
        judged("192.0.2.7", ours)
    assert asked.count("mail-8.example.org") == 1
    resolving.begin(ours)
    assert resolving._ours(ours.names).answers() == {"192.0.2.25": "the office's mail server"}
