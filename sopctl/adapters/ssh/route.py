"""From which of our addresses a server sees us, and how it is made to say something."""

import contextlib
import socket

DISCARD = 9
"""The port of the discard service (RFC 863): nothing is expected to listen there."""


def source_address(host: str) -> str | None:
    """The address this machine would use towards `host` (an IP address), or None without a route.

    Connecting a UDP socket asks the kernel's routing table and sends nothing (udp(7)). Names are not resolved here.
    """
    try:
        family = socket.getaddrinfo(host, 22, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 22))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def stir(host: str) -> None:
    """Send one datagram to `host`, and want no answer: asking for its MAC address, or refusing the datagram, the server
    says something, by which its switch learns where it is. To sshd it is nothing: no connection, no penalty."""
    with contextlib.suppress(OSError, UnicodeError):
        family, kind, protocol, _, address = socket.getaddrinfo(host, DISCARD, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as once:
            once.setblocking(False)
            once.sendto(b"", address)
