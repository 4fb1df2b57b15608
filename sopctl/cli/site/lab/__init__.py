"""`sopctl lab`: throwaway real servers on this machine."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "lab",
    cls=PackageGroup,
    package=__name__,
    members=("down", "hardware", "plug", "rehearse", "states", "status", "switch", "up"),
    epilog=example("sopctl lab up --servers 3 && sopctl lab status && sopctl lab down"),
)
def command() -> None:
    """Throwaway real servers on this machine, to rehearse on.

    Debian servers with sshd, sudo and systemd, made in seconds and gone without a trace. Their network has no
    way out of this machine. Needs root; where mounts are not allowed (plain containers), each server is a root
    file system of its own with its own sshd, without services.
    """
