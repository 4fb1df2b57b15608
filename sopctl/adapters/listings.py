"""Lists of servers as CSV: for spreadsheets, and for NetBox's bulk import.

The columns for NetBox are those of dcim/forms/bulk_import.py in NetBox 4.2 to 4.5, which refuses unknown columns and
rows without a required one.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import astuple

from sopctl.model.facts.server import ServerFacts
from sopctl.model.house import netbox
from sopctl.model.text import visible_lines


class ServerRow(Struct, frozen=True):
    """A server in the month's list. Texts are empty, and numbers None, where nothing is known; `disk_gb` is decimal
    (10⁹ bytes). `changes` and `conditions` are separated by semicolons."""

    id: str
    unit: str
    server: str
    address: str
    rack: str
    rack_unit: int | None
    vendor: str
    product: str
    serial: str
    processor: str
    logical_processors: int | None
    memory_gib: float
    disks: int
    disk_gb: float
    system: str
    kernel: str
    updates: int | None
    valid_until: str
    gathered_at: str
    changes: str
    conditions: str


class Device(Struct, frozen=True):
    """A server for NetBox: its row, its facts, NetBox's site, and its status there (netbox.Status). `rack` and
    `rack_unit` of one that has left say nothing."""

    row: ServerRow
    facts: ServerFacts
    site: str
    status: netbox.Status
    placed: bool


class DeviceRow(Struct, frozen=True):
    name: str
    role: str
    manufacturer: str
    device_type: str
    status: str
    site: str
    rack: str
    position: int | None
    face: str
    tenant: str
    serial: str
    description: str
    comments: str


class InterfaceRow(Struct, frozen=True):
    """`speed` in kb/s."""

    device: str
    name: str
    type: str
    speed: int | None
    enabled: str
    description: str


class MacAddressRow(Struct, frozen=True):
    """MAC addresses are separate objects since NetBox 4.2, to be imported after the interfaces."""

    mac_address: str
    device: str
    interface: str
    is_primary: str


class InventoryItemRow(Struct, frozen=True):
    device: str
    name: str
    status: str
    manufacturer: str
    part_id: str
    serial: str
    discovered: str


class Listing(Struct, frozen=True):
    """A list: what a row of it is, whose fields are its columns, and the rows of some servers."""

    row: type[Struct]
    of: Callable[[Sequence[Device]], Sequence[Struct]]

    def as_csv(self, servers: Sequence[Device]) -> str:
        """Its rows of these servers, as CSV."""
        return rows_as_csv(self.row, self.of(servers))


def rows_as_csv(row: type[Struct], rows: Iterable[Struct]) -> str:
    """CSV whose columns are the fields of these records."""
    return csv_text(row.__struct_fields__, map(astuple, rows))


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """CSV with a header row, also where nothing follows it, safe to print. None is empty. A text that a spreadsheet
    would take for a formula gets a leading `'` (CWE-1236)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = visible_lines(value)  # a tab or a carriage return, which spreadsheets skip, begins none then
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _devices(servers: Sequence[Device]) -> list[DeviceRow]:
    return [
        DeviceRow(
            name=_name(server),
            role="Network" if server.facts.modules else "Server",
            manufacturer=server.row.vendor or netbox.UNKNOWN,
            device_type=server.row.product or netbox.UNKNOWN,
            status=server.status,
            site=server.site,
            rack=server.row.rack if server.placed else "",
            position=server.row.rack_unit if server.placed else None,
            face="front" if server.placed and server.row.rack else "",
            tenant=server.row.unit,
            serial=server.row.serial[:50],
            description=server.row.system[:200],
            comments=server.row.id,
        )
        for server in servers
    ]


def _interfaces(servers: Sequence[Device]) -> list[InterfaceRow]:
    return [
        InterfaceRow(
            device=_name(server),
            name=nic.name[:64],
            type=netbox.interface_type(nic.name, nic.speed_mbps),
            speed=nic.speed_mbps * 1000 if nic.speed_mbps else None,
            enabled="true",
            description=", ".join((*nic.ipv4, *nic.ipv6))[:200],
        )
        for server in servers
        for nic in server.facts.nics
    ]


def _mac_addresses(servers: Sequence[Device]) -> list[MacAddressRow]:
    return [
        MacAddressRow(mac_address=nic.mac, device=_name(server), interface=nic.name[:64], is_primary="true")
        for server in servers
        for nic in server.facts.nics
        if nic.mac
    ]


def _inventory_items(servers: Sequence[Device]) -> list[InventoryItemRow]:
    return [
        InventoryItemRow(
            device=_name(server),
            name=part.name,
            status="active",
            manufacturer=part.manufacturer,
            part_id=part.part_id,
            serial=part.serial,
            discovered="true",
        )
        for server in servers
        for part in netbox.parts(server.facts)
    ]


def _name(server: Device) -> str:
    return netbox.name(server.row.server, server.row.id)


NETBOX = {
    "devices": Listing(DeviceRow, _devices),
    "interfaces": Listing(InterfaceRow, _interfaces),
    "mac-addresses": Listing(MacAddressRow, _mac_addresses),
    "inventory-items": Listing(InventoryItemRow, _inventory_items),
}
"""The lists for NetBox's bulk import, by type of object."""
