"""What a person wrote down about a machine that nothing can read: a sheet, as ServerFacts.

A list has one entry a line, its parts separated by semicolons: `C:; NTFS; 480 GB; 120 GB`. What stays empty was not
looked at, and is missing.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sopctl.errors import InvalidRecord
from sopctl.locale import Prose, Text
from sopctl.model import sanitise
from sopctl.model.deposit import Id, Line, OptionalLine
from sopctl.model.facts.parts import (
    Cpu,
    Disk,
    Listener,
    MemoryModule,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
    is_empty,
)
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.placeholders import without
from sopctl.model.services import ports

Count = Annotated[int, Meta(ge=0, le=100_000)]


class Sheet(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sheet as it was filled in: of which deposit, by whom and on which day, and what they read off the machine."""

    id: Id
    filled_by: Line
    filled_on: date
    hostname: Line
    vendor: OptionalLine = ""
    product: OptionalLine = ""
    serial: OptionalLine = ""
    asset_tag: OptionalLine = ""
    os_name: OptionalLine = ""
    os_version: OptionalLine = ""
    virtualization: OptionalLine = ""
    cpu_model: OptionalLine = ""
    cpu_sockets: Count | None = None
    cpu_logical: Count | None = None
    memory_gib: Annotated[int, Meta(ge=1, le=65536)] | None = None
    bios_version: OptionalLine = ""
    bios_date: OptionalLine = ""
    bmc_address: OptionalLine = ""
    gateway: OptionalLine = ""
    dns: Annotated[tuple[Line, ...], Meta(max_length=8)] = ()
    time_synchronised: Literal["ya", "tidak", ""] = ""
    updates: Count | None = None
    disks: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()
    memory_modules: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()
    raid: Annotated[tuple[Line, ...], Meta(max_length=16)] = ()
    power_supplies: Annotated[tuple[Line, ...], Meta(max_length=16)] = ()
    nics: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    mounts: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()
    listeners: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()


LISTS: Mapping[str, tuple[str, ...]] = {
    "disks": ("nama", "ukuran", "model", "nomor seri", "kesehatan"),
    "memory_modules": ("slot", "ukuran", "tipe", "nomor seri"),
    "raid": ("nama", "level", "keadaan", "ukuran"),
    "power_supplies": ("nama", "daya W", "model", "nomor seri", "keadaan"),
    "nics": ("nama", "MAC", "kecepatan Mb/s", "alamat IP"),
    "mounts": ("nama", "sistem berkas", "ukuran", "terpakai"),
    "listeners": ("port", "program"),
}
"""The lists, and the parts of an entry; only the first is needed."""

_SIZE = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?) ?([kmgtp])(i?)b", re.IGNORECASE)

_FILLED = ("hostname", "vendor", "product", "serial", "asset_tag", "os_name", "os_version", "virtualization")
_MORE = ("bios_version", "bios_date", "bmc_address", "gateway")


def facts_of(sheet: Sheet, *, gathered_at: str) -> ServerFacts:
    """The sheet as facts, `via` "sheet". Raises InvalidRecord with the field and the entry that cannot be read."""
    values: dict[str, Any] = {name: getattr(sheet, name) or None for name in (*_FILLED, *_MORE)}
    values |= {name: tuple(_entry(name, text) for text in getattr(sheet, name)) for name in LISTS}
    values |= {
        "updates": sheet.updates,
        "dns": sheet.dns,
        "cpu": Cpu(model=sheet.cpu_model or None, sockets=sheet.cpu_sockets, logical=sheet.cpu_logical),
        "memory_mib": sheet.memory_gib * 1024 if sheet.memory_gib else None,
        "time_synchronised": {"ya": True, "tidak": False, "": None}[sheet.time_synchronised],
    }
    missing = {name: Missing.NOT_AVAILABLE for name in sorted(_FIELDS) if is_empty(values.get(name))}
    facts = ServerFacts(
        gathered_at=gathered_at,
        via="sheet",
        filled_by=f"{sheet.filled_by}, {sheet.filled_on:%d-%m-%Y}",
        missing=missing,
        rules=RULES,
        **values,
    )
    return without(facts)


