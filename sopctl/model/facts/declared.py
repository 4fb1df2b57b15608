"""What the letter and the inspection said of a server, compared with what the machine says."""

import re

from msgspec import Struct

from sopctl.model.deposit import Server
from sopctl.model.facts.server import ServerFacts
from sopctl.model.quantity import memory_size

_KEPT_BY_FIRMWARE = 0.1
"""The largest share of the memory that kernel and firmware keep for themselves. Modules count in full."""


class Comparison(Struct, frozen=True):
    """One declared value. If the machine does not say, `found` is empty and `agrees` is None."""

    subject: str
    declared: str
    found: str
    agrees: bool | None


def compare(server: Server, serial: str, facts: ServerFacts) -> tuple[Comparison, ...]:
    """What was declared of `server`, line by line. `serial` is the inspection's, or else the letter's."""
    cpu, system = facts.cpu, " ".join(filter(None, (facts.os_name, facts.os_version)))
    cores = (cpu.sockets or 1) * cpu.cores if cpu.cores else cpu.logical
    modules = sum(module.size_mib for module in facts.memory_modules)
    memory = modules or facts.memory_mib
    least = (server.memory_gib or 0) * 1024 * (1.0 if modules else 1 - _KEPT_BY_FIRMWARE)
    same_memory = memory is not None and least <= memory <= (server.memory_gib or 0) * 1024
    lines = (
        ("Nomor seri", serial, facts.serial or "", _letters(serial) == _letters(facts.serial or "")),
        ("Prosesor", server.processor, cpu.model or "", _words(server.processor) <= _words(cpu.model or "")),
        (
            "Inti prosesor",
            str(server.cores or ""),
            str(cores or ""),
            server.cores in (cores, cpu.logical),
        ),
        (
            "Memori",
            f"{server.memory_gib} GiB" if server.memory_gib else "",
            memory_size(memory * 1024**2) if memory else "",
            same_memory,
        ),
        (
            "Jumlah disk",
            str(len(server.disks) or ""),
            str(len(facts.disks) or ""),
            len(server.disks) == len(facts.disks),
        ),
        ("Sistem operasi", server.operating_system, system, _words(server.operating_system) <= _words(system)),
    )
    return tuple(
        Comparison(subject, said, found, agrees if found else None) for subject, said, found, agrees in lines if said
    )


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()


def _words(text: str) -> set[str]:
    """The words and numbers of a name: `12.5` counts as `12` too, marks such as (R) do not count."""
    plain = re.sub(r"\((?:r|tm|c)\)", " ", text.casefold())
    found = set(re.findall(r"[a-z0-9.-]+", plain))
    return found | {word.partition(".")[0] for word in found}
