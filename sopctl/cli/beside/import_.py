"""`sopctl import`: adopt every server of a list."""

from pathlib import Path

import click

from sopctl.cli.language import _
from sopctl.cli.options import FILE, decider_options, despite_option, example, json_option, open_desk, unnamed
from sopctl.cli.render import put_adopted
from sopctl.errors import Action


@click.command("import", epilog=example("sopctl import --template > daftar.csv", "sopctl import daftar.csv --dry-run"))
@click.argument("file", metavar="FILE", type=FILE, required=False)
@click.option("--dry-run", is_flag=True, help="Check every row; record nothing.")
@click.option("--template", is_flag=True, help="Print a list to fill in (CSV), and do nothing else.")
@despite_option
@decider_options
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path | None, *, dry_run: bool, template: bool, as_json: bool) -> None:
    """Adopt every server of a list, CSV or XLSX: all of them or none; each faulty row is named."""
    from sopctl.workflow.steps import adopting

    if template:
        click.echo(adopting.template(), nl=False)
        return
    if file is None:
        raise unnamed(_("list"), remedy=(_("For an empty one:"), Action("import", given={"template": ""})))
    put_adopted(adopting.import_list(open_desk(ctx), file, dry_run=dry_run), as_json=as_json, dry_run=dry_run)
