"""The labs: bring them up, look at them, take them down."""

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from sopctl.adapters import lab
from sopctl.adapters.lab import Hardware, LabStatus, OwnerState
from sopctl.errors import Action, UsageError
from sopctl.locale import Text, either
from sopctl.model import names
from sopctl.model.ports.switch import SwitchRecord
from sopctl.store import codec
from sopctl.store.durable import listed


def up(
    name: str,
    servers: int,
    release: str,
    progress: Callable[[str], None],
    *,
    switched: bool = False,
    states: Sequence[str] = (),
) -> LabStatus:
    """See `sopctl.adapters.lab.up`. `states` has the names of the states of each server, separated by commas."""
    into = [states_named(each) for each in states]
    return lab.up(name, servers=servers, release=release, switched=switched, states=into, progress=progress)


def all_states() -> list[OwnerState]:
    """Every state that a lab server can be put into, by name. Raises InvalidRecord for a file that describes none."""
    return [_state(path) for path in listed(lab.STATES, "*.yml")]


def states_named(names: str) -> list[OwnerState]:
    """The states of one server, by their names, separated by commas. Raises UsageError for a name that is none."""
    return [_state(_state_file(name.strip())) for name in names.split(",")]


def _state_file(name: str) -> Path:
    known = [path.stem for path in listed(lab.STATES, "*.yml")]
    if name not in known:
        near = difflib.get_close_matches(name, known)
        raise UsageError(
            "lab-state-unknown",
            "the lab has no state {name!r}",
            remedy=[*([Text("Is it {names}?", names=either(near))] if near else []), Action("lab states")],
            name=name,
        )
    return lab.STATES / f"{name}.yml"


def _state(path: Path) -> OwnerState:
    return replace(codec.load(path, OwnerState), name=path.stem)


def plug(name: str, server: str, port: int) -> LabStatus:
    """See `sopctl.adapters.lab.plug`."""
    return lab.plug(name, server, port)


def up_machine(name: str, hardware: Path | None, release: str, progress: Callable[[str], None]) -> LabStatus:
    """See `sopctl.adapters.lab.up_machine`. Raises InvalidRecord for a file that describes no machine."""
    made_of = codec.load(hardware, Hardware) if hardware else None
    return lab.up_machine(name, made_of, release=release, progress=progress)


def statuses(name: str | None) -> list[LabStatus]:
    """The lab of that name, if there is one; all labs without a name."""
    found = [lab.status(each) for each in (lab.names() if name is None else [name])]
    return [one for one in found if one is not None]


def switch_record(name: str, called: str | None) -> SwitchRecord:
    """The lab's switch as a site's record, under the name `called` (by default that of the server it runs on). Its key
    in keys/ has the same name. Raises UsageError when the lab has no switch, or the name is not one."""
    status = lab.status(name)
    if status is None or status.switch is None:
        raise UsageError(
            "lab-without-switch",
            "the lab {lab} has no switch",
            remedy=Action("lab up", given={"switch": "", "name": name}),
            lab=name,
        )
    found = status.switch
    called = called or found.server.name
    if not re.fullmatch(names.FILE_NAME, called):
        raise UsageError(
            "not-a-switch-name",
            "{name!r} is not a name for a switch",
            remedy=Text("It must be {what}", what=names.EXPLAINED[names.FILE_NAME]),
            name=called,
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
    """As YAML: hardware for `up_machine`, a switch for a site's switches/."""
    return codec.dump(described).decode()


def down(name: str | None, progress: Callable[[str], None]) -> list[str]:
    """Take down the lab, or all labs (None). Returns the names of those that were up."""
    gone = [each for each in lab.names() if name in (None, each)]
    lab.down(name, progress=progress)
    return gone
