"""Fortinet FortiOS 6 and 7 (FortiGate): what the `get` commands print, as fields of ServerFacts.

Shapes are those of Fortinet's CLI reference. An administrator with a read-only profile may run them; `fnsysctl
ifconfig`, the only one that shows all hardware addresses at once, wants the profile super_admin_readonly or more. With
virtual domains, what belongs to the whole device is refused in one of them, and left out.
"""

import re
from collections.abc import Iterator, Sequence

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic
from sopctl.model.facts.tool_output import colon_fields
from sopctl.model.sanitise import MAX_ENTRIES, address, text

STATUS = "get system status"
PHYSICAL = "get system interface physical"
INTERFACES = "get system interface"
HARDWARE = "fnsysctl ifconfig"
CLUSTER = "get system ha status"
PERFORMANCE = "get system performance status"
DNS = "get system dns"
ROUTE = "get router info routing-table details 0.0.0.0/0"

COMMANDS = (STATUS, PHYSICAL, INTERFACES, HARDWARE, CLUSTER, PERFORMANCE, DNS, ROUTE)
TERMINAL: tuple[str, ...] = ()
"""Its pager can only be turned off in its configuration."""

READ_BY = {
    "serial": (STATUS, CLUSTER),
    "uptime_seconds": (PERFORMANCE,),
    "memory_mib": (PERFORMANCE,),
    "modules": (STATUS, CLUSTER),
    "nics": (PHYSICAL, INTERFACES),
    "dns": (DNS,),
    "gateway": (ROUTE,),
}

REFUSALS = Refusals(
    absent=("Unknown action", "command parse error", "Command fail. Return code -61", "Command fail. Return code 1"),
    refused=("Permission denied", "Command fail. Return code -37", "You do not have permission"),
)

_VERSION = re.compile(r"(Forti[A-Za-z0-9_-]{2,40}) v(\d[0-9.]{0,12})(?:,build(\d{1,6}))?")
_PORT = re.compile(r"[ \t]{0,8}==\[ ?([^\] ]{1,64}) ?\]")
_ONE_LINE = re.compile(r"name: (\S{1,64})")
_LINUX = re.compile(r"(\S{1,64})\s+Link encap:\S{1,20}\s+HWaddr (\S{11,20})")
_MEMBER = re.compile(r"(?:Master|Slave|Primary|Secondary) {0,8}: {0,4}([^ ,]{1,64}) {0,40}, {0,4}([A-Z0-9]{6,20}),")
_MEMORY = re.compile(r"Memory: (\d{1,12})k total")
_SPEED = re.compile(r"(\d{1,6}) ?Mbps")


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    status = colon_fields(answers.lines(STATUS))
    version = _VERSION.match(status.get("Version", ""))
    product = text(version[1], 60) if version else None
    serial = text(status.get("Serial-Number"), 40)
    members = list(_members(answers.lines(CLUSTER), product))
    alone = (Module("chassis", product, text(status.get("System Part-Number"), 60), serial),) if serial else ()
    performance = answers.lines(PERFORMANCE)
    memory = next((found for line in performance[:100] if (found := _MEMORY.match(line))), None)
    return {
        "hostname": text(status.get("Hostname"), 64),
        "vendor": "Fortinet" if version else None,
        "product": product,
        # Any member of a cluster may answer.
        "serial": min((each.serial for each in members if each.serial), default=serial),
        "bios_version": text(status.get("BIOS version"), 60),
        "virtualization": None if product is None else "virtual" if "-VM" in product else "none",
        "os_name": "FortiOS" if version else None,
        "os_version": text(version[2] + (f" build {version[3]}" if version[3] else ""), 60) if version else None,
        "uptime_seconds": seconds(colon_fields(performance).get("Uptime")),
        "cpu": Cpu(),
        "memory_mib": int(memory[1]) // 1024 if memory else None,
        "modules": tuple(members) or alone,
        "nics": tuple(_nics(answers))[:MAX_ENTRIES],
        "dns": tuple(_name_servers(answers.lines(DNS))),
        "gateway": _gateway(answers.lines(ROUTE)),
    }


def _members(lines: Sequence[str], product: str | None) -> Iterator[Module]:
    """The units of a cluster, by name; none for one that stands alone."""
    found: dict[str, str] = {}
    for line in lines[:400]:
        if (member := _MEMBER.match(line)) and len(found) < 32:
            found[member[2]] = member[1]
    if len(found) > 1:
        for serial, name in sorted(found.items()):
            yield Module(text(name, 64) or "?", product, None, text(serial, 40))


def _nics(answers: Answers) -> Iterator[Nic]:
    """The ports, and any other interface with an address (VLAN, aggregate, tunnel, loopback)."""
    hardware = {
        found[1]: hardware_address(found[2]) for line in answers.lines(HARDWARE) if (found := _LINUX.match(line))
    }
    listed = dict(_one_line_each(answers.lines(INTERFACES)))
    ports = dict(_physical(answers.lines(PHYSICAL)))
    for name, said in {**listed, **{name: {**listed.get(name, {}), **port} for name, port in ports.items()}}.items():
        v4, v6 = _own(said.get("ip")), _own(said.get("ipv6"))
        if name not in ports and not (v4 or v6) and said.get("type") != "physical":
            continue
        speed = _SPEED.match(said.get("speed", ""))
        up = said.get("status") == "up"
        yield Nic(
            name=text(name, 64) or "?",
            mac=hardware.get(name),
            speed_mbps=int(speed[1]) if speed and up else None,
            ipv4=v4,
            ipv6=v6,
            up=up,
            leased=v4 if said.get("mode") in ("dhcp", "pppoe") else (),
        )


def _physical(lines: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """`==[port1]`, and below it a line for each property."""
    name, said = "", dict[str, str]()
    for line in lines:
        if head := _PORT.match(line):
            if name and said:
                yield name, said
            name, said = head[1], {}
        elif name and len(said) < 40:
            key, colon, value = line.strip().partition(":")
            if colon:
                said.setdefault(key[:40], value.strip()[:200])
    if name and said:
        yield name, said


def _one_line_each(lines: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """`name: port1   mode: static    ip: 192.0.2.1 255.255.255.0   status: up …`: an interface a line."""
    for line in lines:
        head = _ONE_LINE.match(line)
        if head is None:
            continue
        said: dict[str, str] = {}
        key = ""
        for word in line[head.end() :].split()[:80]:
            if word.endswith(":"):
                key = word[:-1][:40]
            elif key and key not in said:
                said[key] = word[:200]
        yield head[1], said


def _own(said: str | None) -> tuple[str, ...]:
    """`192.0.2.1 255.255.255.0` or `2001:db8::1/64`; 0.0.0.0 and :: mean none."""
    found = address((said or "").partition(" ")[0].partition("/")[0])
    return (found,) if found and found not in ("0.0.0.0", "::") else ()  # noqa: S104 (read, not bound)


def _name_servers(lines: Sequence[str]) -> Iterator[str]:
    fields = colon_fields(lines[:100])
    for key in ("primary", "secondary", "ip6-primary", "ip6-secondary"):
        yield from _own(fields.get(key))


def _gateway(lines: Sequence[str]) -> str | None:
    """`  * 192.0.2.1, via wan1`: the next hop that is in use."""
    for line in lines[:200]:
        said = line.strip()
        if said.startswith("*") and (found := address(said.lstrip("* ").partition(",")[0].partition(" ")[0])):
            return found
    return None
