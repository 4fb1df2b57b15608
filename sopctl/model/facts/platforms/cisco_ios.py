"""Cisco IOS and IOS XE: what the `show` commands print, as fields of ServerFacts.

Shapes are those of Cisco's command references (show version, show inventory, show interfaces, show ip interface, show
ipv6 interface, show file systems, show hosts, show ntp status, show control-plane host open-ports). Privilege
level 1 is enough for most of them. NX-OS, which answers the same
commands in other words, is another platform.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from sopctl.model.facts.answers import Answers, Refusals, seconds
from sopctl.model.facts.parts import Cpu, Listener, Module, Mount, Nic, PowerSupply
from sopctl.model.sanitise import MAX_ENTRIES, address, mac, number, text

VERSION = "show version"
INVENTORY = "show inventory"
INTERFACES = "show interfaces"
IPV4 = "show ip interface"
IPV6 = "show ipv6 interface brief"
ROUTE = "show ip route | include ateway"
HOSTS = "show hosts | include ^Default domain|^Name servers"
NTP = "show ntp status"
FILES = "show file systems"
PORTS = "show control-plane host open-ports"

COMMANDS = (VERSION, INVENTORY, INTERFACES, IPV4, IPV6, ROUTE, HOSTS, NTP, FILES, PORTS)
TERMINAL = ("terminal length 0", "terminal width 511")

READ_BY = {
    "product": (VERSION, INVENTORY),
    "serial": (VERSION, INVENTORY),
    "modules": (INVENTORY,),
    "power_supplies": (INVENTORY,),
    "nics": (INTERFACES,),
    "mounts": (FILES,),
    "gateway": (ROUTE,),
    "fqdn": (HOSTS,),
    "dns": (HOSTS,),
    "time_synchronised": (NTP,),
    "listeners": (PORTS,),
}

REFUSALS = Refusals(
    absent=("% Invalid input", "% Incomplete command", "% Ambiguous command", "% Unknown command", "% Unrecognized"),
    refused=("% Authorization failed", "Command authorization failed", "% Access denied", "% Permission denied"),
)

_SOFTWARE = re.compile(r"Cisco (?:IOS|Internetwork Operating System)")
_XE = re.compile(r"Cisco IOS.{0,60}\bIOS[- ]XE Software|Cisco IOS[- ]XE|IOS \(tm\) IOS-XE")
_IMAGE = re.compile(r"\(([A-Za-z0-9_]{2,40}(?:-[A-Za-z0-9_]{1,40}){0,4})\), ?(?:Experimental )?Version ([^ ,]{1,60})")
_XE_RELEASE = re.compile(r"Cisco IOS[- ]XE Software, Version ([^ ,]{1,60})")
_HARDWARE = re.compile(r"[Cc]isco (\S{2,40}) (?:\(([^()]{1,40})\) )?(?:processor )?(?:\(revision ([^()]{1,40})\) )?")
_MEMORY = re.compile(r"with (\d{1,12})K(?:/(\d{1,12})K)? bytes of memory")
_PHYSICAL = re.compile(r"(?:.{0,120} )?(\d{1,12})K bytes of physical memory")
_RELEASE = re.compile(r"[Vv]ersion ([^ ,]{1,60})")
_NO_PROCESSOR = re.compile(r"\d{1,2}RU(?:-X)?|RP\d|revision .*")
"""What routers print where others name their processor: their height, their route processor, a revision."""
_ITEM = re.compile(r'NAME: {0,4}"([^"]{0,120})" {0,4}, {0,4}DESCR: {0,4}"([^"]{0,200})')
_CHASSIS = re.compile(
    r"(?:Switch ?)?(\d{1,2}) (?:Chassis|System)|(?:Chassis|Switch) ?(\d{1,2})|(?:.{0,60} )?(?:Chassis|Switch System)",
    re.IGNORECASE,
)
_DESCRIBED_CHASSIS = re.compile(r".{0,120}\bchassis(?: system)?(?:, Hw Serial.{0,80})?", re.IGNORECASE)
_MEMBER = re.compile(r"\d{1,2}")
_STACK = re.compile(r"c\d{2}[\dx]{1,3}\w? stack", re.IGNORECASE)
"""The line of a stack as a whole, which shows the product and the serial number of whichever member is active."""
_POWER = re.compile(r"power suppl|\bPSU\b", re.IGNORECASE)
_FAN = re.compile(r"\bfan", re.IGNORECASE)
_NO_PART = frozenset({"unspecified", "n/a", "none", "unknown"})
_WATTS = re.compile(r"\b(\d{2,5}) ?W(?:att)?s?\b", re.IGNORECASE)
_INTERFACE = re.compile(r"([A-Za-z]\S{0,63}) is ([a-z ]{2,30}), line protocol is (\S{2,20})")
_HARDWARE_ADDRESS = re.compile(r"  Hardware is .{0,120}?(?:bia|address is) ([0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})")
_BURNT_IN = re.compile(r"\(bia ([0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})\)")
_SPEED = re.compile(r"[A-Za-z]{4}[ -][Dd]uplex, (\d{1,6}) ?([MG])b(?:ps|/s)")
_BRIEF = re.compile(r"([A-Za-z]\S{0,63}) +\[")
_LOGICAL = re.compile(
    r"(?:Vlan|Loopback|Tunnel|Port-channel|BDI|Dialer|Null|NVI|Virtual|Async|Embedded-|EFXS|LI-|lsmpi|unrouted"
    r"|AppGigabit)\S{0,40}"
    r"|\S{1,60}\.\d{1,6}",
    re.IGNORECASE,
)
"""Interfaces that are not ports of the device. Those with an address are listed anyway."""

_VIRTUAL = frozenset({"CSR1000V", "C8000V", "ISRV", "IOSV", "VIOS", "IOL", "VIOS_L2"})


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    version, parts = answers.lines(VERSION), list(_inventory(answers.lines(INVENTORY)))
    chassis = _chassis(parts)
    hosts = answers.lines(HOSTS)
    name, domain = _host_name(version), _after(hosts, "Default domain is ")
    system = _system(version)
    product = (chassis and chassis.model) or text(_field(version, "Model number")) or _hardware(version)
    image, release = _image(version)
    return {
        "hostname": name,
        "fqdn": text(f"{name}.{domain}", 253) if name and domain and " " not in domain else None,
        "vendor": "Cisco" if system else None,
        "product": product,
        "serial": (chassis and chassis.serial)
        or _serial(_field(version, "System serial number"))
        or _serial(_after(version, "Processor board ID ")),
        "bios_version": _loader(version),
        "virtualization": None if product is None else "virtual" if product.upper() in _VIRTUAL else "none",
        "os_name": system,
        "os_version": release,
        "uptime_seconds": seconds(next((line for line in version if " uptime is " in line), "").rpartition(" is ")[2]),
        "cpu": Cpu(model=_processor(version)),
        "memory_mib": _memory(version),
        "packages": {image: release} if image and release else {},
        "modules": tuple(part for part in parts if not _is_power(part)),
        "power_supplies": tuple(_supply(part) for part in parts if _is_power(part)),
        "nics": tuple(_nics(answers))[:MAX_ENTRIES],
        "mounts": tuple(_file_systems(answers.lines(FILES)))[:MAX_ENTRIES],
        "gateway": _gateway(answers.lines(ROUTE)),
        "dns": tuple(_name_servers(hosts)),
        "time_synchronised": _synchronised(answers.lines(NTP)),
        "listeners": tuple(dict.fromkeys(_listeners(answers.lines(PORTS))))[:MAX_ENTRIES],
    }


def _after(lines: Sequence[str], begin: str) -> str:
    """The rest of the first line that begins with `begin`, in capitals or not."""
    found = (line.strip() for line in lines)
    return next((line[len(begin) :] for line in found if line[: len(begin)].lower() == begin.lower()), "").strip()


def _field(lines: Sequence[str], key: str) -> str:
    """`Model number                    : WS-C2960X-48TS-L`, in capitals or not."""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip().lower() == key.lower()), "")


def _serial(said: str) -> str | None:
    """A serial number is one word; behind it stand revisions (`0001, with hardware revision 0`, `F1 (429)`)."""
    number = next(iter(said.split()), "").rstrip(",")
    return None if number.lower() in _NO_PART else text(number, 40)


def _host_name(version: Sequence[str]) -> str | None:
    line = next((line for line in version if " uptime is " in line), "")
    name = text(line.partition(" uptime is ")[0], 64)
    return name if name and " " not in name else None


def _system(version: Sequence[str]) -> str | None:
    """What runs on it; None if it is neither."""
    first = [line[:300] for line in version[:20]]
    if any(_XE.match(line) for line in first):
        return "Cisco IOS XE"
    return "Cisco IOS" if any(_SOFTWARE.match(line) for line in first) else None


def _image(version: Sequence[str]) -> tuple[str | None, str | None]:
    """The running software: its image's name, and its version."""
    first = [line[:300] for line in version[:20]]
    for line in first:
        found = _IMAGE.search(line)
        if found and (name := text(found[1], 80)) and (release := text(found[2], 60)):
            return name, release
    said = (found for line in first if (found := _XE_RELEASE.match(line)))
    return None, next((text(found[1], 60) for found in said), None)


