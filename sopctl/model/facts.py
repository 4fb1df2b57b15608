"""What a server is, as it says itself: one typed model for every source.

Everything here came from a machine that belongs to someone else. Sizes and counts are capped, strings are
cleaned, and a field that could not be read says why (`missing`), so that "no serial number" is never
mistaken for "not allowed to read the serial number".
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from sopctl.model.text import printable


class Missing(StrEnum):
    """Why a field has no value."""

    NEEDS_ROOT = "needs-root"
    NOT_AVAILABLE = "not-available"


class Disk(Struct, frozen=True):
    """One block device that holds data: no loop, device-mapper or optical drives. `size_bytes` as the kernel says."""

    name: str
    size_bytes: int
    model: str | None = None
    serial: str | None = None
    rotational: bool | None = None


class Nic(Struct, frozen=True):
    """One network interface, without loopback and virtual ones. `speed_mbps` in megabits per second."""

    name: str
    mac: str | None = None
    speed_mbps: int | None = None
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    up: bool = False


class Mount(Struct, frozen=True):
    """One mounted file system of a real device."""

    path: str
    device: str
    fstype: str
    size_bytes: int | None = None
    used_bytes: int | None = None


class Cpu(Struct, frozen=True):
    """`sockets` × `cores` (per socket) × `threads` (per core) = logical processors."""

    model: str | None = None
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    logical: int | None = None


class ServerFacts(Struct, frozen=True):
    """One server at one time. `gathered_at` is ISO 8601 with offset; `missing` maps a field's name to the reason."""

    gathered_at: str
    hostname: str
    fqdn: str | None = None
    vendor: str | None = None
    product: str | None = None
    serial: str | None = None
    bios_version: str | None = None
    bios_date: str | None = None
    form_factor: str | None = None
    virtualization: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    kernel: str | None = None
    architecture: str | None = None
    uptime_seconds: int | None = None
    cpu: Cpu = Cpu()
    memory_mib: int | None = None
    swap_mib: int | None = None
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    mounts: tuple[Mount, ...] = ()
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    missing: dict[str, Missing] = {}


_MAX_ENTRIES = 512
"""Disks, interfaces or mounts of one server; more than that is no server of this world."""

_NOTHING = frozenset({"", "NA", "N/A", "None", "unknown", "Not Specified", "Not Available", "To Be Filled By O.E.M."})
"""What firmware and Ansible say when they have nothing to say."""

_NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|rbd|drbd)\d")
_NO_NIC = re.compile(r"(lo|veth|docker|br-|virbr|tun|tap|vnet|dummy|sit|ip6tnl|cni|flannel|cali|ifb|wg)")
_NO_FILE_SYSTEM = frozenset({"squashfs", "iso9660", "tmpfs", "devtmpfs", "overlay", "proc", "sysfs", "autofs"})
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_BYTES = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) (bytes|B|KB|MB|GB|TB|PB)", re.IGNORECASE)
_UNITS = {"bytes": 0, "b": 0, "kb": 1, "mb": 2, "gb": 3, "tb": 4, "pb": 5}

_DMI = {
    "vendor": "system_vendor",
    "product": "product_name",
    "serial": "product_serial",
    "bios_version": "bios_version",
    "bios_date": "bios_date",
    "form_factor": "form_factor",
}
_ROOT_ONLY = frozenset({"serial"})
"""Fields whose files in /sys/class/dmi/id only root may read."""


def from_setup(raw: Mapping[str, object], *, gathered_at: str) -> ServerFacts:
    """Ansible's `setup` answer as ServerFacts. `raw` may hold anything: this never raises, it leaves out.

    A poor answer (no /proc or /sys: a container, a change root) gives few fields, each with its reason in `missing`.
    """
    facts = {str(key).removeprefix("ansible_"): value for key, value in _pairs(raw)}
    dmi = {field: _text(facts.get(key)) for field, key in _DMI.items()}
    # Where other DMI fields can be read and a root-only one cannot, the reading was done without root.
    readable = any(value is not None for field, value in dmi.items() if field not in _ROOT_ONLY)
    hostname = _text(facts.get("hostname"), 64) or _text(facts.get("nodename"), 64)
    gateway = _map(facts.get("default_ipv4")).get("gateway") or _map(facts.get("default_ipv6")).get("gateway")
    values: dict[str, object] = {
        **dmi,
        "fqdn": _text(facts.get("fqdn"), 253),
        "virtualization": _virtualization(facts),
        "os_name": _text(facts.get("distribution")),
        "os_version": _text(facts.get("distribution_version")),
        "kernel": _text(facts.get("kernel")),
        "architecture": _text(facts.get("architecture"), 40),
        "uptime_seconds": _number(facts.get("uptime_seconds")),
        "cpu": _cpu(facts),
        "memory_mib": _number(facts.get("memtotal_mb")),
        "swap_mib": _number(facts.get("swaptotal_mb")),
        "disks": tuple(_disks(_map(facts.get("devices")))),
        "nics": tuple(_nics(facts)),
        "mounts": tuple(_mounts(facts.get("mounts"))),
        "gateway": _address(gateway),
        "dns": tuple(_addresses(_map(facts.get("dns")).get("nameservers"))),
    }
    missing = {
        field: Missing.NEEDS_ROOT if field in _ROOT_ONLY and readable else Missing.NOT_AVAILABLE
        for field, value in values.items()
        if value in (None, (), Cpu())
    }
    if not hostname:
        missing["hostname"] = Missing.NOT_AVAILABLE
    return ServerFacts(gathered_at=gathered_at, hostname=hostname or "", missing=missing, **values)  # type: ignore[arg-type]


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _pairs(value: object) -> list[tuple[str, object]]:
    """The entries of a mapping with text as key, not too many."""
    entries = value.items() if isinstance(value, Mapping) else ()
    return [(key, entry) for key, entry in list(entries)[:4096] if isinstance(key, str)]


