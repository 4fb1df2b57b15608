"""Juniper Junos (EX, QFX, SRX, MX): what the `show` commands print, as fields of ServerFacts.

Shapes are those of Juniper's CLI reference. A login class with the permission `view` may run them. A virtual chassis
and an SRX cluster print each member's part under `fpc0:` or `node0:`; the members are in the chassis hardware too.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic, PowerSupply
from sopctl.model.sanitise import MAX_ENTRIES, address, text

VERSION = "show version"
HARDWARE = "show chassis hardware"
INTERFACES = "show interfaces"
UPTIME = "show system uptime"
ROUTE = "show route 0.0.0.0/0 exact table inet.0"

COMMANDS = (VERSION, HARDWARE, INTERFACES, UPTIME, ROUTE)
TERMINAL = ("set cli screen-length 0", "set cli screen-width 511")

READ_BY = {
    "product": (VERSION, HARDWARE),
    "serial": (HARDWARE, VERSION),
    "uptime_seconds": (UPTIME,),
    "modules": (HARDWARE,),
    "power_supplies": (HARDWARE,),
    "nics": (INTERFACES,),
    "gateway": (ROUTE,),
}

REFUSALS = Refusals(
    absent=("syntax error", "unknown command", "error: syntax error", "error: command is not valid", "invalid command"),
    refused=("error: permission denied", "permission denied", "error: no permission"),
)

_RELEASE = re.compile(r"JUNOS .{0,80}?\[([0-9][^\[\] ]{1,58})\]")
_PHYSICAL = re.compile(r"Physical interface: ([^ ,]{1,64}), .{0,80}?[Ll]ink is ([A-Za-z]{2,12})")
_LOGICAL = re.compile(r"  Logical interface ([^ ,]{1,64}) ")
_CURRENT = re.compile(r"  Current address: ([0-9a-f:]{17})(?:, Hardware address: ([0-9a-f:]{17}))?")
_SPEED = re.compile(r"\bSpeed: (\d{1,6}) ?([mMgG])bps")
_LOCAL = re.compile(r"\bLocal: ([0-9A-Fa-f.:]{2,45})")
_BOOTED = re.compile(r"System booted: .{1,60}?\(([0-9wdhms: ]{1,40}) ago\)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?$")
_POWER = re.compile(r"(?:Power Supply|PEM|PSM|PSU) {0,4}\d{0,2}")
_MEMBER = re.compile(r"(?:.{0,20} )?FPC \d{1,3}")
_OWN_NAME = re.compile(r"(?:Chassis|Power Supply \d{1,2}|PEM \d{1,2}|PSM \d{1,2}|PSU \d{1,2})$")
_HOP = re.compile(r" {1,40}> {0,4}to ([0-9.]{7,15}) via ")
_WATTS = re.compile(r"\b(\d{2,5}) ?W\b")
_PORT = re.compile(r"(?:[a-z]{2,4}-\d{1,4}/\d{1,4}/\d{1,4}(?::\d)?|em\d|fxp\d|me\d|vme|re0:mgmt-\d)")
_VIRTUAL = ("vsrx", "vmx", "vqfx", "vjunos", "vex", "vrr")
_COLUMNS = ("Version", "Part number", "Serial number", "Description")


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    version, items = answers.lines(VERSION), list(_items(answers.lines(HARDWARE)))
    release = text(_field(version, "Junos:"), 60) or _release(version)
    chassis = _chassis(items)
    product = text(_field(version, "Model:"), 60)
    return {
        "hostname": text(_field(version, "Hostname:"), 64),
        "vendor": "Juniper" if release else None,
        "product": (chassis.description if chassis and chassis.name == "Chassis" else None) or product,
        "serial": (chassis and chassis.serial) or text(_field(version, "Serial Number:"), 40),
        "virtualization": None if product is None else "virtual" if product.lower().startswith(_VIRTUAL) else "none",
        "os_name": "Junos" if release else None,
        "os_version": release,
        "uptime_seconds": _uptime(answers.lines(UPTIME)),
        "cpu": Cpu(),
        "modules": tuple(_parts(items)),
        "power_supplies": tuple(_supply(each) for each in items if _is_power(each)),
        "nics": tuple(_nics(answers.lines(INTERFACES)))[:MAX_ENTRIES],
        "gateway": _gateway(answers.lines(ROUTE)),
    }


def _field(lines: Sequence[str], key: str) -> str:
    """The rest of the first line that begins with `key`."""
    return next((line[len(key) :].strip() for line in lines[:400] if line.startswith(key)), "")


def _release(lines: Sequence[str]) -> str | None:
    """The version in brackets of the first package; newer ones say it in a line of its own."""
    found = next((found for line in lines[:400] if (found := _RELEASE.match(line))), None)
    return text(found[1], 60) if found else None


def _items(lines: Sequence[str]) -> Iterator[Module]:
    """The rows of the chassis hardware. Its columns begin where those of the header do, which is printed once for each
    node of a cluster; an item belongs to the one above it that is less indented."""
    columns: list[int] = []
    above: list[tuple[int, str]] = []
    node = ""
    count = 0
    for line in lines:
        if line.startswith("Item ") and all(each in line for each in _COLUMNS):
            columns = [line.index(each) for each in _COLUMNS]
            above = []
        elif line[:4] in ("node", "fpc0") and line.rstrip().endswith(":"):
            node = f"{line.strip().rstrip(':')[:20]} "
        elif columns and line.strip() and count < MAX_ENTRIES:
            ends = [*columns[1:], len(line)]
            name = line[: columns[0]].strip()
            _, part, serial, description = (line[begin:end].strip() for begin, end in zip(columns, ends, strict=True))
            if not name or name.startswith(("{", "-")):
                continue
            depth = len(line) - len(line.lstrip())
            above = [each for each in above if each[0] < depth][:8]
            path = " ".join((*(each for _, each in above), name))
            above.append((depth, name))
            count += 1
            yield Module(
                name=text(node + path, 80) or "?",
                model=_plain(part, 60),
                description=text(description, 120),
                serial=_plain(serial, 60),
            )


def _plain(said: str, limit: int) -> str | None:
    """A part or serial number; BUILTIN means that it has none of its own, NON-JNPR that another maker made it."""
    return None if said.upper() in ("BUILTIN", "BUILT-IN", "NON-JNPR") else text(said, limit)


def _parts(items: Sequence[Module]) -> Iterator[Module]:
    """The parts with a serial number, each once: a switch lists itself as chassis, routing engine and line card. A
    virtual chassis has its present master's, which may be another's any day."""
    seen = set()
    for each in items:
        whole = "virtual chassis" in (each.description or "").lower()
        if each.serial and each.serial not in seen and not whole and not _is_power(each):
            seen.add(each.serial)
            yield each


def _is_power(part: Module) -> bool:
    return bool(_POWER.match(_last(part.name)) and (part.model or part.serial or part.description))


def _supply(part: Module) -> PowerSupply:
    watts = _WATTS.search(part.description or "")
    return PowerSupply(part.name, part.model, part.serial, watts=int(watts[1]) if watts else None)


def _chassis(items: Sequence[Module]) -> Module | None:
    """The device itself: of a virtual chassis its lowest member, of a cluster its first node."""
    whole = [each for each in items if _last(each.name) == "Chassis" and each.serial]
    if whole and "virtual chassis" not in (whole[0].description or "").lower():
        return whole[0]
    members = [each for each in items if _MEMBER.fullmatch(each.name) and each.serial]
    return min(members, key=lambda each: int(each.name.rpartition(" ")[2]), default=whole[0] if whole else None)


def _last(name: str) -> str:
    """The item's own name, without those of what it is in: `FPC 0 Power Supply 1` is a power supply."""
    found = _OWN_NAME.search(name[-40:])
    return found[0] if found else name


