"""MikroTik RouterOS 6 and 7: what its `print` commands say, as fields of ServerFacts.

These commands print in two shapes: a menu of settings as `key: value` lines; a list (`print detail`) as numbered
entries of flags and `key=value`, text in quotes. Source: MikroTik's manual (Command Line Interface, and the pages of
the menus). A group with the policies `read` and `ssh` may run them all.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.answers import Answers, Refusals, seconds
from sopctl.model.facts.parts import Cpu, Listener, Module, Mount, Nic, PowerSupply
from sopctl.model.facts.tool_output import colon_fields
from sopctl.model.sanitise import MAX_ENTRIES, address, mac, number, size, text

IDENTITY = "/system identity print"
RESOURCE = "/system resource print"
BOARD = "/system routerboard print"
INTERFACES = "/interface print detail without-paging"
IPV4 = "/ip address print detail without-paging"
IPV6 = "/ipv6 address print detail without-paging"
ROUTE = "/ip route print detail without-paging where dst-address=0.0.0.0/0"
DNS = "/ip dns print"
NTP = "/system ntp client print"
PACKAGES = "/system package print detail without-paging"
UPDATE = "/system package update print"
SERVICES = "/ip service print detail without-paging"
HEALTH = "/system health print"

COMMANDS = (
    RESOURCE,
    IDENTITY,
    BOARD,
    INTERFACES,
    IPV4,
    IPV6,
    ROUTE,
    DNS,
    NTP,
    PACKAGES,
    UPDATE,
    SERVICES,
    HEALTH,
)
TERMINAL = None
"""Its terminal is set by what follows the account's name, which netmiko adds."""

READ_BY = {
    "hostname": (IDENTITY,),
    "product": (BOARD, RESOURCE),
    "serial": (BOARD,),
    "bios_version": (BOARD,),
    "nics": (INTERFACES,),
    "gateway": (ROUTE,),
    "dns": (DNS,),
    "time_synchronised": (NTP,),
    "packages": (PACKAGES,),
    "updates": (UPDATE,),
    "listeners": (SERVICES,),
    "power_supplies": (HEALTH,),
    "modules": (BOARD,),
}

REFUSALS = Refusals(
    absent=("bad command name", "expected end of command", "syntax error", "no such command", "input does not match"),
    refused=("not enough permissions", "failure: not enough permissions", "not permitted"),
)

_ENTRY = re.compile(r" {0,4}\d{1,6} | {1,5}(?=D[A-Za-z+]{0,5} )")
"""Where an entry begins: at its number, or at the flag D, as RouterOS 7 does not number dynamic entries."""
_PAIR = re.compile(r'(?<![A-Za-z0-9_-])([a-z][a-z0-9-]{0,39})=(?:"((?:[^"\\]|\\.){0,400})"|([^\s"]{0,400}))')
_SUPPLY = re.compile(r"\bpsu(\d)-state[: ] *([a-z-]{1,20})")
_PORT_TYPES = frozenset({"ether", "wlan", "wifi", "wifiwave2", "lte", "sfp", "ethernet"})


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    resource, board = colon_fields(answers.lines(RESOURCE)), colon_fields(answers.lines(BOARD))
    name = text(resource.get("board-name"), 60)
    model, serial = text(board.get("model"), 60) or name, text(board.get("serial-number"), 40)
    memory = size(resource.get("total-memory"))
    mikrotik = resource.get("platform") == "MikroTik"
    virtual = (name or "").startswith(("CHR", "x86 QEMU"))
    return {
        "hostname": text(colon_fields(answers.lines(IDENTITY)).get("name"), 64),
        "vendor": "MikroTik" if mikrotik else None,
        "product": model,
        "serial": serial,
        "bios_version": text(board.get("current-firmware"), 60),
        "virtualization": None if name is None else "virtual" if virtual else "none",
        "os_name": "RouterOS" if mikrotik else None,
        "os_version": text(resource.get("version", "").partition(" ")[0], 60),
        "architecture": text(resource.get("architecture-name"), 40),
        "uptime_seconds": seconds(resource.get("uptime")),
        "cpu": Cpu(model=text(resource.get("cpu"), 60), logical=number(resource.get("cpu-count"), 4096) or None),
        "memory_mib": None if memory is None else memory // 1024**2,
        "mounts": tuple(_storage(size(resource.get("total-hdd-space")), size(resource.get("free-hdd-space")))),
        "nics": tuple(_nics(answers))[:MAX_ENTRIES],
        "gateway": _gateway(answers.lines(ROUTE)),
        "dns": tuple(_name_servers(answers.lines(DNS))),
        "time_synchronised": _synchronised(colon_fields(answers.lines(NTP))),
        "packages": _packages(answers.lines(PACKAGES)),
        "updates": _updates(colon_fields(answers.lines(UPDATE))),
        "listeners": tuple(dict.fromkeys(_services(answers.lines(SERVICES))))[:MAX_ENTRIES],
        "power_supplies": tuple(_supplies(answers.lines(HEALTH))),
        "modules": (Module("routerboard", model, None, serial),) if serial else (),
    }


