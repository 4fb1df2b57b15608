"""`sopctl account token list`: which programs may ask."""

from datetime import datetime, tzinfo

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json


@click.command("list", epilog=example("sopctl account token list"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the tokens: whose, what for, until when, and when each was last used. Their secrets are not kept."""
    from sopctl.workflow.entering import tokens

    desk = open_desk(ctx)
    found, zone = tokens.kept(desk.site).all(), desk.now().tzinfo
    if as_json:
        from sopctl.cli.documents import accounts

        put_json(accounts.tokens(found, zone))
        return
    if not found:
        click.echo(_("No tokens. Make one for a program: sopctl account token create --help"))
    wide = max(16, len(_("never used")), len(_("used {day}", day="2026-01-01")))
    for each in found:
        used = _("used {day}", day=_day(each.used, zone)) if each.used else _("never used")
        until = _("until {day}", day=_day(each.until, zone))
        click.echo(f"{each.id} {each.account:<20} {each.scope:<5} {until}  {used:<{wide}} {each.label}")


def _day(at: float, zone: tzinfo | None) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"
