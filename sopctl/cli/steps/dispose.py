"""`sopctl dispose`: a head's disposition."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.options import (
    DAY,
    FILE,
    TEXT,
    decider_options,
    due_argument,
    example,
    json_option,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command(
    "dispose", epilog=example('sopctl dispose PS-2026-0001 --by kadis --instruction "Mohon ditindaklanjuti"')
)
@due_argument
@click.option("--instruction", type=TEXT, required=True, help="What the head wrote on the letter.")
@click.option("--to", type=TEXT, default="", help="To whom it is routed [default: the next step's actor].")
@click.option("--number", type=TEXT, default="", help="The number of the disposition sheet.")
@click.option("--date", "day", type=DAY, help="Its date [default: today].")
@click.option("--letter", type=FILE, help="Its scan: PDF, PNG or JPEG.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    instruction: str,
    to: str,
    number: str,
    day: datetime | None,
    letter: Path | None,
    as_json: bool,
) -> None:
    """Record a head's disposition of the letter (penitipan 2 and 3, pengembalian 2 and 3)."""
    from sopctl.workflow.steps import letters

    done = letters.dispose(
        open_desk(ctx),
        deposit_id,
        instruction=instruction,
        to=to,
        letter_number=number,
        letter_date=day.date() if day else None,
        letter=letter,
    )
    put_step(done, as_json=as_json)
