"""`sopctl account refusals`: who was refused what on the page."""

from datetime import datetime, tzinfo

import click

from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json
from sopctl.model.text import printable


@click.command("refusals", epilog=example("sopctl account refusals"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List whom the page refused lately, and what: failed logins, forms of others, acts without the role."""
    from sopctl.workflow import accounts

    desk = open_desk(ctx)
    rows, zone = accounts.sessions(desk.site).refusals(), desk.now().tzinfo
    if as_json:
        from sopctl.cli.documents.accounts import Refusal, Refusals

        told = [
            Refusal(at=_when(at, zone), account=account or "", address=address or "", what=what, path=path)
            for at, account, address, what, path in rows
        ]
        put_json(Refusals(refusals=told))
        return
    for at, account, address, what, path in rows:
        who, where = account or "-", address or "-"
        click.echo(printable(f"{_when(at, zone):%Y-%m-%d %H:%M:%S%z} {what:<24} {who:<20} {where:<16} {path}"))


def _when(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(int(at), zone)
