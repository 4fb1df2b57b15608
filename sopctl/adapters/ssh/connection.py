"""A connection with a deadline and a byte limit, whoever reads it.

paramiko reads in a thread of its own and knows neither. It accepts anything that reads and writes like a socket, so it
gets this one: a read after the deadline, or beyond the limit, looks like the end of the connection. That ends every
wait inside paramiko, whatever the server does.
"""

import contextlib
import socket
from typing import Literal, Protocol

from sopctl.adapters.ssh.deadline import TICK, Deadline

LIMIT = 512 * 1024
"""Bytes that one check accepts from a server at most. A login and `true` take about 5,000; this many, sent as tiny
packets, cost half a second of our CPU."""

CHUNK = 64 * 1024


class Cut(EOFError):
    """We cut the connection, not the server. (paramiko treats EOFError as the end of the stream.)"""


class Stream(Protocol):
    """What a Connection wraps: a connected socket, or a channel through a jump host (paramiko.Channel)."""

    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes, /) -> int: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Connection:
    """Wraps a connected `stream`. Reads and writes raise Cut after the deadline, and once `limit` bytes were read."""

    def __init__(self, stream: Stream, deadline: Deadline, limit: int = LIMIT) -> None:
        self._stream = stream
        self.deadline = deadline
        self.cut: Literal["deadline", "cancelled", "limit", "closed"] | None = None
        """Why we cut the connection, if we did."""
        self._allowed = limit
        self._unread = b""
        self._identification = b""
        self._closed = False  # paramiko.Transport looks at this name
        stream.settimeout(TICK)

    def send_identification(self, identification: bytes) -> None:
        """Send our identification line now. When paramiko sends the same line again, it is dropped."""
        self.sendall(identification)
        self.identification_sent(identification)

    def identification_sent(self, identification: bytes) -> None:
        """Note that our identification line was sent over the stream already."""
        self._identification = identification

    def unread(self, data: bytes) -> None:
        """Make `data` the next bytes to be read."""
        self._unread = data + self._unread

    def recv(self, size: int) -> bytes:
        """Like socket.recv: TimeoutError after TICK seconds, so that the reader checks the deadline again. What has
        arrived beyond `size` is kept for the next read: paramiko reads the beginning of a packet, then the rest."""
        if not self._unread or self.cut is not None:
            self._hear()
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def wait(self) -> bool:
        """Is there something to be read, or the end, within TICK seconds?"""
        if not self._unread or self.cut is not None:
            try:
                self._hear()
            except TimeoutError:
                return False
        return True

    def _hear(self) -> None:
        self._check()
        self._unread = self._stream.recv(CHUNK)
        if not self._unread:  # a channel ends with the connection that carries it, which the same deadline cuts
            self._check()
        self._allowed -= len(self._unread)

    def send(self, data: bytes) -> int:
        """Like socket.send: TimeoutError after TICK seconds."""
        self._check()
        if self._identification and data == self._identification:
            self._identification = b""
            return len(data)
        try:
            return self._stream.send(data)
        except TimeoutError:
            raise
        except OSError:
            self._check()
            raise

    def sendall(self, data: bytes) -> None:
        """Send all of `data`, for as long as the deadline allows."""
        while data:
            with contextlib.suppress(TimeoutError):
                data = data[self.send(data) :]

    def settimeout(self, seconds: float | None) -> None:
        """Ignored: paramiko sets a time-out of its own, but TICK stays."""

    def shut_down(self) -> None:
        """End the connection, also for a reader in another thread."""
        self.cut = self.cut or "closed"
        with contextlib.suppress(OSError, EOFError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the stream."""
        self._closed = True
        with contextlib.suppress(OSError, EOFError):
            self._stream.close()

    def _check(self) -> None:
        if self.cut is None:
            if self.deadline.cancelled:
                self.cut = "cancelled"
            elif self.deadline.passed:
                self.cut = "deadline"
            elif self._allowed <= 0:
                self.cut = "limit"
        if self.cut is not None:
            raise Cut
