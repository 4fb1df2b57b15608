"""Palo Alto Networks PAN-OS 9 to 11 (PA and VM series): what the `show` commands print, as fields of ServerFacts.

Shapes are those of Palo Alto Networks' CLI guides. An administrator with the role `superreader` or `devicereader` may
run them. Versions of signatures and content differ every day and are left out.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds
from sopctl.model.facts.parts import Cpu, Module, Nic
from sopctl.model.facts.tool_output import colon_fields
from sopctl.model.sanitise import MAX_ENTRIES, address, text

SYSTEM = "show system info"
INTERFACES = "show interface all"
CHASSIS = "show chassis inventory"

COMMANDS = (SYSTEM, INTERFACES, CHASSIS)
TERMINAL = ("set cli scripting-mode on", "set cli pager off", "set cli terminal width 500")

READ_BY = {
    "modules": (SYSTEM, CHASSIS),
    "nics": (INTERFACES, SYSTEM),
}

REFUSALS = Refusals(
    absent=("Unknown command", "Invalid syntax", "Validation Error", "Server error : op command for client"),
    refused=("Permission denied", "Server error : Permission denied", "User does not have permission"),
)

_HARDWARE = re.compile(
    r"(\S{1,40}) +(\d{1,6}) +(\[n/a\]|[^/ ]{1,12})/(\[n/a\]|[^/ ]{1,12})/([^/ ]{1,20})(?:/\S{1,20})?"
    r" +([0-9a-fA-F:]{17})"
)
_UPTIME = re.compile(r"(\d{1,5}) days?, (\d{1,2}):(\d{2}):(\d{2})")
_SLOT = re.compile(r"(\d{1,2}|[A-Z]{2,4}\d?) {1,10}(PA-\S{2,30}) {1,20}(\S{6,30})")


def read(answers: Answers) -> dict[str, object]:
    """The fields that this platform may have; those that were not found are None or empty."""
    said = colon_fields(answers.lines(SYSTEM)[:400])
    product, version = text(said.get("model"), 60), text(said.get("sw-version"), 60)
    ours = bool(version and product and product.startswith(("PA-", "Panorama", "M-")))
    serial = text(said.get("serial"), 40)
    chassis = (Module("chassis", product, None, serial),) if serial else ()
    return {
        "hostname": text(said.get("hostname"), 64),
        "vendor": "Palo Alto Networks" if ours else None,
        "product": product,
        "serial": serial,
        "virtualization": None if product is None else "virtual" if "-VM" in product or "vm-uuid" in said else "none",
        "os_name": "PAN-OS" if ours else None,
        "os_version": version,
        "uptime_seconds": _uptime(said.get("uptime")),
        "cpu": Cpu(),
        "gateway": address(said.get("default-gateway", "")),
        "modules": (*chassis, *_slots(answers.lines(CHASSIS))),
        "nics": (*_management(said), *tuple(_nics(answers.lines(INTERFACES)))[: MAX_ENTRIES - 1]),
    }


def _uptime(said: str | None) -> int | None:
    """`12 days, 3:04:05`."""
    found = _UPTIME.match((said or "")[:60])
    if found is None:
        return seconds(said)
    return int(found[1]) * 86400 + int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4])


def _slots(lines: Sequence[str]) -> Iterator[Module]:
    for line in lines[:MAX_ENTRIES]:
        if found := _SLOT.match(line):
            yield Module(text(f"slot {found[1]}", 40) or "?", text(found[2], 60), None, text(found[3], 40))


def _management(said: dict[str, str]) -> Iterator[Nic]:
    """The port for management, which the system's own lines describe."""
    own = hardware_address(said.get("mac-address", ""))
    if own is None:
        return
    v4 = tuple(filter(None, (address(said.get("ip-address", "")),)))
    v6 = tuple(
        filter(
            None,
            (address(said.get(key, "").partition("/")[0]) for key in ("ipv6-address", "ipv6-link-local-address")),
        )
    )
    yield Nic("mgmt", own, ipv4=v4, ipv6=v6, up=True, leased=v4 if said.get("is-dhcp", "no") == "yes" else ())


class _Port(Struct):
    name: str
    mac: str | None = None
    speed: int | None = None
    up: bool = False
    port: bool = False
    own: list[str] = []


def _nics(lines: Sequence[str]) -> Iterator[Nic]:
    """Two tables: the ports with what is known of the link, then the interfaces with zones and addresses. A second
    address of an interface is on a line of its own."""
    ports: dict[str, _Port] = {}
    last: _Port | None = None
    logical = False
    for line in lines:
        if line.startswith("total configured logical"):
            logical, last = True, None
        elif not logical:
            if found := _HARDWARE.match(line):
                port = ports.setdefault(found[1], _Port(found[1]))
                port.port, port.up, port.mac = True, found[5] == "up", hardware_address(found[6])
                port.speed = int(found[3]) if found[3].isdecimal() else None
        else:
            words = line.split()
            if len(words) >= 5 and words[1].isdecimal() and words[2].isdecimal() and not line.startswith(" "):
                parent = ports.get(words[0].partition(".")[0])
                made = _Port(words[0], parent.mac, up=parent.up) if parent else _Port(words[0], up=True)
                last = ports.setdefault(words[0], made)
            if last and words and (own := address(words[-1].partition("/")[0])) and len(last.own) < 64:
                last.own.append(own)
    for each in ports.values():
        if each.own or (each.port and each.name not in ("vlan", "loopback", "tunnel")):
            yield Nic(
                name=text(each.name, 64) or "?",
                mac=each.mac,
                speed_mbps=each.speed if each.up else None,
                ipv4=tuple(own for own in each.own if ":" not in own),
                ipv6=tuple(own for own in each.own if ":" in own),
                up=each.up,
            )
