"""By what a server's parts are known again in another month, and what they are called in a sentence about a change."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from sopctl.model.facts.linux import cards
from sopctl.model.facts.matching import Traits
from sopctl.model.facts.parts import (
    Accelerator,
    Controller,
    Disk,
    FibrePort,
    Listener,
    MemoryModule,
    Module,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
)
from sopctl.model.quantity import decimal, disk_size
from sopctl.model.sanitise import size

_EPHEMERAL = range(32768, 61000)
"""Ports that Linux chooses itself (ip(7), ip_local_port_range): the number says nothing, the program does."""
_RESERVED = range(512, 1024)


# Parts


def disk(part: Disk) -> Traits:
    """Never by the kernel's name: any boot may change it."""
    return Traits(marks=(part.serial, part.wwn), size=part.size_bytes, model=part.model)


def drive(part: Disk) -> Traits:
    """A drive behind a controller has a place there."""
    return Traits(marks=(part.serial, part.wwn), places=(part.name,), size=part.size_bytes or None, model=part.model)


def disk_name(part: Disk) -> str:
    capacity = disk_capacity(part) if part.size_bytes else ""
    return " ".join(filter(None, (capacity, part.model, f"({part.serial})" if part.serial else "")))


def disk_key(part: Disk) -> str:
    return part.serial or part.name


def disk_capacity(part: Disk) -> str:
    """In powers of ten, as manufacturers count. Finer than `quantity.disk_size`, as the size may be all that tells two
    disks apart."""
    size = part.size_bytes
    if size >= 1e12:
        return f"{decimal(size / 1e12, 2)} TB"
    return f"{decimal(size / 1e9)} GB" if size >= 1e9 else f"{decimal(size / 1e6)} MB"


def memory_module(part: MemoryModule) -> Traits:
    return Traits(marks=(part.serial,), places=(part.slot,), size=part.size_mib, model=part.part)


def memory_module_name(part: MemoryModule) -> str:
    """Without the slot: a module that moved to another one is still the same."""
    return " ".join(filter(None, (f"{part.size_mib} MiB", part.kind, part.part, part.serial)))


def module(part: Module) -> Traits:
    return Traits(marks=(part.serial,), places=(part.name,), model=part.model)


def module_name(part: Module) -> str:
    return " ".join(filter(None, (part.model, f"({part.serial})" if part.serial else part.name)))


def volume(part: RaidVolume) -> Traits:
    """The kernel may call an array md127 that was md0: then its level and size are what remains."""
    exact = (part.controller, part.name) if part.controller else ()
    return Traits(places=(exact, part.name), size=size(part.size), kind=part.level)


def volume_name(part: RaidVolume) -> str:
    """With its size as its disks are labelled: tools count in powers of two, and papers write no point."""
    room = size(part.size)
    return " ".join(filter(None, (volume_key(part), part.level, disk_size(room) if room else part.size)))


def volume_key(part: RaidVolume) -> str:
    """Most servers have one controller, number 0."""
    return part.name if part.controller in (None, "0") else f"{part.name} (pengendali {part.controller})"


def power_supply(part: PowerSupply) -> Traits:
    return Traits(marks=(part.serial,), places=(part.name,), size=part.watts, model=part.model)


def power_supply_name(part: PowerSupply) -> str:
    return part.serial or part.model or part.name


def power_supply_key(part: PowerSupply) -> str:
    return part.name


def fibre_port(part: FibrePort) -> Traits:
    return Traits(marks=(part.wwn,), model=part.model)


def fibre_port_name(part: FibrePort) -> str:
    return part.wwn


def accelerator(part: Accelerator) -> Traits:
    """lspci's names depend on its list: the numbers of maker and device tell two cards apart."""
    return Traits(marks=(part.serial,), places=(part.name,), model=part.device)


def accelerator_name(part: Accelerator) -> str:
    return " ".join(filter(None, (part.model, f"({part.serial or part.name})")))


def controller(part: Controller) -> Traits:
    return Traits(marks=(part.serial,), places=(part.name,), model=part.model)


def controller_name(part: Controller) -> str:
    return " ".join(filter(None, (part.model, f"({part.serial})" if part.serial else part.name)))


