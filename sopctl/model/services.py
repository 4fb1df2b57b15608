"""Services that are reached over the network, by protocol and port: as a letter asks for them, as a server has them, as
people name them on a command line.

`443` is a TCP port, `53/udp` a UDP port, `8000-8010` a range. `443/https` and `25/smtp` say what must answer there, so
that a check can try it. What has no ports is named by its protocol: `gre`.
"""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from sopctl.errors import UsageError
from sopctl.locale import gettext_noop
from sopctl.model.access import target
from sopctl.model.access.target import ServiceKind
from sopctl.model.names import PORTS
from sopctl.model.text import printable

Protocol = Literal["tcp", "udp"]

PROTOCOLS = {
    2: "igmp", 4: "ipip", 41: "sit", 47: "gre", 50: "esp", 51: "ah", 88: "eigrp", 89: "ospf", 103: "pim", 112: "vrrp",
    115: "l2tp", 132: "sctp",
}  # fmt: skip
"""Protocols besides TCP and UDP that servers receive, by IANA's number for each."""

_PROTOCOL = re.compile(rf"{'|'.join(PROTOCOLS.values())}|proto-[0-9]{{1,3}}")


class Ports(Struct, frozen=True, order=True):
    """The ports from `first` to `last` of a protocol."""

    protocol: Protocol
    first: int
    last: int

    def __str__(self) -> str:
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return numbers if self.protocol == "tcp" else f"{numbers}/udp"

    def covers(self, other: "Ports") -> bool:
        """Are all of the other's ports among these?"""
        return self.protocol == other.protocol and self.first <= other.first and other.last <= self.last


Service = Ports | str
"""Ports, or a protocol without ports by its name."""


def ports(text: str | int) -> Ports:
    """Read one port or range. Raises ValueError for text that is none, or a range that runs backwards."""
    if re.match(PORTS, str(text)) is None:
        raise ValueError(gettext_noop("Expected a port such as 443, 443/https, 53/udp or 8000-8010"))
    numbers, _, kind = str(text).partition("/")
    first, _, last = numbers.partition("-")
    if last and int(last) < int(first):
        raise ValueError(f"Expected the range {text} to begin with its lower port")
    return Ports("udp" if kind == "udp" else "tcp", int(first), int(last or first))


def port(number: int, protocol: Protocol = "tcp") -> Ports:
    """One port."""
    return Ports(protocol, number, number)


def plain(text: str | int) -> str | int:
    """The shortest way to write a port or range, with what must answer there: the number alone for one TCP port. Raises
    as `ports`."""
    found = ports(text)
    if found.protocol == "udp" or found.first != found.last:
        return str(found)
    kind = _kind(text)
    return found.first if kind is ServiceKind.TCP else f"{found.first}/{kind}"


def protocol(number: int) -> str:
    """The name of a protocol by its number."""
    return PROTOCOLS.get(number, f"proto-{number}")


def listed(text: str) -> tuple[Service, ...]:
    """Read what a person lists on a command line: `6379,161/udp,gre`. Raises UsageError."""
    found: list[Service] = []
    for word in filter(None, re.split(r"[,\s]+", text[:2000].strip().lower())):
        if _PROTOCOL.fullmatch(word):
            found.append(word)
            continue
        try:
            found.append(ports(word))
        except ValueError:
            raise UsageError(
                "not-a-port-or-protocol",
                "{word!r} is not a port or a protocol",
                remedy="Write them like this: 6379,161/udp,8000-8010,gre",
                word=printable(word, 40),
            ) from None
    return tuple(found)


def covered(service: Service, by: Iterable[Service]) -> bool:
    """Is `service` among these?"""
    return any(
        one.covers(service) if isinstance(one, Ports) and isinstance(service, Ports) else one == service for one in by
    )


def tried(asked: Iterable[str | int]) -> tuple[target.Service, ...]:
    """The services among the ports that a letter asks for that can be tried from outside: those of single TCP ports. Of
    a range not every port need be in use, and whether a UDP service works only its own protocol shows."""
    found = ((ports(each), _kind(each)) for each in asked)
    return tuple(
        target.Service(one.first, kind) for one, kind in found if one.protocol == "tcp" and one.first == one.last
    )


def _kind(text: str | int) -> ServiceKind:
    kind = str(text).partition("/")[2]
    return ServiceKind(kind) if kind in list(ServiceKind) else ServiceKind.TCP
