"""`sopctl place`: the server stands in its place."""

from datetime import datetime

import click

from sopctl.cli.options import (
    day_of,
    day_option,
    decider_options,
    due_argument,
    example,
    json_option,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command("place", epilog=example("sopctl place PS-2026-0001"))
@due_argument
@decider_options
@seen_option
@day_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, on: datetime | None, as_json: bool) -> None:
    """Record that the server is in its reserved place (penitipan 10)."""
    from sopctl.workflow.steps import reservation

    put_step(reservation.place(open_desk(ctx), deposit_id, on=day_of(on)), as_json=as_json)
