"""`sopctl edit`: change a deposit's record."""

from pathlib import Path

import click

from sopctl.cli.options import (
    FILE,
    TEXT,
    choose_one,
    decider_options,
    despite_option,
    example,
    id_argument,
    json_option,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_followups, put_step


@click.command(
    "edit",
    epilog=example(
        'sopctl edit PS-2026-0001 --note "telepon baru"', 'sopctl edit PS-2026-0001 --accept --note "telepon baru"'
    ),
)
@id_argument
@click.option("--from", "source", type=FILE, help="Take the record from this file instead of the editor ($EDITOR).")
@click.option("--accept", is_flag=True, help="Accept what was changed in deposit.yml by hand (with --note).")
@click.option("--note", "--reason", "note", type=TEXT, default="", help="Why; it is kept in the record.")
@despite_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, deposit_id: str, *, source: Path | None, accept: bool, note: str, as_json: bool
) -> None:
    """Change a deposit's record; the old and the new values go into its history. No deadline is restarted.

    It needs a reason (--note). Who may decide depends on the change, as with the command made for it: the heads decide
    on the end of the deposit and its owner, the staff on what is configured on a server. If the server is configured
    already, `sopctl todo` then names the command that puts the change on it.
    """
    from sopctl.workflow.steps import editing

    if accept and source:
        raise choose_one("--accept", "--from")
    desk = open_desk(ctx)
    if accept:
        done = editing.accept(desk, deposit_id, note=note)
    else:
        done = editing.edit(desk, deposit_id, source=source, note=note)
    put_step(done, as_json=as_json)
    if not as_json:
        put_followups(desk, deposit_id)
