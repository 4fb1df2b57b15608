"""`sopctl account list`: who may use the page."""

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import put_json


@click.command("list", epilog=example("sopctl account list"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the accounts: whose, whether they can log in now, and whether they need a second factor."""
    from sopctl.workflow import accounts
    from sopctl.workflow.entering import second_factor

    site = open_site(ctx)
    factors = second_factor.kept(site)
    rows = [
        (each.name, each.kind, accounts.standing(site.settings, each), factors.counts(each.name))
        for each in accounts.kept(site).all()
    ]
    if as_json:
        from sopctl.cli.documents.accounts import PageAccount, PageAccounts

        told = [
            PageAccount(account=name, kind=kind, standing=standing, code=bool(code))
            for name, kind, standing, code in rows
        ]
        put_json(PageAccounts(accounts=told))
        return
    if not rows:
        click.echo(_("No accounts. Invite somebody: sopctl account invite --help"))
    for name, kind, standing, code in rows:
        who = f"{name:<20} {said(kind):<8}"
        words = {
            "open": _("{who} open", who=who),
            "invited": _("{who} invited", who=who),
            "unknown": _("{who} unknown to sopctl.yml", who=who),
        }
        click.echo(words[standing] + (_(", with a code") if code else ""))
