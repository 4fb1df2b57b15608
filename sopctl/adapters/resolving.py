"""From the address in a deposit's record to one that a connection may be made to: the one place where that is decided.

The record is written by others, and what a name resolves to is the name's owner's to change from one question to the
next. So every connection is made to an address that was judged (model/access/destinations.py), never to a name.
"""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterable
from functools import lru_cache

from sopctl.model.access.destinations import Destinations

NAME_SECONDS = 5.0
"""For looking up a name where no deadline of a conversation counts."""


class AddressRefused(OSError):
    """No deposit may be at this address. (An OSError: to whoever connects, it is a connection that cannot be made.)"""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.strerror = why


def refusal(host: str, addresses: Iterable[str], destinations: Destinations) -> str:
    """Why nobody connects to `host`, which resolved to `addresses`; empty if all of them are right. One that is not
    makes the others doubtful too."""
    knowing = destinations.knowing(_addresses(destinations.names))
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


@lru_cache(maxsize=8)
def _addresses(names: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The addresses of our own machines that the site knows by name, each with what it is: asked once, all at once."""
    found: dict[str, str] = {}

    def ask(name: str, what: str) -> None:
        with contextlib.suppress(OSError):
            found.update(dict.fromkeys(_looked_up(name, NAME_SECONDS), what))

    threads = [threading.Thread(target=ask, args=each, daemon=True) for each in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(NAME_SECONDS)
    return dict(found)
