"""`sopctl account list`: who may use the page."""

import click

from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import put_json


@click.command("list", epilog=example("sopctl account list"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the accounts: whose, and whether they can log in now."""
    from sopctl.workflow import accounts

    site = open_site(ctx)
    rows = [(each.name, each.kind, accounts.standing(site.settings, each)) for each in accounts.kept(site).all()]
    if as_json:
        put_json([{"account": name, "kind": kind, "standing": standing} for name, kind, standing in rows])
        return
    for name, kind, standing in rows:
        click.echo(f"{name:<20} {kind:<8} {standing}")
