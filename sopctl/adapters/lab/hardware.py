"""The hardware of an emulated machine: what its firmware and disks report, and what can be added or removed."""

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}$")]
"""A string in the firmware. No comma: that separates QEMU's options."""

Serial = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$")]
"""A serial number that every disk can have (20 characters: ACS-3, IDENTIFY DEVICE; NVMe 1.4, Identify Controller)."""

MEMORY_MIB = range(384, 4097)
"""The total memory that a machine may have; with less, it does not boot."""

SYSTEM_DISK_GB = 3
"""What the image needs, with some free space."""


class MemoryModule(Struct, frozen=True, forbid_unknown_fields=True):
    """One memory module in its slot."""

    slot: Text
    size_mib: Annotated[int, Meta(ge=64, le=4096)]
    serial: Serial
    kind: Literal["DDR3", "DDR4", "DDR5"] = "DDR4"
    manufacturer: Text = "Contoh Memori"
    part: Text = "CM-2400"


class Disk(Struct, frozen=True, forbid_unknown_fields=True):
    """One disk. `size_gb` is in units of 10^9 bytes, as manufacturers count; the disk's file is sparse."""

    serial: Serial
    size_gb: Annotated[int, Meta(ge=1, le=1000)]
    bus: Literal["nvme", "ata"] = "nvme"


class Hardware(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine. It boots from the first disk, which keeps its data even when its serial number changes.

    Raises ValueError for hardware that cannot be built.
    """

    manufacturer: Text
    product: Text
    serial: Serial
    memory: Annotated[tuple[MemoryModule, ...], Meta(min_length=1, max_length=8)]
    disks: Annotated[tuple[Disk, ...], Meta(min_length=1, max_length=8)]

    def __post_init__(self) -> None:
        _unique("memory slot", (module.slot for module in self.memory))
        _unique("serial number of a memory module", (module.serial for module in self.memory))
        _unique("serial number of a disk", (disk.serial for disk in self.disks))
        if self.memory_mib not in MEMORY_MIB:
            raise ValueError(f"memory is {MEMORY_MIB[0]} to {MEMORY_MIB[-1]} MiB in all, not {self.memory_mib}")
        if self.disks[0].bus != "nvme" or self.disks[0].size_gb < SYSTEM_DISK_GB:
            raise ValueError(f"the first disk is booted from: bus nvme, size_gb {SYSTEM_DISK_GB} or more")
        if sum(disk.bus == "ata" for disk in self.disks) > 4:
            raise ValueError("at most 4 disks have the bus ata")

    @property
    def memory_mib(self) -> int:
        return sum(module.size_mib for module in self.memory)


def _unique(what: str, values: Iterable[str]) -> None:
    seen = set[str]()
    for value in values:
        if value in seen:
            raise ValueError(f"the {what} {value!r} is there twice")
        seen.add(value)


EXAMPLE = Hardware(
    manufacturer="Contoh",
    product="Server R100",
    serial="SN-0001",
    memory=(
        MemoryModule("DIMM A1", 256, "MEM-0001"),
        MemoryModule("DIMM A2", 256, "MEM-0002"),
    ),
    disks=(Disk("DISK-0001", 4), Disk("DISK-0002", 8, "ata")),
)
"""The hardware of a machine that nobody described."""
