"""`sopctl netbox`: the office's NetBox."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group("netbox", cls=PackageGroup, package=__name__, members=("sync",), epilog=example("sopctl netbox sync"))
def command() -> None:
    """The office's NetBox, brought in line with the deposits (docs/howto/netbox.md)."""
