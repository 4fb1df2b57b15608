"""`sopctl journal`: the journal of the whole site."""

import click

from sopctl.cli.options import end, example, json_option, open_desk
from sopctl.cli.render import put_json


@click.group("journal", epilog=example("sopctl journal verify"))
def command() -> None:
    """The journal of the whole site."""


@command.command("verify", epilog=example("sopctl journal verify --json"))
@json_option
@click.pass_context
def verify(ctx: click.Context, *, as_json: bool) -> None:
    """Check the journal's chain and every dossier against it. Exit 1: something is missing or was changed."""
    from sopctl.workflow.papers import integrity

    count, gaps = integrity.journal_gaps(open_desk(ctx))
    if as_json:
        put_json({"lines": count, "gaps": gaps})
    else:
        for gap in gaps:
            click.echo(f"✗ {gap}")
        click.echo(f"{count} lines, {'all in order' if not gaps else f'{len(gaps)} do not agree'}")
    end(not gaps)