def _list(value: object) -> list[object]:
    return value[:_MAX_ENTRIES] if isinstance(value, list) else []


def _text(value: object, limit: int = 120) -> str | None:
    """A cleaned line; None where the source had nothing to say."""
    if not isinstance(value, str):
        return None
    line = printable(" ".join(value[: limit * 8].split()), limit)
    return None if line in _NOTHING else line


def _number(value: object, maximum: int = 2**53) -> int | None:
    """A count of zero or more; text of digits counts too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 17:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= maximum:
        return None
    return int(value)


def _address(value: object) -> str | None:
    """An IP address in its canonical form, without a zone."""
    if not isinstance(value, str) or len(value) > 60:
        return None
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError:
        return None


def _addresses(value: object) -> Iterator[str]:
    for entry in _list(value)[:64]:
        address = _address(entry)
        if address is not None:
            yield address


def _virtualization(facts: Mapping[str, object]) -> str | None:
    """What the server is a guest of; "none" for a real machine."""
    role = _text(facts.get("virtualization_role"), 40)
    if role is None:
        return None
    return _text(facts.get("virtualization_type"), 40) if role == "guest" else "none"


def _cpu(facts: Mapping[str, object]) -> Cpu:
    """`processor` lists index, vendor and model for each logical processor; on some machines the model alone."""
    first = _list(facts.get("processor"))[:3]
    names = [name for entry in first if (name := _text(entry)) and not name.isdigit()]
    return Cpu(
        model=names[-1] if names else None,
        sockets=_number(facts.get("processor_count"), 4096) or None,
        cores=_number(facts.get("processor_cores"), 65536) or None,
        threads=_number(facts.get("processor_threads_per_core"), 64) or None,
        logical=_number(facts.get("processor_vcpus"), 65536) or None,
    )


def _size(value: object) -> int:
    """Bytes of a human size as Ansible writes it ("446.63 GB" counts in 1024s)."""
    match = _BYTES.fullmatch(value) if isinstance(value, str) else None
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()]) if match else 0


def _disks(devices: Mapping[str, object]) -> Iterator[Disk]:
    for name, entry in sorted(_pairs(devices))[:_MAX_ENTRIES]:
        device = _map(entry)
        clean = _text(name, 32)
        if clean is None or not device or _NO_DISK.match(clean):
            continue
        sectors, sector = _number(device.get("sectors")), 512  # the kernel counts in 512 bytes whatever the disk says
        size = sectors * sector if sectors else _size(device.get("size"))
        if not size:
            continue
        identity = _list(_map(device.get("links")).get("ids"))
        yield Disk(
            name=clean,
            size_bytes=size,
            model=_text(device.get("model")),
            serial=_text(device.get("serial")) or _serial_of(identity),
            rotational={"0": False, "1": True}.get(str(device.get("rotational"))[:2]),
        )


def _serial_of(identity: list[object]) -> str | None:
    """The serial number at the end of udev's name for a disk: `ata-MODEL_SERIAL` (readable without root)."""
    for entry in identity:
        if isinstance(entry, str) and entry.startswith(("ata-", "scsi-S", "nvme-", "virtio-")) and "-part" not in entry:
            serial = _text(entry[:200].rpartition("_")[2] if "_" in entry else entry.partition("-")[2], 80)
            if serial and not serial.startswith("eui."):
                return serial
    return None


def _nics(facts: Mapping[str, object]) -> Iterator[Nic]:
    for entry in sorted(name for name in _list(facts.get("interfaces")) if isinstance(name, str)):
        name = _text(entry, 32)
        # Ansible writes `-`, `.` and `:` in an interface's own key as `_`.
        nic = _map(facts.get(re.sub(r"[-.:]", "_", entry)) or facts.get(entry))
        if name is None or not nic or _NO_NIC.match(name) or nic.get("type") == "loopback":
            continue
        # The slaves of a bond all show the bond's address; the permanent one is the card's own.
        mac = _text(nic.get("perm_macaddress") or nic.get("macaddress"), 60)
        v4 = [nic.get("ipv4"), *_list(nic.get("ipv4_secondaries"))]
        speed = _number(nic.get("speed"), 10_000_000)
        yield Nic(
            name=name,
            mac=mac.lower() if mac and _MAC.fullmatch(mac.lower()) else None,
            speed_mbps=speed or None,
            ipv4=tuple(_addresses([_map(entry).get("address") for entry in v4])),
            ipv6=tuple(_addresses([_map(entry).get("address") for entry in _list(nic.get("ipv6"))])),
            up=nic.get("active") is True,
        )


def _mounts(mounts: object) -> Iterator[Mount]:
    for entry in _list(mounts):
        mount = _map(entry)
        path, device = _text(mount.get("mount"), 255), _text(mount.get("device"), 255)
        fstype = _text(mount.get("fstype"), 40)
        if path is None or device is None or fstype is None:
            continue
        if fstype in _NO_FILE_SYSTEM or device.startswith("/dev/loop") or path.startswith("/run/"):
            continue
        size, free = _number(mount.get("size_total"), 2**63), _number(mount.get("size_available"), 2**63)
        used = max(0, size - free) if size is not None and free is not None else None
        yield Mount(path=path, device=device, fstype=fstype, size_bytes=size, used_bytes=used)
