"""The session ends when the connection does, however oddly that happens."""

import contextlib
import socket
import threading
import time

import paramiko
import pytest

from sopctl.adapters.ssh import Key
from sopctl.adapters.ssh.banner import read_banner, send_identification
from sopctl.adapters.ssh.connection import LIMIT, Connection, Cut
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.session import Session
from sopctl.model.access.causes import Cause
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.patience import LATE

IDENTIFICATION = "SSH-2.0-test"


class Odd(Connection):
    """Once `broken` is set, fails with an OSError that has no number: paramiko's own clean-up stumbles over it."""

    broken = threading.Event()

    def recv(self, size: int) -> bytes:
        if self.broken.is_set():
            raise OSError("no number")
        return super().recv(size)


def test_a_thread_that_dies_oddly_frees_who_waits(
    key: Key, host_key: paramiko.PKey, capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour = Behaviour(keys=(key.pkey,), never_ends=True)
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        deadline = Deadline(30)
        connection = Odd(socket.create_connection(("127.0.0.1", host.port)), deadline)
        send_identification(connection, IDENTIFICATION)
        read_banner(connection, deadline)
        session = Session(connection, IDENTIFICATION, None)
        session.exchange_keys()
        session.login("deposit", key)
        began = time.monotonic()
        timer = threading.Timer(0.2, connection.broken.set)
        timer.start()
        with pytest.raises(Fault) as caught:
            session.run("true")
        session.close()
        timer.join()
    assert caught.value.cause is Cause.CLOSED
    assert time.monotonic() - began < LATE
    assert capsys.readouterr() == ("", "")


def drain(connection: Connection, sizes: list[int]) -> None:
    """Read as a protocol engine does, over time-outs, for as long as the connection lets us."""
    while True:
        with contextlib.suppress(TimeoutError):
            sizes.append(len(connection.recv(2**31)))


def read(connection: Connection, size: int) -> bytes:
    """The next bytes, however long the other side takes within the deadline."""
    while True:
        with contextlib.suppress(TimeoutError):
            return connection.recv(size)


def test_a_connection_gives_no_more_than_its_limit() -> None:
    with hostile.listening(hostile.repeating(b"x" * 10_000)) as host:
        connection = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(30))
        sizes: list[int] = []
        with contextlib.closing(connection), pytest.raises(Cut):
            drain(connection, sizes)
    assert connection.cut == "limit"
    assert LIMIT <= sum(sizes) < LIMIT + 100_000


def test_a_connection_ends_at_its_deadline() -> None:
    with hostile.listening(hostile.silent) as host:
        connection = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(0.3))
        began = time.monotonic()
        with contextlib.closing(connection), pytest.raises(Cut):
            drain(connection, [])
    assert connection.cut == "deadline"
    assert time.monotonic() - began < 0.3 + LATE


def test_an_end_at_the_deadline_is_our_own() -> None:
    """A channel of a jump host ends with the connection to it, which the same deadline cuts: whoever looks first."""

    class Ended:
        """A stream that was ended while somebody waited for it."""

        def recv(self, _size: int) -> bytes:
            cancel.set()
            return b""

        def send(self, _data: bytes) -> int:
            cancel.set()
            raise OSError("Socket is closed")

        def settimeout(self, _seconds: float | None) -> None: ...

        def shutdown(self, _how: int) -> None: ...

        def close(self) -> None: ...

    for receives in (True, False):
        cancel = threading.Event()
        connection = Connection(Ended(), Deadline(10.0, cancel))
        with pytest.raises(Cut):
            connection.recv(10) if receives else connection.send(b"x")
        assert connection.cut == "cancelled"


def test_what_is_unread_is_read_again() -> None:
    with hostile.listening(hostile.saying(b"later")) as host:
        connection = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(5))
        with contextlib.closing(connection):
            connection.unread(b"first")
            assert connection.recv(3) + connection.recv(10) == b"first"
            assert read(connection, 10) == b"later"


def test_what_came_with_a_packets_head_is_not_waited_for_again() -> None:
    """paramiko reads a packet's head, then the rest, which is there by then: one look at the socket does for both."""
    with hostile.listening(hostile.saying(b"headrest")) as host:
        sock = socket.create_connection(("127.0.0.1", host.port))
        connection = Connection(sock, Deadline(5))
        with contextlib.closing(connection):
            assert read(connection, 4) == b"head"
            sock.shutdown(socket.SHUT_RD)  # nothing more can be read from the socket itself
            assert connection.recv(100) == b"rest"
            connection.unread(b"kept")
            connection.shut_down()
            with pytest.raises(Cut):
                connection.recv(4)
