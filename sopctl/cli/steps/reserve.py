"""`sopctl reserve`: rack space."""

import click

from sopctl.cli.options import (
    RACK_UNIT,
    Renamed,
    decider_options,
    due_argument,
    end,
    example,
    json_option,
    lacks,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command(
    "reserve", epilog=example("sopctl reserve PS-2026-0001", "sopctl reserve PS-2026-0001 --rack A1 --rack-unit 10")
)
@due_argument
@click.option("--rack", default="", help="Only in this rack.")
@click.option(*RACK_UNIT, cls=Renamed, type=click.IntRange(1, 60), help="The lowest rack unit to fill (with --rack).")
@click.option(
    "--face",
    type=click.Choice(["both", "front", "rear"]),
    default="both",
    show_default=True,
    help="Which side of the rack: a server of at most half its depth may share a unit.",
)
@click.option("--port", type=click.IntRange(1, 512), help="The port of the rack's switch [default: the first free].")
@click.option("--network", default="", help="Of this network (networks/) is its address, where the letter has none.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    rack: str,
    unit: int | None,
    face: str,
    port: int | None,
    network: str,
    as_json: bool,
) -> None:
    """Find and reserve rack space, or put the request on the waiting list (penitipan 4). Exit 1: no space.

    Where the letter has no address, the server gets the next free one: of --network, or of the only network.
    """
    from sopctl.model.rack import FACES, Wish
    from sopctl.workflow.steps import reservation

    if unit is not None and not rack:
        raise lacks("--rack-unit", "--rack")
    wish = Wish(rack, unit, next(each for each in FACES if each == face), port)
    done = reservation.reserve(open_desk(ctx), deposit_id, wish=wish, network=network)
    put_step(done, as_json=as_json)
    end(done.answer)
