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
        line = Odd(socket.create_connection(("127.0.0.1", host.port)), deadline)
        send_identification(line, IDENTIFICATION)
        read_banner(line, deadline)
        session = Session(line, IDENTIFICATION, None)
        session.exchange_keys()
        session.login("deposit", key)
        began = time.monotonic()
        timer = threading.Timer(0.2, line.broken.set)
        timer.start()
        with pytest.raises(Fault) as caught:
            session.run("true")
        session.close()
        timer.join()
    assert caught.value.cause is Cause.CLOSED
    assert time.monotonic() - began < 5
    assert capsys.readouterr() == ("", "")


def drain(line: Connection, sizes: list[int]) -> None:
    """Read as a protocol engine does, over time-outs, for as long as the line lets us."""
    while True:
        with contextlib.suppress(TimeoutError):
            sizes.append(len(line.recv(2**31)))


def test_a_line_gives_no_more_than_its_limit() -> None:
    with hostile.listening(hostile.repeating(b"x" * 10_000)) as host:
        line = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(30))
        sizes: list[int] = []
        with contextlib.closing(line), pytest.raises(Cut):
            drain(line, sizes)
    assert line.cut == "limit"
    assert LIMIT <= sum(sizes) < LIMIT + 100_000


def test_a_line_ends_at_its_deadline() -> None:
    with hostile.listening(hostile.silent) as host:
        line = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(0.3))
        began = time.monotonic()
        with contextlib.closing(line), pytest.raises(Cut):
            drain(line, [])
    assert line.cut == "deadline"
    assert time.monotonic() - began < 0.8


def test_what_is_unread_is_read_again() -> None:
    with hostile.listening(hostile.saying(b"later")) as host:
        line = Connection(socket.create_connection(("127.0.0.1", host.port)), Deadline(5))
        with contextlib.closing(line):
            line.unread(b"first")
            assert line.recv(3) + line.recv(10) == b"first"
            assert line.recv(10) == b"later"
