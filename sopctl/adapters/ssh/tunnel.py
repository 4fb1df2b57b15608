"""A connection through a jump host for programs that want a socket of their own (netmiko, a BMC's HTTPS)."""

import contextlib
import errno
import socket
import threading
from collections.abc import Callable

from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.connection import Connection
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.model.access.destinations import Destinations
from sopctl.model.access.target import Jump, Target

PIECE = 32 * 1024
LIMIT = 16 * 1024 * 1024
"""Bytes accepted from the other side; whoever uses the connection has a limit of its own."""

Connect = Callable[[str, int, float], socket.socket]
"""Makes a connection to a host and port, which lasts for so many seconds at most. Raises OSError."""


def through(jump: Jump, destinations: Destinations | None) -> Connect:
    """How connections are made from this jump host, whose key it names, to addresses that were judged here.

    What it makes is one end of a pair of Unix sockets; two threads carry what is written to it, and end with it.
    """

    def connect(host: str, port: int, seconds: float) -> socket.socket:
        climb = Climb(Target(host, port, jump=jump, destinations=destinations), Deadline(seconds, None), limit=LIMIT)
        try:
            there = climb.connect()
        except Fault as fault:
            climb.close()
            raise OSError(errno.EHOSTUNREACH, fault.detail) from None
        except BaseException:
            climb.close()
            raise
        ours, mine = socket.socketpair()
        carrier = threading.Thread(target=_carry, args=(climb, there, ours), name="tunnel", daemon=True)
        carrier.start()
        return mine

    return connect


def _carry(climb: Climb, there: Connection, ours: socket.socket) -> None:
    """Carry both ways until one side ends."""
    back = threading.Thread(target=_back, args=(there, ours), name="tunnel-back", daemon=True)
    back.start()
    with contextlib.suppress(OSError, EOFError):
        while data := ours.recv(PIECE):
            there.sendall(data)
    climb.close()
    back.join()
    ours.close()


def _back(there: Connection, ours: socket.socket) -> None:
    with contextlib.suppress(OSError, EOFError):
        while True:
            with contextlib.suppress(TimeoutError):
                data = there.recv(PIECE)
                if not data:
                    break
                ours.sendall(data)
    with contextlib.suppress(OSError):
        ours.shutdown(socket.SHUT_RDWR)
