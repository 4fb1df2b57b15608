"""`sopctl withdraw`: a request is taken back."""

from pathlib import Path

import click

from sopctl.cli.options import example, id_argument, json_option, letter_option, open_desk, reason_option, seen_option
from sopctl.cli.render import put_step


@click.command("withdraw", epilog=example('sopctl withdraw PS-2026-0001 --reason "memakai pusat data nasional"'))
@id_argument
@reason_option
@letter_option
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, reason: str, letter: Path | None, as_json: bool) -> None:
    """Record that the requesting unit withdraws its request (di luar SOP).

    Before the hand-over form this closes the dossier; during a return, the server stays here after all.
    """
    from sopctl.workflow.steps import acts

    put_step(acts.withdraw(open_desk(ctx), deposit_id, reason=reason, letter=letter), as_json=as_json)
