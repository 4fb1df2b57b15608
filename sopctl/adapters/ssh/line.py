"""A connected socket on a leash: whoever reads it, stops at the deadline and at the byte limit.

paramiko reads in a thread of its own and knows neither. It takes any socket, so it gets this one: a read after
the deadline, or beyond the limit, is the end of the connection for it. Everything in paramiko that waits for
the connection is thereby freed, whatever the server does.
"""

import socket
from typing import Literal

from sopctl.adapters.ssh.deadline import TICK, Deadline

LIMIT = 512 * 1024
"""Bytes that one check takes from a server at most. A login and `true` take about 5,000; this many, sent as tiny
packets, cost half a second of our CPU."""

CHUNK = 64 * 1024


class Cut(EOFError):
    """We ended the connection, not the server. (paramiko treats EOFError as the end of the stream.)"""


class Line(socket.socket):
    """`sock`, connected, taken over. Reading and writing raise Cut once the deadline or LIMIT is reached."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.deadline = deadline
        self.cut: Literal["deadline", "cancelled", "limit"] | None = None
        """Why we ended the connection, if it was us."""
        self._allowed = LIMIT
        self._given_back = b""
        self._said = b""
        self.settimeout(TICK)

    def introduce(self, identification: bytes) -> None:
        """Send our identification line now; the same line, sent again by the protocol engine, is dropped."""
        self._hold()
        self.sendall(identification)
        self._said = identification

    def give_back(self, data: bytes) -> None:
        """Make `data` the next bytes to be read."""
        self._given_back = data + self._given_back

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As socket.recv: TimeoutError after TICK seconds, so that the reader looks at the deadline again."""
        self._hold()
        if self._given_back:
            data, self._given_back = self._given_back[:size], self._given_back[size:]
            return data
        data = super().recv(max(0, min(size, CHUNK)), flags)
        self._allowed -= len(data)
        return data

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]  # bytes is all that comes here
        self._hold()
        if self._said and data == self._said:
            self._said = b""
            return len(data)
        return super().send(data, flags)

    def _hold(self) -> None:
        if self.deadline.cancelled:
            self.cut = "cancelled"
        elif self.deadline.passed:
            self.cut = "deadline"
        elif self._allowed <= 0:
            self.cut = "limit"
        if self.cut is not None:
            raise Cut
