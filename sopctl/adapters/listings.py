"""Lists of servers as CSV: for spreadsheets, and for NetBox's bulk import.

The columns for NetBox are those of dcim/forms/bulk_import.py in NetBox 4.2 to 4.5, which refuses unknown columns and
rows without a required one.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from sopctl.model.facts.server import ServerFacts

Line = dict[str, Any]


class Device(Struct, frozen=True):
    """A server: its row in the list (id, server, vendor, product, serial, rack, rack_unit, site …) and its facts."""

    line: Line
    facts: ServerFacts


def csv_text(lines: Sequence[Line]) -> str:
    """CSV with a header row. A text that a spreadsheet would take for a formula gets a leading `'` (CWE-1236)."""
    text = io.StringIO()
    if lines:
        writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in line.items()} for line in lines)
    return text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


UNKNOWN = "Tidak diketahui"
"""The manufacturer and device type where they are unknown: NetBox requires both."""

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


def _devices(servers: Sequence[Device]) -> list[Line]:
    return [
        {
            "name": _name(server),
            "role": "Network" if server.facts.modules else "Server",
            "manufacturer": server.line["vendor"] or UNKNOWN,
            "device_type": server.line["product"] or UNKNOWN,
            "status": server.line["status"],
            "site": server.line["site"],
            "rack": server.line["rack"],
            "position": server.line["rack_unit"],
            "face": "front" if server.line["rack"] else "",
            "tenant": server.line["unit"],
            "serial": server.line["serial"][:50],
            "description": server.line["system"][:200],
            "comments": server.line["id"],
        }
        for server in servers
    ]


def _interfaces(servers: Sequence[Device]) -> list[Line]:
    return [
        {
            "device": _name(server),
            "name": nic.name[:64],
            "type": "lag" if nic.name.startswith("bond") else _TYPES.get(nic.speed_mbps or 0, "other"),
            "speed": nic.speed_mbps * 1000 if nic.speed_mbps else "",  # in kb/s
            "enabled": "true",
            "description": ", ".join((*nic.ipv4, *nic.ipv6))[:200],
        }
        for server in servers
        for nic in server.facts.nics
    ]


def _mac_addresses(servers: Sequence[Device]) -> list[Line]:
    """MAC addresses: separate objects since NetBox 4.2, to be imported after the interfaces."""
    return [
        {"mac_address": nic.mac, "device": _name(server), "interface": nic.name[:64], "is_primary": "true"}
        for server in servers
        for nic in server.facts.nics
        if nic.mac
    ]


def _inventory_items(servers: Sequence[Device]) -> list[Line]:
    """Parts. Their names must be unique on a device: the second of the same name gets a number."""
    found = []
    for server in servers:
        facts, seen = server.facts, Counter[str]()
        parts: list[tuple[str, str | None, str | None, str | None]] = [
            (f"Disk {disk.name}", "", disk.model, disk.serial) for disk in (*facts.disks, *facts.drives)
        ]
        parts += [(f"DIMM {module.slot}", module.maker, module.part, module.serial) for module in facts.memory_modules]
        parts += [(f"PSU {supply.name}", "", supply.model, supply.serial) for supply in facts.power_supplies]
        parts += [(module.name, facts.vendor, module.model, module.serial) for module in facts.modules]
        for name, maker, part, serial in parts:
            seen[name] += 1
            found.append(
                {
                    "device": _name(server),
                    "name": name[:60] + (f" {seen[name]}" if seen[name] > 1 else ""),
                    "status": "active",
                    "manufacturer": maker or "",
                    "part_id": (part or "")[:50],
                    "serial": (serial or "")[:50],
                    "discovered": "true",
                }
            )
    return found


def _name(server: Device) -> str:
    """The device's name, unique in NetBox: two units may use the same host name."""
    return f"{server.line['server']} ({server.line['id']})"[:64]


NETBOX: dict[str, Callable[[Sequence[Device]], list[Line]]] = {
    "devices": _devices,
    "interfaces": _interfaces,
    "mac-addresses": _mac_addresses,
    "inventory-items": _inventory_items,
}
"""The rows for NetBox's bulk import, by type of object."""
