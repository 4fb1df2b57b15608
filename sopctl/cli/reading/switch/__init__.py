"""`sopctl switch`: the ports of the racks' switches, planned, applied, released and audited."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "switch",
    cls=PackageGroup,
    package=__name__,
    members=("apply", "audit", "host-key", "list", "plan", "release"),
    epilog=example("sopctl switch plan PS-2026-0001", "sopctl switch apply PS-2026-0001", "sopctl switch audit"),
)
def command() -> None:
    """The switch ports of deposited servers. Each switch is a file, switches/NAME.yml; its host key is pinned first."""
