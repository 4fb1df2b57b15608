"""The networks that deposits are in (`networks/NAME.yml`): which of their addresses the office gives out, which nobody
may have, and through which jump host the controller reaches one that is not its own.
"""

import ipaddress
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from sopctl.errors import InvalidRecord
from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model import names
from sopctl.model.access import target
from sopctl.model.deposit import Account, Host, KeyFile, Line, OptionalLine, Port, VlanId

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Range = Annotated[str, Meta(min_length=2, max_length=100)]
"""An address, or the first and the last of several: `10.20.30.10-10.20.30.99`."""

MOST_LOOKED_AT = 100_000
"""Addresses: a network with more names the ranges that it gives out."""


class JumpRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The jump host of a network."""

    host: Host
    """Its name or address."""
    user: Account
    """The account with which the controller logs in there."""
    host_key: Line
    """Its host key: the line of its .pub file, read at its console."""
    port: Port = 22
    """Its SSH port."""
    key: KeyFile | None = None
    """The file in keys/ that opens the account; without it, the office's own key."""
    seen_as: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    """The addresses from which the servers behind it see it, where they are not `host`."""

    def __post_init__(self) -> None:
        if not names.is_address(self.host):
            raise ValueError(gettext_noop("Expected an IP address or a host name in `host`"))
        try:
            target.host_key(self.host_key)
        except InvalidRecord:
            raise ValueError(gettext_noop("Expected the line of a .pub file in `host_key`: TYPE BASE64")) from None
        if not all(map(names.is_ip, self.addresses)):
            raise ValueError(gettext_noop("Expected IP addresses in `seen_as`, also where `host` is a name"))

    @property
    def addresses(self) -> tuple[str, ...]:
        """From where servers behind it see it."""
        return self.seen_as or (self.host,)


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """`networks/NAME.yml`."""

    name: Annotated[str, Meta(pattern=names.FILE_NAME)]
    """Its name, which is the file's."""
    network: Annotated[str, Meta(max_length=60)]
    """Its addresses, such as 10.20.30.0/24."""
    gateway: Annotated[str, Meta(max_length=45)] = ""
    """Its gateway, which no deposit gets."""
    vlan: VlanId | None = None
    """The VLAN of its servers' switch ports."""
    ranges: tuple[Range, ...] = ()
    """The addresses for deposits; without any, all of the network."""
    reserved: dict[Range, Line] = {}
    """Addresses that nobody gets → what they are for."""
    note: OptionalLine = ""
    """A note for people."""
    jump: JumpRecord | None = None
    """The way in, where the controller is not in it."""

    def __post_init__(self) -> None:
        if not names.is_network(self.network):
            raise ValueError(
                gettext_noop("Expected a network such as 10.20.30.0/24, with no host bits set, in `network`")
            )
        whole = ipaddress.ip_network(self.network)
        if self.gateway and (not names.is_ip(self.gateway) or ipaddress.ip_address(self.gateway) not in whole):
            raise ValueError(f"Expected an address of {self.network} in `gateway`")
        for written in (*self.ranges, *self.reserved):
            first, last = _ends(written)
            if first not in whole or last not in whole or int(first) > int(last):
                raise ValueError(f"Expected addresses of {self.network} in `ranges` and `reserved`, not {written!r}")
        if not self.ranges and whole.num_addresses > MOST_LOOKED_AT:
            raise ValueError(gettext_noop("Expected `ranges` in a network with so many addresses"))

    def __contains__(self, address: str) -> bool:
        return names.is_ip(address) and ipaddress.ip_address(address) in ipaddress.ip_network(self.network)

    @property
    def prefix(self) -> int:
        return ipaddress.ip_network(self.network).prefixlen

    def refusal(self, address: str) -> Prose:
        """Why no deposit gets this address of the network; empty where one may."""
        found = ipaddress.ip_address(address)
        whole = ipaddress.ip_network(self.network)
        if address == self.gateway or (self.gateway and found == ipaddress.ip_address(self.gateway)):
            return Text("{address} is the gateway of {name}", address=address, name=self.name)
        if self.jump and found in map(ipaddress.ip_address, filter(names.is_ip, (self.jump.host, *self.jump.seen_as))):
            return Text("{address} is the jump host of {name}", address=address, name=self.name)
        if whole.num_addresses > 2 and whole.version == 4 and found in (whole.network_address, whole.broadcast_address):
            return Text(
                "{address} is the first or the last of {network}, which no server can have",
                address=address,
                network=self.network,
            )
        for written, what in self.reserved.items():
            if _within(found, written):
                return Text("{address} is reserved in {name}: {what}", address=address, name=self.name, what=what)
        if self.ranges and not any(_within(found, written) for written in self.ranges):
            return Text(
                "{address} is not among those that {name} gives out: {names}",
                address=address,
                name=self.name,
                names=", ".join(self.ranges),
            )
        return ""

    def free(self, taken: Collection[str]) -> str:
        """The first address that nobody has and a deposit may get; empty where there is none."""
        return next((each for each in map(str, self._given_out()) if each not in taken and not self.refusal(each)), "")

    def _given_out(self) -> Iterator[Address]:
        whole = ipaddress.ip_network(self.network)
        ends = list(map(_ends, self.ranges)) or [(whole[0], whole[-1])]
        looked = 0
        for first, last in ends:
            at = int(first)
            while at <= int(last) and looked < MOST_LOOKED_AT:
                yield type(first)(at)
                at, looked = at + 1, looked + 1


def network_of(networks: Sequence[Network], address: str) -> Network | None:
    """The network that an address belongs to: the smallest that holds it."""
    holding = [each for each in networks if address in each]
    return max(holding, key=lambda each: each.prefix, default=None)


def doubt(networks: Sequence[Network], address: str, vlan: int | None = None, tagged: Collection[int] = ()) -> Prose:
    """What is wrong with a deposit's address, by what the office gives out: it is nobody's to have, or its network is
    in another VLAN than its port (`vlan`, None where that is not known). Empty where all is well, or the address is of
    no network of the office's."""
    of = network_of(networks, address)
    if of is None:
        return ""
    if why := of.refusal(address):
        return why
    if of.vlan and vlan is not None and of.vlan != vlan and of.vlan not in tagged:
        return Text(
            "{address} is of {name}, which is in VLAN {vlan}; the port is in VLAN {vlan2}",
            address=address,
            name=of.name,
            vlan=of.vlan,
            vlan2=vlan,
        )
    return ""


def _within(address: Address, written: str) -> bool:
    first, last = _ends(written)
    return int(first) <= int(address) <= int(last)


def _ends(written: str) -> tuple[Address, Address]:
    first, _, last = (part.strip() for part in written.partition("-"))
    try:
        ends = ipaddress.ip_address(first), ipaddress.ip_address(last or first)
    except ValueError:
        raise ValueError(f"Expected an address, or a range such as 10.20.30.10-10.20.30.99, not {written!r}") from None
    if ends[0].version != ends[1].version or "%" in written:
        raise ValueError(f"Expected addresses of one kind in {written!r}")
    return ends
