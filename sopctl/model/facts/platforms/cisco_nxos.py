"""Cisco NX-OS (Nexus 3000 to 9000): what the `show` commands print, as fields of ServerFacts.

Shapes are those of Cisco's command references for NX-OS. The role `network-operator` may run them.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic, PowerSupply
from sopctl.model.sanitise import MAX_ENTRIES, address, text

VERSION = "show version"
INVENTORY = "show inventory"
INTERFACES = "show interface"
IPV4 = "show ip interface vrf all"
IPV6 = "show ipv6 interface vrf all"
ROUTE = "show ip route 0.0.0.0/0 vrf all"

COMMANDS = (VERSION, INVENTORY, INTERFACES, IPV4, IPV6, ROUTE)
TERMINAL = ("terminal length 0", "terminal width 511")

READ_BY = {
    "product": (INVENTORY, VERSION),
    "serial": (INVENTORY, VERSION),
    "modules": (INVENTORY,),
    "power_supplies": (INVENTORY,),
    "nics": (INTERFACES,),
    "gateway": (ROUTE,),
}

REFUSALS = Refusals(
    absent=("% Invalid", "% Incomplete command", "% Ambiguous command", "Syntax error", "% Unknown command"),
    refused=("% Permission denied", "% Access denied", "Error: AAA authorization failed"),
)

_RELEASE = re.compile(r" {1,6}(?:NXOS|system): {1,8}version ([^ \[]{1,60})")
_BIOS = re.compile(r" {1,6}BIOS: {1,8}version {1,8}(\S{1,60})")
_HARDWARE = re.compile(r" {1,6}cisco (?:Nexus ?\d{0,5} )?(\S{2,40})(?: +\(?.{0,60}?\)?)? [Cc]hassis")
_MEMORY = re.compile(r" {1,6}(.{2,60}?) with (\d{1,12}) kB of memory")
_UPTIME = re.compile(
    r"Kernel uptime is (\d{1,5}) day\(s\), (\d{1,2}) hour\(s\), (\d{1,2}) minute\(s\), (\d{1,2}) second"
)
_ITEM = re.compile(r'NAME: "?([^",]{0,120})"?, *DESCR: "?([^"]{0,200})')
_POWER = re.compile(r"power suppl|\bPSU\b", re.IGNORECASE)
_WATTS = re.compile(r"\b(\d{2,5}) ?W\b")
_HEAD = re.compile(r"([A-Za-z]\S{0,63}) is (up|down|administratively down)\b")
_MAC = re.compile(r"address(?: is|:) {1,3}([0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?: \(bia ([0-9a-f.]{14})\))?")
_SPEED = re.compile(r" {1,6}(?:full|half|auto)-duplex, (\d{1,6}) ?([MG])b/s")
_OWNER = re.compile(r"([A-Za-z]\S{0,63}), Interface status: ")
_LOGICAL = re.compile(r"(?:Vlan|loopback|port-channel|Tunnel|nve|Null|Bdi)\S{0,30}|\S{1,60}\.\d{1,6}", re.IGNORECASE)
"""Interfaces that are not ports of the device. Those with an address are listed anyway."""


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    version, parts = answers.lines(VERSION)[:400], list(_inventory(answers.lines(INVENTORY)))
    nexus = any("Nexus Operating System (NX-OS)" in line for line in version[:10])
    release = next((text(found[1], 60) for line in version if (found := _RELEASE.match(line))), None)
    chassis = next((each for each in parts if each.name.lower() == "chassis"), None)
    hardware = next((text(found[1], 60) for line in version if (found := _HARDWARE.match(line))), None)
    memory = next((found for line in version if (found := _MEMORY.match(line))), None)
    product = (chassis and chassis.model) or hardware
    return {
        "hostname": text(_after(version, "Device name: "), 64),
        "vendor": "Cisco" if nexus else None,
        "product": product,
        "serial": (chassis and chassis.serial) or text(_after(version, "Processor Board ID "), 40),
        "bios_version": next((text(found[1], 60) for line in version if (found := _BIOS.match(line))), None),
        "virtualization": None if product is None else "virtual" if _is_virtual(product) else "none",
        "os_name": "Cisco NX-OS" if nexus else None,
        "os_version": release,
        "uptime_seconds": _uptime(version),
        "cpu": Cpu(model=text(memory[1].strip(), 60) if memory else None),
        "memory_mib": int(memory[2]) // 1024 if memory else None,
        "modules": tuple(part for part in parts if not _is_power(part)),
        "power_supplies": tuple(_supply(part) for part in parts if _is_power(part)),
        "nics": tuple(_nics(answers))[:MAX_ENTRIES],
        "gateway": _gateway(answers.lines(ROUTE)),
    }


def _after(lines: Sequence[str], begin: str) -> str:
    """The rest of the first line that begins with `begin`, in any case of letters."""
    wanted = begin.lower()
    said = (line.strip() for line in lines)
    return next((line[len(begin) :].strip() for line in said if line.lower().startswith(wanted)), "")


def _is_virtual(product: str) -> bool:
    return product.upper().startswith(("N9K-9000V", "N9K-C9300V", "N9K-C9500V", "9000V", "NX-OSV", "N7K-VIRTUAL"))


def _uptime(lines: Sequence[str]) -> int | None:
    found = next((found for line in lines if (found := _UPTIME.match(line))), None)
    if found is None:
        return seconds(_after(lines, "Kernel uptime is "))
    days, hours, minutes, rest = (int(each) for each in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def _inventory(lines: Sequence[str]) -> Iterator[Module]:
    """Every part that has a product number or a serial number."""
    found: re.Match[str] | None = None
    count = 0
    for line in lines:
        said = line.strip()
        if item := _ITEM.match(said):
            found = item
        elif found and said.startswith("PID:") and count < MAX_ENTRIES:
            model, _, rest = said.removeprefix("PID:").partition(",")
            part = Module(
                name=text(found[1].strip(), 80) or "?",
                model=text(model.strip(), 60),
                description=text(found[2].strip(), 120),
                serial=text(rest.rpartition("SN:")[2].strip() if "SN:" in rest else "", 60),
            )
            found = None
            if part.model or part.serial:
                count += 1
                yield part


def _is_power(part: Module) -> bool:
    return bool(_POWER.search(part.name) or _POWER.search(part.description or ""))


def _supply(part: Module) -> PowerSupply:
    watts = _WATTS.search(part.description or "")
    return PowerSupply(part.name, part.model, part.serial, watts=int(watts[1]) if watts else None)


class _Port(Struct):
    name: str
    up: bool
    mac: str | None = None
    speed: int | None = None
    v4: list[str] = []
    v6: list[str] = []


def _nics(answers: Answers) -> Iterator[Nic]:
    ports: dict[str, _Port] = {}
    port: _Port | None = None
    for line in answers.lines(INTERFACES):
        if head := _HEAD.match(line):
            port = ports.setdefault(head[1], _Port(head[1], head[2] == "up"))
        elif port is None or not line.startswith(" "):
            continue
        elif "Hardware" in line and (found := _MAC.search(line[:200])):
            port.mac = hardware_address(found[2] or found[1])
        elif speed := _SPEED.match(line):
            port.speed = int(speed[1]) * (1000 if speed[2] == "G" else 1)
        elif "Internet Address is " in line:
            _add(port.v4, line.partition("Internet Address is ")[2])
    _addresses(answers.lines(IPV4), ports, "IP address: ")
    _addresses(answers.lines(IPV6), ports, "")
    for each in ports.values():
        if _LOGICAL.fullmatch(each.name) and not (each.v4 or each.v6):
            continue
        yield Nic(
            name=text(each.name, 64) or "?",
            mac=each.mac,
            speed_mbps=each.speed if each.up else None,
            ipv4=tuple(dict.fromkeys(each.v4)),
            ipv6=tuple(dict.fromkeys(each.v6)),
            up=each.up,
        )


def _addresses(lines: Sequence[str], ports: dict[str, _Port], begin: str) -> None:
    """The addresses of each interface, secondary ones too. Those of IPv6 are on lines of their own."""
    port: _Port | None = None
    for line in lines:
        if owner := _OWNER.match(line):
            port = ports.get(owner[1])
        elif port is not None and line.strip().startswith(begin or ("IPv6 link-local address: ", *"0123456789abcdef")):
            said = line.strip().removeprefix(begin or "IPv6 link-local address: ")
            _add(port.v4 if begin else port.v6, said)


def _add(held: list[str], said: str) -> None:
    found = address(said.partition(",")[0].partition(" ")[0].partition("/")[0])
    if found and len(held) < 64:
        held.append(found)


def _gateway(lines: Sequence[str]) -> str | None:
    """`    *via 192.0.2.1, mgmt0, [1/0], 1w2d, static`."""
    for line in lines[:400]:
        said = line.strip()
        if said.startswith("*via ") and (found := address(said.removeprefix("*via ").partition(",")[0].split("%")[0])):
            return found
    return None
