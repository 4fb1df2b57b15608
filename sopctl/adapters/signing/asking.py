"""One question over HTTP(S) and its answer, bounded in size and, over the whole conversation, in time.

What failed is told apart by whether the question may have arrived: a service that signs must not be asked twice because
an answer was lost. TLS is always verified, no redirection is followed, and no setting of the environment (proxies,
other authorities, .netrc) plays a part.
"""

import base64
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlsplit

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
) -> Answer:
    """Ask `url`: a POST with a body, a GET without. `ca` is a PEM file of the only authority to trust; `login` a user
    and password (Basic). At most `most` bytes are read, for at most `seconds`.

    Raises NotSent and Lost.
    """
    parts = urlsplit(url)
    try:
        connection = _connected(parts.scheme, parts.hostname or "", parts.port, ca)
    except (OSError, ValueError, HTTPException) as error:
        raise NotSent(_said(error)) from None
    sent = dict(headers)
    if login:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    late = Event()
    watch = Timer(seconds, _break, (connection, late))
    watch.daemon = True
    watch.start()
    try:
        path = parts.path or "/"
        connection.request(
            "GET" if body is None else "POST", f"{path}?{parts.query}" if parts.query else path, body, sent
        )
        response = connection.getresponse()
        content = b""
        while part := response.read(65536):
            content += part
            if len(content) > most:
                raise Lost(f"the answer is larger than {most} bytes")
        if response.length:
            raise Lost("no whole answer in time" if late.is_set() else "the answer was cut off")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
    except (OSError, HTTPException, ValueError) as error:
        raise Lost("no whole answer in time" if late.is_set() else _said(error)) from None
    finally:
        watch.cancel()
        connection.close()


def _connected(scheme: str, host: str, port: int | None, ca: Path | None) -> HTTPConnection:
    """A connection to that host. Raises OSError (of which ssl.SSLError is one), ValueError."""
    if scheme == "https":
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=CONNECTING, context=context)
    elif scheme == "http":
        connection = HTTPConnection(host, port, timeout=CONNECTING)
    else:
        raise ValueError(f"no address of the web: {scheme}")
    connection.connect()
    connection.sock.settimeout(None)  # from here on the watch bounds it
    return connection


def _break(connection: HTTPConnection, late: Event) -> None:
    late.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _said(error: Exception) -> str:
    return printable(str(error) or type(error).__name__, 200)
