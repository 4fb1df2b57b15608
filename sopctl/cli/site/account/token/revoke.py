"""`sopctl account token revoke`: let a program ask no more."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import put_json


@click.command("revoke", epilog=example("sopctl account token revoke 1a2b3c4d"))
@click.argument("id", metavar="TOKEN")
@json_option
@click.pass_context
def command(ctx: click.Context, id: str, *, as_json: bool) -> None:
    """Make a token worthless at once, by its id (account token list)."""
    from sopctl.workflow.entering import tokens

    tokens.revoke(open_site(ctx), id)
    if as_json:
        from sopctl.cli.documents.accounts import Revoked

        put_json(Revoked(revoked=id))
        return
    click.echo(_("revoked: {what}", what=id))
