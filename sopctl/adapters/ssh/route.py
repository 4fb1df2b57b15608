"""Our own address as a server sees it, and a packet that makes a server send something."""

import contextlib
import socket

from sopctl.adapters.resolving import judged
from sopctl.model.access.destinations import Destinations

DISCARD = 9
"""The port of the discard service (RFC 863): usually nothing listens there."""


def source_address(host: str) -> str | None:
    """The source address this machine would use towards `host` (an IP address), or None without a route.

    Connecting a UDP socket only consults the kernel's routing table and sends nothing (udp(7)). Names are not resolved.
    """
    try:
        family = socket.getaddrinfo(host, 22, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 22))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def stir(host: str, destinations: Destinations) -> None:
    """Send one datagram to `host` without expecting an answer. The ARP reply or the ICMP refusal that it provokes lets
    the switch learn the server's port. sshd does not notice it: no connection, no penalty (PerSourcePenalties)."""
    with contextlib.suppress(OSError, UnicodeError):
        there = judged(host, destinations)[0]
        family, kind, protocol, _, address = socket.getaddrinfo(there, DISCARD, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as once:
            once.setblocking(False)
            once.sendto(b"", address)
