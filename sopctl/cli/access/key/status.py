"""`sopctl key status`: which server knows which key."""

import click

from sopctl.cli.access.key._render import put_key
from sopctl.cli.options import end, example, json_option, open_desk
from sopctl.cli.render import put_json


@click.command("status", epilog=example("sopctl key status", "sopctl key status --json"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Which of the office's keys opens its account on each server, by the histories. Exit 1: not all have the current
    one alone. Nobody logs in."""
    from sopctl.workflow.setup import rotation

    found = rotation.status(open_desk(ctx))
    if as_json:
        put_json(found)
    else:
        put_key(found)
    end(not found.left)
