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
from sopctl.cli.reading.switch._render import overwrite_option, put_change


@click.command("release", epilog=example("sopctl switch release PS-2026-0001"))
@id_argument
@session_log_option
@overwrite_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, deposit_id: str, *, session_log: Path | None, overwrite_nvram: bool, as_json: bool
) -> None:
    """Shut the deposit's port and put it into quarantine, at any step. Exit 1: it is not shut.

    `sopctl release` does the same at pengembalian 6. This is for a server that must be off the network at once. It
    depends on nothing that the server sends, and nothing that fails after the port is shut opens it again.
    """
    from sopctl.workflow.ports import deposit_port

    done = deposit_port.release(open_desk(ctx), deposit_id, log=session_log, overwrite=overwrite_nvram)
    put_change(*done, as_json=as_json)
