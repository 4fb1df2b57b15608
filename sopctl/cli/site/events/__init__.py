"""`sopctl events`: what happened, for other programs."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group("events", cls=PackageGroup, package=__name__, members=("send",), epilog=example("sopctl events send"))
def command() -> None:
    """What happened, for other programs of the office (webhooks; docs/howto/page-behind-nginx.md)."""
