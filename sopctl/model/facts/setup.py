"""Ansible's `setup` answer as ServerFacts."""

import re
from collections.abc import Iterator, Mapping

from sopctl.model import placeholders
from sopctl.model.facts.declaration import declarations
from sopctl.model.facts.linux import cards, processors, systems
from sopctl.model.facts.linux.devices import is_disk, is_mount, without_twins
from sopctl.model.facts.parts import Cpu, Disk, Mount, Nic, is_empty
from sopctl.model.facts.sections import shape
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.sanitise import (
    MAX_ENTRIES,
    address,
    addresses,
    entries,
    mac,
    mapping,
    number,
    pairs,
    size,
    text,
)

_DMI = {
    "vendor": "system_vendor",
    "product": "product_name",
    "serial": "product_serial",
    "board_serial": "board_serial",
    "chassis_serial": "chassis_serial",
    "asset_tag": "chassis_asset_tag",
    "bios_version": "bios_version",
    "bios_date": "bios_date",
    "form_factor": "form_factor",
    "uuid": "product_uuid",
}
_ROOT_ONLY = frozenset({"serial", "uuid"})
"""Fields whose files in /sys/class/dmi/id only root may read, and that a sound server has."""
_OFTEN_EMPTY = frozenset({"board_serial", "chassis_serial", "asset_tag", "empty_bays"})
"""Fields that are empty on many a sound server; whether they could be read, details.sh says."""

_X86 = re.compile(r"x86_64|i[3-6]86|amd64")
"""Where `setup` counts sockets and cores; elsewhere it takes each thread for a socket."""


def from_setup(raw: Mapping[str, object], *, gathered_at: str) -> ServerFacts:
    """Ansible's `setup` answer as ServerFacts.

    `raw` may hold anything: nothing raises, what cannot be read is left out. A poor answer (no /proc or /sys: a
    container, a chroot) gives few fields; the others have their reason in `missing`.
    """
    facts = {str(key).removeprefix("ansible_"): value for key, value in pairs(raw)}
    dmi = {field: placeholders.name(facts.get(key)) for field, key in _DMI.items()}
    # If other DMI fields can be read and a root-only one cannot, this was not root.
    readable = any(value is not None for field, value in dmi.items() if field not in _ROOT_ONLY)
    dmi["form_factor"] = shape(dmi["form_factor"])
    dmi["uuid"] = dmi["uuid"].lower() if dmi["uuid"] else None
    hostname = text(facts.get("hostname"), 64) or text(facts.get("nodename"), 64)
    gateway = mapping(facts.get("default_ipv4")).get("gateway") or mapping(facts.get("default_ipv6")).get("gateway")
    os_name, os_version = systems.from_setup(
        text(facts.get("distribution")),
        text(facts.get("distribution_version")),
        text(facts.get("distribution_release")),
    )
    values: dict[str, object] = {
        "hostname": hostname or "",
        **dmi,
        "fqdn": text(facts.get("fqdn"), 253),
        "virtualization": _virtualization(facts),
        "os_name": os_name,
        "os_version": os_version,
        "kernel": text(facts.get("kernel")),
        "architecture": text(facts.get("architecture"), 40),
        "uptime_seconds": number(facts.get("uptime_seconds")),
        "cpu": _cpu(facts),
        "memory_mib": number(facts.get("memtotal_mb")),
        "swap_mib": number(facts.get("swaptotal_mb")),
        "disks": tuple(without_twins(_disks(mapping(facts.get("devices")))))[:MAX_ENTRIES],
        "nics": tuple(_nics(facts)),
        "mounts": tuple(_mounts(facts.get("mounts"))),
        "gateway": address(gateway),
        "dns": tuple(addresses(mapping(facts.get("dns")).get("nameservers"))),
    }
    missing = {
        field: Missing.NEEDS_ROOT if field in _ROOT_ONLY and readable else Missing.NOT_AVAILABLE
        for field, value in values.items()
        if is_empty(value) and field not in _OFTEN_EMPTY
    }
    # details.sh reads what `setup` does not look at (script.completed).
    unasked = (
        each.field for each in declarations(ServerFacts) if each.read and each.field not in (*values, *_OFTEN_EMPTY)
    )
    missing |= dict.fromkeys(unasked, Missing.NOT_AVAILABLE)
    return ServerFacts(gathered_at=gathered_at, missing=missing, rules=RULES, **values)  # type: ignore[arg-type]


def _virtualization(facts: Mapping[str, object]) -> str | None:
    """The virtualisation that the server runs under; "none" for a physical machine."""
    role = text(facts.get("virtualization_role"), 40)
    if role is None:
        return None
    return systems.virtualization(text(facts.get("virtualization_type"), 40)) if role == "guest" else "none"


