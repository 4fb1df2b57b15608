"""`sopctl write-off`: a server left the building and nobody took it back."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from sopctl.cli.options import (
    day_of,
    event_options,
    example,
    id_argument,
    language_of,
    open_desk,
)
from sopctl.cli.render import put_step


@click.command(
    "write-off",
    epilog=example(
        'sopctl write-off PS-2026-0001 --how stolen --date 2026-11-20 --reason "pembobolan" --letter lp.pdf --by kadis'
    ),
)
@id_argument
@click.option("--how", type=click.Choice(["stolen", "broken", "seized"]), required=True, help="What became of it.")
@event_options
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    how: Literal["stolen", "broken", "seized"],
    on: datetime | None,
    reason: str,
    letter: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Record that a server left the building without a return (di luar SOP): stolen, broken for good, or seized.

    Its switch port is shut, where the site has a record of the switch; nothing logs in to it any more; its place is
    free; the dossier is closed with an outcome of its own. A record is made, to be signed.
    """
    from sopctl.model.sop.entries import Lost
    from sopctl.workflow.steps.mending import leaving

    words: dict[str, Lost] = {"stolen": "dicuri", "broken": "rusak", "seized": "disita"}
    done = leaving.write_off(
        open_desk(ctx),
        deposit_id,
        lost=words[how],
        on=day_of(on),
        reason=reason,
        letter=letter,
        language=language_of(lang),
    )
    put_step(done, as_json=as_json)
