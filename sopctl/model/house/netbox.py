"""What NetBox is to have of a deposit: a device with its place, interfaces, addresses and parts.

Names, lengths and choices are those of NetBox 4.2 to 4.5 (its models of dcim, ipam and tenancy). A deposit is known
there by its number, as the device's asset tag: that is unique in NetBox, and stays when a server gets another name.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Literal

from msgspec import Struct

from sopctl.model.facts.server import ServerFacts
from sopctl.model.sop.summary import Summary

UNKNOWN = "Tidak diketahui"
"""The manufacturer and device type where they are unknown: NetBox requires both."""

Status = Literal["planned", "staged", "active", "decommissioning", "offline"]

_TYPES = {
    100: "100base-tx",
    1000: "1000base-t",
    2500: "2.5gbase-t",
    5000: "5gbase-t",
    10_000: "10gbase-t",
    25_000: "25gbase-x-sfp28",
    40_000: "40gbase-x-qsfpp",
    100_000: "100gbase-x-qsfp28",
}
"""Speed in Mb/s → the most likely type of interface: the medium itself is not read."""


class Interface(Struct, frozen=True):
    """`speed` in kb/s; `addresses` with their prefix lengths, and which of them were `leased`."""

    name: str
    type: str
    speed: int | None
    mac: str | None
    addresses: tuple[str, ...]
    leased: tuple[str, ...] = ()


class Part(Struct, frozen=True):
    """A part of a device: a disk, a memory module, a power supply, a module. Its name is unique on the device."""

    name: str
    manufacturer: str
    part_id: str
    serial: str


class Device(Struct, frozen=True):
    """A deposited server as NetBox has it. `position` is the lowest rack unit that it fills, `height` how many; without
    a rack it stands in none. `primary` is the address under which the office reaches it. `known`: is anything known of
    the machine itself, so that interfaces and parts say what is there?"""

    deposit: str
    name: str
    status: Status
    role: str
    manufacturer: str
    model: str
    height: int
    serial: str
    tenant: str
    rack: str = ""
    position: int | None = None
    face: str = ""
    primary: str = ""
    interfaces: tuple[Interface, ...] = ()
    parts: tuple[Part, ...] = ()
    known: bool = False


def status(deposit: Summary, *, known: bool) -> Status:
    """Where a deposit stands, in NetBox's words. Who was given back, or is lost, is never left `active`."""
    if deposit.closed or deposit.switched_off:
        return "offline"
    if not deposit.placed:
        return "planned"
    if deposit.procedure == "pengembalian":
        return "decommissioning"
    return "active" if deposit.managed or known else "staged"


def device(deposit: Summary, facts: ServerFacts | None, tenant: str, networks: Sequence[str] = ()) -> Device:
    """What NetBox is to have of a deposit: what its newest facts say, and else its letter. A closed one stands in no
    rack. `networks` (10.20.0.0/16) say which prefix length an address has; one in none of them stands alone."""
    place = None if deposit.closed else deposit.place
    host = (facts.hostname if facts else None) or deposit.server
    return Device(
        deposit=deposit.id,
        name=name(host, deposit.id),
        status=status(deposit, known=facts is not None),
        role="Network" if deposit.platform or (facts and facts.modules) else "Server",
        manufacturer=((facts.vendor if facts else None) or UNKNOWN)[:100],
        model=((facts.product if facts else None) or UNKNOWN)[:100],
        height=deposit.need.height,
        serial=((facts.serial if facts else None) or deposit.serial)[:50],
        tenant=tenant[:100],
        rack=place.rack if place else "",
        position=place.unit if place else None,
        face=("rear" if place.face == "rear" else "front") if place else "",
        primary=deposit.address,
        interfaces=_interfaces(facts, networks) if facts else (),
        parts=parts(facts) if facts else (),
        known=facts is not None,
    )


def name(host: str, deposit: str) -> str:
    """A device's name, unique in NetBox: two units may use the same host name."""
    return f"{host[: 61 - len(deposit)]} ({deposit})"


def interface_type(nic_name: str, speed_mbps: int | None) -> str:
    return "lag" if nic_name.startswith("bond") else _TYPES.get(speed_mbps or 0, "other")


def _interfaces(facts: ServerFacts, networks: Sequence[str]) -> tuple[Interface, ...]:
    """The interfaces of a server, each name once."""
    found: dict[str, Interface] = {}
    for nic in facts.nics:
        found.setdefault(
            nic.name[:64],
            Interface(
                nic.name[:64],
                interface_type(nic.name, nic.speed_mbps),
                nic.speed_mbps * 1000 if nic.speed_mbps else None,
                nic.mac.upper() if nic.mac else None,
                tuple(filter(None, (_prefixed(each, networks) for each in (*nic.ipv4, *nic.ipv6)))),
                tuple(filter(None, (_prefixed(each, networks) for each in nic.leased))),
            ),
        )
    return tuple(found.values())


def _prefixed(address: str, networks: Sequence[str]) -> str:
    """An address with the prefix length of its network; empty for one that is of its link alone, or none."""
    try:
        host = ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    if host.is_link_local or host.is_loopback or getattr(host, "scope_id", None):
        return ""
    lengths = [each.prefixlen for each in map(ip_network, networks) if host in each]
    return f"{host}/{max(lengths, default=host.max_prefixlen)}"


def parts(facts: ServerFacts) -> tuple[Part, ...]:
    """The parts of a server. Their names must be unique on a device: the second of the same name gets a number."""
    seen = Counter[str]()
    read: list[tuple[str, str | None, str | None, str | None]] = [
        (f"Disk {disk.name}", "", disk.model, disk.serial) for disk in (*facts.disks, *facts.drives)
    ]
    read += [(f"DIMM {module.slot}", module.maker, module.part, module.serial) for module in facts.memory_modules]
    read += [(f"PSU {supply.name}", "", supply.model, supply.serial) for supply in facts.power_supplies]
    read += [(module.name, facts.vendor, module.model, module.serial) for module in facts.modules]
    found = []
    for called, maker, part, serial in read:
        seen[called] += 1
        number = f" {seen[called]}" if seen[called] > 1 else ""
        found.append(Part(called[:60] + number, (maker or "")[:100], (part or "")[:50], (serial or "")[:50]))
    return tuple(found)


def slug(text: str) -> str:
    """A name as NetBox's addresses have it: of letters, digits and hyphens; a name without any gets a number."""
    made = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:90].rstrip("-")
    return made or f"n{zlib.crc32(text.encode()):08x}"
