"""`sopctl take-in`: what one person does when a server is brought."""

from datetime import datetime
from typing import Any

import click

from sopctl.cli.options import (
    DEPOSIT,
    TEXT,
    day_of,
    day_option,
    decider_options,
    despite_option,
    end,
    example,
    json_option,
    only_due,
    open_desk,
    seen_option,
)
from sopctl.cli.render import Steps
from sopctl.cli.steps.inspect import found_options, inspected


@click.command(
    "take-in", epilog=example("sopctl take-in PS-2026-0001  # asks", "sopctl take-in 1 --serial SN-0001 --all-ok")
)
@click.argument("deposit_id", metavar="[ID]", type=DEPOSIT, required=False)
@found_options
@click.option("--signed-at", type=TEXT, default="", help="Where the form is signed [default: the office].")
@despite_option
@decider_options
@seen_option
@day_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, /, deposit_id: str | None, *, signed_at: str, on: datetime | None, as_json: bool, **said: Any
) -> None:
    """Receive, inspect, hand over and place a server (penitipan 7 to 10), each an event of its own.

    It begins where the deposit stands, so that it can be run again. Exit 1: something differs; the rest is not done.
    """
    from sopctl.workflow.steps import handover

    deposit_id = ctx.params["deposit_id"] = deposit_id or only_due(ctx, *handover.TAKEN_IN)
    steps = Steps(as_json=as_json)
    good = handover.take_in(
        open_desk(ctx),
        deposit_id,
        lambda desk, deposit: inspected(desk, deposit, said, ask=not as_json),
        place=signed_at,
        on=day_of(on),
        on_step=steps,
    )
    steps.end()
    end(good)
