"""One device in NetBox, brought in line with what sopctl knows: made or changed as far as it differs, nothing deleted.

What NetBox has of its own stays: the role, the type and whatever sopctl does not know of a device, the type of an
interface, the length of an address's prefix. What lies with another device, or stands in NetBox and was not seen any
more, is left and told.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from sopctl.adapters.netbox.session import NetBox
from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.house.netbox import Device, Interface, slug

INTERFACE = "dcim.interface"

Kind = Literal[
    "device",
    "device-role",
    "device-type",
    "interface",
    "inventory-item",
    "ip-address",
    "mac-address",
    "manufacturer",
    "rack",
    "site",
    "tenant",
]
KINDS: Mapping[Kind, str] = {
    "device": gettext_noop("device"),
    "device-role": gettext_noop("device role"),
    "device-type": gettext_noop("device type"),
    "interface": gettext_noop("interface"),
    "inventory-item": gettext_noop("inventory item"),
    "ip-address": gettext_noop("IP address"),
    "mac-address": gettext_noop("MAC address"),
    "manufacturer": gettext_noop("manufacturer"),
    "rack": gettext_noop("rack"),
    "site": gettext_noop("site"),
    "tenant": gettext_noop("tenant"),
}
"""The kinds of NetBox's objects in words, for people."""


class Change(Struct, frozen=True):
    """What was written, or would be: `fields` has what changes, each as it was and as it is; nothing for what is
    new."""

    action: Literal["create", "update"]
    kind: Kind
    name: str
    fields: Mapping[str, tuple[Any, Any]] = {}


class Left(Struct, frozen=True):
    """What was left as it is in NetBox, and why."""

    kind: Kind
    name: str
    why: Prose


class Outcome(Struct):
    """What came of a device."""

    deposit: str
    changes: list[Change]
    left: list[Left]


def bring_in_line(netbox: NetBox, wanted: Device, site: str, rack_units: Mapping[str, int], made: Outcome) -> None:
    """Bring the device in line. What is done goes into `made` as it is done, so that it is known where NetBox refuses
    what follows. `site` is the name of NetBox's site, `rack_units` how high racks are that it does not have.

    Raises NetBoxFault.
    """
    with netbox.understood(f"bring {wanted.deposit} in line"):
        _Device(netbox, wanted, site, rack_units, made).bring_in_line()


