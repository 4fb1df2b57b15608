"""A NetBox for tests: it holds objects, validates them as NetBox 4.2's documentation of its models and API says, and
answers over real HTTP(S) on loopback. It has met no real one, and neither has what is tested with it.

It is stricter than NetBox, which ignores filters and fields that it does not know: here each is a fault of the test's,
as is whatever else is asked of it that no table below has. Nothing can be deleted.
"""

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_interface
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.patience import PATIENCE

TOKEN = "0123456789abcdef0123456789abcdef01234567"
PAGE = 3
"""Objects on a page, at most: NetBox's MAX_PAGE_SIZE, which is 1000."""

Object = dict[str, Any]


@dataclass(frozen=True)
class Of:
    """Another object, by its id; its kind."""

    kind: str


@dataclass(frozen=True)
class Text:
    most: int
    pattern: str = ""


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True)
class Number:
    least: int
    most: int
    default: int | None = None


class Flag:
    pass


Kind = Text | Choice | Number | Of | Flag

SLUG = Text(100, r"[-a-zA-Z0-9_]+")
NAMED: dict[str, Kind] = {"name": Text(100), "slug": SLUG}
ACTIVE = Choice(("planned", "staging", "active", "decommissioning", "retired"), "active")
ASSIGNED: dict[str, Kind] = {"assigned_object_type": Text(100), "assigned_object_id": Number(1, 2**31)}
TYPES = (
    *("virtual", "bridge", "lag", "100base-tx", "1000base-t", "2.5gbase-t", "5gbase-t", "10gbase-t"),
    *("25gbase-x-sfp28", "40gbase-x-qsfpp", "100gbase-x-qsfp28", "other"),
)

FIELDS: dict[str, dict[str, Kind]] = {
    "dcim/sites": {**NAMED, "status": ACTIVE},
    "tenancy/tenants": NAMED,
    "dcim/manufacturers": NAMED,
    "dcim/device-roles": {**NAMED, "color": Text(6, r"[0-9a-f]{6}")},
    "dcim/device-types": {
        "manufacturer": Of("dcim/manufacturers"), "model": Text(100), "slug": SLUG, "u_height": Number(0, 100, 1),
    },
    "dcim/racks": {
        "name": Text(100), "site": Of("dcim/sites"), "u_height": Number(1, 100, 42),
        "status": Choice(("reserved", "available", "planned", "active", "deprecated"), "active"),
    },
    "dcim/devices": {
        "name": Text(64), "device_type": Of("dcim/device-types"), "role": Of("dcim/device-roles"),
        "site": Of("dcim/sites"), "tenant": Of("tenancy/tenants"), "rack": Of("dcim/racks"),
        "position": Number(1, 100), "face": Choice(("front", "rear")), "serial": Text(50), "asset_tag": Text(50),
        "status": Choice(
            ("offline", "active", "planned", "staged", "failed", "inventory", "decommissioning"), "active"
        ),
        "primary_ip4": Of("ipam/ip-addresses"), "primary_ip6": Of("ipam/ip-addresses"),
    },
    "dcim/interfaces": {
        "device": Of("dcim/devices"), "name": Text(64), "type": Choice(TYPES), "speed": Number(0, 2**31),
        "primary_mac_address": Of("dcim/mac-addresses"),
    },
    "dcim/mac-addresses": {"mac_address": Text(17, r"([0-9A-F]{2}:){5}[0-9A-F]{2}"), **ASSIGNED},
    "ipam/ip-addresses": {
        "address": Text(50), "status": Choice(("active", "reserved", "deprecated", "dhcp", "slaac"), "active"),
        "vrf": Of("ipam/vrfs"), **ASSIGNED,
    },
    "dcim/inventory-items": {
        "device": Of("dcim/devices"), "name": Text(64), "manufacturer": Of("dcim/manufacturers"),
        "part_id": Text(50), "serial": Text(50), "discovered": Flag(),
    },
}  # fmt: skip
REQUIRED = {
    "dcim/sites": ("name", "slug"),
    "tenancy/tenants": ("name", "slug"),
    "dcim/manufacturers": ("name", "slug"),
    "dcim/device-roles": ("name", "slug"),
    "dcim/device-types": ("manufacturer", "model", "slug"),
    "dcim/racks": ("name", "site"),
    "dcim/devices": ("device_type", "role", "site"),
    "dcim/interfaces": ("device", "name", "type"),
    "dcim/mac-addresses": ("mac_address",),
    "ipam/ip-addresses": ("address",),
    "dcim/inventory-items": ("device", "name"),
}
UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    "dcim/sites": (("name",), ("slug",)),
    "tenancy/tenants": (("name",), ("slug",)),
    "dcim/manufacturers": (("name",), ("slug",)),
    "dcim/device-roles": (("name",), ("slug",)),
    "dcim/device-types": (("manufacturer", "model"), ("manufacturer", "slug")),
    "dcim/racks": (("site", "name"),),
    "dcim/devices": (("asset_tag",), ("name", "site", "tenant")),
    "dcim/interfaces": (("device", "name"),),
    "dcim/inventory-items": (("device", "name"),),
}
FILTERS = {
    "dcim/sites": {"name", "slug"},
    "tenancy/tenants": {"name", "slug"},
    "dcim/manufacturers": {"name", "slug"},
    "dcim/device-roles": {"name", "slug"},
    "dcim/device-types": {"manufacturer_id", "model", "slug"},
    "dcim/racks": {"site_id", "name"},
    "dcim/devices": {"asset_tag", "asset_tag__isw", "name", "site_id"},
    "dcim/interfaces": {"device_id"},
    "dcim/mac-addresses": {"device_id"},
    "ipam/ip-addresses": {"device_id", "address"},
    "dcim/inventory-items": {"device_id"},
}


