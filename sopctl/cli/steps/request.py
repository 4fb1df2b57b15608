"""`sopctl request`: file a request."""

from pathlib import Path

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    FILE,
    choose_one,
    despite_option,
    example,
    json_option,
    lacks,
    open_desk,
    unnamed,
)
from sopctl.cli.render import put_step
from sopctl.errors import Action


@click.command(
    "request",
    epilog=example(
        "sopctl request --example > request.yml",
        "sopctl request --example --appliance > request.yml",
        "sopctl request --example --other > request.yml",
        "sopctl request request.yml",
        "sopctl request surat.xlsx",
    ),
)
@click.argument("record", metavar="FILE", type=FILE, required=False)
@click.option("--example", "show_example", is_flag=True, help="Print a request to fill in, and do nothing else.")
@click.option("--appliance", is_flag=True, help="With --example: for a network appliance (firewall, router, switch).")
@click.option(
    "--other",
    is_flag=True,
    help="With --example: for a machine without SSH (Windows, ESXi, a NAS, an appliance).",
)
@click.option("--letter", type=FILE, help="The letter's scan: PDF, PNG or JPEG.")
@despite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    record: Path | None,
    *,
    show_example: bool,
    appliance: bool,
    other: bool,
    letter: Path | None,
    as_json: bool,
) -> None:
    """File a request (penitipan 1): FILE is the letter's content as YAML, or the request letter filled in as XLSX.

    Opens a dossier.
    """
    from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_OTHER, EXAMPLE_REQUEST
    from sopctl.workflow.steps import letters

    if (appliance or other) and not show_example:
        kind = "appliance" if appliance else "other"
        raise lacks(f"--{kind}", "--example", remedy=_("In a request, the line for it is: kind: {kind}", kind=kind))
    if appliance and other:
        raise choose_one("--appliance", "--other")
    if show_example:
        click.echo(_(EXAMPLE_APPLIANCE if appliance else EXAMPLE_OTHER if other else EXAMPLE_REQUEST), nl=False)
        return
    if record is None:
        raise unnamed(_("request"), remedy=(_("For an empty one:"), Action("request", given={"example": ""})))
    put_step(letters.request(open_desk(ctx), record, letter=letter), as_json=as_json)
