"""`sopctl correct`: mend what was recorded wrongly, in the open."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DAY,
    DEPOSIT,
    TEXT,
    choose_one,
    day_of,
    decider_options,
    despite_option,
    example,
    id_argument,
    json_option,
    lacks,
    lang_option,
    language_of,
    letter_option,
    open_desk,
    reason_option,
    seen_option,
)
from sopctl.cli.render import put_followups, put_step


@click.command(
    "correct",
    epilog=example(
        'sopctl correct PS-2026-0001 --serial SN-0008 --reason "angka 3 terbaca 8" --by staf',
        'sopctl correct PS-2026-0001 --serial SN-9 --since 2026-11-20 --reason "mainboard diganti" --by staf',
        'sopctl correct PS-2026-0001 --received 2026-11-20 --reason "dicatat terlambat" --by staf',
        'sopctl correct PS-2026-0001 --instruction "Siapkan dua unit" --reason "salah kutip" --by kabid',
        'sopctl correct PS-2026-0001 --undo 6 --reason "diterima pada berkas yang salah" --by staf',
        'sopctl correct PS-2026-0001 --reissue --reason "nama penerima salah" --by staf',
        'sopctl correct PS-2026-0002 --duplicate-of PS-2026-0001 --reason "surat sama diajukan dua kali" --by kabid',
        'sopctl correct PS-2026-0001 --forged --reason "dinas menyatakan tidak pernah bersurat" --by kadis',
    ),
)
@id_argument
@click.option("--serial", type=TEXT, help="The serial number is this one.")
@click.option("--since", type=DAY, help="With --serial: only since this day (a new mainboard).")
@click.option("--received", type=DAY, help="The server was brought on this day.")
@click.option("--handed-over", type=DAY, help="It was handed over on this day.")
@click.option("--placed", type=DAY, help="It has been in its rack since this day.")
@click.option("--instruction", type=TEXT, help="The disposition says this.")
@click.option("--event", "number", type=click.IntRange(1), help="With --instruction: which one [default: the newest].")
@click.option("--undo", type=click.IntRange(1), metavar="EVENT", help="Take back the newest step, recorded by mistake.")
@click.option("--reissue", is_flag=True, help="Issue the hand-over form once more: it names the one that was wrong.")
@click.option("--addendum", type=TEXT, help="Make an addendum to the hand-over form, with what is right.")
@click.option(
    "--duplicate-of", metavar="ID", type=DEPOSIT, help="The dossier is a duplicate of that one: it is closed."
)
@click.option("--forged", is_flag=True, help="The owner's letter was found to be forged: everything stops.")
@click.option("--letter-number", type=TEXT, default="", help="With --forged: which letter [default: the request's].")
@reason_option
@letter_option
@lang_option
@despite_option
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
    reissue: bool,
    addendum: str | None,
    duplicate_of: str | None,
    forged: bool,
    letter_number: str,
    reason: str,
    letter: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Correct what was recorded wrongly (di luar SOP).

    Nothing is rewritten: the correction is an event of its own, which names the one that it corrects. Every paper made
    from then on shows what is right, and that it was corrected. A step that is taken back is due again; it must be the
    newest, and one that changed no server or switch and informed nobody.
    """
    from sopctl.model.sop.entries import Correctable
    from sopctl.workflow.steps import correcting
    from sopctl.workflow.steps.mending import leaving, reissuing

    days: dict[Correctable, datetime | None] = {"received": received, "handed_over": handed_over, "placed": placed}
    given = [(what, day.date()) for what, day in days.items() if day]
    if sum(map(bool, (serial, instruction, undo, reissue, addendum, duplicate_of, forged))) + len(given) != 1:
        raise choose_one(*WAYS)
    for option, value, other, needed in (
        ("--since", since, "--serial", serial),
        ("--event", number, "--instruction", instruction),
        ("--letter-number", letter_number, "--forged", forged),
        ("--lang", lang, _("{one} or {other}", one="--reissue", other="--addendum"), reissue or addendum),
    ):
        if value and not needed:
            raise lacks(option, other)
    desk = open_desk(ctx)
    if serial:
        done = correcting.serial(desk, deposit_id, serial=serial, since=day_of(since), reason=reason, letter=letter)
    elif instruction:
        done = correcting.instruction(
            desk, deposit_id, text=instruction, number=number or 0, reason=reason, letter=letter
        )
    elif undo:
        done = correcting.undo(desk, deposit_id, number=undo, reason=reason, letter=letter)
    elif reissue:
        done = reissuing.reissue(desk, deposit_id, reason=reason, letter=letter, language=language_of(lang))
    elif addendum:
        language = language_of(lang)
        done = reissuing.addendum(desk, deposit_id, text=addendum, reason=reason, letter=letter, language=language)
    elif duplicate_of:
        done = leaving.void(desk, deposit_id, other=duplicate_of, reason=reason, letter=letter)
    elif forged:
        done = leaving.forged(desk, deposit_id, number=letter_number, reason=reason, letter=letter)
    else:
        what, day = given[0]
        done = correcting.day(desk, deposit_id, what=what, day=day, reason=reason, letter=letter)
    put_step(done, as_json=as_json)
    if not as_json:
        put_followups(desk, deposit_id)


WAYS = (
    "--serial",
    "--received",
    "--handed-over",
    "--placed",
    "--instruction",
    "--undo",
    "--reissue",
    "--addendum",
    "--duplicate-of",
    "--forged",
)
