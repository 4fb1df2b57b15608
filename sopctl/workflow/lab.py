"""Rehearse on real servers: bring labs up, look at them, take them away."""

from collections.abc import Callable
from pathlib import Path

from sopctl.adapters import lab
from sopctl.adapters.lab import Hardware, LabStatus
from sopctl.store import codec


def up(name: str, servers: int, release: str, progress: Callable[[str], None], *, switched: bool) -> LabStatus:
    """See `sopctl.adapters.lab.up`."""
    return lab.up(name, servers=servers, release=release, switched=switched, progress=progress)


def plug(name: str, server: str, port: int) -> LabStatus:
    """See `sopctl.adapters.lab.plug`."""
    return lab.plug(name, server, port)


def up_machine(name: str, hardware: Path | None, release: str, progress: Callable[[str], None]) -> LabStatus:
    """See `sopctl.adapters.lab.up_machine`. Raises InvalidRecord for a file that describes no machine."""
    made_of = codec.load(hardware, Hardware) if hardware else None
    return lab.up_machine(name, made_of, release=release, progress=progress)


def statuses(name: str | None) -> list[LabStatus]:
    """The lab of that name if there is one; without a name, all labs."""
    found = [lab.status(each) for each in (lab.names() if name is None else [name])]
    return [one for one in found if one is not None]


def hardware(name: str) -> Hardware:
    """What the lab's machine is made of, or would be by default."""
    status = lab.status(name)
    return (status and status.hardware) or lab.EXAMPLE


def as_file(hardware: Hardware) -> str:
    """As a file for `up_machine`."""
    return codec.dump(hardware).decode()


def down(name: str | None, progress: Callable[[str], None]) -> list[str]:
    """Take away the lab, or all (None); returns the names of those that were there."""
    gone = [each for each in lab.names() if name in (None, each)]
    lab.down(name, progress=progress)
    return gone
