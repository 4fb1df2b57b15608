"""One question over HTTP(S) and its answer, bounded in size and, over the whole conversation, in time.

What failed is told apart by whether the question may have arrived: a service that signs must not be asked twice because
an answer was lost. TLS is always verified, no redirection is followed, and no setting of the environment (proxies,
other authorities, .netrc) plays a part.
"""

import base64
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlsplit

from sopctl.adapters import secured
from sopctl.model.text import printable

CONNECTING = 10.0
"""Seconds for a connection."""


class NotSent(Exception):
    """The question surely did not arrive: there was no connection, or it was not the one that is trusted."""


class Lost(Exception):
    """The question was sent, in part at least, and no whole answer came: nobody here knows what became of it."""


@dataclass(frozen=True)
class Answer:
    """What came: the status, the headers (names in small letters), the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    seconds: float,
    most: int,
    ca: Path | None = None,
    login: tuple[str, str] | None = None,
    method: str | None = None,
) -> Answer:
    """Ask `url`: by default a POST with a body, a GET without. `ca` is a PEM file of the only authority to trust;
    `login` a user and password (Basic). At most `most` bytes are read, for at most `seconds`.

    Raises NotSent and Lost.
    """
    late = Event()
    with ExitStack() as stack:
        try:
            parts = urlsplit(url)
            connection, context = _way(parts.scheme, parts.hostname or "", parts.port, ca)
            sock = socket.create_connection((connection.host, connection.port), CONNECTING)
            stack.callback(sock.close)
            stack.enter_context(_ended_after(sock, seconds, late))
            sock.settimeout(None)
            connection.sock = context.wrap_socket(sock, server_hostname=connection.host) if context else sock
            stack.callback(connection.close)
        except (OSError, ValueError, HTTPException) as error:
            raise NotSent("no connection in time" if late.is_set() else _said(error)) from None
        sent = {**headers, "Connection": "close"}
        if login:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, sent)
            return _answer(connection, most, late)
        except (OSError, HTTPException, ValueError) as error:
            raise Lost("no whole answer in time" if late.is_set() else _said(error)) from None


def _answer(connection: HTTPConnection, most: int, late: Event) -> Answer:
    """The whole answer. Raises Lost where it is too large or ends early, and what the connection raises."""
    with connection.getresponse() as response:
        content = b""
        while part := response.read(65536):
            content += part
            if len(content) > most:
                raise Lost(f"the answer is larger than {most} bytes")
        if late.is_set():  # the watch ended it: what came may be a part
            raise Lost("no whole answer in time")
        if response.length:
            raise Lost("the answer was cut off")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def _way(scheme: str, host: str, port: int | None, ca: Path | None) -> tuple[HTTPConnection, ssl.SSLContext | None]:
    """A connection to that host, not yet made, and whom TLS trusts. Raises OSError, ValueError."""
    if scheme not in ("http", "https") or not host:
        raise ValueError(f"no address of the web: {scheme}")
    if scheme == "http":
        return HTTPConnection(host, port), None
    context = secured.verified(ca_file=ca)
    return HTTPSConnection(host, port, context=context), context


@contextmanager
def _ended_after(sock: socket.socket, seconds: float, late: Event) -> Iterator[None]:
    """End whatever is said over a socket when its time is over. This holds the socket itself: HTTPConnection forgets
    its own where an answer says that it is the last."""
    with sock.dup() as held:

        def end() -> None:
            late.set()
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

        watch = Timer(seconds, end)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()


def _said(error: Exception) -> str:
    return printable(str(error) or type(error).__name__, 200)
