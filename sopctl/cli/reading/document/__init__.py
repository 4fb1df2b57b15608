"""`sopctl document`: list and make documents, and check that they are what was issued."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "document",
    cls=PackageGroup,
    package=__name__,
    members=("list", "make", "verify", "file-signed", "sign"),
    epilog=example("sopctl document list PS-2026-0001"),
)
def command() -> None:
    """The documents of a deposit."""
