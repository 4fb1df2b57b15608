"""How facts are written on the inventory form, in Indonesian: the text of a line (None without a value), the cells of a
row."""

from collections.abc import Mapping, Sequence

from sopctl.model.facts.naming import volume_name
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
    Wear,
)
from sopctl.model.facts.states import Severity, State, judged
from sopctl.model.quantity import decimal, disk_size, duration, memory_size

NONE = "–"
"""In a cell without a value."""

YES_NO = {None: None, True: "ya", False: "tidak"}

# Lines


def plain(value: object) -> str | None:
    return None if value is None else str(value)


def first(*values: str | None) -> str | None:
    """The first that is not empty."""
    return next(filter(None, values), None)


def joined(*values: str | None, between: str = " ") -> str | None:
    """All that are not empty."""
    return between.join(filter(None, values)) or None


_POWER = {"On": "menyala", "Off": "mati", "PoweringOn": "sedang dinyalakan", "PoweringOff": "sedang dimatikan"}


def source(via: str, power_state: str | None, health: str | None, filled_by: str | None) -> str:
    """`BMC (Redfish); server mati; kesehatan OK`, who filled in a sheet, or that the machine spoke for itself."""
    if via == "sheet":
        return f"lembar isian: {filled_by}"
    if via != "bmc":
        return "mesin itu sendiri"
    power = f"; server {_POWER.get(power_state, power_state)}" if power_state else ""
    return f"BMC (Redfish){power}" + (f"; kesehatan {health}" if health else "")


def machine(vendor: str | None, product: str | None) -> str | None:
    """A maker alone is no machine: the letter says more."""
    return joined(vendor, product) if product else None


def dated(version: str | None, date: str | None) -> str | None:
    return joined(version, date, between=" – ")


def units(count: int | None) -> str | None:
    return None if count is None else f"{count} U"


def mebibytes(count: int | None) -> str | None:
    return None if count is None else memory_size(count * 1024**2)


def virtualization(under: str | None) -> str | None:
    return "tidak, mesin fisik" if under == "none" else under


def uptime(seconds: int | None) -> str | None:
    return None if seconds is None else duration(seconds)


def yes_no(value: bool | None) -> str | None:
    return YES_NO[value]


def waiting(updates: int | None) -> str | None:
    return None if updates is None else f"{updates} paket"


def installed(packages: Mapping[str, str]) -> str | None:
    return f"{len(packages)} paket" if packages else None


def memory_errors(counted: Sequence[MemoryErrors]) -> str | None:
    """How many modules are counted, and those with errors."""
    if not counted:
        return None
    wrong = [
        f"{each.module}: {each.corrected} terkoreksi, {each.uncorrected} tidak terkoreksi"
        for each in counted
        if each.corrected or each.uncorrected
    ]
    return "; ".join(wrong) or f"tidak ada ({len(counted)} modul diamati sejak server dinyalakan)"


def addresses(values: Sequence[str]) -> str | None:
    return ", ".join(values) or None


def model(cpu: Cpu) -> str | None:
    return cpu.model


def cores(cpu: Cpu) -> str | None:
    """`2 soket × 16 inti × 2 utas = 64`, or as much of it as is known."""
    named = ((cpu.sockets, "soket"), (cpu.cores, "inti"), (cpu.threads, "utas"))
    product = " × ".join(f"{count} {name}" for count, name in named if count)
    if not cpu.logical:
        return product or None
    return f"{product} = {cpu.logical}" if product else f"{cpu.logical} prosesor logis"


def volumes(raid: Sequence[RaidVolume]) -> str | None:
    def told(each: RaidVolume) -> str:
        words = " ".join(filter(None, (volume_name(each), each.state, each.activity)))
        return words + (f" (gagal: {', '.join(each.failed)})" if each.failed else "")

    return "; ".join(map(told, raid)) or None


def supplies(power_supplies: Sequence[PowerSupply], empty_bays: Sequence[str]) -> str | None:
    """A state is named only where it is not good."""

    def told(each: PowerSupply) -> str:
        watts = f" {each.watts} W" if each.watts else ""
        state = None if judged(each.state) is State.GOOD else each.state
        if each.plugged is False:
            state = "tidak mendapat daya" if lost_input(each) else "tanpa kabel daya"
        return f"{each.name}{watts}" + (f" ({state})" if state else "")

    return "; ".join((*map(told, power_supplies), *(f"{bay} (tidak terpasang)" for bay in empty_bays))) or None


def lost_input(supply: PowerSupply) -> bool:
    """Whether it says that it gets no power; SMBIOS says that it has no cord."""
    return supply.plugged is False and "lost" in (supply.state or "").casefold()


def machines(guests: Sequence[Guest]) -> str | None:
    return _hosted([guest for guest in guests if guest.kind == "vm"])


def containers(guests: Sequence[Guest]) -> str | None:
    return _hosted([guest for guest in guests if guest.kind == "container"])


_NAMED = 12
"""The names that a line of the form has room for."""


