"""Ansible's `setup` answer as ServerFacts."""

import re
from collections.abc import Iterator, Mapping

from sopctl.model.facts.declaration import declarations
from sopctl.model.facts.parts import Cpu, Disk, Mount, Nic, is_empty
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.sanitise import (
    MAX_ENTRIES,
    NO_DISK,
    NO_FILE_SYSTEM,
    NO_NIC,
    address,
    addresses,
    entries,
    mac,
    mapping,
    number,
    pairs,
    text,
)

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
    """Ansible's `setup` answer as ServerFacts.

    `raw` may hold anything: nothing raises, what cannot be read is left out. A poor answer (no /proc or /sys: a
    container, a chroot) gives few fields; the others have their reason in `missing`.
    """
    facts = {str(key).removeprefix("ansible_"): value for key, value in pairs(raw)}
    dmi = {field: text(facts.get(key)) for field, key in _DMI.items()}
    # If other DMI fields can be read and a root-only one cannot, this was not root.
    readable = any(value is not None for field, value in dmi.items() if field not in _ROOT_ONLY)
    hostname = text(facts.get("hostname"), 64) or text(facts.get("nodename"), 64)
    gateway = mapping(facts.get("default_ipv4")).get("gateway") or mapping(facts.get("default_ipv6")).get("gateway")
    values: dict[str, object] = {
        "hostname": hostname or "",
        **dmi,
        "fqdn": text(facts.get("fqdn"), 253),
        "virtualization": _virtualization(facts),
        "os_name": text(facts.get("distribution")),
        "os_version": text(facts.get("distribution_version")),
        "kernel": text(facts.get("kernel")),
        "architecture": text(facts.get("architecture"), 40),
        "uptime_seconds": number(facts.get("uptime_seconds")),
        "cpu": _cpu(facts),
        "memory_mib": number(facts.get("memtotal_mb")),
        "swap_mib": number(facts.get("swaptotal_mb")),
        "disks": tuple(_disks(mapping(facts.get("devices")))),
        "nics": tuple(_nics(facts)),
        "mounts": tuple(_mounts(facts.get("mounts"))),
        "gateway": address(gateway),
        "dns": tuple(addresses(mapping(facts.get("dns")).get("nameservers"))),
    }
    missing = {
        field: Missing.NEEDS_ROOT if field in _ROOT_ONLY and readable else Missing.NOT_AVAILABLE
        for field, value in values.items()
        if is_empty(value)
    }
    # details.sh reads what `setup` does not look at (script.completed).
    unasked = (each.field for each in declarations(ServerFacts) if each.read and each.field not in values)
    missing |= dict.fromkeys(unasked, Missing.NOT_AVAILABLE)
    return ServerFacts(gathered_at=gathered_at, missing=missing, **values)  # type: ignore[arg-type]


def _virtualization(facts: Mapping[str, object]) -> str | None:
    """The virtualisation that the server runs under; "none" for a physical machine."""
    role = text(facts.get("virtualization_role"), 40)
    if role is None:
        return None
    return text(facts.get("virtualization_type"), 40) if role == "guest" else "none"


def _cpu(facts: Mapping[str, object]) -> Cpu:
    """`processor` lists index, vendor and model for each logical processor; on some machines the model alone."""
    first = entries(facts.get("processor"))[:3]
    names = [name for entry in first if (name := text(entry)) and not name.isdigit()]
    return Cpu(
        model=names[-1] if names else None,
        sockets=number(facts.get("processor_count"), 4096) or None,
        cores=number(facts.get("processor_cores"), 65536) or None,
        threads=number(facts.get("processor_threads_per_core"), 64) or None,
        logical=number(facts.get("processor_vcpus"), 65536) or None,
    )


def _size(value: object) -> int:
    """Bytes of a size as Ansible prints it ("446.63 GB" is in powers of 1024)."""
    match = _BYTES.fullmatch(value) if isinstance(value, str) else None
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()]) if match else 0


def _disks(devices: Mapping[str, object]) -> Iterator[Disk]:
    for name, entry in sorted(pairs(devices))[:MAX_ENTRIES]:
        device = mapping(entry)
        clean = text(name, 32)
        if clean is None or not device or NO_DISK.match(clean):
            continue
        sectors, sector = (
            number(device.get("sectors")),
            512,
        )  # the kernel counts in units of 512 bytes, whatever the disk's own sectors are
        size = sectors * sector if sectors else _size(device.get("size"))
        if not size:
            continue
        identity = entries(mapping(device.get("links")).get("ids"))
        yield Disk(
            name=clean,
            size_bytes=size,
            model=text(device.get("model")),
            serial=text(device.get("serial")) or _serial_of(identity),
            rotational={"0": False, "1": True}.get(str(device.get("rotational"))[:2]),
        )


def _serial_of(identity: list[object]) -> str | None:
    """The serial number at the end of udev's name for a disk: `ata-MODEL_SERIAL` (readable without root)."""
    for entry in identity:
        if isinstance(entry, str) and entry.startswith(("ata-", "scsi-S", "nvme-", "virtio-")) and "-part" not in entry:
            serial = text(entry[:200].rpartition("_")[2] if "_" in entry else entry.partition("-")[2], 80)
            if serial and not serial.startswith("eui."):
                return serial
    return None


def _nics(facts: Mapping[str, object]) -> Iterator[Nic]:
    for entry in sorted(name for name in entries(facts.get("interfaces")) if isinstance(name, str)):
        name = text(entry, 32)
        # Ansible writes `-`, `.` and `:` in an interface's own key as `_`.
        nic = mapping(facts.get(re.sub(r"[-.:]", "_", entry)) or facts.get(entry))
        if name is None or not nic or NO_NIC.match(name) or nic.get("type") == "loopback":
            continue
        # The slaves of a bond all show the bond's address; the permanent one is the card's own.
        v4 = [nic.get("ipv4"), *entries(nic.get("ipv4_secondaries"))]
        speed = number(nic.get("speed"), 10_000_000)
        yield Nic(
            name=name,
            mac=mac(nic.get("perm_macaddress") or nic.get("macaddress")),
            speed_mbps=speed or None,
            ipv4=tuple(addresses([mapping(entry).get("address") for entry in v4])),
            ipv6=tuple(addresses([mapping(entry).get("address") for entry in entries(nic.get("ipv6"))])),
            up=nic.get("active") is True,
        )


def _mounts(mounts: object) -> Iterator[Mount]:
    for entry in entries(mounts):
        mount = mapping(entry)
        path, device = text(mount.get("mount"), 255), text(mount.get("device"), 255)
        fstype = text(mount.get("fstype"), 40)
        if path is None or device is None or fstype is None:
            continue
        if fstype in NO_FILE_SYSTEM or device.startswith("/dev/loop") or path.startswith("/run/"):
            continue
        size, free = number(mount.get("size_total"), 2**63), number(mount.get("size_available"), 2**63)
        used = max(0, size - free) if size is not None and free is not None else None
        yield Mount(path=path, device=device, fstype=fstype, size_bytes=size, used_bytes=used)
