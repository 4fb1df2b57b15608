"""Lists of servers as CSV: for spreadsheets, and in the columns of NetBox's bulk import (its "CSV import" forms)."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from sopctl.model.facts import ServerFacts

Line = dict[str, Any]


class Device(Struct, frozen=True):
    """A server: its flat line (id, server, vendor, product, serial, rack, rack_unit …) and all its facts."""

    line: Line
    facts: ServerFacts


def csv_text(lines: Sequence[Line]) -> str:
    """CSV with a head. A text that a spreadsheet would take for a formula gets a `'` before it (CWE-1236)."""
    text = io.StringIO()
    if lines:
        writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in line.items()} for line in lines)
    return text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _devices(servers: Sequence[Device]) -> list[Line]:
    return [
        {
            "name": _name(server),
            "role": "Network" if server.facts.modules else "Server",
            "manufacturer": server.line["vendor"],
            "device_type": server.line["product"],
            "serial": server.line["serial"],
            "site": "",
            "rack": server.line["rack"],
            "position": server.line["rack_unit"],
            "face": "front" if server.line["rack"] else "",
            "status": "active",
            "tenant": server.line["unit"],
            "comments": server.line["id"],
        }
        for server in servers
    ]


def _interfaces(servers: Sequence[Device]) -> list[Line]:
    kinds = {1000: "1000base-t", 2500: "2.5gbase-t", 10000: "10gbase-t", 25000: "25gbase-x-sfp28"}
    return [
        {
            "device": _name(server),
            "name": nic.name,
            "type": kinds.get(nic.speed_mbps or 0, "other"),
            "enabled": "true",
            "mac_address": nic.mac or "",
            "description": ", ".join((*nic.ipv4, *nic.ipv6)),
        }
        for server in servers
        for nic in server.facts.nics
    ]


def _inventory_items(servers: Sequence[Device]) -> list[Line]:
    found = []
    for server in servers:
        facts = server.facts
        parts: list[tuple[str, str | None, str | None, str | None]] = [
            (f"Disk {disk.name}", "", disk.model, disk.serial) for disk in facts.disks
        ]
        parts += [(f"DIMM {module.slot}", module.maker, module.part, module.serial) for module in facts.memory_modules]
        parts += [(f"PSU {supply.name}", "", supply.model, supply.serial) for supply in facts.power_supplies]
        parts += [(module.name, facts.vendor, module.model, module.serial) for module in facts.modules]
        for name, maker, part, serial in parts:
            line = {
                "device": _name(server),
                "name": name[:64],
                "manufacturer": maker or "",
                "part_id": (part or "")[:50],
            }
            found.append({**line, "serial": (serial or "")[:50], "discovered": "true"})
    return found


def _name(server: Device) -> str:
    """Unique in NetBox: two units may name their server alike."""
    return f"{server.line['server']} ({server.line['id']})"[:64]


NETBOX: dict[str, Callable[[Sequence[Device]], list[Line]]] = {
    "devices": _devices,
    "interfaces": _interfaces,
    "inventory-items": _inventory_items,
}
"""What NetBox's bulk import takes, by the kind of object."""
