"""What a server is, as it says itself: one typed model for every source.

Everything here came from a machine that belongs to someone else. Sizes and counts are capped, strings are cleaned, and
a field that could not be read says why (`missing`), so that "no serial number" is never mistaken for "not allowed to
read the serial number".

Each field declares how it is read from details.sh, where and how it appears on the form, and how it is compared.
"""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Struct

from sopctl.model.facts import naming, sections, shown
from sopctl.model.facts.comparison import Amount, Disks, Items, States, Uncompared, Value, Versions, Weight
from sopctl.model.facts.declaration import FormPart, Line, Read, Rows
from sopctl.model.facts.parts import (
    Cpu,
    Disk,
    Listener,
    MemoryModule,
    Module,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
)

_FIRMWARE_KEEPS = 0.02
"""The share of the memory that a new kernel may keep for itself."""


class Missing(StrEnum):
    """Why a field has no value."""

    NEEDS_ROOT = "needs-root"
    NOT_AVAILABLE = "not-available"


class ServerFacts(Struct, frozen=True):
    """One server at one time. `gathered_at` is ISO 8601 with offset; `missing` maps a field's name to the reason.

    The order of the fields is that of the lines and tables within each part of the form, and that of the changes.
    """

    gathered_at: str
    hostname: Annotated[
        str,
        Read(sections.hostname, ("host",)),
        Line("Nama server", FormPart.NAME, shown.first, fields=("fqdn", "hostname"), declared="name"),
        Value(),
    ]
    fqdn: Annotated[
        str | None,
        Read(sections.fqdn, ("host",)),
        Uncompared(why="the host name is"),
    ] = None
    vendor: Annotated[
        str | None,
        Read(sections.firmware("sys_vendor", 1, "Manufacturer"), ("dmi",), also=("dmidecode",)),
        Uncompared(why="the product is"),
    ] = None
    product: Annotated[
        str | None,
        Read(sections.firmware("product_name", 1, "Product Name"), ("dmi",), also=("dmidecode",)),
        Line("Merk/tipe", FormPart.MACHINE, shown.joined, fields=("vendor", "product"), declared="brand_model"),
        Value("Tipe"),
    ] = None
    serial: Annotated[
        str | None,
        Read(sections.firmware("product_serial", 1, "Serial Number"), ("dmi", "dmidecode")),
        Line("Nomor seri", FormPart.MACHINE, declared="serial", both=True),
        Value(weight=Weight.ALARM),
    ] = None
    uuid: Annotated[
        str | None,
        Read(sections.uuid, ("dmi", "dmidecode")),
        Line("UUID", FormPart.MACHINE),
        Value(),
    ] = None
    """Of the machine (SMBIOS type 1), in lower case."""
    form_factor: Annotated[
        str | None,
        Read(sections.form_factor, ("dmi",), also=("dmidecode",)),
        Line("Bentuk", FormPart.MACHINE, declared="form_factor"),
        Uncompared(why="the product is"),
    ] = None
    os_name: Annotated[
        str | None,
        Read(sections.os_name, ("os",)),
        Line("Sistem operasi", FormPart.SYSTEM, shown.joined, fields=("os_name", "os_version"), declared="os"),
        Value(word=shown.joined, fields=("os_name", "os_version")),
    ] = None
    os_version: Annotated[
        str | None,
        Read(sections.os_version, ("os", "debian")),
        Uncompared(why="it is compared with the system's name"),
    ] = None
    kernel: Annotated[
        str | None,
        Read(sections.kernel, ("system",)),
        Line("Kernel", FormPart.SYSTEM, shown.joined, fields=("kernel", "architecture")),
        Value(),
    ] = None
    architecture: Annotated[
        str | None,
        Read(sections.architecture, ("system",)),
        Uncompared(why="the processor is"),
    ] = None
    virtualization: Annotated[
        str | None,
        Read(sections.first_line("virt", 40), ("virt",)),
        Line("Virtualisasi", FormPart.SYSTEM),
        Value(),
    ] = None
    uptime_seconds: Annotated[
        int | None,
        Read(sections.uptime_seconds, ("uptime",)),
        Line("Lama menyala", FormPart.SYSTEM, shown.uptime),
        Uncompared(why="it is never the same"),
    ] = None
    gateway: Annotated[
        str | None,
        Read(sections.gateway, ("route", "route6")),
        Line("Gateway", FormPart.SYSTEM),
        Uncompared(why="it may be leased, as an address may"),
    ] = None
    dns: Annotated[
        tuple[str, ...],
        Read(sections.dns, ("dns",)),
        Line("Server DNS", FormPart.SYSTEM, shown.addresses),
        Uncompared(why="they may be leased, as an address may"),
    ] = ()
    cpu: Annotated[
        Cpu,
        Read(sections.cpu, ("cpu",)),
        Line("Prosesor", FormPart.HARDWARE, shown.model, declared="processor"),
        Line("Inti prosesor", FormPart.HARDWARE, shown.cores, declared="cores"),
        Value(word=lambda cpu: cpu.model),
        Value("Jumlah prosesor logis", word=lambda cpu: cpu.logical),
    ] = Cpu()
    memory_mib: Annotated[
        int | None,
        Read(sections.meminfo("MemTotal"), ("memory",)),
        Line("Memori (RAM)", FormPart.HARDWARE, shown.mebibytes, declared="memory"),
        Amount("Memori (MiB)", tolerance=_FIRMWARE_KEEPS, unless="memory_modules"),
    ] = None
    swap_mib: Annotated[
        int | None,
        Read(sections.meminfo("SwapTotal"), ("memory",)),
        Line("Swap", FormPart.HARDWARE, shown.mebibytes),
        Uncompared(why="its size is the owner's choice"),
    ] = None
    bios_version: Annotated[
        str | None,
        Read(sections.firmware("bios_version", 0, "Version"), ("dmi",), also=("dmidecode",)),
        Line("BIOS", FormPart.HARDWARE, shown.dated, fields=("bios_version", "bios_date")),
        Value("Versi BIOS"),
    ] = None
    bios_date: Annotated[
        str | None,
        Read(sections.firmware("bios_date", 0, "Release Date"), ("dmi",), also=("dmidecode",)),
        Uncompared(why="the version is"),
    ] = None
    modules: Annotated[
        tuple[Module, ...],
        Rows("Bagian perangkat", FormPart.HARDWARE, shown.MODULE, shown.module_row, when="unless-none"),
        Items(names=naming.modules),
    ] = ()
    """Of a network appliance; a server has none."""
    memory_modules: Annotated[
        tuple[MemoryModule, ...],
        Read(sections.memory_modules, ("dmidecode",), optional=True),
        Rows("Modul memori", FormPart.HARDWARE, shown.MEMORY_MODULE, shown.memory_module_row),
        Items(names=naming.memory_modules, counted="modul", only_both=True),
    ] = ()
    disks: Annotated[
        tuple[Disk, ...],
        Read(sections.disks, ("lsblk",), also=("sysblk", "smart"), optional=True),
        Rows("Disk", FormPart.HARDWARE, shown.DISK, shown.disk_row),
        Disks(),
        States("Kesehatan disk", key="serial", state="health", fields=("disks", "drives")),
    ] = ()
    drives: Annotated[
        tuple[Disk, ...],
        Read(sections.drives, ("drives",), optional=True),
        Rows("Disk pada pengendali RAID", FormPart.HARDWARE, shown.DRIVE, shown.disk_row, when="filled"),
        Disks("Disk RAID", behind="raid"),
    ] = ()
    """The drives behind a RAID controller, of which the system sees the volumes alone: `name` is the controller's
    (c0/e32/s0), `health` its word for the drive's state (Onln, GHS, Failed)."""
    raid: Annotated[
        tuple[RaidVolume, ...],
        Read(sections.raid, ("raid", "mdstat"), optional=True),
        Line("RAID", FormPart.HARDWARE, shown.volumes, declared="raid", none="tidak ada"),
        States("Keadaan RAID", key="name", state="state"),
        Items("Volume RAID", names=naming.volumes),
    ] = ()
    power_supplies: Annotated[
        tuple[PowerSupply, ...],
        Read(sections.power_supplies, ("dmidecode",), optional=True),
        Line("Catu daya", FormPart.HARDWARE, shown.supplies, declared="psu"),
        States("Keadaan catu daya", key="name", state="state"),
        Items(names=naming.power_supplies),
    ] = ()
    bmc_address: Annotated[
        str | None,
        Read(sections.bmc_address, ("bmc",), optional=True),
        Line("Alamat BMC", FormPart.HARDWARE, declared="bmc"),
        Value(),
    ] = None
    bmc_mac: Annotated[
        str | None,
        Read(sections.bmc_mac, ("bmc",), optional=True),
        Line("Alamat MAC BMC", FormPart.HARDWARE),
        Value(),
    ] = None
    bmc_firmware: Annotated[
        str | None,
        Read(sections.bmc_firmware, ("mc",), optional=True),
        Line("Firmware BMC", FormPart.HARDWARE),
        Value(),
    ] = None
    nics: Annotated[
        tuple[Nic, ...],
        Read(sections.nics, ("link", "address"), also=("card", "ethtool"), optional=True),
        Rows("Antarmuka jaringan", FormPart.HARDWARE, shown.NIC, shown.nic_row),
        Items("Kartu jaringan", names=naming.cards),
        Items("Alamat IP", names=naming.addresses),
    ] = ()
    listeners: Annotated[
        tuple[Listener, ...],
        Read(sections.listeners, ("listening",), optional=True),
        Line("Layanan yang mendengarkan", FormPart.SYSTEM, shown.services, declared="services", none="tidak ada"),
        Items("Port terbuka", names=naming.ports),
    ] = ()
    time_synchronised: Annotated[
        bool | None,
        Read(sections.time_synchronised, ("chrony", "timedatectl"), optional=True),
        Line("Sinkronisasi waktu", FormPart.SYSTEM, shown.yes_no, declared="time_sync"),
        Value(word=shown.yes_no),
    ] = None
    updates: Annotated[
        int | None,
        Read(sections.updates, ("apt", "dnf"), optional=True),
        Line("Pembaruan tertunda", FormPart.SYSTEM, shown.waiting, declared="updates"),
        Uncompared(why="there are others every day"),
    ] = None
    """Packages with an update waiting, according to the package lists that the server has."""
    packages: Annotated[
        dict[str, str],
        Read(sections.packages, ("packages",), optional=True),
        Line("Paket terpasang", FormPart.SYSTEM, shown.installed),
        Items("Paket", names=dict.keys),
        Versions("paket"),
    ] = {}
    mounts: Annotated[
        tuple[Mount, ...],
        Read(sections.mounts, ("mounts",), also=("df",), optional=True),
        Rows("Sistem berkas", FormPart.SYSTEM, shown.MOUNT, shown.mount_row),
        Items("Titik kait", names=naming.paths),
    ] = ()
    via: Annotated[
        Literal["server", "bmc"],
        Line("Dibaca lewat", FormPart.NAME, shown.source, fields=("via", "power_state", "health")),
        Uncompared(why="what the other way cannot read is not compared (changes.py)"),
    ] = "server"
    """Who said all this: the machine itself, or the BMC of a server that could not be asked."""
    power_state: Annotated[str | None, Uncompared(why="it is shown with the way of reading")] = None
    """What the BMC says of it: On, Off, …; None if it was not asked."""
    health: Annotated[str | None, Uncompared(why="it is shown with the way of reading")] = None
    """What the BMC says of the whole machine: OK, Warning, Critical; None if it was not asked."""
    missing: dict[str, Missing] = {}
