"""`sopctl switch release`: shut a port."""

from pathlib import Path

import click

from sopctl.cli.options import (
    decider_options,
    example,
    id_argument,
    json_option,
    open_desk,
    seen_option,
    session_log_option,
)
from sopctl.cli.reading.switch._render import put_change


@click.command("release", epilog=example("sopctl switch release PS-2026-0001"))
@id_argument
@session_log_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, session_log: Path | None, as_json: bool) -> None:
    """Shut the deposit's port and put it into quarantine, at any step. Exit 1: it is not shut.

    `sopctl release` does the same at pengembalian 6. This is for a server that must be off the network at once.
    """
    from sopctl.workflow.ports import deposit_port

    put_change(*deposit_port.release(open_desk(ctx), deposit_id, log=session_log), as_json=as_json)
