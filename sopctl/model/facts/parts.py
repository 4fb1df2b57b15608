"""What a server is made of, one record each: disks, interfaces, mounts, modules, what listens."""

from typing import TypeVar

from msgspec import Struct, structs

Part = TypeVar("Part", bound=Struct)


class Wear(Struct, frozen=True):
    """What SMART counts over a disk's life: sectors (NVMe, SAS: errors) that were replaced, are waiting to be, or could
    not be read; `defects` that grew since it was made (SAS); `used`: the percentage of the endurance that its maker
    states for flash, which may exceed 100."""

    hours: int | None = None
    reallocated: int | None = None
    pending: int | None = None
    uncorrectable: int | None = None
    defects: int | None = None
    used: int | None = None


class Disk(Struct, frozen=True):
    """One block device that holds data: no loop, device-mapper or optical drives. `size_bytes` as the kernel says."""

    name: str
    size_bytes: int
    model: str | None = None
    serial: str | None = None
    rotational: bool | None = None
    health: str | None = None
    """What SMART says of itself: PASSED, FAILED!, OK (SCSI)."""
    wwn: str | None = None
    """Its world-wide name: hexadecimal digits, without 0x."""
    wear: Wear | None = None


class Nic(Struct, frozen=True):
    """One network interface of the server's own (linux/cards.py). `speed_mbps` in megabits per second."""

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


class MemoryErrors(Struct, frozen=True):
    """What the memory controller counted since the last start (EDAC): `module` is its name for a module, or for the row
    or controller of which it does not know the module."""

    module: str
    corrected: int
    uncorrected: int


class RaidVolume(Struct, frozen=True):
    """One array: `state` as the controller or the kernel says it (Optl, Dgrd, UU, U_)."""

    name: str
    level: str | None = None
    state: str | None = None
    size: str | None = None
    controller: str | None = None
    """The number of its controller; names are unique on one controller only."""
    failed: tuple[str, ...] = ()
    """Members that failed, even if a spare took over."""
    activity: str | None = None
    """What is being done to it: recovery, resync, reshape, check."""


class Controller(Struct, frozen=True):
    """One RAID controller: `battery` is the state of its battery or capacitor (null: it has none), `state` its own, if
    its tool reports it."""

    name: str
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    battery: str | None = None
    state: str | None = None


class PowerSupply(Struct, frozen=True):
    """One power supply (SMBIOS type 39, or the BMC's). `watts` is its maximum output; `plugged`: it has a cord, if that
    is known."""

    name: str
    model: str | None = None
    serial: str | None = None
    state: str | None = None
    watts: int | None = None
    plugged: bool | None = None


class FibrePort(Struct, frozen=True):
    """One port of a Fibre Channel card: `wwn` is its world-wide port name, 16 hexadecimal digits; `state` and `speed`
    as the kernel says them."""

    name: str
    wwn: str
    model: str | None = None
    state: str | None = None
    speed: str | None = None


class Accelerator(Struct, frozen=True):
    """An accelerator card: its place on the bus, its UUID if its driver reports one, and the PCI numbers of its maker
    and type: `10de:20f1`."""

    name: str
    model: str | None = None
    serial: str | None = None
    device: str | None = None


class Guest(Struct, frozen=True):
    """A virtual machine (`kind` vm) or a container (container) on the host."""

    name: str
    kind: str
    running: bool


class Module(Struct, frozen=True):
    """One replaceable part of a network appliance: chassis, member of a stack, card, transceiver."""

    name: str
    model: str | None = None
    description: str | None = None
    serial: str | None = None


class Listener(Struct, frozen=True):
    """A program that listens on a network port. `protocol` is tcp or udp."""

    protocol: str
    address: str
    port: int
    program: str | None = None


def is_empty(value: object) -> bool:
    """Does this value mean that the field has none? 0 and False are values."""
    return value in (None, (), "", {}) or value == Cpu()


def filled(part: Part, other: Part) -> Part:
    """`part`, with its gaps filled from `other`."""
    gaps = {name: getattr(other, name) for name in part.__struct_fields__ if is_empty(getattr(part, name))}
    return structs.replace(part, **gaps)
