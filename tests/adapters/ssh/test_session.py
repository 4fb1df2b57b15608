"""The session ends when the connection does, however oddly that happens."""

import contextlib
import socket
import threading
import time

import paramiko
import pytest
from paramiko.common import (
    MSG_CHANNEL_EOF,
    MSG_DEBUG,
    MSG_DISCONNECT,
    MSG_IGNORE,
    MSG_KEXINIT,
    MSG_NEWKEYS,
    MSG_UNIMPLEMENTED,
)
from paramiko.ssh_exception import MessageOrderError, SSHException

from sopctl.adapters.ssh import Key
from sopctl.adapters.ssh.banner import read_banner, send_identification
from sopctl.adapters.ssh.connection import LIMIT, Connection, Cut
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.session import Session
from sopctl.adapters.ssh.transport import Inline
from sopctl.model.access.causes import Cause
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.patience import LATE

IDENTIFICATION = "SSH-2.0-test"


class Odd(Connection):
    """Once `broken` is set, fails with an OSError that has no number: paramiko's own clean-up stumbles over it."""

    broken: threading.Event

    def _hear(self) -> None:
        if self.broken.is_set():
            raise OSError("no number")
        super()._hear()


@pytest.mark.parametrize("inline", [False, True])
def test_a_session_that_dies_oddly_frees_who_waits(
    key: Key, host_key: paramiko.PKey, capsys: pytest.CaptureFixture[str], *, inline: bool
) -> None:
    behaviour = Behaviour(keys=(key.pkey,), never_ends=True)
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        deadline = Deadline(30)
        connection = Odd(socket.create_connection(("127.0.0.1", host.port)), deadline)
        connection.broken = threading.Event()
        send_identification(connection, IDENTIFICATION)
        read_banner(connection, deadline)
        session = Session(connection, IDENTIFICATION, None, inline=inline)
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


class Packets:
    """A packetizer that reads these packets, then the end of the connection, and keeps what is sent."""

    def __init__(self, *packets: tuple[int, bytes]) -> None:
        self.packets, self.sent = list(packets), list[bytes]()

    def need_rekey(self) -> bool:
        return False

    def read_message(self) -> tuple[int, paramiko.Message]:
        if not self.packets:
            raise EOFError
        kind, content = self.packets.pop(0)
        message = paramiko.Message(content)
        message.seqno = 7
        return kind, message

    def send_message(self, message: paramiko.Message) -> None:
        self.sent.append(message.asbytes())

    def close(self) -> None: ...


def told(*packets: tuple[int, bytes], **state: object) -> tuple[Inline, Packets]:
    """A session without a thread, in this state, that was told these packets."""
    ours, _ = socket.socketpair()
    with contextlib.closing(Connection(ours, Deadline(5))) as connection:
        transport, fake = Inline(connection, None, ()), Packets(*packets)
        for name, value in {"packetizer": fake, "active": True, **state}.items():
            setattr(transport, name, value)
        done = transport.event()
        transport.completion_event = done
        assert done.wait()
        assert not transport.is_active()
        assert not transport.is_alive()
    return transport, fake


@pytest.mark.parametrize("kind", [MSG_IGNORE, MSG_DEBUG])
def test_nothing_may_be_slipped_into_a_strict_key_exchange(kind: int) -> None:
    """As in the attack called Terrapin (CVE-2023-48795): what is not authenticated yet is not ignored either."""
    transport, _ = told((kind, b""), agreed_on_strict_kex=True)
    assert isinstance(transport.get_exception(), MessageOrderError)
    transport, _ = told((kind, b""), agreed_on_strict_kex=True, initial_kex_done=True)
    assert isinstance(transport.get_exception(), EOFError)


@pytest.mark.parametrize(("strict", "kind"), [(True, MessageOrderError), (False, SSHException)])
def test_a_packet_out_of_turn_ends_the_session(kind: type[Exception], *, strict: bool) -> None:
    transport, _ = told((MSG_NEWKEYS, b""), _expected_packet=(MSG_KEXINIT,), agreed_on_strict_kex=strict)
    assert type(transport.get_exception()) is kind


def test_what_a_session_does_not_know_it_says() -> None:
    """RFC 4253 section 11.4; but two of a kind would tell each other so for ever."""
    transport, fake = told((200, b""), (MSG_UNIMPLEMENTED, b"\0\0\0\1"))
    assert fake.sent == [b"\x03\0\0\0\7"]
    assert isinstance(transport.get_exception(), EOFError)


def test_a_session_ends_when_the_server_says_so_or_speaks_of_a_channel_that_never_was() -> None:
    transport, _ = told((MSG_DISCONNECT, b"\0\0\0\2\0\0\0\6enough"), (MSG_IGNORE, b""))
    assert (transport.farewell, transport.get_exception()) == ("enough", None)
    transport, fake = told((MSG_CHANNEL_EOF, b"\0\0\0\5"), (MSG_IGNORE, b""))
    assert (len(fake.packets), transport.get_exception()) == (1, None)
    transport, fake = told((MSG_CHANNEL_EOF, b"\0\0\0\5"), (MSG_IGNORE, b""), channels_seen={5: True})
    assert (len(fake.packets), type(transport.get_exception())) == (0, EOFError)


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
