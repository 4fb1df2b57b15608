"""`sopctl refuse`: refuse a letter or a server."""

from pathlib import Path

import click

from sopctl.cli.options import (
    decider_options,
    example,
    id_argument,
    json_option,
    letter_option,
    open_desk,
    reason_option,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command("refuse", epilog=example('sopctl refuse PS-2026-0001 --reason "di luar kewenangan" --by kadis'))
@id_argument
@reason_option
@letter_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, reason: str, letter: Path | None, as_json: bool) -> None:
    """Refuse a letter, or a server that failed its inspection; closes the dossier (di luar SOP)."""
    from sopctl.workflow.steps import acts

    put_step(acts.refuse(open_desk(ctx), deposit_id, reason=reason, letter=letter), as_json=as_json)
