"""A connection on a leash: whoever reads it, stops at the deadline and at the byte limit.

paramiko reads in a thread of its own and knows neither. It takes anything that reads and writes like a socket, so it
gets this: a read after the deadline, or beyond the limit, is the end of the connection for it. Everything in paramiko
that waits for the connection is thereby freed, whatever the server does.
"""

import contextlib
import socket
from typing import Literal, Protocol

from sopctl.adapters.ssh.deadline import TICK, Deadline

LIMIT = 512 * 1024
"""Bytes that one check takes from a server at most. A login and `true` take about 5,000; this many, sent as tiny
packets, cost half a second of our CPU."""

CHUNK = 64 * 1024


class Cut(EOFError):
    """We ended the connection, not the server. (paramiko treats EOFError as the end of the stream.)"""


class Stream(Protocol):
    """What a Line is laid over: a connected socket, or a channel through a jump host (paramiko.Channel)."""

    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes, /) -> int: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Line:
    """`stream`, connected, taken over. Reading and writing raise Cut at the deadline and after `limit` bytes."""

    def __init__(self, stream: Stream, deadline: Deadline, limit: int = LIMIT) -> None:
        self._stream = stream
        self.deadline = deadline
        self.cut: Literal["deadline", "cancelled", "limit", "closed"] | None = None
        """Why we ended the connection, if it was us."""
        self._allowed = limit
        self._given_back = b""
        self._said = b""
        self._closed = False
        stream.settimeout(TICK)

    def introduce(self, identification: bytes) -> None:
        """Send our identification line now; the same line, sent again by the protocol engine, is dropped."""
        self.sendall(identification)
        self.introduced(identification)

    def introduced(self, identification: bytes) -> None:
        """Our identification line has been sent, before this was laid over the stream."""
        self._said = identification

    def give_back(self, data: bytes) -> None:
        """Make `data` the next bytes to be read."""
        self._given_back = data + self._given_back

    def recv(self, size: int) -> bytes:
        """As socket.recv: TimeoutError after TICK seconds, so that the reader looks at the deadline again."""
        self._hold()
        if self._given_back:
            data, self._given_back = self._given_back[:size], self._given_back[size:]
            return data
        data = self._stream.recv(max(0, min(size, CHUNK)))
        self._allowed -= len(data)
        return data

    def send(self, data: bytes) -> int:
        """As socket.send: TimeoutError after TICK seconds."""
        self._hold()
        if self._said and data == self._said:
            self._said = b""
            return len(data)
        return self._stream.send(data)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`, for as long as the deadline allows."""
        while data:
            with contextlib.suppress(TimeoutError):
                data = data[self.send(data) :]

    def settimeout(self, seconds: float | None) -> None:
        """For paramiko, which sets one of its own; TICK stays."""

    def hang_up(self) -> None:
        """End it for whoever reads in another thread, too."""
        self.cut = self.cut or "closed"
        with contextlib.suppress(OSError, EOFError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection up."""
        self._closed = True
        with contextlib.suppress(OSError, EOFError):
            self._stream.close()

    def _hold(self) -> None:
        if self.cut is None:
            if self.deadline.cancelled:
                self.cut = "cancelled"
            elif self.deadline.passed:
                self.cut = "deadline"
            elif self._allowed <= 0:
                self.cut = "limit"
        if self.cut is not None:
            raise Cut