def _hardware_line(version: Sequence[str]) -> re.Match[str] | None:
    lines = (line for line in version if line[1:6] == "isco " and "memory" in line)
    return next((found for line in lines if (found := _HARDWARE.match(line))), None)


def _hardware(version: Sequence[str]) -> str | None:
    """The model of a device that has no inventory."""
    if found := _hardware_line(version):
        return text(found[1], 60)
    return "IOL" if any(line.startswith("Linux Unix (") for line in version) else None


def _processor(version: Sequence[str]) -> str | None:
    """The text in parentheses after the model, unless it is something else: the same word as the revision, say."""
    found = _hardware_line(version)
    name = text(found[2], 60) if found and found[2] else None
    return None if name is None or (found and (_NO_PROCESSOR.fullmatch(name) or name == found[3])) else name


def _memory(version: Sequence[str]) -> int | None:
    """All physical memory if the device reports it, else the sum of processor and I/O memory."""
    physical = next((found for line in version if (found := _PHYSICAL.match(line))), None)
    if physical:
        return int(physical[1]) // 1024
    both = next((found for line in version if (found := _MEMORY.search(line[:300]))), None)
    return (int(both[1]) + int(both[2] or 0)) // 1024 if both else None


def _loader(version: Sequence[str]) -> str | None:
    """The boot loader's version: ROM's, or BOOTLDR's where ROM only says what it is."""
    for begin in ("ROM: ", "BOOTLDR: "):
        said = _after(version, begin)
        release = _RELEASE.search(said[:300])
        if release:
            return text(release[1], 60)
        if said and " " not in said:
            return text(said, 60)
    return None


