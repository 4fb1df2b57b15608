"""The names by which a server's parts are compared: two parts of one name are the same, whatever else differs."""

from collections.abc import Sequence

from sopctl.model.facts.parts import Listener, MemoryModule, Module, Mount, Nic, PowerSupply, RaidVolume

_EPHEMERAL = range(32768, 61000)
"""Ports that Linux chooses itself (ip(7), ip_local_port_range): the number says nothing, the program does."""


def memory_modules(modules: Sequence[MemoryModule]) -> list[str]:
    """Without the slot: a module that moved to another one is still the same."""
    return [" ".join(filter(None, (f"{each.size_mib} MiB", each.kind, each.part, each.serial))) for each in modules]


def modules(modules: Sequence[Module]) -> list[str]:
    """By serial number, wherever it is plugged in; without one by its place."""
    return [" ".join(filter(None, (each.model, f"({each.serial})" if each.serial else each.name))) for each in modules]


def volumes(raid: Sequence[RaidVolume]) -> list[str]:
    return [" ".join(filter(None, (each.name, each.level, each.size))) for each in raid]


def power_supplies(supplies: Sequence[PowerSupply]) -> list[str]:
    return [each.serial or each.model or each.name for each in supplies]


def cards(nics: Sequence[Nic]) -> set[str]:
    return {nic.mac or nic.name for nic in nics}


def addresses(nics: Sequence[Nic]) -> list[str]:
    """Those that were set by hand: not link-local ones, not leased ones."""
    return [
        address
        for nic in nics
        for address in (*nic.ipv4, *nic.ipv6)
        if address not in nic.leased and not address.startswith(("fe80:", "169.254."))
    ]


def ports(listeners: Sequence[Listener]) -> set[str]:
    return {
        f"{each.protocol} {each.program}"
        if each.port in _EPHEMERAL and each.program
        else f"{each.protocol}/{each.port}"
        for each in listeners
    }


def paths(mounts: Sequence[Mount]) -> list[str]:
    return [mount.path for mount in mounts]
