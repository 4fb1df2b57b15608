"""`sopctl inventory form`: a server's inventory form."""

from pathlib import Path

import click

from sopctl.cli.options import FILE, example, id_argument, json_option, open_desk
from sopctl.cli.render import put_json


@click.command(
    "form",
    epilog=example("sopctl inventory form PS-2026-0001", "sopctl inventory form PS-2026-0001 --format xlsx"),
)
@id_argument
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the newest].")
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx", "html"]), help="Write a copy of it.")
@click.option("-o", "--output", type=FILE, help="The file of the copy.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, deposit_id: str, *, month: str | None, kind: str | None, output: Path | None, as_json: bool
) -> None:
    """Print the path of a server's inventory form (PDF); or write a copy to work with, as XLSX or HTML."""
    from sopctl.workflow.papers import export
    from sopctl.workflow.views import inventories

    desk = open_desk(ctx)
    if kind or output:
        chosen = next(each for each in export.FORMATS if each == (kind or "pdf"))
        path = export.inventory_copy(desk, deposit_id, month, kind=chosen, output=output)
    else:
        path = inventories.kept_form(desk, deposit_id, month)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.written(path))
    else:
        click.echo(str(path))
