"""What a server is, as it says itself: one typed model for every source.

Everything here came from a machine that belongs to someone else. Sizes and counts are capped, strings are cleaned, and
a field that could not be read says why (`missing`), so that "no serial number" is never mistaken for "not allowed to
read the serial number".

Each field declares how it is read from details.sh, where and how it appears on the form, and how it is compared.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Struct

from sopctl.locale import gettext_noop
from sopctl.model.facts import naming, sections, shown
from sopctl.model.facts.comparison import (
    Amount,
    Items,
    OneState,
    Pairwise,
    Parts,
    States,
    Uncompared,
    Value,
    Versions,
    Weight,
)
from sopctl.model.facts.declaration import FormPart, Line, Read, Rows
from sopctl.model.facts.linux import systems
from sopctl.model.facts.parts import (
    Accelerator,
    Controller,
    Cpu,
    Disk,
    FibrePort,
    Guest,
    Listener,
    MemoryErrors,
    MemoryModule,
    Module,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
)

RULES = 2
"""The rules by which this version reads: what it lists that earlier ones left out is not new in its first month."""

_FIRMWARE_KEEPS = 0.02
"""The share of the memory that a new kernel may keep for itself."""


class Missing(StrEnum):
    """Why a field has no value."""

    NEEDS_ROOT = "needs-root"
    NOT_AVAILABLE = "not-available"


REASONS: Mapping[Missing, str] = {
    Missing.NEEDS_ROOT: gettext_noop("needs root"),
    Missing.NOT_AVAILABLE: gettext_noop("not available"),
}
"""The same in words, for people."""


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
        Read(sections.machine("sys_vendor", "Manufacturer"), ("dmi",), also=("dmidecode", "board")),
        Uncompared(why="the product is"),
    ] = None
    product: Annotated[
        str | None,
        Read(sections.machine("product_name", "Product Name"), ("dmi",), also=("dmidecode", "board")),
        Line("Merk/tipe", FormPart.MACHINE, shown.machine, fields=("vendor", "product"), declared="brand_model"),
        Value("Tipe", identity=naming.plain),
    ] = None
    serial: Annotated[
        str | None,
        Read(sections.machine("product_serial", "Serial Number"), ("dmi", "dmidecode"), also=("board",)),
        Line("Nomor seri", FormPart.MACHINE, declared="serial", both=True),
        Value(weight=Weight.ALARM, identity=naming.plain),
    ] = None
    board_serial: Annotated[
        str | None,
        Read(sections.firmware("board_serial", 2, "Serial Number"), ("dmidecode",), also=("dmi",), optional=True),
        Line("Nomor seri papan induk", FormPart.MACHINE),
        Value(weight=Weight.ALARM, identity=naming.plain),
    ] = None
    """Nodes that share a chassis show the chassis' serial number; the mainboard's is the node's own."""
    chassis_serial: Annotated[
        str | None,
        Read(sections.firmware("chassis_serial", 3, "Serial Number"), ("dmidecode",), also=("dmi",), optional=True),
        Line("Nomor seri sasis", FormPart.MACHINE),
        Value(identity=naming.plain),
    ] = None
    asset_tag: Annotated[
        str | None,
        Read(sections.firmware("chassis_asset_tag", 3, "Asset Tag"), ("dmidecode",), also=("dmi",), optional=True),
        Line("Label aset", FormPart.MACHINE),
        Value(identity=naming.plain),
    ] = None
    uuid: Annotated[
        str | None,
        Read(sections.uuid, ("dmi", "dmidecode")),
        Line("UUID", FormPart.MACHINE),
        Value(identity=naming.uuid),
    ] = None
    """Of the machine (SMBIOS type 1), in lower case."""
    form_factor: Annotated[
        str | None,
        Read(sections.form_factor, ("dmi",), also=("dmidecode",)),
        Line("Bentuk", FormPart.MACHINE, declared="form_factor"),
        Uncompared(why="the product is"),
    ] = None
    height_units: Annotated[
        int | None,
        Read(sections.height_units, ("dmidecode",), optional=True),
        Line("Tinggi", FormPart.MACHINE, shown.units, when="filled"),
        Value("Tinggi (U)"),
    ] = None
    os_name: Annotated[
        str | None,
        Read(sections.os_name, ("os",), also=("debian", "release")),
        Line("Sistem operasi", FormPart.SYSTEM, shown.joined, fields=("os_name", "os_version"), declared="os"),
        Value(word=shown.joined, identity=systems.identity, fields=("os_name", "os_version")),
    ] = None
    os_version: Annotated[
        str | None,
        Read(sections.os_version, ("os", "debian"), also=("release",)),
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
        Read(sections.virtualization, ("virt",)),
        Line("Virtualisasi", FormPart.SYSTEM, shown.virtualization),
        Value(identity=systems.virtualization),
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
        Read(sections.cpu, ("cpu",), also=("lscpu",)),
        Line("Prosesor", FormPart.HARDWARE, shown.model, declared="processor"),
        Line("Inti prosesor", FormPart.HARDWARE, shown.cores, declared="cores"),
        Value(word=lambda cpu: cpu.model, identity=lambda cpu: naming.plain(cpu.model)),
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
        Parts(traits=naming.module, named=naming.module_name),
    ] = ()
    """Of a network appliance; a server has none."""
    memory_modules: Annotated[
        tuple[MemoryModule, ...],
        Read(sections.memory_modules, ("dmidecode",), optional=True),
        Rows("Modul memori", FormPart.HARDWARE, shown.MEMORY_MODULE, shown.memory_module_row),
        Parts(traits=naming.memory_module, named=naming.memory_module_name, counted="modul", only_both=True),
    ] = ()
    memory_errors: Annotated[
        tuple[MemoryErrors, ...],
        Read(sections.memory_errors, ("edac",), optional=True, quiet=True),
        Line("Galat memori (ECC)", FormPart.HARDWARE, shown.memory_errors, when="filled"),
        Uncompared(why="the counts grow, and start again at each start; an uncorrected error is a condition"),
    ] = ()
    disks: Annotated[
        tuple[Disk, ...],
        Read(sections.disks, ("lsblk",), also=("sysblk", "smart"), optional=True),
        Rows("Disk", FormPart.HARDWARE, shown.DISK, shown.disk_row, broken=shown.disk_broken),
        States("Kesehatan disk", traits=naming.disk, key=naming.disk_key, state=lambda disk: disk.health),
        Parts(
            traits=naming.disk,
            named=naming.disk_name,
            counted="disk",
            serials="Nomor seri disk",
            sizes="Ukuran disk",
            size=naming.disk_capacity,
        ),
    ] = ()
    drives: Annotated[
        tuple[Disk, ...],
        Read(sections.drives, ("drives", "storcli2", "drives2", "ssacli", "megacli", "arcconf"), optional=True),
        Rows(
            "Disk pada pengendali RAID",
            FormPart.HARDWARE,
            shown.DRIVE,
            shown.disk_row,
            when="filled",
            broken=shown.disk_broken,
        ),
        States("Kesehatan disk", traits=naming.drive, key=naming.disk_key, state=lambda disk: disk.health),
        Parts(
            "Disk RAID",
            traits=naming.drive,
            named=naming.disk_name,
            counted="disk",
            behind="raid",
            serials="Nomor seri disk RAID",
        ),
    ] = ()
    """The drives behind a RAID controller, of which the system sees the volumes alone: `name` is the controller's
    (c0/e32/s0), `health` its word for the drive's state (Onln, GHS, Failed)."""
    controllers: Annotated[
        tuple[Controller, ...],
        Read(
            sections.controllers,
            ("storcli", "storcli2", "ssacli", "megacli", "arcconf"),
            also=("drives2",),
            optional=True,
        ),
        Rows(
            "Pengendali RAID",
            FormPart.HARDWARE,
            shown.CONTROLLER,
            shown.controller_row,
            when="filled",
            broken=shown.controller_broken,
        ),
        States(
            "Baterai pengendali RAID",
            traits=naming.controller,
            key=naming.controller_key,
            state=lambda controller: controller.battery,
        ),
        Parts(traits=naming.controller, named=naming.controller_name),
    ] = ()
    raid: Annotated[
        tuple[RaidVolume, ...],
        Read(
            sections.raid,
            ("raid", "mdstat"),
            also=("storcli2", "drives2", "ssacli", "megacli", "arcconf", "dm", "zpool", "btrfs", "btrfsshow"),
            optional=True,
        ),
        Line("RAID", FormPart.HARDWARE, shown.volumes, declared="raid", none="tidak ada"),
        States("Keadaan RAID", traits=naming.volume, key=naming.volume_key, state=lambda volume: volume.state),
        Parts("Volume RAID", traits=naming.volume, named=naming.volume_name, rules=2),
    ] = ()
    power_supplies: Annotated[
        tuple[PowerSupply, ...],
        Read(sections.power_supplies, ("dmidecode",), also=("fru", "supply"), optional=True),
        Line("Catu daya", FormPart.HARDWARE, shown.supplies, fields=("power_supplies", "empty_bays"), declared="psu"),
        States(
            "Keadaan catu daya",
            traits=naming.power_supply,
            key=naming.power_supply_key,
            state=lambda supply: supply.state,
        ),
        Parts(traits=naming.power_supply, named=naming.power_supply_name, only_both=True),
    ] = ()
    empty_bays: Annotated[
        tuple[str, ...],
        Read(sections.empty_bays, ("dmidecode",), optional=True),
        Uncompared(why="the power supplies are"),
    ] = ()
    """Where a power supply of a redundant group is missing."""
    power_redundancy: Annotated[
        str | None,
        Read(sections.power_redundancy, ("supply", "powerunit"), optional=True),
        Line("Redundansi daya", FormPart.HARDWARE, when="filled"),
        OneState(),
    ] = None
    """What the BMC says of its power supplies together: Fully Redundant, Redundancy Lost."""
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
        Value(identity=naming.version),
    ] = None
    nics: Annotated[
        tuple[Nic, ...],
        Read(sections.nics, ("link", "address"), also=("card", "ethtool", "made"), optional=True),
        Rows("Antarmuka jaringan", FormPart.HARDWARE, shown.NIC, shown.nic_row),
        Pairwise("Kartu jaringan", names=naming.cards_changed),
        Pairwise("Alamat IP", names=naming.addresses_changed, rules=1),
    ] = ()
    fibre_ports: Annotated[
        tuple[FibrePort, ...],
        Read(sections.fibre_ports, ("fibre",), optional=True, quiet=True),
        Line("Port Fibre Channel", FormPart.HARDWARE, shown.fibre_ports, when="filled"),
        Parts(traits=naming.fibre_port, named=naming.fibre_port_name, rules=2),
    ] = ()
    accelerators: Annotated[
        tuple[Accelerator, ...],
        Read(sections.accelerators, ("pci",), also=("nvidia",), optional=True, quiet=True),
        Line("GPU dan akselerator", FormPart.HARDWARE, shown.accelerators, when="filled"),
        Parts(traits=naming.accelerator, named=naming.accelerator_name, rules=2),
    ] = ()
    tpm: Annotated[
        str | None,
        Read(sections.tpm, ("tpm",), optional=True, quiet=True),
        Line("TPM", FormPart.HARDWARE, when="filled"),
        Value(),
    ] = None
    """The version of the trusted platform module, if there is one."""
    listeners: Annotated[
        tuple[Listener, ...],
        Read(sections.listeners, ("listening",), optional=True),
        Line("Layanan yang mendengarkan", FormPart.SYSTEM, shown.services, declared="services", none="tidak ada"),
        Pairwise("Port terbuka", names=naming.ports_changed),
    ] = ()
    guests: Annotated[
        tuple[Guest, ...],
        Read(
            sections.guests,
            ("virsh", "qm", "pct", "xl", "lxc", "podman", "docker", "rootless", "conmon", "machines"),
            optional=True,
            quiet=True,
        ),
        Line("Mesin virtual", FormPart.SYSTEM, shown.machines, when="filled"),
        Line("Kontainer", FormPart.SYSTEM, shown.containers, when="filled"),
        Uncompared(why="they come and go"),
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
        Literal["server", "bmc", "sheet"],
        Line("Dibaca lewat", FormPart.NAME, shown.source, fields=("via", "power_state", "health", "filled_by")),
        Uncompared(why="what the other way cannot read is not compared (changes.py)"),
    ] = "server"
    """Who said all this: the machine itself, the BMC of a server that could not be asked, or a person who filled in a
    sheet about one that nothing can read."""
    power_state: Annotated[str | None, Uncompared(why="it is shown with the way of reading")] = None
    """What the BMC says of it: On, Off, …; None if it was not asked."""
    health: Annotated[str | None, Uncompared(why="it is shown with the way of reading")] = None
    """What the BMC says of the whole machine: OK, Warning, Critical; None if it was not asked."""
    filled_by: Annotated[str | None, Uncompared(why="it is shown with the way of reading")] = None
    """Who filled in the sheet, and when."""
    missing: dict[str, Missing] = {}
    rules: int = 0
    """RULES of the version that read them."""