def _hosted(guests: Sequence[Guest]) -> str | None:
    """`3, 2 di antaranya berjalan: arsip, surat, web`: all of them, as many names as there is room for."""
    if not guests:
        return None
    running = sum(guest.running for guest in guests)
    names = ", ".join(guest.name for guest in guests[:_NAMED])
    more = f", dan {len(guests) - _NAMED} lainnya" if len(guests) > _NAMED else ""
    return f"{len(guests)}, {running} di antaranya berjalan: {names}{more}"


def services(listeners: Sequence[Listener]) -> str | None:
    """Each open port once, with its program where that could be read."""
    found = {(each.port, each.protocol): each.program for each in listeners}
    told = (
        f"{port}/{protocol}" + (f" {found[port, protocol]}" if found[port, protocol] else "")
        for port, protocol in sorted(found)
    )
    return "; ".join(told) or None


# Rows of tables

DISK = ("Nama", "Model", "Kapasitas", "Jenis", "Nomor seri", "SMART")
DRIVE = ("Letak", "Model", "Kapasitas", "Jenis", "Nomor seri", "Keadaan")


def disk_row(disk: Disk) -> tuple[str, ...]:
    """The last cell has the disk's word for its health, and what SMART counts: the hours, and what is not zero."""
    kind = {True: "HDD", False: "SSD", None: NONE}[disk.rotational]
    size = disk_size(disk.size_bytes) if disk.size_bytes else NONE
    wear = disk.wear or Wear()
    said = (
        disk.health,
        f"{decimal(wear.hours)} jam" if wear.hours is not None else None,
        f"aus {wear.used}%" if wear.used is not None else None,
        f"sektor diganti {wear.reallocated}" if wear.reallocated else None,
        f"sektor rusak {wear.pending}" if wear.pending else None,
        f"galat {wear.uncorrectable}" if wear.uncorrectable else None,
        f"cacat {wear.defects}" if wear.defects else None,
    )
    return disk.name, disk.model or NONE, size, kind, disk.serial or NONE, joined(*said, between="; ") or NONE


def disk_broken(disk: Disk) -> bool:
    """Does the disk say of itself that it has failed?"""
    return judged(disk.health).severity is Severity.CRITICAL


CONTROLLER = ("Nama", "Model", "Nomor seri", "Firmware", "Baterai", "Keadaan")


def controller_row(part: Controller) -> tuple[str, ...]:
    cells = (part.model, part.serial, part.firmware, part.battery, part.state)
    return part.name, *(each or NONE for each in cells)


def controller_broken(part: Controller) -> bool:
    """Does the controller say that it, or its battery, has failed?"""
    return Severity.CRITICAL in (judged(part.state).severity, judged(part.battery).severity)


def fibre_ports(ports: Sequence[FibrePort]) -> str | None:
    """`21:00:00:24:ff:00:00:01 (Online, 16 Gbit); …`: by these names a storage network knows a server."""

    def told(each: FibrePort) -> str:
        wwn = ":".join(each.wwn[at : at + 2] for at in range(0, 16, 2))
        about = joined(each.state, each.speed, between=", ")
        return f"{wwn} ({about})" if about else wwn

    return "; ".join(map(told, ports)) or None


def accelerators(parts: Sequence[Accelerator]) -> str | None:
    """Each model once, with its number."""
    models = [part.model or part.name for part in parts]
    return (
        "; ".join(
            f"{models.count(model)} × {model}" if models.count(model) > 1 else model for model in dict.fromkeys(models)
        )
        or None
    )


MODULE = ("Nama", "Tipe", "Keterangan", "Nomor seri")


def module_row(module: Module) -> tuple[str, ...]:
    return module.name, module.model or NONE, module.description or NONE, module.serial or NONE


MEMORY_MODULE = ("Slot", "Kapasitas", "Jenis", "Pembuat dan tipe", "Nomor seri")


def memory_module_row(module: MemoryModule) -> tuple[str, ...]:
    maker = joined(module.maker, module.part)
    size = memory_size(module.size_mib * 1024**2)
    return module.slot, size, module.kind or NONE, maker or NONE, module.serial or NONE


NIC = ("Nama", "Alamat MAC", "Kecepatan", "Tautan", "Alamat IP")


def nic_row(nic: Nic) -> tuple[str, ...]:
    own = addresses((*nic.ipv4, *nic.ipv6))
    return nic.name, nic.mac or NONE, _speed(nic.speed_mbps), "naik" if nic.up else "turun", own or NONE


def _speed(mbps: int | None) -> str:
    if mbps is None or mbps <= 0:
        return NONE
    return f"{decimal(mbps / 1000)} Gb/s" if mbps >= 1000 else f"{mbps} Mb/s"


MOUNT = ("Titik kait", "Perangkat", "Jenis", "Ukuran", "Terpakai")


def mount_row(mount: Mount) -> tuple[str, ...]:
    size = memory_size(mount.size_bytes) if mount.size_bytes is not None else NONE
    used = NONE
    if mount.used_bytes is not None:
        used = memory_size(mount.used_bytes)
        if mount.size_bytes:
            used += f" ({mount.used_bytes * 100 // mount.size_bytes}%)"
    return mount.path, mount.device, mount.fstype, size, used
