"""`sopctl switch apply`: give a server its port."""

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


@click.command("apply", epilog=example("sopctl switch apply PS-2026-0001"))
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
    """Give the deposit's server its port: read, check, change, read back, hear the server, save. Exit 1: it failed.

    `sopctl configure` does this first. If anything fails half-way, the port is put back as it was, and the output says
    so, and what differs. The settings before and after are in the dossier's history.
    """
    from sopctl.workflow.ports import deposit_port

    done = deposit_port.apply(open_desk(ctx), deposit_id, log=session_log, overwrite=overwrite_nvram)
    put_change(*done, as_json=as_json)
