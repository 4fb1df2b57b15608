"""`sopctl account revoke`: close an account."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import put_json


@click.command("revoke", epilog=example("sopctl account revoke kabid"))
@click.argument("name", metavar="NAME")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, *, as_json: bool) -> None:
    """Close an account of the page at once: its sessions end, its links are void."""
    from sopctl.workflow import accounts

    accounts.revoke(open_site(ctx), name)
    if as_json:
        from sopctl.cli.documents.accounts import Revoked

        put_json(Revoked(revoked=name))
    else:
        click.echo(_("revoked: {what}", what=name))