class Refused(Exception):
    """What NetBox answers instead: its status and what it says."""

    def __init__(self, status: int, said: object) -> None:
        super().__init__(str(said))
        self.status, self.said = status, said


@dataclass
class Next:
    """The next answers to such a request are these, whatever is asked."""

    method: str
    path: str
    status: int
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"detail": "as the test says"}'


@dataclass
class FakeNetBox:
    """What it holds, by kind and id; what was asked (`GET dcim/devices`), and what nobody should have asked."""

    url: str = ""
    version: str = "4.2.3"
    objects: dict[str, dict[int, Object]] = field(default_factory=lambda: {kind: {} for kind in FIELDS})
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    script: list[Next] = field(default_factory=list)
    ignores_filters: bool = False
    """As NetBox does with filters that it does not know."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [each for each in self.asked if not each.startswith("GET")]

    def add(self, kind: str, **fields: Any) -> int:
        """An object that somebody else made. Returns its id."""
        return self._written(kind, fields, None)

    def only(self, kind: str, **fields: Any) -> Object:
        """The one object with these fields."""
        (found,) = [
            each for each in self.objects[kind].values() if all(each[key] == value for key, value in fields.items())
        ]
        return found

    def answer(self, method: str, path: str, query: list[tuple[str, str]], body: Any) -> object:
        if (method, path) == ("GET", "status"):
            return {"netbox-version": self.version, "django-version": "5.1", "plugins": {}}
        if path not in FIELDS:
            self.faults.append(f"{method} {path}")
            raise Refused(404, {"detail": "Not found."})
        if method == "GET":
            return self._listed(path, query)
        if method == "POST" and isinstance(body, dict):
            return self._shown(path, self._written(path, body, None))
        if method == "PATCH" and isinstance(body, list):
            return [self._shown(path, self._written(path, dict(each), each.pop("id"))) for each in body]
        self.faults.append(f"{method} {path}")
        raise Refused(405, {"detail": f'Method "{method}" not allowed.'})

    def _listed(self, kind: str, query: list[tuple[str, str]]) -> object:
        paging = {key: int(value) for key, value in query if key in ("limit", "offset")}
        by = {key: value for key, value in query if key not in paging}
        if by.keys() - FILTERS[kind] or not by:
            self.faults.append(f"GET {kind} by {sorted(by)}")
        found = [
            number
            for number, each in sorted(self.objects[kind].items())
            if self.ignores_filters or all(self._has(kind, each, key, value) for key, value in by.items())
        ]
        limit, offset = min(paging.get("limit") or PAGE, PAGE), paging.get("offset", 0)
        more = "&".join(f"{key}={value}" for key, value in (*by.items(), ("limit", limit), ("offset", offset + limit)))
        return {
            "count": len(found),
            "next": f"{self.url}/api/{kind}/?{more}" if offset + limit < len(found) else None,
            "previous": None,
            "results": [self._shown(kind, number) for number in found[offset : offset + limit]],
        }

    def _has(self, kind: str, each: Object, key: str, value: str) -> bool:
        if key == "address":
            return str(ip_interface(each["address"]).ip) == value
        if key == "asset_tag__isw":
            return (each["asset_tag"] or "").casefold().startswith(value.casefold())
        if key == "device_id" and kind in ("dcim/mac-addresses", "ipam/ip-addresses"):
            held = self.objects["dcim/interfaces"].get(each["assigned_object_id"])
            return held is not None and str(held["device"]) == value
        return str(each[key.removesuffix("_id")]) == value

    def _shown(self, kind: str, number: int) -> Object:
        """An object as the API shows it: another in short, a choice with its label."""
        shown: Object = {"id": number, "url": f"{self.url}/api/{kind}/{number}/", "display": str(number)}
        for key, of in FIELDS[kind].items():
            value = self.objects[kind][number][key]
            if isinstance(of, Of) and value is not None:
                shown[key] = {"id": value, "url": f"{self.url}/api/{of.kind}/{value}/", "display": str(value)}
            elif isinstance(of, Choice) and value is not None:
                shown[key] = {"value": value, "label": value.capitalize()}
            else:
                shown[key] = float(value) if key == "position" and value is not None else value
        if kind in ("ipam/ip-addresses", "dcim/mac-addresses") and shown["assigned_object_id"]:
            shown["assigned_object"] = {"id": shown["assigned_object_id"], "display": "an interface"}
        return shown

    def _written(self, kind: str, fields: Mapping[str, Any], number: int | None) -> int:
        fields = {key: value for key, value in fields.items() if key != "id"}
        if unknown := fields.keys() - FIELDS[kind].keys():
            self.faults.append(f"{kind} with {sorted(unknown)}")
        if number is not None and number not in self.objects[kind]:
            raise Refused(404, {"detail": "Not found."})
        wrong: dict[str, list[str]] = {}
        if number is None:
            for key in REQUIRED[kind]:
                if fields.get(key) in (None, ""):
                    wrong[key] = ["This field is required."]
        for key, value in fields.items():
            if said := self._wrong(FIELDS[kind][key], value):
                wrong[key] = [said]
        if wrong:
            raise Refused(400, wrong)
        before = self.objects[kind].get(number or 0) or {
            key: of.default
            if isinstance(of, Choice | Number)
            else ("" if isinstance(of, Text) and key not in ("asset_tag", "name") and key not in ASSIGNED else None)
            for key, of in FIELDS[kind].items()
        }
        after = {**before, **fields}
        after["asset_tag"] = after.get("asset_tag") or None
        self._refuse_twins(kind, after, number)
        self._refuse_senseless(kind, after, number)
        number = number or sum(map(len, self.objects.values())) + 1
        self.objects[kind][number] = {key: after[key] for key in FIELDS[kind]}
        return number

    def _wrong(self, of: Kind, value: Any) -> str:  # noqa: PLR0911 (a table of kinds)
        if value is None:
            return ""
        if isinstance(of, Of):
            there = isinstance(value, int) and value in self.objects.get(of.kind, {})
            return "" if there else f"Related object not found using the provided numeric ID: {value}"
        if isinstance(of, Choice):
            return "" if value in (*of.values, "") else f"{value} is not a valid choice."
        if isinstance(of, Number):
            fits = isinstance(value, int) and not isinstance(value, bool) and of.least <= value <= of.most
            return "" if fits else "A valid number is required."
        if isinstance(of, Flag):
            return "" if isinstance(value, bool) else "Must be a valid boolean."
        if not isinstance(value, str) or "\0" in value or value != value.strip():
            return "Not a valid string."
        if len(value) > of.most:
            return f"Ensure this field has no more than {of.most} characters."
        return "" if not of.pattern or re.fullmatch(of.pattern, value) else "Enter a valid value."

    def _refuse_twins(self, kind: str, after: Object, number: int | None) -> None:
        for fields in UNIQUE.get(kind, ()):
            values = [str(after[key]).casefold() if key == "name" else after[key] for key in fields]
            if None in values[:1]:
                continue
            for other, each in self.objects[kind].items():
                theirs = [str(each[key]).casefold() if key == "name" else each[key] for key in fields]
                if other != number and theirs == values:
                    raise Refused(400, {"__all__": [f"{kind} with this {' and '.join(fields)} already exists."]})

    def _refuse_senseless(self, kind: str, after: Object, number: int | None) -> None:
        if kind == "ipam/ip-addresses":
            try:
                host = ip_interface(after["address"]).ip
            except ValueError:
                raise Refused(
                    400, {"address": ["Enter a valid IPv4 or IPv6 address and mask in CIDR format."]}
                ) from None
            for other, each in self.objects[kind].items():
                if other != number and ip_interface(each["address"]).ip == host and each["vrf"] == after["vrf"]:
                    raise Refused(400, {"address": [f"Duplicate IP address found in global table: {host}"]})
        if kind in ("ipam/ip-addresses", "dcim/mac-addresses") and after["assigned_object_id"] is not None:
            known = after["assigned_object_id"] in self.objects["dcim/interfaces"]
            if after["assigned_object_type"] != "dcim.interface" or not known:
                raise Refused(400, {"assigned_object_id": ["Invalid assigned object."]})
        mac = self.objects["dcim/mac-addresses"].get(after.get("primary_mac_address") or 0)
        if mac and mac["assigned_object_id"] != number:
            raise Refused(400, {"primary_mac_address": ["MAC address is not assigned to this interface."]})
        if kind == "dcim/devices":
            self._refuse_place(after, number)
            for key, letter in (("primary_ip4", "."), ("primary_ip6", ":")):
                if after[key]:
                    address = self.objects["ipam/ip-addresses"][after[key]]
                    held = self.objects["dcim/interfaces"].get(address["assigned_object_id"])
                    if held is None or held["device"] != number or letter not in address["address"]:
                        raise Refused(400, {key: ["The specified IP address is not assigned to this device."]})

    def _refuse_place(self, after: Object, number: int | None) -> None:
        rack = self.objects["dcim/racks"].get(after["rack"])
        if rack is None:
            if after["position"] or after["face"]:
                raise Refused(400, {"position": ["Cannot select a rack position without assigning a rack."]})
            return
        if rack["site"] != after["site"]:
            raise Refused(400, {"rack": ["The rack does not belong to the site."]})
        if after["position"] and not after["face"]:
            raise Refused(400, {"face": ["Must specify rack face when defining rack position."]})
        for other, each in self.objects["dcim/devices"].items():
            if (
                other != number
                and after["position"]
                and self._units(each, after["rack"]) & self._units(after, after["rack"])
            ):
                raise Refused(400, {"position": [f"U{after['position']} is already occupied."]})
        if max(self._units(after, after["rack"]), default=0) > rack["u_height"]:
            raise Refused(400, {"position": ["The device does not fit into the rack."]})

    def _units(self, each: Object, rack: int) -> set[int]:
        if each["rack"] != rack or not each["position"]:
            return set()
        height = self.objects["dcim/device-types"][each["device_type"]]["u_height"]
        return set(range(each["position"], each["position"] + height))


@contextmanager
def netbox(tls: ssl.SSLContext | None = None, meets: Callable[[], None] = lambda: None) -> Iterator[FakeNetBox]:
    """A NetBox on loopback, over TLS with a server's context. At the end, nothing may have been asked of it that it
    does not know."""
    fake = FakeNetBox()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _play(self) -> None:
            meets()
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = parts.path.removeprefix("/api/").strip("/")
            with fake.lock:
                fake.asked.append(f"{self.command} {path}")
                said = next((each for each in fake.script if (each.method, each.path) == (self.command, path)), None)
                if said:
                    said.times -= 1
                    if not said.times:
                        fake.script.remove(said)
                    self._send(said.status, said.body, said.headers)
                    return
                try:
                    if self.headers.get("authorization") != f"Token {TOKEN}":
                        raise Refused(403, {"detail": "Invalid token"})
                    found = fake.answer(self.command, path, parse_qsl(parts.query), json.loads(sent or "null"))
                    status = 201 if self.command == "POST" else 200
                except Refused as error:
                    found, status = error.said, error.status
                self._send(status, json.dumps(found).encode(), {})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = _play

        def log_message(self, *_words: object) -> None:
            """Nothing is said of single requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    fake.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield fake
        assert fake.faults == []
    finally:
        server.shutdown()
        server.server_close()
        serving.join(PATIENCE)
