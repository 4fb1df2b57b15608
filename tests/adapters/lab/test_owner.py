"""Waiting for a lab server's sshd, from outside."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sopctl.adapters.lab import owner
from tests.patience import PATIENCE

SLOW = 0.4
"""Seconds that the sshd below takes for an answer: longer than the first tries wait."""


@pytest.fixture
def slow_sshd() -> Iterator[int]:
    """The port of one that says who it is after a while, as on an emulated machine."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            time.sleep(SLOW)
            with suppress(OSError):  # given up
                connection.sendall(b"SSH-2.0-slow\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_an_sshd_that_is_slower_than_a_try_is_heard_in_the_end(slow_sshd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries of one length would all be given up too early, and keep the machine busy for ever."""
    monkeypatch.setattr(owner, "SHORTEST", SLOW / 8)
    assert owner.wait_for_banner("127.0.0.1", slow_sshd, seconds=PATIENCE, going_on=lambda: True)


def test_nobody_is_waited_for_once_the_server_has_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not owner.wait_for_banner("127.0.0.1", port, seconds=PATIENCE, going_on=lambda: False)