_NOT_ITS = {"gathered_at", "missing", "rules", "via", "power_state", "health", "filled_by", "modules"}
_FIELDS = frozenset(ServerFacts.__struct_fields__) - _NOT_ITS


def _entry(name: str, text: str) -> object:
    names = LISTS[name]
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > len(names) or not parts[0]:
        raise _wrong(name, text, Text("expected: {names}", names="; ".join(names)))
    said = dict(zip(names, parts, strict=False))
    return _MAKE[name](name, text, said)


def _disk(name: str, text: str, said: Mapping[str, str]) -> Disk:
    size = _size(name, text, said.get("ukuran", "")) or 0
    return Disk(
        said["nama"],
        size,
        said.get("model") or None,
        said.get("nomor seri") or None,
        health=said.get("kesehatan") or None,
    )


def _memory(name: str, text: str, said: Mapping[str, str]) -> MemoryModule:
    size = _size(name, text, said.get("ukuran", "")) or 0
    return MemoryModule(said["slot"], size // 1024**2, said.get("tipe") or None, serial=said.get("nomor seri") or None)


def _raid(_name: str, _text: str, said: Mapping[str, str]) -> RaidVolume:
    return RaidVolume(said["nama"], said.get("level") or None, said.get("keadaan") or None, said.get("ukuran") or None)


def _supply(name: str, text: str, said: Mapping[str, str]) -> PowerSupply:
    watts = _number(name, text, said.get("daya W", ""))
    return PowerSupply(
        said["nama"], said.get("model") or None, said.get("nomor seri") or None, said.get("keadaan") or None, watts
    )


def _nic(name: str, text: str, said: Mapping[str, str]) -> Nic:
    mac = sanitise.mac(said.get("MAC", "").replace("-", ":"))
    if said.get("MAC") and mac is None:
        raise _wrong(name, text, Text("expected a MAC address such as 52:54:00:12:34:56"))
    asked = [each.strip() for each in said.get("alamat IP", "").split(",") if each.strip()]
    found = [sanitise.address(each.partition("/")[0]) for each in asked]
    if None in found:
        raise _wrong(name, text, Text("expected IP addresses, separated by commas"))
    return Nic(
        said["nama"],
        mac,
        _number(name, text, said.get("kecepatan Mb/s", "")),
        tuple(each for each in found if each and "." in each),
        tuple(each for each in found if each and ":" in each),
        up=bool(found),
    )


def _mount(name: str, text: str, said: Mapping[str, str]) -> Mount:
    return Mount(
        said["nama"],
        said["nama"],
        said.get("sistem berkas") or "",
        _size(name, text, said.get("ukuran", "")),
        _size(name, text, said.get("terpakai", "")),
    )


def _listener(name: str, text: str, said: Mapping[str, str]) -> Listener:
    try:
        port = ports(said["port"])
    except ValueError:
        raise _wrong(name, text, Text("expected a port such as 443 or 53/udp")) from None
    if port.first != port.last:
        raise _wrong(name, text, Text("expected one port"))
    return Listener(port.protocol, "*", port.first, said.get("program") or None)


_MAKE: Mapping[str, Callable[[str, str, Mapping[str, str]], object]] = {
    "disks": _disk,
    "memory_modules": _memory,
    "raid": _raid,
    "power_supplies": _supply,
    "nics": _nic,
    "mounts": _mount,
    "listeners": _listener,
}


def _size(name: str, text: str, said: str) -> int | None:
    """A size in bytes. Disks and file systems count in powers of ten, as makers do; memory in powers of two."""
    if not said:
        return None
    found = _SIZE.fullmatch(said)
    if found is None:
        raise _wrong(name, text, Text("expected a size such as 480 GB"))
    base = 1024 if found[3] or name == "memory_modules" else 1000
    return int(float(found[1].replace(",", ".")) * base ** (1 + "kmgtp".index(found[2].casefold())))


def _number(name: str, text: str, said: str) -> int | None:
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 8):
        raise _wrong(name, text, Text("expected a whole number"))
    return int(said)


def _wrong(name: str, text: str, expected: Prose) -> InvalidRecord:
    return InvalidRecord(
        "sheet-entry-invalid",
        "{field}: {entry!r}: {expected}",
        remedy="Correct that entry in the sheet.",
        field=name,
        entry=text[:80],
        expected=expected,
    )
