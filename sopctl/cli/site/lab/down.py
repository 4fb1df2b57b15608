"""`sopctl lab down`: remove a lab."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option
from sopctl.cli.render import put_json
from sopctl.cli.site.lab._render import progress


@click.command("down", epilog=example("sopctl lab down", "sopctl lab down --all"))
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@click.option("--all", "everything", is_flag=True, help="All labs.")
@json_option
def command(*, name: str, everything: bool, as_json: bool) -> None:
    """Remove a lab and everything it made; the image stays for the next one."""
    from sopctl.workflow.setup import lab as workflow

    gone = workflow.down(None if everything else name, progress)
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.Removed(removed=gone))
    else:
        click.echo(_("removed: {names}", names=", ".join(gone)) if gone else _("there was no lab to remove"))
