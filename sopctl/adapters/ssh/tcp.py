"""From a name to a connected TCP socket, and which TCP ports accept connections: both within a deadline.

Addresses are tried as in RFC 8305 (Happy Eyeballs): in the order of RFC 6724 with IPv6 and IPv4 in turn, a quarter of
a second apart (immediately after a refusal), and the first that accepts wins.
"""

import contextlib
import errno
import ipaddress
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Iterable
from itertools import zip_longest

from sopctl.adapters.resolving import refusal
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.model.access.causes import Cause
from sopctl.model.access.destinations import Destinations
from sopctl.model.text import printable

STAGGER = 0.25
"""Seconds between the starts of two attempts (RFC 8305 section 5, "Connection Attempt Delay")."""

MAX_ADDRESSES = 16

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


def resolve(host: str, port: int, deadline: Deadline, destinations: Destinations | None = None) -> list[Address]:
    """The addresses of `host`, alternating between the families, the preferred one first; all of them in
    `destinations`, where those are given. Raises Fault and Interrupted."""
    found: list[tuple]  # type: ignore[type-arg]
    if is_numeric(host):
        try:
            found = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        except OSError:  # a zone (RFC 4007) that this machine has not
            zone = host.partition("%")[2]
            raise Fault(Cause.NO_ROUTE, f"this machine has no interface {printable(zone, 40)}") from None
    else:
        found = _ask_resolver(host, port, deadline)
    if destinations and (why := refusal(host, (address[0] for *_, address in found), destinations)):
        raise Fault(Cause.ADDRESS_REFUSED, why)
    addresses = [(family, address) for family, _, _, _, address in found]
    first = [one for one in addresses if one[0] == addresses[0][0]]  # getaddrinfo(3) sorts by RFC 6724
    other = [one for one in addresses if one[0] != addresses[0][0]]
    turns = [one for pair in zip_longest(first, other) for one in pair if one is not None]
    return turns[:MAX_ADDRESSES]


def is_numeric(host: str) -> bool:
    """Whether `host` is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ask_resolver(host: str, port: int, deadline: Deadline) -> list[tuple]:  # type: ignore[type-arg]
    """Call getaddrinfo(3). It has no deadline, so it runs in a helper thread, which is abandoned when time is up."""
    answer: queue.SimpleQueue[list[tuple] | OSError] = queue.SimpleQueue()  # type: ignore[type-arg]

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            answer.put(error)
        except UnicodeError as error:
            answer.put(OSError(errno.EINVAL, str(error)))

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    while pause := deadline.tick():
        try:
            found = answer.get(timeout=pause)
        except queue.Empty:
            continue
        if isinstance(found, OSError):
            raise resolver_fault(host, found)
        return found
    raise Fault(Cause.RESOLVER_DOWN, f"no name server answered for {host} in time")


def resolver_fault(host: str, error: OSError) -> Fault:
    """Whether the name or the resolver is at fault; getaddrinfo(3): EAI_AGAIN and EAI_FAIL are the resolver's."""
    if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA, errno.EINVAL):
        return Fault(Cause.NO_SUCH_NAME, f"the name {host} does not exist")
    return Fault(Cause.RESOLVER_DOWN, f"{host} could not be looked up: {error.strerror}")


class _Attempts:
    """Connection attempts in progress."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.errors: dict[Address, int] = {}

    def start(self, address: Address) -> None:
        try:
            sock = socket.socket(address[0], socket.SOCK_STREAM)
        except OSError as error:
            self.errors[address] = error.errno or errno.EIO
            return
        sock.setblocking(False)
        code = sock.connect_ex(address[1])
        if code not in (0, errno.EINPROGRESS):
            self.errors[address] = code
            sock.close()
            return
        self._selector.register(sock, selectors.EVENT_WRITE, address)

    def wait(self, seconds: float) -> list[tuple[Address, socket.socket]]:
        """Those that were accepted within `seconds`; those that failed go to `errors`."""
        accepted = []
        for entry, _ in self._selector.select(seconds):
            sock = entry.fileobj
            assert isinstance(sock, socket.socket)  # noqa: S101 (tells mypy what start() registered)
            self._selector.unregister(sock)
            # A reset means that the connection was made (RFC 9293 section 3.5.2): the next read reports it.
            if (code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) not in (0, errno.ECONNRESET):
                self.errors[entry.data] = code
                sock.close()
            else:
                accepted.append((entry.data, sock))
        return accepted

    @property
    def open(self) -> bool:
        return bool(self._selector.get_map())

    def close(self) -> None:
        for entry in list(self._selector.get_map().values()):
            with contextlib.suppress(OSError):
                entry.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()


def connect(addresses: list[Address], deadline: Deadline) -> tuple[Address, socket.socket]:
    """The first of `addresses` that accepts, and the connection. Raises Fault and Interrupted."""
    attempts = _Attempts()
    waiting = list(addresses)
    next_start = 0.0
    try:
        while waiting or attempts.open:
            pause = deadline.tick()
            if pause == 0:
                break
            now = time.monotonic()
            if waiting and (now >= next_start or not attempts.open):
                attempts.start(waiting.pop(0))
                next_start = now + STAGGER
            if waiting:
                pause = min(pause, max(0.0, next_start - now))
            if accepted := attempts.wait(pause if attempts.open else 0):
                for _, late in accepted[1:]:
                    late.close()
                accepted[0][1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return accepted[0]
    finally:
        attempts.close()
    raise connect_fault(addresses, attempts.errors)


def connect_fault(addresses: list[Address], errors: dict[Address, int]) -> Fault:
    """The fault of several addresses: the cause is that of the attempt that got furthest, the detail lists them all."""
    causes = {address: _cause(errors.get(address, errno.ETIMEDOUT)) for address in addresses}
    cause = next(
        (one for one in (Cause.REFUSED, Cause.FILTERED, Cause.NO_ROUTE) if one in causes.values()),
        Cause.NO_ROUTE,
    )
    reasons = [f"{address[1][0]}: {_reason(errors.get(address))}" for address in addresses]
    return Fault(cause, "; ".join(reasons) or "the name has no address that a connection can be made to")


def _cause(code: int) -> Cause:
    if code == errno.ECONNREFUSED:
        return Cause.REFUSED
    return Cause.FILTERED if code == errno.ETIMEDOUT else Cause.NO_ROUTE


def _reason(code: int | None) -> str:
    if code in (None, errno.ETIMEDOUT):
        return "no answer"
    return os.strerror(code).lower()


def connect_ports(
    address: Address, ports: Iterable[int], deadline: Deadline
) -> tuple[dict[int, socket.socket], dict[int, str]]:
    """Connections to those of `ports` at `address` that accept; and for the others the reason, such as "no answer".

    All are tried at the same time. Raises Interrupted.
    """
    family, place = address
    wanted: dict[Address, int] = {(family, (place[0], port, *place[2:])): port for port in ports}
    accepted: dict[int, socket.socket] = {}
    attempts = _Attempts()
    try:
        for one in wanted:
            attempts.start(one)
        while attempts.open and (pause := deadline.tick()):
            accepted.update((wanted[done], sock) for done, sock in attempts.wait(pause))
    except BaseException:
        for sock in accepted.values():
            sock.close()
        raise
    finally:
        attempts.close()
    return accepted, {port: _reason(attempts.errors.get(one)) for one, port in wanted.items() if port not in accepted}