def _cpu(facts: Mapping[str, object]) -> Cpu:
    counted = _X86.fullmatch(text(facts.get("architecture"), 40) or "x86_64") is not None
    return Cpu(
        model=processors.model_of(entries(facts.get("processor"))),
        sockets=number(facts.get("processor_count"), 4096) or None if counted else None,
        cores=number(facts.get("processor_cores"), 65536) or None if counted else None,
        threads=number(facts.get("processor_threads_per_core"), 64) or None if counted else None,
        logical=number(facts.get("processor_vcpus"), 65536) or None,
    )


def _disks(devices: Mapping[str, object]) -> Iterator[Disk]:
    for name, entry in sorted(pairs(devices))[: 4 * MAX_ENTRIES]:
        device = mapping(entry)
        clean = text(name, 32)
        if clean is None or not device or not is_disk(clean):
            continue
        # The kernel counts in units of 512 bytes, whatever the disk's own sectors are.
        capacity = (number(device.get("sectors")) or 0) * 512 or size(device.get("size"))
        if not capacity:
            continue
        identity = entries(mapping(device.get("links")).get("ids"))
        yield Disk(
            name=clean,
            size_bytes=capacity,
            model=placeholders.name(device.get("model")),
            serial=placeholders.serial(device.get("serial"), 80) or _serial_of(identity),
            rotational={"0": False, "1": True}.get(str(device.get("rotational"))[:2]),
            wwn=_wwn_of(identity),
        )


def _wwn_of(identity: list[object]) -> str | None:
    """The world-wide name in udev's names for a disk: `wwn-0x…`."""
    names = (entry[:80] for entry in identity if isinstance(entry, str) and entry.startswith("wwn-0x"))
    return next((text(name.removeprefix("wwn-0x"), 80) for name in names if "-part" not in name), None)


def _serial_of(identity: list[object]) -> str | None:
    """The serial number at the end of udev's name for a disk: `ata-MODEL_SERIAL` (readable without root)."""
    for entry in identity:
        if isinstance(entry, str) and entry.startswith(("ata-", "scsi-S", "nvme-", "virtio-")) and "-part" not in entry:
            last = entry[:200].rpartition("_")[2] if "_" in entry else entry.partition("-")[2]
            serial = placeholders.serial(last, 80)
            if serial and not serial.startswith("eui."):
                return serial
    return None


def _nics(facts: Mapping[str, object]) -> Iterator[Nic]:
    interfaces, found = [], []
    for entry in sorted(name for name in entries(facts.get("interfaces")) if isinstance(name, str)):
        name = text(entry, 32)
        # Ansible writes `-`, `.` and `:` in an interface's own key as `_`.
        nic = mapping(facts.get(re.sub(r"[-.:]", "_", entry)) or facts.get(entry))
        if name is None or not nic or nic.get("type") == "loopback":
            continue
        # The slaves of a bond all show the bond's address; the permanent one is the card's own.
        v4 = [nic.get("ipv4"), *entries(nic.get("ipv4_secondaries"))]
        ipv4 = tuple(addresses([mapping(each).get("address") for each in v4]))
        ipv6 = tuple(addresses([mapping(each).get("address") for each in entries(nic.get("ipv6"))]))
        kind = text(nic.get("type"), 20) or ""
        interfaces.append(
            cards.Interface(
                name=name,
                mac=mac(nic.get("macaddress")),
                permanent=mac(nic.get("perm_macaddress")),
                device=isinstance(nic.get("pciid") or nic.get("module"), str),
                driver=text(nic.get("module"), 40) or "",
                kind=kind if kind in ("bridge", "bonding", "team") else "",
                below=tuple(str(each) for key in ("slaves", "interfaces") for each in entries(nic.get(key)) if each),
                addressed=any(not each.startswith(("fe80:", "169.254.")) for each in (*ipv4, *ipv6)),
            )
        )
        found.append(
            Nic(
                name=name,
                mac=interfaces[-1].permanent or interfaces[-1].mac,
                speed_mbps=number(nic.get("speed"), 10_000_000) or None,
                ipv4=ipv4,
                ipv6=ipv6,
                up=nic.get("active") is True,
            )
        )
    own = cards.own(interfaces)
    yield from (nic for nic in found if nic.name in own)


def _mounts(mounts: object) -> Iterator[Mount]:
    for entry in entries(mounts):
        mount = mapping(entry)
        path, device = text(mount.get("mount"), 255), text(mount.get("device"), 255)
        fstype = text(mount.get("fstype"), 40)
        if path is None or device is None or fstype is None:
            continue
        if not is_mount(path, device, fstype):
            continue
        total, free = number(mount.get("size_total"), 2**63), number(mount.get("size_available"), 2**63)
        used = max(0, total - free) if total is not None and free is not None else None
        yield Mount(path=path, device=device, fstype=fstype, size_bytes=total, used_bytes=used)
