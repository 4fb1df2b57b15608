"""`sopctl return`: the owner takes a server back."""

from datetime import date, datetime
from pathlib import Path

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DAY,
    FILE,
    TEXT,
    choose_one,
    example,
    id_argument,
    json_option,
    lacks,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command(
    "return",
    epilog=example(
        'sopctl return PS-2026-0001 --letter-number "090/12/2026"',
        "sopctl return PS-2026-0001 --data-saved --keep-disks",
    ),
)
@id_argument
@click.option("--letter-number", type=TEXT, help="Begins the return: the number of the owner's letter.")
@click.option("--letter-date", type=DAY, help="Its date [default: today].")
@click.option("--letter", type=FILE, help="Its scan: PDF, PNG or JPEG.")
@click.option("--data-saved", is_flag=True, help="Step 5: the owner says that the data is saved.")
@click.option("--keep-disks/--wipe-disks", default=None, help="The owner's choice, with --data-saved.")
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    letter_number: str | None,
    letter_date: datetime | None,
    letter: Path | None,
    data_saved: bool,
    keep_disks: bool | None,
    as_json: bool,
) -> None:
    """Begin a return with the owner's letter (pengembalian 1), or record that the data is saved (5)."""
    from sopctl.workflow.steps import letters

    if data_saved == (letter_number is not None):
        raise choose_one(_("--letter-number (begins the return)"), _("--data-saved (step 5)"))
    desk = open_desk(ctx)
    if letter_number is not None:
        day: date | None = letter_date.date() if letter_date else None
        done = letters.ask_back(desk, deposit_id, letter_number=letter_number, letter_date=day, letter=letter)
    elif keep_disks is None:
        raise lacks("--data-saved", _("--keep-disks or --wipe-disks"), remedy="The owner chooses.")
    else:
        done = letters.confirm_data_saved(desk, deposit_id, wipe=not keep_disks)
    put_step(done, as_json=as_json)
