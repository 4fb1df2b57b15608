"""What the commands of `sopctl key` print in the same way."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.render import console, table
from sopctl.model.text import counted, printable

if TYPE_CHECKING:
    from sopctl.workflow.setup.rotation import Status

_WORDS = {
    "current": "the current key",
    "both": "the current key, and the one before it",
    "before": "the key before it",
    "none": "none that is in keys/",
}


def put_key(found: "Status") -> None:
    """The office's keys, and the servers that do not have the current one alone."""
    click.echo(f"current key: {found.key}  {found.fingerprint or 'its public half is missing'}")
    if found.before:
        click.echo(f"the one before it: {found.before}  {found.before_fingerprint or 'its public half is missing'}")
    made = table("deposit", "server", "is opened by")
    for each in found.left:
        made.add_row(each.id, printable(each.server, 60), _WORDS[each.state])
    if found.left:
        console().print(made)
    have = "has" if len(found.servers) == 1 else "have"
    servers = counted(len(found.servers), "server")
    click.echo(f"{len(found.servers) - len(found.left)} of {servers} {have} the current key alone.")
    if found.before and not found.left:
        click.echo("The one before it may be put aside: sopctl key retire")
