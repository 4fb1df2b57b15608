"""`sopctl hold`: put a deposit on hold."""

import click

from sopctl.cli.options import decider_options, example, id_argument, json_option, open_desk, reason_option, seen_option
from sopctl.cli.render import put_step


@click.command("hold", epilog=example('sopctl hold PS-2026-0001 --reason "menunggu rel dari pemilik"'))
@id_argument
@reason_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, reason: str, as_json: bool) -> None:
    """Put a deposit on hold at its present step; the deadline is paused (di luar SOP)."""
    from sopctl.workflow.steps import acts

    put_step(acts.hold(open_desk(ctx), deposit_id, reason=reason), as_json=as_json)
