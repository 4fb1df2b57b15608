"""Rehearse on real servers: bring labs up, look at them, take them away."""

import re
from collections.abc import Callable
from pathlib import Path

from sopctl.adapters import lab
from sopctl.adapters.lab import Hardware, LabStatus
from sopctl.errors import UsageError
from sopctl.model import names
from sopctl.model.ports.switch import SwitchRecord
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


def switch_record(name: str, called: str | None) -> SwitchRecord:
    """The lab's switch as a site describes one, under the name `called` (by default that of the server it runs on). The
    file of keys/ that opens it has that name, too. Raises UsageError when the lab has none."""
    status = lab.status(name)
    if status is None or status.switch is None:
        raise UsageError(
            "lab-no-switch", "the lab {name} has no switch", remedy=f"sopctl lab up --switch --name {name}", name=name
        )
    found = status.switch
    called = called or found.server.name
    if not re.fullmatch(names.FILE_NAME, called):
        raise UsageError(
            "no-name-switch",
            "{called!r} is no name for a switch",
            remedy=f"It must be {names.EXPLAINED[names.FILE_NAME]}",
            called=called,
        )
    return SwitchRecord(
        name=called,
        platform="openvswitch",
        address=found.server.address,
        port=found.server.port,
        account=found.server.user,
        key=called,
        ports=lab.SWITCH_PORTS,
        uplinks=(found.uplink,),
        service_vlan=found.service_vlan,
        quarantine_vlan=found.quarantine_vlan,
    )


def hardware(name: str) -> Hardware:
    """What the lab's machine is made of, or would be by default."""
    status = lab.status(name)
    return (status and status.hardware) or lab.EXAMPLE


def as_file(described: Hardware | SwitchRecord) -> str:
    """As a file: hardware for `up_machine`, a switch for a site's switches/."""
    return codec.dump(described).decode()


def down(name: str | None, progress: Callable[[str], None]) -> list[str]:
    """Take away the lab, or all (None); returns the names of those that were there."""
    gone = [each for each in lab.names() if name in (None, each)]
    lab.down(name, progress=progress)
    return gone
