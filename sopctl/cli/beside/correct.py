"""`sopctl correct`: mend what was recorded wrongly, in the open."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.options import (
    DAY,
    TEXT,
    choose_one,
    day_of,
    decider_options,
    example,
    id_argument,
    json_option,
    lacks,
    letter_option,
    open_desk,
    reason_option,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command(
    "correct",
    epilog=example(
        'sopctl correct PS-2026-0001 --serial SN-0008 --reason "angka 3 terbaca 8" --by staf',
        'sopctl correct PS-2026-0001 --serial SN-9 --since 2026-11-20 --reason "mainboard diganti" --by staf',
        'sopctl correct PS-2026-0001 --received 2026-11-20 --reason "dicatat terlambat" --by staf',
        'sopctl correct PS-2026-0001 --instruction "Siapkan dua unit" --reason "salah kutip" --by kabid',
        'sopctl correct PS-2026-0001 --undo 6 --reason "diterima pada berkas yang salah" --by staf',
    ),
)
@id_argument
@click.option("--serial", type=TEXT, help="The serial number is this one.")
@click.option("--since", type=DAY, metavar="YYYY-MM-DD", help="With --serial: only since this day (a new mainboard).")
@click.option("--received", type=DAY, metavar="YYYY-MM-DD", help="The server was brought on this day.")
@click.option("--handed-over", type=DAY, metavar="YYYY-MM-DD", help="It was handed over on this day.")
@click.option("--placed", type=DAY, metavar="YYYY-MM-DD", help="It has stood in its place since this day.")
@click.option("--instruction", type=TEXT, help="The disposition says this.")
@click.option("--event", "number", type=click.IntRange(1), help="With --instruction: which one [default: the newest].")
@click.option("--undo", type=click.IntRange(1), metavar="EVENT", help="Take back the newest step, recorded by mistake.")
@reason_option
@letter_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    serial: str | None,
    since: datetime | None,
    received: datetime | None,
    handed_over: datetime | None,
    placed: datetime | None,
    instruction: str | None,
    number: int | None,
    undo: int | None,
    reason: str,
    letter: Path | None,
    as_json: bool,
) -> None:
    """Correct what was recorded wrongly (di luar SOP).

    Nothing is rewritten: the correction is an event of its own, which names the one that it corrects. Every paper made
    from then on shows what is right, and that it was corrected. A step that is taken back is due again; it must be the
    newest, and one that changed no server or switch and told nobody.
    """
    from sopctl.model.sop.entries import Correctable
    from sopctl.workflow.steps import correcting

    days: dict[Correctable, datetime | None] = {"received": received, "handed_over": handed_over, "placed": placed}
    given = [(what, day.date()) for what, day in days.items() if day]
    if sum(map(bool, (serial, instruction, undo))) + len(given) != 1:
        raise choose_one("--serial", "--received", "--handed-over", "--placed", "--instruction", "--undo")
    if since and not serial:
        raise lacks("--since", "--serial")
    if number and not instruction:
        raise lacks("--event", "--instruction")
    desk = open_desk(ctx)
    if serial:
        done = correcting.serial(desk, deposit_id, serial=serial, since=day_of(since), reason=reason, letter=letter)
    elif instruction:
        done = correcting.instruction(
            desk, deposit_id, text=instruction, number=number or 0, reason=reason, letter=letter
        )
    elif undo:
        done = correcting.undo(desk, deposit_id, number=undo, reason=reason, letter=letter)
    else:
        what, day = given[0]
        done = correcting.day(desk, deposit_id, what=what, day=day, reason=reason, letter=letter)
    put_step(done, as_json=as_json)
