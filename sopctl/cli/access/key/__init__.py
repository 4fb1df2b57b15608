"""`sopctl key`: the key of the office's account on the servers."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "key",
    cls=PackageGroup,
    package=__name__,
    members=("retire", "rotate", "status"),
    epilog=example("sopctl key status", "sopctl key rotate", "sopctl key retire"),
)
def command() -> None:
    """The key of the office's account on the servers: which server knows which key, and how to replace it."""
