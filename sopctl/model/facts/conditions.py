"""What is not as it should be on a server now, whether or not that is new.

A change is told once, in the month in which it happened. A condition is told every month until it ends: a failed disk
that was there at the first inventory, an array without one of its members, a supply without a cord.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from sopctl.model.facts import shown
from sopctl.model.facts.naming import volume_key
from sopctl.model.facts.parts import Disk, PowerSupply
from sopctl.model.facts.readers.pools import MULTIPATH
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.states import Severity, State, judged
from sopctl.model.facts.support import support

__all__ = ["Condition", "Severity", "conditions"]


class Condition(Struct, frozen=True):
    """One thing that is not as it should be: the part, what is wrong with it, and how bad that is. Both texts are those
    of the form, in Indonesian; the machine's own word for the state stands in them."""

    subject: str
    what: str
    severity: Severity

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


def conditions(facts: ServerFacts) -> tuple[Condition, ...]:
    """All of them, critical ones first, then in the order of the form."""
    found = (each for look in _LOOKS for each in look(facts))
    return tuple(sorted(found, key=lambda each: each.severity is not Severity.CRITICAL))


class _Limit(Struct, frozen=True):
    """From which `count` of parts.Wear a disk is a condition, and of which severity. Of `what`, {} is the count."""

    count: str
    warning: int
    critical: int
    what: str


_LIMITS = (
    _Limit("reallocated", 10, 100, "{} sektor rusak sudah diganti"),
    _Limit("pending", 1, 10, "{} sektor rusak belum diganti"),
    _Limit("uncorrectable", 1, 10, "{} galat tidak dapat dikoreksi"),
    _Limit("defects", 10, 100, "{} cacat baru sejak dibuat"),
    _Limit("used", 90, 100, "{}% dari ketahanan menurut pembuatnya sudah terpakai"),
)


def _disks(facts: ServerFacts) -> Iterator[Condition]:
    for disk in facts.disks:
        if severity := judged(disk.health).severity:
            yield Condition(_disk("Disk", disk), f"SMART menyatakan {disk.health}", severity)
        yield from _worn(_disk("Disk", disk), disk)


def _worn(subject: str, disk: Disk) -> Iterator[Condition]:
    for limit in _LIMITS:
        count = getattr(disk.wear, limit.count, None) or 0
        if count >= limit.warning:
            severity = Severity.CRITICAL if count >= limit.critical else Severity.WARNING
            yield Condition(subject, limit.what.format(count), severity)


def _memory(facts: ServerFacts) -> Iterator[Condition]:
    for each in facts.memory_errors:
        if each.uncorrected:
            what = f"{each.uncorrected} galat memori tidak terkoreksi sejak server dinyalakan"
            yield Condition(f"Memori {each.module}", what, Severity.CRITICAL)


def _drives(facts: ServerFacts) -> Iterator[Condition]:
    for disk in facts.drives:
        state = judged(disk.health)
        if state.severity:
            what = "sedang dikerjakan" if state is State.BUSY else "tidak sehat"
            yield Condition(_disk("Disk RAID", disk), f"{what} ({disk.health})", state.severity)
        yield from _worn(_disk("Disk RAID", disk), disk)


def _disk(kind: str, disk: Disk) -> str:
    return f"{kind} {disk.name}" + (f" ({disk.serial})" if disk.serial else "")


_ACTIVITIES = {"recovery": "sedang dipulihkan", "reshape": "sedang diubah bentuknya", "resync": "sedang diselaraskan"}
"""A check is routine."""


def _arrays(facts: ServerFacts) -> Iterator[Condition]:
    for volume in facts.raid:
        if volume.level == MULTIPATH:
            for path in volume.failed:
                yield Condition(f"Volume {volume_key(volume)}", f"jalur {path} putus", Severity.CRITICAL)
            continue
        subject = f"RAID {volume_key(volume)}"
        state = judged(volume.state)
        activity = _ACTIVITIES.get(volume.activity or "")
        if state.severity:
            what = "sedang dikerjakan" if state is State.BUSY else "tidak utuh"
            yield Condition(subject, f"{what} ({volume.state})" + (f", {activity}" if activity else ""), state.severity)
        elif activity:
            yield Condition(subject, activity, Severity.WARNING)
        for member in volume.failed:
            yield Condition(subject, f"anggota {member} gagal", Severity.CRITICAL)


def _controllers(facts: ServerFacts) -> Iterator[Condition]:
    for each in facts.controllers:
        subject = f"Pengendali RAID {each.name}" + (f" ({each.serial})" if each.serial else "")
        if severity := judged(each.state).severity:
            yield Condition(subject, f"tidak sehat ({each.state})", severity)
        if severity := judged(each.battery).severity:
            yield Condition(subject, f"baterai tidak sehat ({each.battery})", severity)


def _supplies(facts: ServerFacts) -> Iterator[Condition]:
    for supply in facts.power_supplies:
        severity = judged(supply.state).severity
        if supply.plugged is False:
            lost = supply.state if shown.lost_input(supply) else None  # the cord may be there
            what = f"tidak mendapat daya ({lost})" if lost else "kabel daya tidak terpasang"
            yield Condition(_supply(supply), what, Severity.CRITICAL)
        elif severity:
            yield Condition(_supply(supply), f"tidak sehat ({supply.state})", severity)
    for bay in facts.empty_bays:
        yield Condition(f"Catu daya {bay}", "tidak terpasang, daya tanpa cadangan", Severity.CRITICAL)
    if severity := judged(facts.power_redundancy).severity:
        yield Condition("Catu daya", f"BMC menyatakan redundansinya {facts.power_redundancy}", severity)


def _supply(supply: PowerSupply) -> str:
    return f"Catu daya {supply.name}" + (f" ({supply.serial})" if supply.serial else "")


def _machine(facts: ServerFacts) -> Iterator[Condition]:
    if severity := judged(facts.health).severity:
        yield Condition("Server", f"BMC menyatakan kesehatannya {facts.health}", severity)


def system_of(facts: ServerFacts) -> str | None:
    """The operating system as its makers call it: Proxmox is a Debian that has one more package."""
    proxmox = facts.packages.get("pve-manager")
    return f"Proxmox {proxmox}" if proxmox else shown.joined(facts.os_name, facts.os_version)


def _system(facts: ServerFacts) -> Iterator[Condition]:
    system = system_of(facts)
    found = support(system)
    if found and found.end.isoformat() < facts.gathered_at[:10]:
        yield Condition(f"Sistem operasi {system}", f"dukungan {found}", Severity.WARNING)


_LOOKS: tuple[Callable[[ServerFacts], Iterator[Condition]], ...] = (
    _memory,
    _disks,
    _drives,
    _arrays,
    _controllers,
    _supplies,
    _machine,
    _system,
)
"""Where conditions are looked for, in the order of the form."""
