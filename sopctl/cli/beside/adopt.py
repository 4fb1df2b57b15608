"""`sopctl adopt`: a server that is in a rack already."""

from pathlib import Path

import click

from sopctl.cli.options import (
    FILE,
    RACK_UNIT,
    TEXT,
    Renamed,
    decider_options,
    despite_option,
    example,
    json_option,
    open_desk,
)
from sopctl.cli.render import put_adopted


@click.command("adopt", epilog=example("sopctl adopt server.yml --rack A1 --rack-unit 10 --note 'berdiri sejak 2019'"))
@click.argument("record", metavar="FILE", type=FILE)
@click.option("--rack", required=True, help="The rack it is in.")
@click.option(
    *RACK_UNIT, cls=Renamed, type=click.IntRange(1, 60), required=True, help="The lowest rack unit that it fills."
)
@click.option("--face", type=click.Choice(["both", "front", "rear"]), default="both", show_default=True)
@click.option("--note", type=TEXT, default="", help="What is known of how it came here.")
@despite_option
@decider_options
@json_option
@click.pass_context
def command(ctx: click.Context, record: Path, *, rack: str, unit: int, face: str, note: str, as_json: bool) -> None:
    """Take a server that is already in a rack into the register (di luar SOP).

    FILE is as for a request; what is not known may be left out: letter, serial number, depth, power, access.
    """
    from sopctl.model.rack import FACES
    from sopctl.workflow.steps import adopting

    where = adopting.Where(rack, unit, next(each for each in FACES if each == face), note)
    put_adopted([adopting.adopt(open_desk(ctx), record, where)], as_json=as_json, dry_run=False)
