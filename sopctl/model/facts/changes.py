"""What changed on a server between two gatherings, as sentences for the form.

Only what an owner would want to know. Noise is no change: uptime, free space, the order and names of devices, leased
addresses, pending updates, a kernel that counts a few MiB less. A field that was read the one time and not the other
is none either: it is listed apart, as unread.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from enum import StrEnum

from msgspec import Struct

from sopctl.model.facts.server import Disk, Listener, Module, ServerFacts
from sopctl.model.quantity import decimal


class Weight(StrEnum):
    """What a change asks for: to be looked into, to be known, or nothing (it could only not be read)."""

    ALARM = "alarm"
    CHANGE = "change"
    UNREAD = "unread"


class Change(Struct, frozen=True):
    """One difference. `before` is None for what is new, `after` for what is gone; both for what became other."""

    weight: Weight
    subject: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        """The sentence on the form, in Indonesian."""
        if self.weight is Weight.UNREAD:
            return f"{self.subject}: tidak terbaca kali ini (sebelumnya {self.before})"
        if self.before is None:
            return f"{self.subject} baru: {self.after}"
        if self.after is None:
            return f"{self.subject} tidak ada lagi: {self.before}"
        return f"{self.subject}: {self.before} menjadi {self.after}"


Items = Callable[[ServerFacts], Iterable[str]]

_EPHEMERAL = range(32768, 61000)
"""Linux's own choice of ports (ip(7), ip_local_port_range): the number says nothing, the program does."""

_MEMORY_TOLERANCE = 0.02
"""Part of the memory that a new kernel may keep for itself."""

_YES_NO = {None: None, True: "ya", False: "tidak"}

_VALUES: tuple[tuple[str, str, Callable[[ServerFacts], object], Weight], ...] = (
    ("hostname", "Nama server", lambda f: f.hostname, Weight.CHANGE),
    ("serial", "Nomor seri", lambda f: f.serial, Weight.ALARM),
    ("product", "Tipe", lambda f: f.product, Weight.CHANGE),
    ("cpu", "Prosesor", lambda f: f.cpu.model, Weight.CHANGE),
    ("cpu", "Jumlah prosesor logis", lambda f: f.cpu.logical, Weight.CHANGE),
    ("os_name", "Sistem operasi", lambda f: " ".join(filter(None, (f.os_name, f.os_version))), Weight.CHANGE),
    ("kernel", "Kernel", lambda f: f.kernel, Weight.CHANGE),
    ("bios_version", "Versi BIOS", lambda f: f.bios_version, Weight.CHANGE),
    ("virtualization", "Virtualisasi", lambda f: f.virtualization, Weight.CHANGE),
    ("bmc_address", "Alamat BMC", lambda f: f.bmc_address, Weight.CHANGE),
    ("time_synchronised", "Sinkronisasi waktu", lambda f: _YES_NO[f.time_synchronised], Weight.CHANGE),
)


def _addresses(facts: ServerFacts) -> list[str]:
    """What was set by hand: no link-local address, none that was lent."""
    return [
        address
        for nic in facts.nics
        for address in (*nic.ipv4, *nic.ipv6)
        if address not in nic.leased and not address.startswith(("fe80:", "169.254."))
    ]


def _port(listener: Listener) -> str:
    if listener.port in _EPHEMERAL and listener.program:
        return f"{listener.protocol} {listener.program}"
    return f"{listener.protocol}/{listener.port}"


def _part(module: Module) -> str:
    """By serial number, wherever it is plugged in; by its place where it shows none."""
    mark = f"({module.serial})" if module.serial else module.name
    return " ".join(filter(None, (module.model, mark)))


_LISTS: tuple[tuple[str, str, Items], ...] = (
    ("nics", "Kartu jaringan", lambda f: {nic.mac or nic.name for nic in f.nics}),
    ("nics", "Alamat IP", _addresses),
    ("modules", "Bagian perangkat", lambda f: map(_part, f.modules)),
    ("power_supplies", "Catu daya", lambda f: [each.serial or each.model or each.name for each in f.power_supplies]),
    ("raid", "Volume RAID", lambda f: [" ".join(filter(None, (each.name, each.level, each.size))) for each in f.raid]),
    ("mounts", "Titik kait", lambda f: [mount.path for mount in f.mounts]),
    ("listeners", "Port terbuka", lambda f: {_port(each) for each in f.listeners}),
    ("packages", "Paket", lambda f: f.packages.keys()),
)


def differences(before: ServerFacts, after: ServerFacts) -> tuple[Change, ...]:
    """Every difference: what raises an alarm, then the others in the order of the form, then what was not read."""
    if _another_server(before, after):
        found = [Change(Weight.ALARM, "Server lain menjawab di alamat yang sama", _identity(before), _identity(after))]
    else:
        found = []
    found += [*_values(before, after), *_memory(before, after), *_disks(before, after)]
    found += [*_drives(before, after), *_states(before, after)]
    found += [*_lists(before, after), *_upgrades(before, after)]
    return tuple(sorted(found, key=lambda change: list(Weight).index(change.weight)))


