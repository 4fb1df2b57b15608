"""`sopctl remind`: remind whoever is late."""

import sys

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import (
    clock_option,
    end_with,
    example,
    json_option,
    open_desk,
    say,
)
from sopctl.cli.render import put_json
from sopctl.errors import ExitCode, SopctlError
from sopctl.model.text import printable


@click.command("remind", epilog=example("sopctl remind --dry-run", "sopctl remind"))
@click.option("--dry-run", is_flag=True, help="Show the messages; send and record nothing.")
@clock_option
@json_option
@click.pass_context
def command(ctx: click.Context, *, dry_run: bool, as_json: bool) -> None:
    """Remind whoever is late, and owners whose deposit ends soon: one message per person and level (for a timer).

    Exit 6: a message could not be sent; it is tried again the next time. Exit 3: a dossier could not be read.
    """
    from sopctl.workflow.steps import reminding

    unreadable: list[SopctlError] = []
    found = reminding.remind(open_desk(ctx), dry_run=dry_run, errors=unreadable)
    if as_json:
        from sopctl.cli.documents.site import reminders

        put_json(reminders(found, unreadable))
    for each in found if not as_json else ():
        failed = _("not sent: {problem}", problem=said(each.problem))
        what = _("would be sent") if dry_run else _("sent") if each.sent else failed
        rows = ", ".join(row.id for row in each.rows)
        click.secho(
            f"{printable(each.name)} <{each.email or '-'}>: {what} ({rows})", fg="red" if each.problem else None
        )
        if dry_run:
            click.echo(each.message.text)
    if not (found or unreadable or as_json):
        click.echo(_("Nobody has to be reminded."))
    if any(each.problem for each in found):
        say(unreadable)
        sys.exit(ExitCode.OUTSIDE)
    end_with(unreadable)