def controller_key(part: Controller) -> str:
    return part.name


# What has a name of its own


def cards_changed(before: Sequence[Nic], after: Sequence[Nic]) -> tuple[Iterable[str], Iterable[str]]:
    """The hardware addresses that are gone, and those that are new.

    A card below a bond shows the bond's address, unless something reads its own: that it now can be read, or no longer
    can, is no change.
    """
    old, new = ({_card(nic) for nic in nics} for nics in (before, after))
    return (
        {_card(nic) for nic in before if _card(nic) not in new and not _hidden(nic, after)},
        {_card(nic) for nic in after if _card(nic) not in old and not _hidden(nic, before)},
    )


def _card(nic: Nic) -> str:
    return cards.identity(nic.name, nic.mac)


def _hidden(nic: Nic, others: Sequence[Nic]) -> bool:
    """Whether the interface of this name shows the address of another one there, or either time none."""
    shown = [each.mac for each in others]
    return any(each.name == nic.name and (not each.mac or not nic.mac or shown.count(each.mac) > 1) for each in others)


def addresses_changed(before: Sequence[Nic], after: Sequence[Nic]) -> tuple[Iterable[str], Iterable[str]]:
    """The addresses that were set by hand: not link-local ones, nor any that was leased in either month (`setup` does
    not say which are)."""
    leased = {address for nic in (*before, *after) for address in nic.leased}
    old, new = (
        Counter(
            address
            for nic in nics
            for address in (*nic.ipv4, *nic.ipv6)
            if address not in leased and not address.startswith(("fe80:", "169.254."))
        )
        for nics in (before, after)
    )
    return (old - new).elements(), (new - old).elements()


def ports_changed(before: Sequence[Listener], after: Sequence[Listener]) -> tuple[Iterable[str], Iterable[str]]:
    """The ports that were closed, and those that were opened.

    A port that Linux chose counts by its program. Without one it is a socket of the kernel's, or nobody could read
    whose it is; if that is so of all ports of a month, none of this kind is compared.
    """
    known = all(any(each.program for each in listeners) or not listeners for listeners in (before, after))
    old, new = ({_port(each) for each in listeners if _compared(each, known)} for listeners in (before, after))
    return old - new, new - old


def _compared(each: Listener, known: bool) -> bool:
    return not _chosen(each) or (known and each.program is not None)


def _port(each: Listener) -> str:
    return f"{each.protocol} {each.program}" if _chosen(each) else f"{each.protocol}/{each.port}"


def _chosen(each: Listener) -> bool:
    """Whether the port is another one after each start. The programs of NFS take any that is reserved (rpc(3))."""
    return each.port in _EPHEMERAL or (each.port in _RESERVED and (each.program or "").startswith("rpc"))


def paths(mounts: Sequence[Mount]) -> list[str]:
    return [mount.path for mount in mounts]


def plain(*said: str | None) -> str:
    """By what a value is compared that tools and their versions spell in several ways: its letters and digits."""
    return " ".join("".join(each for each in text.casefold() if each.isalnum()) for text in said if text)


def version(said: str) -> str:
    """A firmware's version without its maker before it, whose name depends on the tool's list."""
    return said.rpartition(" ")[2].casefold()


def uuid(said: str) -> str:
    """Some kernels and tools write the first three parts of a machine's UUID with their octets in the other order."""
    digits = said.replace("-", "").casefold()
    turned = "".join(digits[at : at + 2] for at in (6, 4, 2, 0, 10, 8, 14, 12)) + digits[16:]
    return min(digits, turned)


_LABEL = re.compile(
    r"\s{0,9}(?:s/?n|serial(?: (?:number|no))?|no(?:mor)?\.? ?seri)\b\s{0,4}[.:#=]{0,2}\s{0,4}", re.IGNORECASE
)
"""What people write before a serial number."""


def same_serial(said: str, *shown: str | None) -> bool:
    """Whether the serial number that people wrote down is one of those that a machine shows: case and marks do not
    count, nor "S/N:" before it."""
    wanted = {plain(said), plain(_LABEL.sub("", said[:120], count=1))}
    return any(plain(each) in wanted for each in shown if each)
