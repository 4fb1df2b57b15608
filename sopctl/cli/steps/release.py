"""`sopctl release`: take access back, sign out, free the place."""

from datetime import datetime

import click

from sopctl.cli.options import (
    TEXT,
    decider_options,
    end,
    example,
    id_argument,
    json_option,
    lacks,
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
        'sopctl release PS-2026-0001 --wiped-by "Staf Pusat Data" --wiped-on 2026-11-24 --wiped-how "blkdiscard -s"',
    ),
)
@id_argument
@click.option("--by-hand", type=TEXT, default="", metavar="NOTE", help="How step 6 was done without Ansible.")
@click.option(
    "--wiped-by", type=TEXT, default="", metavar="WHO", help="Step 9: who wiped the disks, as the owner asked."
)
@click.option("--wiped-on", type=click.DateTime(["%Y-%m-%d"]), help="When [default: today].")
@click.option("--wiped-how", type=TEXT, default="", metavar="HOW", help="How.")
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
    wiped_by: str,
    wiped_on: datetime | None,
    wiped_how: str,
    lang: str | None,
    as_json: bool,
) -> None:
    """Take back access and switch off (pengembalian 6), sign out (9), free the place (10)."""
    from sopctl.model.sop.entries import Wiped
    from sopctl.workflow.steps import releasing

    desk = open_desk(ctx)
    if not wiped_by and (wiped_on or wiped_how):
        raise lacks("--wiped-on" if wiped_on else "--wiped-how", "--wiped-by")
    day = wiped_on.date() if wiped_on else desk.now().date()
    wiped = Wiped(wiped_by, day, wiped_how) if wiped_by else None
    language = language_of(lang)
    with task_progress(quiet=as_json) as on_event:
        done = releasing.release(desk, deposit_id, by_hand=by_hand, wiped=wiped, language=language, on_event=on_event)
    put_step(done, as_json=as_json)
    end(done.answer)
