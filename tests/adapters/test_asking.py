"""One question, one answer, in bounds; and whether the question may have arrived."""

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters.asking import Answer, Lost, NotSent, ask
from tests.authority import Authority, real_now
from tests.loopback import serving

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nya"


def _heard(connection: socket.socket) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard or not heard.endswith(b"tanya"):
        part = connection.recv(4096)
        if not part:
            break
        heard += part
    return heard


def _plays(answer: bytes) -> Callable[[socket.socket], None]:
    def play(connection: socket.socket) -> None:
        with connection:
            _heard(connection)
            connection.sendall(answer)

    return play


def _ask(play: Callable[[socket.socket], None], *, seconds: float = 20.0, most: int = 1000) -> Answer:
    stop = threading.Event()
    with serving(play, stop) as port:
        return ask(f"http://127.0.0.1:{port}/a?b=c", b"tanya", {"X-Y": "z"}, seconds=seconds, most=most)


def test_an_answer() -> None:
    found = _ask(_plays(OK))
    assert (found.status, found.headers["content-type"], found.body) == (200, "text/plain", b"ya")


def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://198.18.0.1/\r\nContent-Length: 0\r\n\r\n"
    assert _ask(_plays(moved)).status == 302


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nya",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"y" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"not HTTP at all\r\n\r\n",
    ],
    ids=["nothing", "cut off", "too much", "too many headers", "no HTTP"],
)
def test_what_is_no_whole_answer_leaves_open_what_became_of_the_question(answer: bytes) -> None:
    with pytest.raises(Lost):
        _ask(_plays(answer))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n",
        b"HTTP/1.1 200 OK\r\nX-",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["with a length", "ends the connection", "of old", "in chunks", "a header", "goes on"],
)
def test_a_drip_ends_at_the_deadline_of_the_whole_conversation(head: bytes) -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            _heard(connection)
            connection.sendall(head)
            connection.settimeout(0.02)
            while not ended.is_set():
                try:
                    connection.sendall(b"y")
                    if not connection.recv(1):
                        return
                except TimeoutError:
                    continue
                except OSError:
                    return

    try:
        with pytest.raises(Lost, match="in time"):
            _ask(drip, seconds=0.3)
    finally:
        ended.set()


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent):
            ask(f"http://127.0.0.1:{held.getsockname()[1]}/", b"x", {}, seconds=5, most=10)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http:///x", "nothing"])
def test_what_is_no_address_of_the_web_is_not_asked(url: str) -> None:
    with pytest.raises(NotSent):
        ask(url, b"x", {}, seconds=5, most=10)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_nobody_known_is_refused_before_anything_is_sent(tmp_path: Path, *, trusted: bool) -> None:
    authority = Authority(real_now())
    server = authority.server("localhost", name="localhost")
    (tmp_path / "server.pem").write_bytes(server.pem + authority.middle.pem + server.key_pem)
    (tmp_path / "root.pem").write_bytes(authority.root.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    heard: list[bytes] = []

    def play(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as inner:
                heard.append(_heard(inner))
                inner.sendall(OK)
        except (ssl.SSLError, OSError):
            return

    stop = threading.Event()
    with serving(play, stop) as port:
        url, root = f"https://localhost:{port}/", tmp_path / "root.pem"
        if trusted:
            assert ask(url, b"tanya", {}, seconds=20, most=10, ca=root).body == b"ya"
            return
        with pytest.raises(NotSent):
            ask(url, b"tanya", {}, seconds=20, most=10)
    assert not heard
