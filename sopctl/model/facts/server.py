"""What a server is, as it says itself: one typed model for every source.

Everything here came from a machine that belongs to someone else. Sizes and counts are capped, strings are
cleaned, and a field that could not be read says why (`missing`), so that "no serial number" is never
mistaken for "not allowed to read the serial number".
"""

from enum import StrEnum

from msgspec import Struct


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
    health: str | None = None
    """What SMART says of itself: PASSED, FAILED!, OK (SCSI)."""


class Nic(Struct, frozen=True):
    """One network interface, without loopback and virtual ones. `speed_mbps` in megabits per second."""

    name: str
    mac: str | None = None
    speed_mbps: int | None = None
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    up: bool = False
    leased: tuple[str, ...] = ()
    """Those of its addresses that a DHCP server or router lent: they may change any day."""


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


class MemoryModule(Struct, frozen=True):
    """One memory module in its slot (SMBIOS type 17); empty slots are left out. `size_mib` in MiB."""

    slot: str
    size_mib: int
    kind: str | None = None
    maker: str | None = None
    part: str | None = None
    serial: str | None = None


class RaidVolume(Struct, frozen=True):
    """One array: `state` as the controller or the kernel says it (Optl, Dgrd, UU, U_)."""

    name: str
    level: str | None = None
    state: str | None = None
    size: str | None = None


class PowerSupply(Struct, frozen=True):
    """One power supply (SMBIOS type 39). `watts` is what it can give at most."""

    name: str
    model: str | None = None
    serial: str | None = None
    state: str | None = None
    watts: int | None = None


class Module(Struct, frozen=True):
    """One part of a network appliance that can be exchanged: chassis, member of a stack, card, transceiver."""

    name: str
    model: str | None = None
    description: str | None = None
    serial: str | None = None


class Listener(Struct, frozen=True):
    """A program that waits for others on a network port. `protocol` is tcp or udp."""

    protocol: str
    address: str
    port: int
    program: str | None = None


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
    memory_modules: tuple[MemoryModule, ...] = ()
    raid: tuple[RaidVolume, ...] = ()
    drives: tuple[Disk, ...] = ()
    """The drives behind a RAID controller, of which the system sees the volumes alone: `name` is the controller's
    (c0/e32/s0), `health` its word for the drive's state (Onln, GHS, Failed)."""
    power_supplies: tuple[PowerSupply, ...] = ()
    modules: tuple[Module, ...] = ()
    """Of a network appliance; a server has none."""
    bmc_address: str | None = None
    listeners: tuple[Listener, ...] = ()
    packages: dict[str, str] = {}
    updates: int | None = None
    """Packages that wait for an update, by the package lists that the server has."""
    time_synchronised: bool | None = None
    missing: dict[str, Missing] = {}
