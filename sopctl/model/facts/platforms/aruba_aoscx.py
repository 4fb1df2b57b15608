"""ArubaOS-CX (CX 6000 to 10000): what the `show` commands print, as fields of ServerFacts.

Shapes are those of HPE Aruba's CLI guides for AOS-CX 10. The group `operators` may run them. A switch without slots
knows no `show module` or lists itself there; one that cannot be stacked knows no `show vsf detail`.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic
from sopctl.model.facts.tool_output import colon_fields
from sopctl.model.sanitise import MAX_ENTRIES, address, text

SYSTEM = "show system"
MODULES = "show module"
STACK = "show vsf detail"
INTERFACES = "show interface"
MANAGEMENT = "show interface mgmt"

COMMANDS = (SYSTEM, MODULES, STACK, INTERFACES, MANAGEMENT)
TERMINAL = ("no page",)

READ_BY = {
    "serial": (SYSTEM, STACK),
    "modules": (MODULES, STACK, SYSTEM),
    "nics": (INTERFACES, MANAGEMENT),
    "gateway": (MANAGEMENT,),
    "dns": (MANAGEMENT,),
}

REFUSALS = Refusals(
    absent=("Invalid input", "% Command incomplete", "% Ambiguous command", "% Unknown command", "% Invalid"),
    refused=("Cannot execute command", "Command not allowed", "Permission denied"),
)

_INTERFACE = re.compile(r" {0,4}(?:Interface|Aggregate) (\S{1,64}) is (up|down)\b")
_MAC = re.compile(r"MAC Address ?: ?([0-9a-f:]{17})")
_SPEED = re.compile(r" {0,4}Speed:? (\d{1,6}) ?([MG])b/s")
_MODULE = re.compile(r"(\d{1,2}/\d{1,2}) {1,10}(\S{3,20}) {1,20}(.{2,60}?) {2,60}(\S{6,20}) +\S")
_LOGICAL = re.compile(r"(?:vlan|lag|loopback|tunnel|vxlan|vsx|\d{1,3}/\d{1,3}/\d{1,3}\.)\S{0,30}", re.IGNORECASE)
"""Interfaces that are not ports of the device. Those with an address are listed anyway."""


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    said = colon_fields(answers.lines(SYSTEM)[:200])
    version = text(said.get("ArubaOS-CX Version") or said.get("AOS-CX Version"), 60)
    product, serial = text(said.get("Product Name"), 60), text(said.get("Chassis Serial Nbr"), 40)
    members = list(_members(answers.lines(STACK)))
    slots = list(_modules(answers.lines(MODULES)))
    alone = [Module("chassis", product, None, serial)] if serial else []
    management = colon_fields(answers.lines(MANAGEMENT)[:200])
    return {
        "hostname": text(said.get("Hostname"), 64),
        "vendor": text(said.get("Vendor"), 40),
        "product": product,
        "serial": members[0].serial if members else serial,
        "virtualization": None if product is None else "virtual" if "simulator" in product.lower() else "none",
        "os_name": "ArubaOS-CX" if version else None,
        "os_version": version,
        "uptime_seconds": seconds(said.get("Up Time")),
        "cpu": Cpu(),
        "modules": tuple(members) or (*alone, *(each for each in slots if each.serial != serial)),
        "nics": (*tuple(_nics(answers.lines(INTERFACES)))[: MAX_ENTRIES - 1], *_management(management)),
        "gateway": address(management.get("Default gateway IPv4", "")),
        "dns": tuple(
            found
            for each in ("Primary", "Secondary", "Tertiary")
            if (found := address(management.get(f"{each} Nameserver", "")))
        ),
    }


def _members(lines: Sequence[str]) -> Iterator[Module]:
    """The members of a stack, lowest number first; the active one may change any day."""
    found: dict[int, dict[str, str]] = {}
    member: dict[str, str] | None = None
    for line in lines[:2000]:
        key, colon, value = line.partition(":")
        name = key.strip()
        if name == "Member ID" and value.strip().isdecimal() and len(found) < 32:
            member = found.setdefault(int(value.strip()[:4]), {})
        elif member is not None and colon:
            member.setdefault(name[:40], value.strip()[:200])
    for number, said in sorted(found.items()):
        serial = text(said.get("Serial Number"), 40)
        if serial:
            yield Module(f"member {number}", text(said.get("Type"), 60), text(said.get("Model"), 120), serial)


def _modules(lines: Sequence[str]) -> Iterator[Module]:
    """`1/1   JL375A   8400 management module   SG00000001   Active (local)`."""
    seen = set()
    for line in lines[:MAX_ENTRIES]:
        if (found := _MODULE.match(line)) and found[4] not in seen:
            seen.add(found[4])
            yield Module(f"module {found[1]}", text(found[2], 60), text(found[3], 120), text(found[4], 40))


class _Port(Struct):
    name: str
    up: bool
    mac: str | None = None
    speed: int | None = None
    v4: list[str] = []
    v6: list[str] = []
    lent: bool = False


def _nics(lines: Sequence[str]) -> Iterator[Nic]:
    ports: dict[str, _Port] = {}
    port: _Port | None = None
    for line in lines:
        if head := _INTERFACE.match(line):
            port = ports.setdefault(head[1], _Port(head[1], head[2] == "up"))
        elif port is None:
            continue
        elif "MAC Address" in line:
            found = _MAC.search(line[:200])
            port.mac = hardware_address(found[1]) if found else port.mac
        elif speed := _SPEED.match(line):
            port.speed = int(speed[1]) * (1000 if speed[2] == "G" else 1)
        elif line.strip().startswith(("IPv4 address ", "IPv6 address ")):
            own = address(line.split()[2].partition("/")[0]) if len(line.split()) > 2 else None
            if own and len(port.v4) + len(port.v6) < 64:
                (port.v6 if ":" in own else port.v4).append(own)
            port.lent = port.lent or "[DHCP]" in line or " dhcp" in line
    for each in ports.values():
        if (_LOGICAL.fullmatch(each.name) and not (each.v4 or each.v6)) or each.name == "mgmt":
            continue
        yield Nic(
            name=text(each.name, 64) or "?",
            mac=each.mac,
            speed_mbps=each.speed if each.up and each.speed else None,
            ipv4=tuple(dict.fromkeys(each.v4)),
            ipv6=tuple(dict.fromkeys(each.v6)),
            up=each.up,
            leased=tuple(dict.fromkeys(each.v4)) if each.lent else (),
        )


def _management(said: dict[str, str]) -> Iterator[Nic]:
    """The port for management, which `show interface` leaves out."""
    if "Link State" not in said:
        return
    v4 = tuple(filter(None, (address(said.get("IPv4 address/subnet-mask", "").partition("/")[0]),)))
    v6 = tuple(
        filter(
            None,
            (
                address(said.get(key, "").partition("/")[0])
                for key in ("IPv6 address/prefix", "IPv6 link local address/prefix")
            ),
        )
    )
    yield Nic(
        "mgmt",
        hardware_address(said.get("Mac Address", "")),
        ipv4=v4,
        ipv6=v6,
        up=said["Link State"] == "up",
        leased=v4 if said.get("Address Mode") == "dhcp" else (),
    )
