"""What the monthly inventory form says about a server: its facts, completed by what the letter declared."""

from collections.abc import Iterator, Mapping, Sequence

from sopctl.adapters.documents import wording
from sopctl.adapters.documents.forms import Field, Section, Source, Table
from sopctl.errors import InvalidRecord
from sopctl.model.facts.server import (
    Disk,
    MemoryModule,
    Missing,
    Module,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
    ServerFacts,
)
from sopctl.model.quantity import decimal, disk_size, memory_size

NONE = "–"
_YES_NO = {None: None, True: "ya", False: "tidak"}
DECLARED = {
    "code": "Kode penitipan",
    "name": "Nama server",
    "owner": "Instansi pemilik",
    "contact": "Narahubung",
    "kind": "Jenis",
    "brand_model": "Merk/tipe",
    "serial": "Nomor seri",
    "form_factor": "Bentuk",
    "received": "Tanggal masuk",
    "valid_until": "Masa berlaku",
    "condition": "Kondisi",
    "status": "Status",
    "processor": "Prosesor",
    "cores": "Inti prosesor",
    "memory": "Memori (RAM)",
    "raid": "RAID",
    "psu": "Catu daya",
    "bmc": "Alamat BMC",
    "os": "Sistem operasi",
    "application": "Aplikasi",
    "services": "Layanan yang mendengarkan",
    "time_sync": "Sinkronisasi waktu",
    "updates": "Pembaruan tertunda",
    "last_check": "Pemeriksaan akses terakhir",
    "availability": "Ketersediaan bulan ini",
    "officer": "Petugas penanggung jawab",
    "checked": "Tanggal pendataan",
}
"""The keys that `declared` may have, with the labels they get on the form."""

PLACE = {
    "room": "Ruang",
    "rack": "Rak",
    "units": "Posisi (U)",
    "switch_port": "Port switch",
    "vlan": "VLAN",
    "power": "Daya",
}
"""The keys that `place` may have, with the labels they get on the form."""


def sections_of(
    facts: ServerFacts, declared: Mapping[str, str], place: Mapping[str, str]
) -> tuple[Section | Table, ...]:
    """The form's sections, in Indonesian. A value that was read goes before a declared one; an empty one is none.

    Where a serial number was read and another declared, the form shows both. `declared` and `place` may have the
    keys of DECLARED and PLACE and no others: what the form has no place for is not printed, and InvalidRecord
    says so.
    """
    _refuse_unknown(declared, DECLARED)
    _refuse_unknown(place, PLACE)

    def field(key: str, read: str | None = None, missing: str = "") -> Field:
        return _field(DECLARED[key], read, declared.get(key), facts.missing.get(missing or key))

    def only_read(label: str, read: str | None, missing: str) -> Field:
        return _field(label, read, None, facts.missing.get(missing))

    def listed(key: str, values: Sequence[str], read_as: str) -> Field:
        """The values; "tidak ada" where it was looked, there are none, and nobody declared another thing."""
        found = "; ".join(values)
        if not found and read_as not in facts.missing and not declared.get(key):
            found = "tidak ada"
        return field(key, found or None, read_as)

    cpu = facts.cpu
    parts = _table(
        "Bagian perangkat",
        ("Nama", "Tipe", "Keterangan", "Nomor seri"),
        tuple(_part(module) for module in facts.modules),
        facts.missing.get("modules"),
    )
    return (
        Section(
            "Identitas",
            (
                field("code"),
                field("name", facts.fqdn or facts.hostname or None),
                field("owner"),
                field("contact"),
                *((field("kind"),) if "kind" in declared else ()),
                field("brand_model", _joined(facts.vendor, facts.product), "product"),
                field("serial", _both(facts.serial, declared.get("serial"))),
                field("form_factor", facts.form_factor),
                field("condition"),
                field("received"),
                field("valid_until"),
                field("status"),
                field("application"),
            ),
        ),
        Section(
            "Letak",
            tuple(_field(label, None, place.get(key), None) for key, label in PLACE.items()),
        ),
        Section(
            "Perangkat keras",
            (
                field("processor", cpu.model, "cpu"),
                field("cores", _cores(facts), "cpu"),
                field("memory", _mebibytes(facts.memory_mib), "memory_mib"),
                only_read("Swap", _mebibytes(facts.swap_mib), "swap_mib"),
                only_read("BIOS", _joined(facts.bios_version, facts.bios_date, " – "), "bios_version"),
                listed("raid", [_raid(each) for each in facts.raid], "raid"),
                field("psu", _power_supplies(facts), "power_supplies"),
                field("bmc", facts.bmc_address, "bmc_address"),
            ),
        ),
        *((parts,) if facts.modules or "modules" in facts.missing else ()),
        _table(
            "Modul memori",
            ("Slot", "Kapasitas", "Jenis", "Pembuat dan tipe", "Nomor seri"),
            tuple(_module(module) for module in facts.memory_modules),
            facts.missing.get("memory_modules"),
        ),
        _table(
            "Disk",
            ("Nama", "Model", "Kapasitas", "Jenis", "Nomor seri", "SMART"),
            tuple(_disk(disk) for disk in facts.disks),
            facts.missing.get("disks"),
        ),
        *_drives(facts),
        _table(
            "Antarmuka jaringan",
            ("Nama", "Alamat MAC", "Kecepatan", "Tautan", "Alamat IP"),
            tuple(_nic(nic) for nic in facts.nics),
            facts.missing.get("nics"),
        ),
        Section(
            "Sistem",
            (
                field("os", _joined(facts.os_name, facts.os_version), "os_name"),
                only_read("Kernel", _joined(facts.kernel, facts.architecture), "kernel"),
                only_read("Virtualisasi", facts.virtualization, "virtualization"),
                only_read("Lama menyala", _uptime(facts.uptime_seconds), "uptime_seconds"),
                only_read("Gateway", facts.gateway, "gateway"),
                only_read("Server DNS", ", ".join(facts.dns), "dns"),
                listed("services", _services(facts), "listeners"),
                field("time_sync", _YES_NO[facts.time_synchronised], "time_synchronised"),
                field("updates", None if facts.updates is None else f"{facts.updates} paket"),
                only_read("Paket terpasang", f"{len(facts.packages)} paket" if facts.packages else None, "packages"),
            ),
        ),
        _table(
            "Sistem berkas",
            ("Titik kait", "Perangkat", "Jenis", "Ukuran", "Terpakai"),
            tuple(_mount(mount) for mount in facts.mounts),
            facts.missing.get("mounts"),
        ),
        Section(
            "Operasional",
            (field("last_check"), field("availability"), field("officer"), field("checked")),
        ),
    )


