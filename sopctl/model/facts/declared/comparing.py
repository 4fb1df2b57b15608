"""A letter's values, line by line, beside the machine's."""

from collections.abc import Iterable

from msgspec import Struct

from sopctl.model.deposit import Server
from sopctl.model.facts.declared.disks import declared_count, physical, same_sizes
from sopctl.model.facts.declared.processors import same_processor
from sopctl.model.facts.declared.systems import same_system
from sopctl.model.facts.linux.systems import is_guest
from sopctl.model.facts.naming import same_serial
from sopctl.model.facts.parts import Disk
from sopctl.model.facts.server import ServerFacts
from sopctl.model.quantity import disk_size, memory_size

_KEPT_BY_FIRMWARE = 0.1
"""The largest share of the memory that kernel and firmware keep for themselves. Modules count in full."""
_NO_MEMORY = frozenset({"Flash", "ROM", "EEPROM", "EPROM", "FEPROM", "PROM"})
"""Kinds of SMBIOS type 17 that hold firmware."""


class Comparison(Struct, frozen=True):
    """One declared value beside the one that was found. `agrees` is null if the machine does not report it, or the two
    cannot be compared."""

    subject: str
    declared: str
    found: str
    agrees: bool | None


def compare(server: Server, serial: str, facts: ServerFacts) -> tuple[Comparison, ...]:
    """What was declared of `server`, line by line. `serial` is the inspection's, or else the letter's."""
    lines = (
        Comparison(
            "Nomor seri",
            serial,
            facts.serial or "",
            same_serial(serial, facts.serial, facts.chassis_serial, facts.board_serial),
        ),
        Comparison(
            "Prosesor",
            server.processor,
            _processor(facts),
            same_processor(server.processor, facts.cpu.model or "", facts.cpu.sockets),
        ),
        _cores(server, facts),
        _memory(server, facts),
        *_disks(server, facts),
        _system(server, facts),
        *_height(server, facts),
    )
    return tuple(
        Comparison(each.subject, each.declared, each.found, each.agrees if each.found else None)
        for each in lines
        if each.declared
    )


def _processor(facts: ServerFacts) -> str:
    cpu = facts.cpu
    return f"{cpu.sockets} × {cpu.model}" if cpu.model and (cpu.sockets or 0) > 1 else cpu.model or ""


def _cores(server: Server, facts: ServerFacts) -> Comparison:
    cpu = facts.cpu
    cores = (cpu.sockets or 1) * cpu.cores if cpu.cores else cpu.logical
    return Comparison("Inti prosesor", str(server.cores or ""), str(cores or ""), server.cores in (cores, cpu.logical))


def _memory(server: Server, facts: ServerFacts) -> Comparison:
    modules = sum(module.size_mib for module in facts.memory_modules if module.kind not in _NO_MEMORY)
    memory, declared = modules or facts.memory_mib, (server.memory_gib or 0) * 1024
    least = declared * (1.0 if modules else 1 - _KEPT_BY_FIRMWARE)
    return Comparison(
        "Memori",
        f"{server.memory_gib} GiB" if server.memory_gib else "",
        memory_size(memory * 1024**2) if memory else "",
        memory is not None and least <= memory <= declared,
    )


def _disks(server: Server, facts: ServerFacts) -> Iterable[Comparison]:
    count = declared_count(server.disks)
    found = physical(facts.disks, facts.drives, guest=is_guest(facts.virtualization))
    seen = len(facts.disks) if found is None else len(found)
    yield Comparison(
        "Jumlah disk",
        str(count or ""),
        f"{seen} volume RAID" if found is None else str(seen or ""),
        None if found is None else count == seen,
    )
    agrees = same_sizes(server.disks, found) if found else None
    if agrees is not None:
        yield Comparison("Ukuran disk", "; ".join(server.disks), _sizes(found or ()), agrees)


def _sizes(disks: Iterable[Disk]) -> str:
    """`2 × 480 GB; 4 × 1,8 TB`."""
    sizes = [disk_size(disk.size_bytes) for disk in sorted(disks, key=lambda disk: disk.size_bytes)]
    return "; ".join(
        f"{sizes.count(size)} × {size}" if sizes.count(size) > 1 else size for size in dict.fromkeys(sizes)
    )


def _system(server: Server, facts: ServerFacts) -> Comparison:
    found = " ".join(filter(None, (facts.os_name, facts.os_version)))
    return Comparison("Sistem operasi", server.operating_system, found, same_system(server.operating_system, found))


def _height(server: Server, facts: ServerFacts) -> Iterable[Comparison]:
    """Many machines do not say how high they are."""
    declared, found = server.height_units, facts.height_units
    if found:
        yield Comparison("Tinggi", f"{declared} U", f"{found} U", declared == found)