class _Entry(Struct):
    flags: str
    values: dict[str, str] = {}


def _entries(lines: Sequence[str]) -> Iterator[_Entry]:
    """The entries of a list. What follows `;;;` on a line is a comment of the owner."""
    entry: _Entry | None = None
    count = 0
    for line in lines:
        begin = _ENTRY.match(line)
        if begin and count < 4 * MAX_ENTRIES:
            if entry:
                yield entry
            count += 1
            rest = line[begin.end() :].partition(";;;")[0]
            pair = _PAIR.search(rest)
            entry = _Entry("".join((rest[: pair.start()] if pair else rest).split())[:12])
        if entry:
            for key, quoted, plain in _PAIR.findall(line.partition(";;;")[0]):
                entry.values.setdefault(key, quoted or plain)
    if entry:
        yield entry


def _nics(answers: Answers) -> Iterator[Nic]:
    """The ports, and any other interface with an address (bridge, VLAN, tunnel)."""
    own: dict[str, list[tuple[str, bool]]] = {}
    for command in (IPV4, IPV6):
        for entry in _entries(answers.lines(command)):
            found = address(entry.values.get("address", "").partition("/")[0])
            if found and "X" not in entry.flags:
                lent = "D" in entry.flags and not found.startswith("fe80:")
                own.setdefault(entry.values.get("interface", ""), []).append((found, lent))
    for entry in _entries(answers.lines(INTERFACES)):
        name, kind = entry.values.get("name", ""), entry.values.get("type", "")
        held = own.get(name, [])[:64]
        if kind not in _PORT_TYPES and not held:
            continue
        yield Nic(
            name=text(name, 64) or "?",
            mac=mac(entry.values.get("mac-address")),
            ipv4=tuple(each for each, _ in held if ":" not in each),
            ipv6=tuple(each for each, _ in held if ":" in each),
            up="R" in entry.flags,
            leased=tuple(each for each, lent in held if lent),
        )


def _gateway(lines: Sequence[str]) -> str | None:
    """The gateway of the active default route."""
    for entry in _entries(lines):
        if "A" in entry.flags and entry.values.get("dst-address") == "0.0.0.0/0":
            found = address(entry.values.get("gateway", "").partition("%")[0])
            if found:
                return found
    return None


def _name_servers(lines: Sequence[str]) -> list[str]:
    """Both static and dynamic ones. A long list continues on the next lines."""
    found: list[str] = []
    inside = False
    for line in lines[:200]:
        key, colon, value = line.strip().partition(": ")
        named = bool(colon) or line.rstrip().endswith(":")
        if named:
            inside = key.rstrip(":") in ("servers", "dynamic-servers")
        for word in (value if named else line).split(",") if inside else ():
            each = address(word.strip())
            if each and each not in found and len(found) < 16:
                found.append(each)
    return found


def _synchronised(fields: dict[str, str]) -> bool | None:
    """RouterOS 7 says it; RouterOS 6 only says if the client is off."""
    if "status" in fields:
        return fields["status"] == "synchronized"
    return False if fields.get("enabled") == "no" else None


def _packages(lines: Sequence[str]) -> dict[str, str]:
    found = {}
    for entry in _entries(lines):
        name = text(entry.values.get("name"), 80)
        if name and "X" not in entry.flags:
            found[name] = text(entry.values.get("version"), 80) or ""
    return found


def _updates(fields: dict[str, str]) -> int | None:
    """1 if a newer version is known to the device, else 0; None if it has not looked."""
    installed, latest = fields.get("installed-version"), fields.get("latest-version")
    return int(installed != latest) if installed and latest else None


def _services(lines: Sequence[str]) -> Iterator[Listener]:
    """The services that are on. Newer versions also list open connections (D)."""
    for entry in _entries(lines):
        port = number(entry.values.get("port"), 65535)
        if port and not set(entry.flags) & set("XID"):
            yield Listener("tcp", "*", port, text(entry.values.get("name"), 64))


def _supplies(lines: Sequence[str]) -> Iterator[PowerSupply]:
    """`psu1-state`, as a column of RouterOS 7 or a line of 6."""
    for line in lines[:200]:
        found = _SUPPLY.search(line)
        if found:
            yield PowerSupply(f"PSU {found[1]}", state=text(found[2], 20))


def _storage(whole: int | None, free: int | None) -> Iterator[Mount]:
    if whole:
        used = max(0, whole - free) if free is not None else None
        yield Mount(path="/", device="flash", fstype="flash", size_bytes=whole, used_bytes=used)
