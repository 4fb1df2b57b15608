"""Addresses in turn, and services side by side."""

import socket
import time

import pytest

from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.model.access.causes import Cause
from sopctl.model.access.destinations import EVERYWHERE
from tests.adapters.ssh import hostile
from tests.patience import LATE, PATIENCE


def at(port: int, host: str = "127.0.0.1") -> tcp.Address:
    return socket.AF_INET, (host, port)


def test_a_dead_address_does_not_hold_up_a_live_one() -> None:
    with hostile.full_port() as dead, hostile.listening(hostile.silent) as live:
        began = time.monotonic()
        address, sock = tcp.connect([at(dead), at(live.port)], Deadline(PATIENCE))
        took = time.monotonic() - began
        sock.close()
    assert address == at(live.port)
    assert tcp.STAGGER <= took < LATE


def test_a_refusing_address_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "STAGGER", LATE)
    with hostile.closed_port() as dead, hostile.listening(hostile.silent) as live:
        began = time.monotonic()
        address, sock = tcp.connect([at(dead), at(live.port)], Deadline(PATIENCE))
        sock.close()
    assert address == at(live.port)
    assert time.monotonic() - began < tcp.STAGGER


def test_each_address_keeps_its_own_reason() -> None:
    with hostile.closed_port() as closed, hostile.full_port() as full, pytest.raises(Fault) as caught:
        tcp.connect([at(closed), at(full, "127.0.0.1")], Deadline(0.4))
    assert caught.value.cause is Cause.REFUSED
    assert caught.value.detail == "127.0.0.1: connection refused; 127.0.0.1: no answer"


def test_families_take_turns_beginning_with_the_preferred_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """getaddrinfo(3) puts the preferred address first (RFC 6724); RFC 8305 section 4 interleaves from there."""
    for order, turns in (("664", "646"), ("446", "464"), ("44", "44"), ("6644", "6464")):
        families = {"4": socket.AF_INET, "6": socket.AF_INET6}
        found = [(families[one], socket.SOCK_STREAM, 6, "", (str(n), 22)) for n, one in enumerate(order)]
        monkeypatch.setattr(tcp, "_ask_resolver", lambda *_, found=found: found)
        resolved = tcp.resolve("server.example.org", 22, Deadline(1))
        assert [family for family, _ in resolved] == [families[one] for one in turns]
        assert resolved[0][1][0] == "0"


def test_an_address_needs_no_resolver() -> None:
    found = tcp.resolve("127.0.0.1", 22, Deadline(1))
    assert found == [at(22)]
    assert tcp.resolve("::1", 22, Deadline(1))[0][0] == socket.AF_INET6


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (socket.EAI_NONAME, Cause.NO_SUCH_NAME),
        (socket.EAI_NODATA, Cause.NO_SUCH_NAME),
        (socket.EAI_AGAIN, Cause.RESOLVER_DOWN),
        (socket.EAI_FAIL, Cause.RESOLVER_DOWN),
        (socket.EAI_SYSTEM, Cause.RESOLVER_DOWN),
    ],
)
def test_tells_the_name_from_the_resolver(code: int, cause: Cause) -> None:
    assert tcp.resolver_fault("a.example.org", socket.gaierror(code, "…")).cause is cause


def test_services_are_tried_side_by_side() -> None:
    with (
        hostile.listening(hostile.silent) as open_one,
        hostile.closed_port() as closed,
        hostile.full_port() as full,
        hostile.full_port() as fuller,
    ):
        began = time.monotonic()
        accepted, closed_ones = tcp.connect_ports(at(1), [open_one.port, closed, full, fuller], Deadline(0.4))
        took = time.monotonic() - began
        assert accepted.keys() == {open_one.port}
        assert accepted[open_one.port].getpeername() == ("127.0.0.1", open_one.port)
        accepted[open_one.port].close()
    assert closed_ones == {closed: "connection refused", full: "no answer", fuller: "no answer"}
    assert took < 0.4 + LATE


def test_a_deposits_name_is_judged_by_what_it_resolved_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address of ours among others is enough; and what was judged is what is connected to."""
    for found, refused in (
        (["192.0.2.7"], False),
        (["192.0.2.7", "127.0.0.1"], True),
        (["::ffff:169.254.169.254"], True),
    ):
        entries = [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, 22)) for one in found]
        monkeypatch.setattr(tcp, "_ask_resolver", lambda *_, entries=entries: entries)
        if refused:
            with pytest.raises(Fault, match=r"web\.example\.org is ") as caught:
                tcp.resolve("web.example.org", 22, Deadline(5), EVERYWHERE)
            assert caught.value.cause is Cause.ADDRESS_REFUSED
        else:
            assert [address[1][0] for address in tcp.resolve("web.example.org", 22, Deadline(5), EVERYWHERE)] == found
