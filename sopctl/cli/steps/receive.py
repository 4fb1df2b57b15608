"""`sopctl receive`: the server was brought."""

from datetime import datetime

import click

from sopctl.cli.options import (
    TEXT,
    day_of,
    day_option,
    due_argument,
    example,
    json_option,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command("receive", epilog=example("sopctl receive PS-2026-0001"))
@due_argument
@click.option("--note", type=TEXT, default="", help="What came with it.")
@seen_option
@day_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, note: str, on: datetime | None, as_json: bool) -> None:
    """Record that the requesting unit has brought the server (penitipan 7)."""
    from sopctl.workflow.steps import handover

    put_step(handover.receive(open_desk(ctx), deposit_id, note=note, on=day_of(on)), as_json=as_json)
