"""Mail servers that are slow, endless or fickle: the conversation ends, and what is known of the message is true."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from sopctl.adapters import mail
from sopctl.adapters.mail import MayHaveArrived
from sopctl.errors import OutsideFailure

Talk = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """A server on loopback that talks like this to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def send(port: int, copies: tuple[str, ...] = ()) -> tuple[str, ...]:
    return mail.send(
        host="127.0.0.1",
        port=port,
        tls="none",
        sender="pusat-data@example.org",
        sender_name="Pusat Data",
        to="admin@example.org",
        subject="x",
        text="x",
        message_id="1@example.org",
        copies=copies,
    )


def polite(*, drop_at: str = "", refuse: tuple[str, ...] = (), end: bytes = b"250 ok\r\n") -> Talk:
    """A server that accepts, but for these; it drops the connection at a command, or after the text (`text`)."""

    def talk(connection: socket.socket) -> None:
        file = connection.makefile("rb")
        connection.sendall(b"220 hi\r\n")
        while line := file.readline():
            said = line.decode().upper()
            if drop_at and said.startswith(drop_at):
                return
            if said.startswith("DATA"):
                connection.sendall(b"354 go\r\n")
                while file.readline() != b".\r\n":
                    pass
                if drop_at == "text":
                    return
                connection.sendall(end)
            elif any(each.upper() in said for each in refuse):
                connection.sendall(b"550 no such user\r\n")
            else:
                connection.sendall(b"250 ok\r\n")

    return talk


def drip(connection: socket.socket) -> None:
    connection.sendall(b"220-")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"220 hi\r\n")
    connection.recv(999)
    while True:
        connection.sendall((b"250-" + b"x" * 1000 + b"\r\n") * 100)


def slow_lines(connection: socket.socket) -> None:
    connection.sendall(b"220 hi\r\n")
    connection.recv(999)
    while True:
        connection.sendall(b"250-x\r\n")
        time.sleep(0.2)


@pytest.mark.parametrize("talk", [drip, endless, slow_lines])
def test_a_server_that_never_ends_is_ended(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CONVERSATION_SECONDS", 1.5)
    tracemalloc.start()
    with serving(talk) as port, pytest.raises(OutsideFailure, match="was not sent"):
        send(port)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_reply_of_too_many_lines_is_ended_long_before_the_conversation() -> None:
    with serving(endless) as port, pytest.raises(OutsideFailure, match="too many lines"):
        send(port)


def test_an_answer_that_drips_after_the_text_may_mean_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CONVERSATION_SECONDS", 1.5)

    def talk(connection: socket.socket) -> None:
        polite(end=b"250-x\r\n")(connection)
        slow_lines(connection)

    with serving(talk) as port, pytest.raises(MayHaveArrived):
        send(port)


@pytest.mark.parametrize(
    ("drop_at", "perhaps"), [("EHLO", False), ("MAIL", False), ("RCPT", False), ("DATA", False), ("text", True)]
)
def test_a_connection_that_is_lost(drop_at: str, perhaps: bool) -> None:
    """Only after the text was given does nobody know."""
    with serving(polite(drop_at=drop_at)) as port, pytest.raises(OutsideFailure) as caught:
        send(port)
    assert isinstance(caught.value, MayHaveArrived) == perhaps


def test_who_was_refused_is_known() -> None:
    copies = ("kepala@example.org", "tu@example.org")
    with serving(polite(refuse=("tu@example.org",))) as port:
        assert send(port, copies) == ("tu@example.org",)
    with serving(polite(refuse=("admin@example.org",))) as port, pytest.raises(OutsideFailure, match="no such user"):
        send(port, copies)
    with serving(polite()) as port:
        assert send(port, copies) == ()


def test_a_farewell_that_goes_wrong_says_nothing_of_the_message() -> None:
    """Else a message that was accepted would be sent again."""
    for farewell in ("QUIT", ""):  # the connection is dropped at it, or the answer is not 221
        with serving(polite(drop_at=farewell)) as port:
            assert send(port) == ()