def _inventory(lines: Sequence[str]) -> Iterator[Module]:
    """Every part of `show inventory` that has a product number or a serial number."""
    found: re.Match[str] | None = None
    count = 0
    for line in lines:
        if item := _ITEM.match(line.lstrip()):
            found = item
        elif found and line.lstrip().startswith("PID:") and count < MAX_ENTRIES:
            model, _, rest = line.lstrip().removeprefix("PID:").partition(",")
            part = Module(
                name=text(found[1], 80) or "?",
                model=None if model.strip().lower() in _NO_PART else text(model.strip(), 60),
                description=text(found[2], 120),
                serial=_serial(rest.rpartition("SN:")[2]) if "SN:" in rest else None,
            )
            found = None
            if (part.model or part.serial) and not _STACK.fullmatch(part.name):
                count += 1
                yield part


def _chassis(parts: Sequence[Module]) -> Module | None:
    """The device itself; of several (a stack, VSS), the lowest member, as the active one may change any day.

    A part with a bare number for its name is a member of a stack, or a line card; a member's description is its model.
    A chassis may name its model as a whole or as its first module does (Catalyst 4948).
    """
    found = [(_place(part), part) for part in parts if not (_is_power(part) or _FAN.search(part.description or ""))]
    whole = [(place, part) for place, part in found if place is not None]
    whole = whole or [
        (int(part.name), part)
        for _, part in found
        if _MEMBER.fullmatch(part.name) and " " not in (part.description or " ")
    ]
    first = min(whole, key=lambda each: (each[1].serial is None, each[0]), default=(0, None))[1]
    if first and first.serial and not first.model:
        twin = next((part for part in parts if part.serial == first.serial and part.model), first)
        return structs.replace(first, model=twin.model)
    return first


def _place(part: Module) -> int | None:
    """Which of several chassis a part is; None if it is none."""
    if found := _CHASSIS.fullmatch(part.name):
        return int(found[1] or found[2] or 0)
    return 0 if _DESCRIBED_CHASSIS.fullmatch(part.description or "") else None


