"""`sopctl account token`: programs that ask in the name of an account."""

import click

from sopctl.cli.options import example
from sopctl.cli.tree import PackageGroup


@click.group(
    "token",
    cls=PackageGroup,
    package=__name__,
    members=("create", "list", "revoke"),
    epilog=example("sopctl account token create staf --label pemantauan", "sopctl account token list"),
)
def command() -> None:
    """Tokens, by which programs ask the page in the name of an account, with its rights."""