class _Device:
    def __init__(self, netbox: NetBox, wanted: Device, site: str, rack_units: Mapping[str, int], made: Outcome) -> None:
        self._netbox, self._wanted, self._site, self._rack_units, self._made = netbox, wanted, site, rack_units, made

    def bring_in_line(self) -> None:
        found = self._there()
        if found is None and self._wanted.status == "offline":
            return  # it was never here, as far as NetBox knows
        number = self._device(found)
        if not self._wanted.known or self._wanted.status == "offline":
            return
        known = number is not None
        interfaces = self._interfaces(number)
        self._mac_addresses(number, interfaces) if known else self._would_be("mac-address", self._macs())
        addresses = self._addresses(number, interfaces)
        self._primary(found, number, addresses)
        self._parts(number)

    # The device

    def _there(self) -> dict[str, Any] | None:
        """The device as NetBox has it: by its asset tag, or, of a list that was imported, by its name."""
        wanted = self._wanted
        found = self._only("dcim.devices", asset_tag=wanted.deposit)
        if found is None and (site := self._only("dcim.sites", name=self._site)):
            found = self._only("dcim.devices", name=wanted.name, site_id=site["id"])
        return found

    def _device(self, found: dict[str, Any] | None) -> int | None:
        wanted = self._wanted
        offline: dict[str, Any] = {"status": "offline", "rack": None, "position": None, "face": None}
        if wanted.status == "offline" and found:
            return self._change("dcim.devices", "device", wanted.name, found, offline)
        site = self._named("dcim.sites", "site", self._site, status="active")
        fields: dict[str, Any] = {
            "name": wanted.name,
            "asset_tag": wanted.deposit,
            "status": wanted.status,
            "site": site,
            "serial": wanted.serial,
            "tenant": self._named("tenancy.tenants", "tenant", wanted.tenant),
            "rack": self._rack(site) if wanted.rack else None,
            "position": wanted.position,
            "face": wanted.face or None,
        }
        if found:
            return self._change("dcim.devices", "device", wanted.name, found, fields)
        fields["role"] = self._named("dcim.device-roles", "device-role", wanted.role, color="9e9e9e")
        fields["device_type"] = self._device_type()
        return self._create("dcim.devices", "device", wanted.name, fields)

    def _device_type(self) -> int | None:
        wanted = self._wanted
        maker = self._named("dcim.manufacturers", "manufacturer", wanted.manufacturer)
        fields = {"model": wanted.model, "slug": slug(wanted.model), "u_height": wanted.height}
        if maker is not None:
            for key in ("model", "slug"):
                if found := self._only("dcim.device-types", manufacturer_id=maker, **{key: fields[key]}):
                    return _number(found)
        fields["manufacturer"] = maker
        return self._shared("dcim.device-types", "device-type", wanted.model, fields, of=wanted.manufacturer)

    def _rack(self, site: int | None) -> int | None:
        name = self._wanted.rack
        if site is not None and (found := self._only("dcim.racks", site_id=site, name=name)):
            return _number(found)
        fields = {"name": name, "site": site, "status": "active", "u_height": self._rack_units.get(name, 42)}
        return self._shared("dcim.racks", "rack", name, fields)

    # What is on it

    def _interfaces(self, device: int | None) -> dict[str, dict[str, Any]]:
        """The interfaces by name, with what they are to be; made, where they are not there."""
        there = {each["name"]: each for each in self._of("dcim.interfaces", device)}
        found: dict[str, dict[str, Any]] = {}
        for each in self._wanted.interfaces:
            fields = {"speed": each.speed} if each.speed else {}
            if each.name in there:
                number = self._change("dcim.interfaces", "interface", each.name, there.pop(each.name), fields)
                found[each.name] = {**fields, "id": number}
            else:
                number = self._create(
                    "dcim.interfaces", "interface", each.name,
                    {"device": device, "name": each.name, "type": each.type, **fields},
                )  # fmt: skip
                found[each.name] = {"id": number}
        self._not_seen("interface", there)
        return found

    def _macs(self) -> list[str]:
        return [each.mac for each in self._wanted.interfaces if each.mac]

    def _mac_addresses(self, device: int | None, interfaces: Mapping[str, dict[str, Any]]) -> None:
        there = {
            (str(each["mac_address"]).upper(), each["assigned_object_id"]): each
            for each in self._of("dcim.mac-addresses", device)
        }
        now = {each["name"]: each for each in self._of("dcim.interfaces", device)}
        for each in self._wanted.interfaces:
            interface = interfaces[each.name]["id"]
            if not each.mac:
                continue
            mac = there.get((each.mac, interface))
            fields = {"mac_address": each.mac, "assigned_object_type": INTERFACE, "assigned_object_id": interface}
            number = _number(mac) if mac else self._create("dcim.mac-addresses", "mac-address", each.mac, fields)
            if number is not None and each.name in now:
                primary = {"primary_mac_address": number}
                self._change("dcim.interfaces", "interface", each.name, now[each.name], primary)

    def _addresses(self, device: int | None, interfaces: Mapping[str, dict[str, Any]]) -> dict[str, int | None]:
        """The addresses by host, each assigned to its interface."""
        ours = {each["id"] for each in self._of("dcim.interfaces", device)} | {
            each["id"] for each in interfaces.values()
        }
        found: dict[str, int | None] = {}
        for each in self._wanted.interfaces:
            for address in each.addresses:
                host = address.partition("/")[0]
                if host not in found:
                    self._address(each, address, interfaces[each.name]["id"], ours, found)
        there = {each["address"]: each for each in self._of("ipam.ip-addresses", device)}
        self._not_seen("ip-address", {key: one for key, one in there.items() if key.partition("/")[0] not in found})
        return found

    def _address(
        self, of: Interface, address: str, interface: int | None, ours: set[Any], found: dict[str, int | None]
    ) -> None:
        host = address.partition("/")[0]
        there = [each for each in self._netbox.find("ipam.ip-addresses", address=host) if _host(each) == host]
        mine = next((each for each in there if _holder(each) in ours), None)
        free = next((each for each in there if each["assigned_object_id"] is None and each["vrf"] is None), None)
        assigned = {"assigned_object_type": INTERFACE, "assigned_object_id": interface}
        if mine or free:
            number = self._change("ipam.ip-addresses", "ip-address", host, mine or free or {}, assigned)
        elif there:
            self._made.left.append(Left("ip-address", host, Text("NetBox has it at another device or in a VRF")))
            return
        else:
            status = "dhcp" if address in of.leased else "active"
            fields = {"address": address, "status": status, **assigned}
            number = self._create("ipam.ip-addresses", "ip-address", address, fields)
        found[host] = number

    def _primary(self, device: dict[str, Any] | None, number: int | None, addresses: Mapping[str, int | None]) -> None:
        host = self._wanted.primary
        key = "primary_ip6" if ":" in host else "primary_ip4"
        if addresses.get(host) is None or number is None:
            return
        self._change(
            "dcim.devices", "device", self._wanted.name, device or {"id": number, key: None}, {key: addresses[host]}
        )

    def _parts(self, device: int | None) -> None:
        there = {each["name"]: each for each in self._of("dcim.inventory-items", device)}
        for each in self._wanted.parts:
            fields: dict[str, Any] = {"part_id": each.part_id, "serial": each.serial}
            if each.manufacturer:
                fields["manufacturer"] = self._named("dcim.manufacturers", "manufacturer", each.manufacturer)
            if each.name in there:
                self._change("dcim.inventory-items", "inventory-item", each.name, there.pop(each.name), fields)
            else:
                fields |= {"device": device, "name": each.name, "discovered": True}
                self._create("dcim.inventory-items", "inventory-item", each.name, fields)
        self._not_seen("inventory-item", {name: each for name, each in there.items() if each.get("discovered")})

    # How

    def _named(self, kind: str, called: Kind, name: str, **more: Any) -> int | None:
        """The number of an object that has just a name; made where it is not there, and never changed."""
        for key, value in (("name", name), ("slug", slug(name))):
            if found := self._only(kind, **{key: value}):
                return _number(found)
        return self._shared(kind, called, name, {"name": name, "slug": slug(name), **more})

    def _only(self, kind: str, **by: Any) -> dict[str, Any] | None:
        """The one object with these fields. NetBox ignores a filter that it does not know: so each is looked at."""
        fields = {key.removesuffix("_id"): value for key, value in by.items()}
        found = [each for each in self._netbox.find(kind, **by) if all(each[key] == fields[key] for key in fields)]
        return found[0] if found else None

    def _of(self, kind: str, device: int | None) -> list[dict[str, Any]]:
        """The objects of a kind that a device has; of one that would only be made, none."""
        return self._netbox.find(kind, device_id=device) if device is not None else []

    def _shared(self, kind: str, called: Kind, name: str, fields: Mapping[str, Any], of: str = "") -> int | None:
        """As `_create`, of an object that other devices have too."""
        if self._netbox.dry_run and self._netbox.named_before(kind, of, name):
            return None
        return self._create(kind, called, name, fields)

    def _create(self, kind: str, called: Kind, name: str, fields: Mapping[str, Any]) -> int | None:
        number = None if self._netbox.dry_run else _number(self._netbox.create(kind, fields))
        self._made.changes.append(Change("create", called, name))
        return number

    def _change(
        self, kind: str, called: Kind, name: str, found: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> int | None:
        there = {key: found.get(key) for key in wanted}
        differing = {key: (there[key], each) for key, each in wanted.items() if (there[key] or None) != (each or None)}
        if differing:
            if not self._netbox.dry_run:
                fields = {key: wanted[key] for key in differing}
                self._netbox.update(kind, _number(found), fields, f"{KINDS[called]} {name}")
            self._made.changes.append(Change("update", called, name, differing))
        return _number(found)

    def _would_be(self, called: Kind, names: Iterable[str]) -> None:
        self._made.changes.extend(Change("create", called, name) for name in names)

    def _not_seen(self, called: Kind, there: Mapping[str, object]) -> None:
        self._made.left.extend(Left(called, name, Text("it was not seen any more")) for name in sorted(there))


def _number(found: Mapping[str, Any]) -> int:
    number = found["id"]
    if not isinstance(number, int):
        raise TypeError(f"no id: {number!r}")
    return number


def _host(address: Mapping[str, Any]) -> str:
    return str(address["address"]).partition("/")[0]


def _holder(address: Mapping[str, Any]) -> object:
    """The interface that has an address; None for none, and for what is no interface of a device."""
    return address["assigned_object_id"] if address["assigned_object_type"] == INTERFACE else None