def real(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes among them: what could only not be read this time is none."""
    return tuple(change for change in changes if change.weight is not Weight.UNREAD)


def against_handover(serial: str | None, facts: ServerFacts) -> tuple[Change, ...]:
    """Whether the serial number that was handed over is the one that the server has; letters' case does not count."""
    if not serial or not facts.serial or _same(serial, facts.serial):
        return ()
    return (Change(Weight.ALARM, "Nomor seri tidak sama dengan serah terima", serial, facts.serial),)


def _same(first: str, second: str) -> bool:
    return "".join(first.split()).casefold() == "".join(second.split()).casefold()


def _values(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    for field, subject, value, weight in _VALUES:
        old, new = value(before), value(after)
        if old and new and old != new:
            yield Change(weight, subject, str(old), str(new))
        elif old and not new and field in after.missing:
            yield Change(Weight.UNREAD, subject, str(old))


def _memory(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    """The modules where both times show them, else the sum; a module that moved to another slot is the same one."""
    if before.memory_modules and after.memory_modules:
        yield from _gone_and_new("Modul memori", _modules(before), _modules(after))
        return
    if before.memory_modules and "memory_modules" in after.missing:
        yield Change(Weight.UNREAD, "Modul memori", f"{len(before.memory_modules)} modul")
    old, new = before.memory_mib, after.memory_mib
    if old and new and abs(new - old) > _MEMORY_TOLERANCE * old:
        yield Change(Weight.CHANGE, "Memori (MiB)", str(old), str(new))


def _modules(facts: ServerFacts) -> list[str]:
    return [
        " ".join(filter(None, (f"{each.size_mib} MiB", each.kind, each.part, each.serial)))
        for each in facts.memory_modules
    ]


def _disks(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    """By serial number where all disks show one both times, else by size; never by name: any boot may change it."""
    if before.disks and not after.disks and "disks" in after.missing:
        yield Change(Weight.UNREAD, "Disk", f"{len(before.disks)} disk")
        return
    yield from _parts("Disk", before.disks, after.disks)


def _drives(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    """Those behind a RAID controller. A controller that has volumes has drives: where it shows none, they were not
    read."""
    if before.drives and not after.drives and ("drives" in after.missing or after.raid):
        yield Change(Weight.UNREAD, "Disk RAID", f"{len(before.drives)} disk")
    elif before.drives or not before.raid:
        yield from _parts("Disk RAID", before.drives, after.drives)


def _parts(subject: str, before: Sequence[Disk], after: Sequence[Disk]) -> Iterator[Change]:
    serials = all(disk.serial for disk in (*before, *after))
    if not serials and all(disk.serial for disk in before):
        said = ", ".join(str(disk.serial) for disk in before)
        if said:
            yield Change(Weight.UNREAD, f"Nomor seri {subject[:1].lower()}{subject[1:]}", said)

    def named(disk: Disk) -> str:
        parts = (disk.model, f"({disk.serial})") if serials else ()
        return " ".join(filter(None, (_size(disk.size_bytes), *parts)))

    yield from _gone_and_new(subject, [named(disk) for disk in before], [named(disk) for disk in after])


def _size(size: int) -> str:
    """As makers count: powers of ten. Finer than `disk_size`, as the size may be all that tells two disks apart."""
    return f"{decimal(size / 1e12, 2)} TB" if size >= 1e12 else f"{decimal(size / 1e9)} GB"


def _states(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    """The health of disks (by serial number), and of RAID volumes and power supplies (by name): each change to another
    word is an alarm."""
    health = {disk.serial: disk.health for disk in (*before.disks, *before.drives) if disk.serial}
    for disk in (*after.disks, *after.drives):
        was = health.get(disk.serial) if disk.serial else None
        if disk.health and was and disk.health != was:
            yield Change(Weight.ALARM, f"Kesehatan disk {disk.serial}", was, disk.health)
    states = {volume.name: volume.state for volume in before.raid}
    for volume in after.raid:
        was = states.get(volume.name)
        if volume.state and was and volume.state != was:
            yield Change(Weight.ALARM, f"Keadaan RAID {volume.name}", was, volume.state)
    supplies = {supply.name: supply.state for supply in before.power_supplies}
    for supply in after.power_supplies:
        was = supplies.get(supply.name)
        if supply.state and was and supply.state != was:
            yield Change(Weight.ALARM, f"Keadaan catu daya {supply.name}", was, supply.state)


def _lists(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    for field, subject, items in _LISTS:
        if field in before.missing:
            continue
        old, new = items(before), items(after)
        if field in after.missing:
            if old:
                yield Change(Weight.UNREAD, subject, f"{len(list(old))} terbaca")
            continue
        yield from _gone_and_new(subject, old, new)


def _gone_and_new(subject: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    """What is gone, then what is new; equal things count by number."""
    gone: Iterable[str]
    come: Iterable[str]
    if isinstance(old, Set) and isinstance(new, Set):
        gone, come = old - new, new - old
    else:
        before, after = Counter(old), Counter(new)
        gone, come = (before - after).elements(), (after - before).elements()
    for each in sorted(gone):
        yield Change(Weight.CHANGE, subject, before=each)
    for each in sorted(come):
        yield Change(Weight.CHANGE, subject, after=each)


def _upgrades(before: ServerFacts, after: ServerFacts) -> Iterator[Change]:
    """Packages with another version, as a number: the list would fill the form."""
    both = before.packages.keys() & after.packages.keys()
    count = sum(before.packages[name] != after.packages[name] for name in both)
    if count:
        yield Change(Weight.CHANGE, f"Versi {count} paket", "lama", "baru")


def _another_server(before: ServerFacts, after: ServerFacts) -> bool:
    """Nothing that stays with a machine is the same, and something of it was read both times."""
    marks: tuple[Callable[[ServerFacts], Sequence[str | None]], ...] = (
        lambda f: (f.serial,),
        lambda f: [nic.mac for nic in f.nics],
        lambda f: [disk.serial for disk in f.disks],
    )
    read = [(set(filter(None, mark(before))), set(filter(None, mark(after)))) for mark in marks]
    both = [(old, new) for old, new in read if old and new]
    return len(both) > 1 and not any(old & new for old, new in both)


def _identity(facts: ServerFacts) -> str:
    return facts.serial or next((nic.mac for nic in facts.nics if nic.mac), None) or facts.hostname
