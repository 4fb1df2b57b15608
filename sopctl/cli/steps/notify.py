"""`sopctl notify`: inform the contact person."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    decider_options,
    due_argument,
    example,
    json_option,
    open_desk,
    seen_option,
    via_option,
)
from sopctl.cli.render import put_json, put_step


@click.command("notify", epilog=example("sopctl notify PS-2026-0001", "sopctl notify PS-2026-0001 --via phone"))
@due_argument
@via_option
@click.option("--again", is_flag=True, help="Send even if a message may have gone out before a crash.")
@click.option("--dry-run", is_flag=True, help="Show the message; send and record nothing.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, via: str | None, again: bool, dry_run: bool, as_json: bool) -> None:
    """Inform the contact person (penitipan 5 and 6, konfigurasi 2 and 5), by e-mail, or record how a person did it."""
    from sopctl.workflow.steps import notifying

    desk = open_desk(ctx)
    if dry_run:
        message = notifying.preview(desk, deposit_id)
        if as_json:
            put_json(message)
        else:
            click.echo(_("To: {name}", name=message.to or message.name))
            click.echo(_("Subject: {subject}", subject=message.subject))
            click.echo(f"\n{message.text}", nl=False)
        return
    means = next((each for each in notifying.MEANS if each == via), None)
    put_step(notifying.notify(desk, deposit_id, via=means, again=again), as_json=as_json)
