"""What changed on a server between two gatherings, as sentences for the form.

How a field is compared is declared with it (server.py). Noise is not a change: uptime, free space, the order and names
of devices, leased addresses, pending updates, a kernel that counts a few MiB less. Nor is a field that could not be
read this time: it is listed apart, as unread.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import structs

from sopctl.model.facts.comparison import Change as Change  # noqa: PLC0414 (the comparisons' own; read from here)
from sopctl.model.facts.comparison import Weight as Weight  # noqa: PLC0414
from sopctl.model.facts.declaration import declarations
from sopctl.model.facts.linux.cards import is_guest
from sopctl.model.facts.linux.devices import is_disk, is_mount
from sopctl.model.facts.linux.processors import model_of
from sopctl.model.facts.matching import identity
from sopctl.model.facts.naming import same_serial
from sopctl.model.facts.server import ServerFacts
from sopctl.model.placeholders import stands_for_nothing, without


def differences(before: ServerFacts, after: ServerFacts) -> tuple[Change, ...]:
    """Every difference: what raises an alarm, then the others in the order of the fields, then what was not read."""
    before, after = as_read_now(before), as_read_now(after)
    found = []
    if _another_server(before, after):
        found.append(
            Change(Weight.ALARM, "Server lain menjawab di alamat yang sama", _identity(before), _identity(after))
        )
    for each in declarations(type(after)):
        if before.via == after.via or each.field in _BY_EITHER_WAY:
            found += each.changes(before, after)
    return tuple(sorted(found, key=lambda change: list(Weight).index(change.weight)))


_BY_EITHER_WAY = frozenset({"serial", "memory_mib", "memory_modules"})
"""What a server and its BMC call by the same names; all else would only show that another one was asked."""


def real(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Without what merely could not be read this time."""
    return tuple(change for change in changes if change.weight is not Weight.UNREAD)


def against_handover(serial: str | None, facts: ServerFacts) -> tuple[Change, ...]:
    """An alarm if the server has another serial number than was handed over; case and marks do not count, and the label
    that people read may be the chassis' or the mainboard's."""
    if not serial or not facts.serial or stands_for_nothing(serial) or stands_for_nothing(facts.serial):
        return ()
    if same_serial(serial, facts.serial, facts.chassis_serial, facts.board_serial):
        return ()
    return (Change(Weight.ALARM, "Nomor seri tidak sama dengan serah terima", serial, facts.serial),)


def as_read_now(facts: ServerFacts) -> ServerFacts:
    """Facts that an earlier version kept, without what this one would not have taken for a fact: placeholders, devices
    that are no disks, interfaces and mounts of containers."""
    clean = without(facts)
    return structs.replace(
        clean,
        cpu=structs.replace(clean.cpu, model=model_of((clean.cpu.model,))),
        disks=tuple(disk for disk in clean.disks if is_disk(disk.name)),
        nics=tuple(nic for nic in clean.nics if nic.mac or not is_guest(nic.name)),
        mounts=tuple(mount for mount in clean.mounts if is_mount(mount.path, mount.device, mount.fstype)),
    )


def _another_server(before: ServerFacts, after: ServerFacts) -> bool:
    """Of the values that stay with a machine, at least two kinds were read both times, and none is the same. A BMC
    knows other cards and drives than its server: there the serial number alone counts, which is compared anyway."""
    if before.via != after.via:
        return False
    marks: tuple[Callable[[ServerFacts], Sequence[str | None]], ...] = (
        lambda f: (f.serial, f.board_serial),
        lambda f: [identity(nic.mac) for nic in f.nics],
        lambda f: [identity(each) for disk in f.disks for each in (disk.serial, disk.wwn)],
    )
    read = [(set(filter(None, mark(before))), set(filter(None, mark(after)))) for mark in marks]
    both = [(old, new) for old, new in read if old and new]
    return len(both) > 1 and not any(old & new for old, new in both)


def _identity(facts: ServerFacts) -> str:
    return facts.serial or next((nic.mac for nic in facts.nics if nic.mac), None) or facts.hostname
