"""What the commands share: options, the desk, and saying what a step did."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from sopctl.errors import ExitCode

if TYPE_CHECKING:
    from sopctl.store.site import Site
    from sopctl.workflow.desk import Desk

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
by_option = click.option("--by", metavar="PERSON", help="Who decided it: a person of sopctl.yml with the step's role.")
id_argument = click.argument("deposit_id", metavar="ID")


def example(*lines: str) -> str:
    """The epilog of a command's help: example command lines."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def open_site(ctx: click.Context) -> "Site":
    """The site that the command line, the environment or the current folder names."""
    from sopctl.store.site import Site

    return Site.find(ctx.find_root().obj)


def open_desk(ctx: click.Context) -> "Desk":
    """The desk of the person who types, with the office's clock."""
    import getpass
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from sopctl.workflow.desk import Desk

    site = open_site(ctx)
    zone = ZoneInfo(site.settings.time_zone)
    return Desk(site, getpass.getuser(), lambda: datetime.now(zone))


def end(answer: bool) -> NoReturn:
    """End a command whose work is done: 0 for yes, 1 for no."""
    sys.exit(ExitCode.OK if answer else ExitCode.NO)
