"""Channels that answer without end: the post ends in time, and the message is not called delivered.

That a channel takes a message or refuses it is in tests/workflow/steps/test_notifying.py.
"""

import socket
import threading
from contextlib import suppress

import pytest

from sopctl.adapters import channels
from sopctl.errors import OutsideFailure
from tests.loopback import serving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


@pytest.mark.parametrize(
    ("piece", "pause", "seconds", "says"),
    [(b"x", 0.05, 3.0, "no whole answer"), (b"x" * 1_000_000, 0.0, 120.0, "could not be read|did not take")],
    ids=["a drip", "a flood"],
)
def test_an_answer_without_end_ends(
    monkeypatch: pytest.MonkeyPatch, piece: bytes, pause: float, seconds: float, says: str
) -> None:
    """The flood ends by the bound on memory, the drip by the one on time."""
    stop = threading.Event()
    monkeypatch.setattr(channels, "POST_SECONDS", seconds)

    def play(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.recv(65536)
            sock.sendall(HEAD)
            while not stop.wait(pause):
                sock.sendall(piece)

    with serving(play, stop) as port, pytest.raises(OutsideFailure, match=says) as ended:
        channels.post("posko", f"json://127.0.0.1:{port}/rahasia", title="x", text="x")
    assert "rahasia" not in str(ended.value)