def _refuse_unknown(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InvalidRecord(
            "inventory-form-no-place",
            "the inventory form has no place for {unknown!r}",
            remedy=f"It knows: {', '.join(known)}.",
            unknown=unknown[0],
        )


def _field(label: str, read: str | None, declared: str | None, missing: Missing | None) -> Field:
    if read:
        return Field(label, read, "gathered")
    if declared:
        return Field(label, declared, "declared")
    if missing is Missing.NEEDS_ROOT:
        return Field(label, "perlu akses root", "needs-root")
    return Field(label, "tidak tersedia", "not-available")


def _table(title: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], missing: Missing | None) -> Table:
    source: Source = "gathered"
    if not rows:
        source = "needs-root" if missing is Missing.NEEDS_ROOT else "not-available"
    return Table(title, columns, rows, source)


def _disk(disk: Disk) -> tuple[str, ...]:
    kind = {True: "HDD", False: "SSD", None: NONE}[disk.rotational]
    size = disk_size(disk.size_bytes)
    return disk.name, disk.model or NONE, size, kind, disk.serial or NONE, disk.health or NONE


def _part(module: Module) -> tuple[str, ...]:
    return module.name, module.model or NONE, module.description or NONE, module.serial or NONE


def _drives(facts: ServerFacts) -> Iterator[Table]:
    """The drives behind a RAID controller, where there are any."""
    if facts.drives:
        columns = ("Letak", "Model", "Kapasitas", "Jenis", "Nomor seri", "Keadaan")
        yield Table("Disk pada pengendali RAID", columns, tuple(_disk(disk) for disk in facts.drives), "gathered")


def _module(module: MemoryModule) -> tuple[str, ...]:
    maker = _joined(module.maker, module.part)
    size = memory_size(module.size_mib * 1024**2)
    return module.slot, size, module.kind or NONE, maker or NONE, module.serial or NONE


def _raid(volume: RaidVolume) -> str:
    return " ".join(filter(None, (volume.name, volume.level, volume.size, volume.state)))


def _power_supplies(facts: ServerFacts) -> str | None:
    """What the machine says of its supplies; nothing where it says nothing, so that the letter's word stands."""

    def told(each: PowerSupply) -> str:
        watts = f" {each.watts} W" if each.watts else ""
        return f"{each.name}{watts}" + (f" ({each.state})" if each.state and each.state.casefold() != "ok" else "")

    return "; ".join(map(told, facts.power_supplies)) or None


def _services(facts: ServerFacts) -> list[str]:
    """Each open port once, with its program where that could be read."""
    found = {(each.port, each.protocol): each.program for each in facts.listeners}
    return [
        f"{port}/{protocol}" + (f" {found[port, protocol]}" if found[port, protocol] else "")
        for port, protocol in sorted(found)
    ]


def _nic(nic: Nic) -> tuple[str, ...]:
    addresses = ", ".join((*nic.ipv4, *nic.ipv6))
    return nic.name, nic.mac or NONE, _speed(nic.speed_mbps), "naik" if nic.up else "turun", addresses or NONE


def _mount(mount: Mount) -> tuple[str, ...]:
    size = memory_size(mount.size_bytes) if mount.size_bytes is not None else NONE
    used = NONE
    if mount.used_bytes is not None:
        used = memory_size(mount.used_bytes)
        if mount.size_bytes:
            used += f" ({mount.used_bytes * 100 // mount.size_bytes}%)"
    return mount.path, mount.device, mount.fstype, size, used


def _speed(mbps: int | None) -> str:
    if mbps is None or mbps <= 0:
        return NONE
    return f"{decimal(mbps / 1000)} Gb/s" if mbps >= 1000 else f"{mbps} Mb/s"


def _cores(facts: ServerFacts) -> str | None:
    """`2 soket × 16 inti × 2 utas = 64`, or as much of it as is known."""
    cpu = facts.cpu
    named = ((cpu.sockets, "soket"), (cpu.cores, "inti"), (cpu.threads, "utas"))
    product = " × ".join(f"{count} {name}" for count, name in named if count)
    if not cpu.logical:
        return product or None
    return f"{product} = {cpu.logical}" if product else f"{cpu.logical} prosesor logis"


def _both(read: str | None, declared: str | None) -> str | None:
    """What was read, and what the letter says where that is something else."""
    if read and declared and read.strip().casefold() != declared.strip().casefold():
        return f"{read} (surat: {declared})"
    return read


def _joined(first: str | None, second: str | None, between: str = " ") -> str | None:
    return between.join(part for part in (first, second) if part) or None


def _mebibytes(count: int | None) -> str | None:
    return None if count is None else memory_size(count * 1024**2)


def _uptime(seconds: int | None) -> str | None:
    return None if seconds is None else wording.duration(seconds)
