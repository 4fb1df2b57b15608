"""Where messages arrive in tests: a mail server and a channel that take everything as it is."""

import socket
from http.server import BaseHTTPRequestHandler
from typing import Any


class Mailbox:
    """Takes every message as it is."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken.append(envelope.content)
        return "250 OK"


class Posted(BaseHTTPRequestHandler):
    """Takes what is posted to a channel."""

    taken: list[bytes]

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
