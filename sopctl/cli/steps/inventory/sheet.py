"""`sopctl inventory sheet`: the sheet about a machine that nothing can read."""

from pathlib import Path

import click

from sopctl.cli.options import FILE, example, id_argument, json_option, open_desk
from sopctl.cli.render import put_json


@click.command(
    "sheet",
    epilog=example(
        "sopctl inventory sheet PS-2026-0001",
        "sopctl inventory sheet PS-2026-0001 --format yaml -o lembar.yml",
    ),
)
@id_argument
@click.option("--format", "kind", type=click.Choice(["xlsx", "yaml"]), default="xlsx", show_default=True)
@click.option("-o", "--output", type=FILE, help="The file to write.")
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, kind: str, output: Path | None, as_json: bool) -> None:
    """The empty inventory sheet of a machine that takes no SSH (kind: other), for a person to fill in.

    Filled in, it is read by: sopctl inventory collect ID --from FILE.
    """
    from sopctl.workflow.papers import export

    path = export.inventory_sheet(open_desk(ctx), deposit_id, kind="yaml" if kind == "yaml" else "xlsx", output=output)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.written(path))
    else:
        click.echo(str(path))
