"""Rehearse on real servers: bring labs up, look at them, take them away."""

from collections.abc import Callable

from sopctl.adapters import lab
from sopctl.adapters.lab import LabStatus


def up(name: str, servers: int, release: str, progress: Callable[[str], None]) -> LabStatus:
    """See `sopctl.adapters.lab.up`."""
    return lab.up(name, servers=servers, release=release, progress=progress)


def statuses(name: str | None) -> list[LabStatus]:
    """The lab of that name if there is one; without a name, all labs."""
    found = [lab.status(each) for each in (lab.names() if name is None else [name])]
    return [one for one in found if one is not None]


def down(name: str | None, progress: Callable[[str], None]) -> list[str]:
    """Take away the lab, or all (None); returns the names of those that were there."""
    gone = [each for each in lab.names() if name in (None, each)]
    lab.down(name, progress=progress)
    return gone
