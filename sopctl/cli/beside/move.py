"""`sopctl move`: a server gets another place."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.options import (
    RACK_UNIT,
    TEXT,
    Renamed,
    day_of,
    end,
    event_options,
    example,
    id_argument,
    language_of,
    open_desk,
)
from sopctl.cli.render import put_followups, put_step


@click.command(
    "move",
    epilog=example(
        'sopctl move PS-2026-0001 --rack B1 --rack-unit 3 --reason "rak A1 terlalu panas" --by staf',
        'sopctl move PS-2026-0001 --port 7 --reason "port 3 rusak" --by staf',
        'sopctl move PS-2026-0001 --rack-unit 12 --mistaken --reason "salah catat" --by staf',
    ),
)
@id_argument
@click.option("--rack", default="", help="The rack that it goes to [default: its own].")
@click.option(*RACK_UNIT, cls=Renamed, type=click.IntRange(1, 60), help="The lowest rack unit that it fills.")
@click.option("--face", type=click.Choice(["both", "front", "rear"]), help="Which side of the rack [default: as now].")
@click.option("--port", type=click.IntRange(1, 512), help="Its port on the rack's switch.")
@click.option("--mistaken", is_flag=True, help="It always stood there: the place was recorded wrongly.")
@click.option("--by-hand", type=TEXT, default="", help="How the switch ports were set, if sopctl is not to set them.")
@event_options
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    rack: str,
    unit: int | None,
    face: str | None,
    port: int | None,
    mistaken: bool,
    by_hand: str,
    on: datetime | None,
    reason: str,
    letter: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Move a server to another rack position or switch port (di luar SOP).

    The switch port of the old place is shut and that of the new one set, where the site has a record of the switch. A
    record of the move is made, to be signed; `sopctl todo` then asks for the facts to be gathered again. Exit 1: the
    old port could not be shut, and nothing was moved.
    """
    from sopctl.model.rack import FACES
    from sopctl.workflow.steps.mending import moving

    to = moving.To(rack, unit, next((each for each in FACES if each == face), None), port)
    told = moving.Told(reason, day_of(on), by_hand, mistaken, letter, language_of(lang))
    desk = open_desk(ctx)
    done = moving.relocate(desk, deposit_id, to=to, told=told)
    put_step(done, as_json=as_json)
    if not as_json:
        put_followups(desk, deposit_id)
    end(done.answer)
