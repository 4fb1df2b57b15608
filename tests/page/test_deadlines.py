"""Who draws a conversation out is cut off: by a head, a body or an answer that never ends (slow loris)."""

import http.client
import itertools
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from sopctl.page import deadlines
from sopctl.page.deadlines import Deadlines
from tests.patience import LATE, PATIENCE, eventually

LARGE = 32 * 1024 * 1024


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers without waiting for the body, as the guard does with one that is too slow."""
    size = LARGE if scope["path"] == "/large" else 2
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]}
    await send(start)
    await send({"type": "http.response.body", "body": b"x" * size})


def set_deadlines(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for name in ("HEAD_SECONDS", "REQUEST_SECONDS", "TAKING_SECONDS"):
        monkeypatch.setattr(deadlines, name, seconds)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> uvicorn.Server:
    """uvicorn as the page runs it, with deadlines of tenths of a second."""
    set_deadlines(monkeypatch, 0.3)
    config = uvicorn.Config(app, http=Deadlines, lifespan="off", log_level="critical", timeout_keep_alive=60)
    return uvicorn.Server(config)


@pytest.fixture
def port(server: uvicorn.Server) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive()


def cut_off(client: socket.socket, drops: Iterator[bytes]) -> bool:
    """Send drop by drop, each before the deadline. Does the other end close in spite of it?"""
    client.settimeout(0.05)
    for drop in itertools.islice(drops, 600):
        try:
            client.sendall(drop)
            while True:
                if not client.recv(65536):
                    return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nX-A: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n",
    ],
    ids=["nothing", "a head", "a second head", "a body that nobody waits for"],
)
def test_what_never_arrives_is_cut_off(port: int, first: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        drops = itertools.repeat(b"a" if first else b"")
        assert cut_off(client, itertools.chain([first], drops))


def test_an_answer_that_nobody_takes_is_cut_off(server: uvicorn.Server, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1)
        eventually(lambda: not server.server_state.connections, "it is not cut off")


def test_who_is_not_slow_is_served_on_one_connection(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    set_deadlines(monkeypatch, LATE)  # a busy machine is slow
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in ("/", "/large", "/"):
        connection.request("GET", path)
        assert connection.getresponse().read().strip(b"x") == b""
    connection.close()
