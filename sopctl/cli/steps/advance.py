"""`sopctl advance`: every step that needs no person."""

from pathlib import Path
from typing import Any

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DEPOSIT,
    choose_one,
    clock_option,
    confirm_key,
    decider_options,
    end,
    example,
    host_key_option,
    json_option,
    key_option,
    open_desk,
    several,
    user_option,
    via_option,
)
from sopctl.cli.render import Steps, task_progress
from sopctl.errors import Interrupted, SopctlError


@click.command("advance", epilog=example("sopctl advance PS-2026-0001 PS-2026-0002", "sopctl advance --all"))
@several("deposit_ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--all", "everything", is_flag=True, help="Every deposit with a step that needs no person.")
@host_key_option
@key_option
@user_option
@via_option
@click.option("--max-tries", type=click.IntRange(1, 10), help="Stop a loop sooner than the procedure does (`tries`).")
@decider_options
@clock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_ids: tuple[str, ...],
    *,
    everything: bool,
    host_key: str | None,
    key: Path | None,
    user: str | None,
    via: str | None,
    max_tries: int | None,
    as_json: bool,
) -> None:
    """Do every step that needs no person: configure, inform, verify (and back), inform, take inventory.

    Exit 1 when a server stays out of reach or a host failed. An error ends the work on that deposit alone.
    """
    from sopctl.workflow.steps import advancing, notifying

    desk = open_desk(ctx)
    ready = [] if deposit_ids else advancing.ready(desk)
    if (everything and deposit_ids) or not (everything or deposit_ids or len(ready) == 1):
        raise choose_one(_("IDs"), "--all")
    steps = Steps(as_json=as_json)
    said: dict[str, Any] = {"host_key": host_key, "user": user, "key": key, "max_tries": max_tries}
    said["via"] = next((each for each in notifying.MEANS if each == via), None)
    said["confirm"] = None if as_json else confirm_key
    answers, chosen = [], deposit_ids or ready
    desk.refuse_doubtful_clock()
    for deposit_id in chosen:
        try:
            with task_progress(quiet=as_json) as on_event:
                done = advancing.advance(desk, deposit_id, on_event=on_event, on_step=steps, **said)
            answers.append(done[-1].answer)
        except SopctlError as error:
            if len(chosen) == 1 or isinstance(error, Interrupted):
                raise
            steps.failed(deposit_id, error)
    steps.end()
    end(all(answers))
