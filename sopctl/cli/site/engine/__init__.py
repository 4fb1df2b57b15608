"""`sopctl engine`: workers in networks that the controller does not reach."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "engine",
    cls=PackageGroup,
    package=__name__,
    members=("setup", "status", "worker"),
    epilog=example("sopctl engine setup", "sopctl engine status"),
)
def command() -> None:
    """Workers in networks that the controller does not reach itself.

    Without an engine, all servers are checked from here; none of this is needed then.
    """
