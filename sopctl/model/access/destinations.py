"""Where a deposit may be: never on the controller, on a machine of the office's own, or where no server can be.

A letter says where its server answers, and the office's programs connect to it. An address is judged twice: as it is
written, when the record comes in, and as what a name resolved to, before each connection. IPv4 addresses inside IPv6
ones are judged as themselves. Sources: RFC 6890 (special addresses), RFC 6761 (localhost), RFC 6052 (64:ff9b::/96),
inet_aton(3) (`0x7f000001`, `127.1`); the addresses at which clouds answer with credentials are the providers' own.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct
from msgspec.structs import replace

from sopctl.locale import Prose, Text, gettext_noop
from sopctl.locale.recognising import Recogniser

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED = (
    ("0.0.0.0/8", Text("no address of a machine")),
    ("127.0.0.0/8", Text("the controller itself")),
    ("168.63.129.16/32", Text("a cloud's own service")),
    ("169.254.169.254/32", Text("a cloud's own service")),
    ("100.100.100.200/32", Text("a cloud's own service")),
    ("192.0.0.192/32", Text("a cloud's own service")),
    ("169.254.0.0/16", Text("a link-local address")),
    ("224.0.0.0/4", Text("a multicast address")),
    ("255.255.255.255/32", Text("the broadcast address")),
    ("240.0.0.0/4", Text("a reserved address")),
    ("::/128", Text("no address of a machine")),
    ("::1/128", Text("the controller itself")),
    ("fd00:ec2::254/128", Text("a cloud's own service")),
    ("fd20:ce::254/128", Text("a cloud's own service")),
    ("fe80::/10", Text("a link-local address")),
    ("fec0::/10", Text("a site-local address, which nobody uses any more")),
    ("ff00::/8", Text("a multicast address")),
    ("100::/64", Text("an address that discards what is sent")),
)
"""Networks in which no deposit is, and what they are; the first that fits tells."""

_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_OURSELVES = re.compile(r"(localhost[0-9]*|loopback|ip6-[a-z]+|broadcasthost)(\.localdomain[0-9]*|\.local)?")
_EMBEDDING = tuple(map(IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 networks whose addresses end in an IPv4 address."""


class Destinations(Struct, frozen=True):
    """What the site says of where deposits may be.

    `networks`: in one of these; none: everywhere that is not refused. `rehearsal`: what is there is always right, also
    on this machine. `ours`: the office's own machines by address or name, each with what it is.
    """

    networks: tuple[str, ...] = ()
    rehearsal: tuple[str, ...] = ()
    ours: Mapping[str, str] = {}

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Those of our own machines that are known by a name, each with what it is."""
        return tuple((host, what) for host, what in self.ours.items() if _address(host) is None)

    def knowing(self, addresses: Mapping[str, str]) -> "Destinations":
        """The same, with these addresses of our own machines."""
        return replace(self, ours={**self.ours, **addresses}) if addresses else self

    def written(self, host: str) -> Prose:
        """Why a record must not name `host`, an IP address or a host name; empty if it may."""
        if _address(host) is not None:
            return self.judged(host)
        name = host.rstrip(".").casefold()
        if _NUMBER.fullmatch(name.rpartition(".")[2]):
            return Text("a number that programs read as an address")
        if _OURSELVES.fullmatch(name) or name.endswith((".localhost", ".localhost.localdomain")):
            return "" if self.rehearsal else Text("the controller itself")
        return next((_said(what) for ours, what in self.ours.items() if ours.rstrip(".").casefold() == name), "")

    def judged(self, address: str, *, here: bool = False) -> Prose:
        """Why nobody connects to `address`, an IP address, as a deposit's; empty if that is right. `here`: this machine
        has it."""
        found = _address(address)
        if found is None:
            return Text("no address")
        if any(found in network for network in _networks(self.rehearsal)):
            return ""
        for each in (found, *_embedded(found)):
            for network, what in _refused():
                if each in network:
                    return what
            if what := self._own(each):
                return what
        return Text("an address of the controller itself") if here else self._outside(found)

    def _own(self, address: Address) -> Prose:
        return next((_said(what) for host, what in self.ours.items() if _address(host) == address), "")

    def _outside(self, address: Address) -> Prose:
        inner = _mapped(address)
        if not self.networks:
            return ""
        home = next((network for network in _networks(self.networks) if inner in network), None)
        if home is None:
            return Text("in none of the networks where deposits may be")
        if home.version == 4 and home.num_addresses > 2 and inner in (home.network_address, home.broadcast_address):
            return Text("the first or the last address of {home}", home=home)
        return ""


EVERYWHERE = Destinations()

_OURS = Recogniser(
    gettext_noop("one of the office's controllers"),
    gettext_noop("the office's mail server"),
    gettext_noop("the switch {name}"),
)


def _said(what: str) -> Prose:
    """What one of our own machines is (`Destinations.ours`, which workers of other networks get as it is)."""
    return _OURS.text(what)


def _address(text: str) -> Address | None:
    """The address, without a zone; None for a name."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _mapped(address: Address) -> Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _embedded(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that an IPv6 address leads to, through a translator or a tunnel."""
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return
    number = int(address)
    if any(address in network for network in _EMBEDDING) or (number >> 32) & 0xFDFFFFFF == 0x5EFE:  # ISATAP: RFC 5214
        yield IPv4Address(number & 0xFFFFFFFF)
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo


@lru_cache(maxsize=16)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, written))


@lru_cache(maxsize=1)
def _refused() -> tuple[tuple[Network, Prose], ...]:
    return tuple((ip_network(network), what) for network, what in REFUSED)
