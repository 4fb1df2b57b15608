"""`sopctl account`: who may use the page."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "account",
    cls=PackageGroup,
    package=__name__,
    members=("forget-code", "invite", "list", "refusals", "revoke", "token"),
    epilog=example("sopctl account invite kadis", "sopctl account list"),
)
def command() -> None:
    """Accounts of the page (`sopctl serve`).

    An account is a person's or a unit's of sopctl.yml, with the rights that this file gives them each time; or an
    auditor's, who only reads.
    """