class _Port(Struct):
    name: str
    up: bool
    mac: str | None = None
    speed: int | None = None
    v4: list[str] = []
    v6: list[str] = []


def _nics(lines: Sequence[str]) -> Iterator[Nic]:
    """The ports, with the addresses of their units, and any other interface with an address (irb, ae, lo0)."""
    ports: dict[str, _Port] = {}
    port: _Port | None = None
    unit: _Port | None = None
    for line in lines:
        if head := _PHYSICAL.match(line):
            port = unit = ports.setdefault(head[1], _Port(head[1], head[2] == "Up"))
        elif port is None or unit is None:
            continue
        elif logical := _LOGICAL.match(line):
            name = logical[1]
            plain = name == f"{port.name}.0" or name.partition(".")[0] != port.name
            unit = port if plain else ports.setdefault(name, _Port(name, port.up, port.mac))
        elif found := _CURRENT.match(line):
            port.mac = hardware_address(found[2] or found[1])
        elif "Destination: " in line or " Local: " in line:
            local = _LOCAL.search(line[:300])
            own = address(local[1]) if local else None
            if own and len(unit.v4) + len(unit.v6) < 64:
                (unit.v6 if ":" in own else unit.v4).append(own)
        elif unit is port and (speed := _SPEED.search(line[:300])):
            port.speed = int(speed[1]) * (1000 if speed[2] in "gG" else 1)
    for each in ports.values():
        if not _PORT.fullmatch(each.name) and not (each.v4 or each.v6):
            continue
        yield Nic(
            name=text(each.name, 64) or "?",
            mac=each.mac,
            speed_mbps=each.speed if each.up else None,
            ipv4=tuple(dict.fromkeys(each.v4)),
            ipv6=tuple(dict.fromkeys(each.v6)),
            up=each.up,
        )


def _uptime(lines: Sequence[str]) -> int | None:
    """`System booted: 2026-01-05 10:22:31 WIB (3w2d 04:11 ago)`."""
    found = next((found for line in lines[:100] if (found := _BOOTED.match(line))), None)
    if found is None:
        return None
    clock = _CLOCK.search(found[1])
    day = seconds(found[1][: clock.start()] if clock else found[1]) or 0
    return day + (int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0) if clock else 0)


def _gateway(lines: Sequence[str]) -> str | None:
    """`                    >  to 192.0.2.1 via ge-0/0/0.0`."""
    for line in lines[:200]:
        if (hop := _HOP.match(line)) and (found := address(hop[1])):
            return found
    return None
