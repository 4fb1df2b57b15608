"""`sopctl inventory`: the month's facts, forms, differences and summary."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "inventory",
    cls=PackageGroup,
    package=__name__,
    members=("collect", "conditions", "diff", "form", "sheet", "show", "summary"),
    epilog=example("sopctl inventory collect PS-2026-0001", "sopctl inventory show PS-2026-0001"),
)
def command() -> None:
    """The monthly inventory (konfigurasi 6): gather servers' facts, fill in and show their forms."""
