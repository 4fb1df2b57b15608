"""A browser of our own over any connection: it keeps cookies and sends forms, and follows nothing by itself.
`make` is asked for a connection, `name` is by what name the page is asked for."""

import http.client
import socket
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from tests.page.conftest import hidden
from tests.patience import PATIENCE

NAME = "titipan.example.org"


class OverSocket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(NAME, timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self.path))


class Caller:
    """Each request has a connection of its own."""

    def __init__(self, make: Callable[[], http.client.HTTPConnection], name: str = NAME) -> None:
        self._make = make
        self._name = name
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, data: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """The status of an answer, where it leads, and its text."""
        connection = self._make()
        try:
            sent = {"Host": self._name, **{name.replace("_", "-"): value for name, value in headers.items()}}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            if data is not None:
                sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{self._name}"}
            connection.request(method, path, urlencode(data) if data is not None else None, sent)
            answer = connection.getresponse()
            for each in answer.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(each).items()}
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()

    def fill(self, path: str, **typed: str) -> tuple[int, str, str]:
        """Look at a form, fill it in and send it."""
        return self.ask("POST", path, {**hidden(self.ask("GET", path)[2]), **typed})

    def awaited(self) -> int:
        """The status of `/sehat`, once something listens."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask("GET", "/sehat")[0]
            except (ConnectionRefusedError, FileNotFoundError):
                assert time.monotonic() < until, "nothing listens"
                time.sleep(0.02)
