"""From the address in a deposit's record to one that a connection may be made to: the one place where that is decided.

The record is written by others, and what a name resolves to is the name's owner's to change from one question to the
next. So every connection is made to an address that was judged (model/access/destinations.py), never to a name.
"""

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterable

from sopctl.model.access.destinations import Destinations

NAME_SECONDS = 5.0
"""For looking up a name where no deadline of a conversation counts."""
OURS_SECONDS = 2.0
"""For the names of our own machines: where no name server answers, the checks of addresses go on."""

Names = tuple[tuple[str, str], ...]


class AddressRefused(OSError):
    """No deposit may be at this address. (An OSError: to whoever connects, it is a connection that cannot be made.)"""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.strerror = why


def refusal(host: str, addresses: Iterable[str], destinations: Destinations) -> str:
    """Why nobody connects to `host`, which resolved to `addresses`; empty if all of them are right. One that is not
    makes the others doubtful too."""
    knowing = destinations.knowing(_ours(destinations.names).answers())
    for address in dict.fromkeys(addresses):
        if why := knowing.judged(address, here=is_here(address)):
            return f"{address} is {why}" if address == host else f"{host} is {address}, {why}"
    return ""


def is_here(address: str) -> bool:
    """Has this machine that IP address? The kernel would send from it to itself (nothing is sent: udp(7))."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address.partition("%")[0], 9))
            return ipaddress.ip_address(probe.getsockname()[0]) == ipaddress.ip_address(address.partition("%")[0])
    except (OSError, ValueError):
        return False


def connect(host: str, port: int, seconds: float, destinations: Destinations | None) -> socket.socket:
    """A TCP connection to `host`, at an address that was judged. Raises AddressRefused, OSError."""
    if destinations is None:
        return socket.create_connection((host, port), seconds)
    failed: OSError | None = None
    for address in judged(host, destinations, seconds):
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failed = failed or error
    raise failed or OSError(f"{host} has no address")


def judged(host: str, destinations: Destinations, seconds: float = NAME_SECONDS) -> list[str]:
    """The addresses of `host`, all of them right. Raises AddressRefused, OSError for a name that has none."""
    found = _looked_up(host, seconds)
    if why := refusal(host, found, destinations):
        raise AddressRefused(why)
    return found


def _looked_up(host: str, seconds: float) -> list[str]:
    """The addresses of a name. getaddrinfo(3) has no deadline, so it runs in a thread, which is left behind."""
    answer: list[list[str] | OSError] = []

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answer.append(list(dict.fromkeys(str(address[0]) for *_, address in entries)))
        except OSError as error:
            answer.append(error)
        except UnicodeError as error:
            answer.append(OSError(str(error)))

    thread = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(seconds)
    found = answer[0] if answer else OSError(f"no name server answered for {host} in time")
    if isinstance(found, OSError):
        raise found
    return found


class _Asked:
    """The addresses of our own machines that the site knows by name, each with what it is: asked once, all at once."""

    def __init__(self, names: Names) -> None:
        self._until = time.monotonic() + OURS_SECONDS
        self._found: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._ask, args=each, daemon=True) for each in names]
        for thread in self._threads:
            thread.start()

    def _ask(self, name: str, what: str) -> None:
        with contextlib.suppress(OSError):
            self._found.update(dict.fromkeys(_looked_up(name, NAME_SECONDS), what))

    def answers(self) -> dict[str, str]:
        """What is known by now; a resolver that is slow is waited for once, and not for each host."""
        for thread in self._threads:
            thread.join(max(0.0, self._until - time.monotonic()))
        return dict(self._found)


_asking = threading.Lock()
_asked: dict[Names, _Asked] = {}


def begin(destinations: Destinations) -> None:
    """Begin to look up our own machines, before they are to be told from a deposit's."""
    _ours(destinations.names)


def _ours(names: Names) -> _Asked:
    with _asking:
        return _asked.get(names) or _asked.setdefault(names, _Asked(names))
