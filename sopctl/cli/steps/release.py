"""`sopctl release`: take access back, sign out, free the place."""

import click

from sopctl.cli.options import (
    TEXT,
    decider_options,
    due_argument,
    end,
    example,
    json_option,
    lang_option,
    language_of,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step, task_progress


@click.command(
    "release",
    epilog=example(
        "sopctl release PS-2026-0001",
        'sopctl release PS-2026-0001 --by-hand "server mati"',
    ),
)
@due_argument
@click.option("--by-hand", type=TEXT, default="", metavar="NOTE", help="How step 6 was done without Ansible.")
@lang_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    by_hand: str,
    lang: str | None,
    as_json: bool,
) -> None:
    """Take back access and switch off (pengembalian 6), sign out (9), free the place (10).

    If the owner asked for the disks to be wiped, the server is signed out only once each has its row: sopctl sanitise.
    """
    from sopctl.workflow.steps import releasing

    desk = open_desk(ctx)
    language = language_of(lang)
    with task_progress(quiet=as_json) as on_event:
        done = releasing.release(desk, deposit_id, by_hand=by_hand, language=language, on_event=on_event)
    put_step(done, as_json=as_json)
    end(done.answer)
