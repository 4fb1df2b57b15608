"""From which of our addresses a server sees us."""

import socket


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