def _is_power(part: Module) -> bool:
    said = f"{part.name} {part.description or ''}"
    return bool(_POWER.search(said)) and not _FAN.search(said)


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
    lent: bool = False


def _nics(answers: Answers) -> Iterator[Nic]:
    ports: dict[str, _Port] = {}
    port: _Port | None = None
    for line in answers.lines(INTERFACES):
        if head := _INTERFACE.match(line):
            port = ports.setdefault(head[1], _Port(head[1], head[2] == "up" and head[3] == "up"))
        elif port is None or not line.startswith("  "):
            continue
        elif found := _HARDWARE_ADDRESS.match(line):
            burnt_in = _BURNT_IN.search(line[:300])
            port.mac = _dotted(burnt_in[1] if burnt_in else found[1])
        elif speed := _SPEED.match(line.lstrip()):
            port.speed = int(speed[1]) * (1000 if speed[2] == "G" else 1)
        elif found_address := address(line.strip().removeprefix("Internet address is ").partition("/")[0]):
            port.v4.append(found_address)
    _ipv4(answers.lines(IPV4), ports)
    _ipv6(answers.lines(IPV6), ports)
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
            leased=tuple(dict.fromkeys(each.v4)) if each.lent else (),
        )


def _ipv4(lines: Sequence[str], ports: dict[str, _Port]) -> None:
    """`show ip interface` also lists secondary addresses, and says where the first one is from."""
    port: _Port | None = None
    for line in lines:
        if head := _INTERFACE.match(line):
            port = ports.get(head[1])
        elif port is not None and line.startswith("  "):
            said = line.strip()
            begin = next((b for b in ("Internet address is ", "Secondary address ") if said.startswith(b)), "")
            found = address(said.removeprefix(begin).partition("/")[0]) if begin else None
            if found and len(port.v4) < 64:
                port.v4.append(found)
            if said in ("Address determined by DHCP", "Address determined by IPCP"):
                port.lent = True


def _ipv6(lines: Sequence[str], ports: dict[str, _Port]) -> None:
    port: _Port | None = None
    for line in lines:
        if head := _BRIEF.match(line):
            port = ports.get(head[1])
        elif port is not None and line.startswith("  ") and (found := address(line.strip())) and len(port.v6) < 64:
            port.v6.append(found)


def _dotted(said: str) -> str | None:
    """`0000.5e00.5301` with colons."""
    digits = said.replace(".", "")
    return mac(":".join(digits[n : n + 2] for n in range(0, 12, 2)))


def _file_systems(lines: Sequence[str]) -> Iterator[Mount]:
    """`Size(b) Free(b) Type Flags Prefixes`: the file systems that hold data of the device."""
    for line in lines:
        words = line.lstrip(" *").split()
        if len(words) >= 5 and words[2] in ("flash", "disk") and words[4].endswith(":"):
            whole, free = number(words[0]), number(words[1])
            path = text(words[4], 80)
            if whole and path:
                used = max(0, whole - free) if free is not None else None
                yield Mount(path=path, device=words[2], fstype=words[2], size_bytes=whole, used_bytes=used)


def _gateway(lines: Sequence[str]) -> str | None:
    for begin in ("Gateway of last resort is ", "Default gateway is "):
        found = address(_after(lines, begin).partition(" ")[0])
        if found:
            return found
    return None


def _name_servers(lines: Sequence[str]) -> Iterator[str]:
    """Without 255.255.255.255, which means that none is set and that names are asked for by broadcast."""
    for word in _after(lines, "Name servers are ").split(",")[:16]:
        found = address(word.strip())
        if found and found != "255.255.255.255":
            yield found


def _synchronised(lines: Sequence[str]) -> bool | None:
    said = next((line.strip() for line in lines if line.strip()), "")
    if said.startswith("%NTP is not enabled"):
        return False
    return said.startswith("Clock is synchronized") if said.startswith("Clock is ") else None


def _listeners(lines: Sequence[str]) -> Iterator[Listener]:
    """`tcp  *:22  *:0  SSH-Server  LISTEN`; established connections are left out."""
    for line in lines:
        words = line.split()
        if len(words) >= 5 and words[0] in ("tcp", "udp") and words[-1] == "LISTEN":
            where, _, port = words[1].rpartition(":")
            heard = number(port, 65535)
            if heard:
                yield Listener(words[0], "*" if where == "*" else address(where) or "*", heard, text(words[3], 64))
