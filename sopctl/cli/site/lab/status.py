"""`sopctl lab status`: the labs and their servers."""

import click

from sopctl.cli.options import example, json_option
from sopctl.cli.site.lab._render import put_labs


@click.command("status", epilog=example("sopctl lab status --json"))
@click.option("--name", help="Only the lab of this name.")
@json_option
def command(*, name: str | None, as_json: bool) -> None:
    """The labs, their servers, and how to log in."""
    from sopctl.workflow.setup import lab as workflow

    put_labs(workflow.statuses(name), as_json=as_json)
