"""What changed on a server between two gatherings, as sentences for the form.

Only what an owner would want to know: hardware, system, names and addresses. Uptime, free space and the order of
devices are noise; a field that could not be read one of the two times is no change.
"""

from collections.abc import Callable, Iterable

from sopctl.model.facts import ServerFacts

_FIELDS: tuple[tuple[str, Callable[[ServerFacts], object]], ...] = (
    ("Nama server", lambda facts: facts.hostname or None),
    ("Nomor seri", lambda facts: facts.serial),
    ("Tipe", lambda facts: facts.product),
    ("Prosesor", lambda facts: facts.cpu.model),
    ("Jumlah inti", lambda facts: facts.cpu.logical),
    ("Memori (MiB)", lambda facts: facts.memory_mib),
    ("Sistem operasi", lambda facts: " ".join(filter(None, (facts.os_name, facts.os_version))) or None),
    ("Kernel", lambda facts: facts.kernel),
    ("Versi BIOS", lambda facts: facts.bios_version),
)
_LISTS: tuple[tuple[str, Callable[[ServerFacts], Iterable[str]]], ...] = (
    ("Disk", lambda facts: (f"{disk.serial or disk.name} ({disk.size_bytes} B)" for disk in facts.disks)),
    ("Kartu jaringan", lambda facts: (nic.mac or nic.name for nic in facts.nics)),
    ("Alamat IPv4", lambda facts: (address for nic in facts.nics for address in nic.ipv4)),
)


def differences(before: ServerFacts, after: ServerFacts) -> tuple[str, ...]:
    """One sentence per difference, in the order of the form."""
    found = []
    for label, value in _FIELDS:
        old, new = value(before), value(after)
        if old is not None and new is not None and old != new:
            found.append(f"{label}: {old} menjadi {new}")
    for label, values in _LISTS:
        old_set, new_set = set(values(before)), set(values(after))
        found += [f"{label} tidak ada lagi: {gone}" for gone in sorted(old_set - new_set)]
        found += [f"{label} baru: {new}" for new in sorted(new_set - old_set)]
    return tuple(found)
