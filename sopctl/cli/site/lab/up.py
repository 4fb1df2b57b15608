"""`sopctl lab up`: bring servers up."""

from pathlib import Path

import click

from sopctl.cli.options import DEBIAN, Renamed, example, json_option, lacks
from sopctl.cli.site.lab._render import progress, put_labs
from sopctl.errors import UsageError


@click.command(
    "up",
    epilog=example(
        "sopctl lab up",
        "sopctl lab up --servers 10 --debian trixie --name drill",
        "sopctl lab up --switch",
        "sopctl lab up --state ufw,journal-kept --state ssh-socket",
        "sopctl lab up --vm --name metal --hardware machine.yml",
    ),
)
@click.option("--servers", type=click.IntRange(1, 100), help="How many, at least.  [default: 3; with --vm 1]")
@click.option("--switch", "switched", is_flag=True, help="With a real switch, the servers plugged into its ports.")
@click.option("--vm", is_flag=True, help="One emulated machine, with firmware, memory modules and disks of its own.")
@click.option(
    "--hardware",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the machine is made of (sopctl lab hardware).",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE[,STATE]",
    help="What its owner has made of a server (sopctl lab states); again for the next server.",
)
@click.option(*DEBIAN, cls=Renamed, default="bookworm", show_default=True, help="bullseye, bookworm or trixie.")
@click.option("--name", default="lab", show_default=True, help="The lab's name; its servers are NAME1, NAME2, ...")
@json_option
def command(
    *,
    servers: int | None,
    switched: bool,
    vm: bool,
    hardware: Path | None,
    states: tuple[str, ...],
    release: str,
    name: str,
    as_json: bool,
) -> None:
    """Bring servers up. Those that run are left alone, a stopped one is booted again.

    The first time the image is built (half a minute to a minute; needs this machine's Debian mirror). With --vm and
    new hardware, a running machine is shut down, changed and booted again; its first disk is kept.

    With --switch, which can be added to a lab later, Open vSwitch runs on one more server, NAME0. Each server has a
    second card in one of its ports, p1 to p12, which begin in the quarantine VLAN 999. This machine is behind the
    uplink, with a card in the service network, VLAN 120.

    With --state, the first server is put into these states of an owner's, the second one into the next --state's.
    What they need is installed before the server boots (some seconds, once).
    """
    from sopctl.workflow.setup import lab as workflow

    if vm and switched:
        raise UsageError(
            "vm-without-switch",
            "an emulated machine has no card for the switch",
            remedy="Give the switch a lab of its own: --name",
        )
    if vm and states:
        raise UsageError(
            "vm-without-states",
            "an emulated machine cannot be put into an owner's state",
            remedy="Leave out --vm: booted servers can.",
        )
    if hardware and not vm:
        raise lacks("--hardware", "--vm")
    if not vm:
        count = servers or len(states) or 3
        status = workflow.up(name, count, release, progress, switched=switched, states=states)
    elif servers in (None, 1):
        status = workflow.up_machine(name, hardware, release, progress)
    else:
        raise UsageError(
            "one-vm-a-lab", "a lab has one emulated machine at most", remedy="Give each a lab of its own: --name"
        )
    put_labs([status], as_json=as_json)
