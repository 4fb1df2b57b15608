"""`sopctl extend`: more time."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.options import (
    DAY,
    TEXT,
    decider_options,
    example,
    id_argument,
    json_option,
    letter_option,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command(
    "extend", epilog=example('sopctl extend PS-2026-0001 --until 2028-12-31 --letter-number "090/7/2027" --by kabid')
)
@id_argument
@click.option("--until", type=DAY, required=True, help="The new last day of the deposit.")
@click.option("--letter-number", type=TEXT, default="", help="The number of the owner's letter.")
@letter_option
@click.option("--note", type=TEXT, default="", help="A remark.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    until: datetime,
    letter_number: str,
    letter: Path | None,
    note: str,
    as_json: bool,
) -> None:
    """Extend the time for which a server is on deposit (masa penitipan)."""
    from sopctl.workflow.steps import acts

    done = acts.extend(
        open_desk(ctx), deposit_id, until=until.date(), letter_number=letter_number, letter=letter, note=note
    )
    put_step(done, as_json=as_json)
