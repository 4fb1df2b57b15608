"""One deadline over a whole conversation: at its end the sockets are shut, whatever they wait for."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from msgspec import Struct

from sopctl.adapters.bmc.faults import BmcFault
from sopctl.adapters.resolving import connect
from sopctl.errors import Interrupted, SopctlError
from sopctl.model.access.destinations import Destinations

_POLL = 0.2


class Endpoint(Struct, frozen=True):
    """Where a BMC is, and the SHA-256 (hex, lower case) of the certificate that it must show."""

    address: str
    port: int = 443
    pinned: str = ""
    destinations: Destinations | None = None
    """Where it may be."""
    connect: Callable[[str, int, float], socket.socket] | None = None
    """How a connection to it is made, if not from here."""

    @property
    def place(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Watch:
    """Shuts the sockets that it knows when the time is over or `cancel` is set.

    A time-out of a socket counts from byte to byte: a peer that sends one now and then never meets it, in a handshake,
    in a header or in a body. Shutting a duplicate of the socket ends whatever waits for it.
    """

    def __init__(self, endpoint: Endpoint, seconds: float, cancel: threading.Event | None = None) -> None:
        self._endpoint, self._seconds, self._cancel = endpoint, seconds, cancel or threading.Event()
        self._until = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="bmc-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self._shut()

    def connect(self) -> socket.socket:
        """A TCP connection that ends with this watch. Raises OSError, and as `refuse`."""
        where = self._endpoint
        if where.connect:
            made = where.connect(where.address, where.port, self.left())
        else:
            made = connect(where.address, where.port, self.left(), where.destinations)
        with self._lock:
            self._sockets.append(made.dup())
        self.refuse()
        return made

    def left(self) -> float:
        """The seconds that are left, at least a little. Raises as `refuse`."""
        self.refuse()
        return max(0.05, self._until - time.monotonic())

    def refuse(self) -> None:
        """Raise BmcFault when the time is over, Interrupted when it was cancelled."""
        if ended := self.ended():
            raise ended

    def ended(self) -> SopctlError | None:
        """Why this watch has ended the conversation; None if it has not."""
        if self._cancel.is_set():
            return Interrupted(
                "bmc-cancelled",
                "the reading of the BMC was cancelled",
                remedy="Nothing of it was taken over.",
                where=self._endpoint.place,
            )
        if time.monotonic() >= self._until:
            return BmcFault(
                "bmc-timed-out",
                "the BMC was not read within {seconds:.0f} s",
                where=self._endpoint.place,
                remedy="BMCs are slow while they start: try again in some minutes.",
                seconds=self._seconds,
            )
        return None

    def _wait(self) -> None:
        while not self._done.wait(_POLL):
            if self.ended():
                self._shut()

    def _shut(self) -> None:
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            self._sockets.clear()
