"""Lists of servers as CSV: for spreadsheets, and for NetBox's bulk import.

The columns for NetBox are those of dcim/forms/bulk_import.py in NetBox 4.2 to 4.5, which refuses unknown columns and
rows without a required one.
"""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from sopctl.model.facts.server import ServerFacts
from sopctl.model.house import netbox

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


def _devices(servers: Sequence[Device]) -> list[Line]:
    return [
        {
            "name": _name(server),
            "role": "Network" if server.facts.modules else "Server",
            "manufacturer": server.line["vendor"] or netbox.UNKNOWN,
            "device_type": server.line["product"] or netbox.UNKNOWN,
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
            "type": netbox.interface_type(nic.name, nic.speed_mbps),
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
    return [
        {
            "device": _name(server),
            "name": part.name,
            "status": "active",
            "manufacturer": part.manufacturer,
            "part_id": part.part_id,
            "serial": part.serial,
            "discovered": "true",
        }
        for server in servers
        for part in netbox.parts(server.facts)
    ]


def _name(server: Device) -> str:
    return netbox.name(server.line["server"], server.line["id"])


NETBOX: dict[str, Callable[[Sequence[Device]], list[Line]]] = {
    "devices": _devices,
    "interfaces": _interfaces,
    "mac-addresses": _mac_addresses,
    "inventory-items": _inventory_items,
}
"""The rows for NetBox's bulk import, by type of object."""
