"""Records beside the procedure's steps: adopt, import, edit."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import decider_options, example, id_argument, json_option, open_desk
from sopctl.cli.render import console, put_json, put_step, table
from sopctl.errors import UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.steps.adopting import Adopted

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=example("sopctl adopt server.yml --rack A1 --unit 10 --note 'berdiri sejak 2019'"))
@click.argument("record", metavar="FILE", type=FILE)
@click.option("--rack", required=True, help="The rack it stands in.")
@click.option("--unit", type=click.IntRange(1, 60), required=True, help="The lowest unit that it fills.")
@click.option("--face", type=click.Choice(["both", "front", "rear"]), default="both", show_default=True)
@click.option("--note", default="", help="What is known of how it came here.")
@decider_options
@json_option
@click.pass_context
def adopt(ctx: click.Context, record: Path, *, rack: str, unit: int, face: str, note: str, as_json: bool) -> None:
    """Take a server that stands in a rack already into the register (di luar SOP).

    FILE is as for a request; what is not known may be left out: letter, serial number, depth, power, access.
    """
    from sopctl.model.rack import FACES
    from sopctl.workflow.steps import adopting

    where = adopting.Where(rack, unit, next(each for each in FACES if each == face), note)
    _put([adopting.adopt(open_desk(ctx), record, where)], as_json=as_json, dry_run=False)


@click.command("import", epilog=example("sopctl import --template > daftar.csv", "sopctl import daftar.csv --dry-run"))
@click.argument("file", metavar="FILE", type=FILE, required=False)
@click.option("--dry-run", is_flag=True, help="Check every row; record nothing.")
@click.option("--template", is_flag=True, help="Print a list to fill in (CSV), and do nothing else.")
@decider_options
@json_option
@click.pass_context
def import_list(ctx: click.Context, file: Path | None, *, dry_run: bool, template: bool, as_json: bool) -> None:
    """Adopt every server of a list, CSV or XLSX: all of them or none; each wrong row is named."""
    from sopctl.workflow.steps import adopting

    if template:
        click.echo(adopting.template(), nl=False)
        return
    if file is None:
        raise UsageError("list", "which list?", remedy="An empty one comes from: sopctl import --template > daftar.csv")
    _put(adopting.import_list(open_desk(ctx), file, dry_run=dry_run), as_json=as_json, dry_run=dry_run)


@click.command(epilog=example("sopctl edit PS-2026-0001", 'sopctl edit PS-2026-0001 --accept --note "telepon baru"'))
@id_argument
@click.option("--from", "source", type=FILE, help="Take the record from this file instead of the editor ($EDITOR).")
@click.option("--accept", is_flag=True, help="Accept what was changed in deposit.yml by hand (with --note).")
@click.option("--note", default="", help="Why.")
@decider_options
@json_option
@click.pass_context
def edit(ctx: click.Context, deposit_id: str, *, source: Path | None, accept: bool, note: str, as_json: bool) -> None:
    """Change a deposit's record; what was and what is go into its history. No clock is restarted."""
    from sopctl.workflow.steps import editing

    if accept and source:
        raise UsageError("accept-from-exclude-each-other", "--accept and --from exclude each other")
    desk = open_desk(ctx)
    if accept:
        done = editing.accept(desk, deposit_id, note=note)
    else:
        done = editing.edit(desk, deposit_id, source=source, note=note)
    put_step(done, as_json=as_json)


def _put(adopted: "list[Adopted]", *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        put_json({"adopted": adopted, "dry_run": dry_run})
        return
    made = table("deposit", "unit", "server", "place", "not known")
    for each in adopted:
        made.add_row(each.id or "–", printable(each.unit), each.server, each.place, ", ".join(each.unknown))
    console().print(made)
    click.echo(f"{len(adopted)} servers " + ("could be adopted; nothing was recorded" if dry_run else "adopted"))
