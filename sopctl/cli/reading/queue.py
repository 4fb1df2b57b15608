"""`sopctl queue`: who waits for rack space."""

import click

from sopctl.cli.language import _, pgettext, said
from sopctl.cli.options import (
    clock_option,
    decider_options,
    example,
    id_argument,
    json_option,
    open_desk,
    open_site,
    reason_option,
    seen_option,
)
from sopctl.cli.render import console, put_json, put_step, put_steps, table
from sopctl.cli.tree import Group
from sopctl.model.text import printable


@click.group("queue", cls=Group, epilog=example("sopctl queue list", "sopctl queue run"))
def command() -> None:
    """The waiting list (daftar tunggu): who waits for rack space, in which order."""


@command.command("list", epilog=example("sopctl queue list"))
@json_option
@click.pass_context
def list_queue(ctx: click.Context, *, as_json: bool) -> None:
    """Who waits, in the order of service, and why there is no space for them now."""
    from sopctl.workflow.steps import reservation

    rows = reservation.queue(open_site(ctx))
    if as_json:
        from sopctl.cli.documents.reading import Queue

        put_json(Queue(waiting=rows))
        return
    if not rows:
        click.echo(_("Nobody waits."))
        return
    made = table("no", _("deposit"), _("unit"), pgettext("rack", "units"), _("prio"), _("since"), _("why"))
    for row in rows:
        why = printable(said(row.why)) or _("there is space: sopctl queue run")
        cells = (row.number, row.id, printable(row.unit), f"{row.height}U", row.priority, f"{row.since:%Y-%m-%d}", why)
        made.add_row(*map(str, cells))
    console().print(made)


@command.command("run", epilog=example("sopctl queue run"))
@clock_option
@json_option
@click.pass_context
def run(ctx: click.Context, *, as_json: bool) -> None:
    """Release places that were not taken up in time, and give free space to those who wait (step 4 again).

    This happens by itself when a place becomes free; run it after adding a rack, and from a timer.
    """
    from sopctl.workflow.steps import reservation

    steps = reservation.run_queue(open_desk(ctx))
    if as_json:
        put_steps(steps)
        return
    for step in steps:
        put_step(step, as_json=False)
    if not steps:
        click.echo(_("Nothing to do."))


@command.command(
    "prioritise",
    epilog=example('sopctl queue prioritise PS-2026-0001 --priority 1 --reason "layanan darurat" --by kabid'),
)
@id_argument
@click.option("--priority", type=click.IntRange(0, 9), default=1, show_default=True, help="Higher goes first.")
@reason_option
@decider_options
@seen_option
@json_option
@click.pass_context
def prioritise(ctx: click.Context, deposit_id: str, *, priority: int, reason: str, as_json: bool) -> None:
    """Move a request ahead of others in the waiting list (di luar SOP)."""
    from sopctl.workflow.steps import reservation

    put_step(reservation.prioritise(open_desk(ctx), deposit_id, priority=priority, reason=reason), as_json=as_json)
