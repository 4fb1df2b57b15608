"""HP ProCurve and ArubaOS-Switch (2530 to 5400R): what the `show` commands print, as fields of ServerFacts.

Shapes are those of HPE's management and configuration guides. Operator rights are enough. Two values share a line of
`show system`. A stack by VSF prints a part for each of its members.
"""

import re
from collections.abc import Iterator, Sequence

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic
from sopctl.model.facts.tool_output import colon_fields
from sopctl.model.sanitise import MAX_ENTRIES, address, number, text

SYSTEM = "show system"
LOCAL = "show lldp info local-device"
MODULES = "show modules"
PORTS = "show interfaces brief"
IP = "show ip"

COMMANDS = (SYSTEM, LOCAL, MODULES, PORTS, IP)
TERMINAL: tuple[str, ...] = ()
"""Its pager can only be turned off with the rights of a manager."""

READ_BY = {
    "product": (LOCAL, MODULES),
    "serial": (SYSTEM, MODULES),
    "modules": (MODULES, SYSTEM),
    "nics": (PORTS, IP),
    "gateway": (IP,),
    "dns": (IP,),
}

REFUSALS = Refusals(
    absent=("Invalid input:", "Incomplete input:", "Ambiguous input:", "Unknown command"),
    refused=("Not authorized to run this command", "Permission denied", "Insufficient privilege"),
)

_MODEL = re.compile(
    r"(?:(?:HP|HPE|Aruba|ProCurve|Hewlett-Packard(?: Company)?) ){0,2}((?:[JR][A-Z0-9]{4,7}) [^,]{2,50})"
)
_CHASSIS = re.compile(r" {0,4}Chassis: (\S{2,30}) +(\S{2,20}) +Serial Number: +(\S{4,30})")
_SERIAL = re.compile(r"(?=[A-Z]{0,15}\d)[A-Z0-9]{8,16}")
_PORT = re.compile(r" {0,4}(?=[A-Za-z/]{0,6}\d)([A-Za-z0-9/]{1,10})\*?(?:-\S{1,12})? {1,20}\S{0,20} {0,20}\| ")
_SPEED = re.compile(r"(\d{1,6}|\d{1,3}\.\d)(GigFD|Gig[FH]D?|[FH]Dx)", re.IGNORECASE)
_VLAN = re.compile(r" {0,4}(\S{1,40}) +\| +(Manual|DHCP/Bootp|DHCP|Disabled)\b")


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    system, ip = answers.lines(SYSTEM), colon_fields(answers.lines(IP)[:40])
    release = text(_value(system, "Software revision"), 60)
    switch = any("General System Information" in line for line in system[:10]) and release is not None
    members = list(_members(system))
    model = _model(answers)
    chassis = _chassis(answers)
    serial = _value(system, "Serial Number") or (chassis[3] if chassis else "")
    modules = tuple(members) or tuple(_modules(answers.lines(MODULES), model))
    memory = number(_value(system, "- Total").replace(",", ""))
    return {
        "hostname": text(_value(system, "System Name"), 64),
        "vendor": "HPE" if switch else None,
        "product": model,
        "serial": text(serial, 40),
        "bios_version": text(_value(system, "ROM Version"), 60),
        "virtualization": "none" if switch else None,
        "os_name": "ArubaOS-Switch" if switch else None,
        "os_version": release,
        "uptime_seconds": seconds(_value(system, "Up Time").replace("min", "minute")),
        "cpu": Cpu(),
        "memory_mib": memory // 1024**2 if memory else None,
        "modules": modules or ((Module("chassis", model, None, text(serial, 40)),) if text(serial, 40) else ()),
        "nics": tuple(_nics(answers, hardware_address(_value(system, "Base MAC Addr"))))[:MAX_ENTRIES],
        "gateway": address(ip.get("Default Gateway", "").partition(" ")[0]),
        "dns": tuple(found for word in ip.get("DNS server", "").split()[:8] if (found := address(word))),
    }


def _value(lines: Sequence[str], key: str) -> str:
    """The value behind `key  : ` wherever it is on its line, up to two spaces; of several, the first."""
    for line in lines[:400]:
        _, there, rest = line.partition(key)
        name, colon, value = rest.partition(":")
        if there and colon and not name.strip():
            return value.strip().partition("  ")[0].strip()
    return ""


def _members(lines: Sequence[str]) -> Iterator[Module]:
    """The members of a stack: each has a part that begins with its number."""
    begins = [place for place, line in enumerate(lines[:400]) if line.strip().startswith("VSF-Member")][:32]
    for begin, end in zip(begins, [*begins[1:], 400], strict=False):
        name = lines[begin].partition(":")[2].strip()
        serial = text(_value(lines[begin:end], "Serial Number"), 40)
        if serial:
            yield Module(text(f"VSF-Member {name}", 40) or "?", None, None, serial)


def _chassis(answers: Answers) -> re.Match[str] | None:
    return next((each for line in answers.lines(MODULES)[:60] if (each := _CHASSIS.match(line))), None)


def _model(answers: Answers) -> str | None:
    """`HP J9726A 2920-24G Switch, revision …` of what it tells its neighbours."""
    said = colon_fields(answers.lines(LOCAL)[:40]).get("System Description", "")
    told = _MODEL.match(said)
    if told:
        return text(told[1], 60)
    chassis = _chassis(answers)
    return text(f"{chassis[2]} {chassis[1]}", 60) if chassis else None


def _modules(lines: Sequence[str], model: str | None) -> Iterator[Module]:
    for line in lines[:MAX_ENTRIES]:
        if whole := _CHASSIS.match(line):
            yield Module("chassis", model or text(whole[2], 60), text(whole[1], 120), text(whole[3], 40))
            continue
        words = line.split()[:30]
        if len(words) > 3 and words[1] in ("HP", "HPE", "Aruba", "ProCurve") and _SERIAL.fullmatch(words[-1]):
            name, described = text(f"slot {words[0]}", 40) or "?", " ".join(words[1:-1])
            yield Module(name, words[2] if len(words) > 4 else None, text(described, 120), text(words[-1], 40))


def _nics(answers: Answers, base: str | None) -> Iterator[Nic]:
    """The ports, and the VLANs with an address, which have the switch's own hardware address."""
    for line in answers.lines(PORTS):
        if found := _PORT.match(line):
            words = line.partition("|")[2].split()
            up = "Up" in words[:3]
            yield Nic(text(found[1], 64) or "?", speed_mbps=_speed(words) if up else None, up=up)
    vlans: dict[str, list[str]] = {}
    leased = set()
    name = ""
    for line in answers.lines(IP):
        if vlan := _VLAN.match(line):
            name = vlan[1]
            if vlan[2].startswith("DHCP"):
                leased.add(name)
        own = next((each for word in line.partition("|")[2].split()[:4] if (each := address(word))), None)
        if name and own and len(vlans.setdefault(name, [])) < 64:
            vlans[name].append(own)
    for name, held in vlans.items():
        ipv4 = tuple(held)
        yield Nic(text(name, 64) or "?", base, ipv4=ipv4, up=True, leased=ipv4 if name in leased else ())


def _speed(words: Sequence[str]) -> int | None:
    """`1000FDx`, `10GigFD` or `2.5GigFD` among the words of a port's line."""
    for word in words[:6]:
        if found := _SPEED.match(word):
            return int(float(found[1]) * (1000 if "gig" in found[2].lower() else 1))
    return None
