"""`sopctl todo`: what is due."""

from functools import cache, partial

import click

from sopctl.cli import wording
from sopctl.cli.language import _
from sopctl.cli.options import end_with, example, json_option, open_desk, say
from sopctl.cli.render import lateness, put_json, waits, width, wrapped
from sopctl.model.text import printable


@click.command("todo", epilog=example("sopctl todo", "sopctl todo --actor kadis --late"))
@click.option("--actor", help="Only steps of this actor, and those escalated to them: pemohon, kadis, kabid, ….")
@click.option("--late", is_flag=True, help="Only what is late.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, actor: str | None, late: bool, as_json: bool) -> None:
    """What is due: each open step with its actor, its due date and the exact command to run."""
    from sopctl.workflow.views import board

    desk = open_desk(ctx)
    found = board.todo(desk, actor=actor, late=late)
    if as_json:
        from sopctl.cli.documents.board import todo
        from sopctl.workflow.views import availability

        states, unread = availability.seen(desk.site)
        put_json(todo(found.rows, states, [*found.errors, *unread], desk.now().tzinfo))
        say(unread)
        end_with(found.errors)
        return
    if not found.rows:
        click.echo(_("Nothing is due."))
    lines, room = list[str](), width()
    days = {row.due for row in found.rows}
    until = {day: _(", until {day}", day=f"{day:%Y-%m-%d}") if day else "" for day in days}
    plain, fitted = cache(printable), cache(partial(wrapped, wide=room))  # many rows say the same
    for row in found.rows:
        what = row.activity if row.kind == "validity" else f"{row.standing}: {row.activity}"
        lines += wrapped(f"{row.of.id}  {plain(what)}", room)
        lines += fitted(f"  {row.actor}{until[row.due]}{lateness(row)}{waits(row)}")
        if action := row.action:
            lines.append(f"  $ {wording.line(action)}")
    if lines:
        click.echo("\n".join(lines))
    end_with(found.errors)
