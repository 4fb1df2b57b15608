"""`sopctl account invite`: open an account."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json

if TYPE_CHECKING:
    from sopctl.model.principal import AccountKind


@click.command(
    "invite", epilog=example("sopctl account invite kadis", "sopctl account invite inspektorat --as auditor")
)
@click.argument("name", metavar="NAME")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["person", "unit", "auditor"]),
    help="Whose account [default: as sopctl.yml says].",
)
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, *, kind: "AccountKind | None", as_json: bool) -> None:
    """Print a link by which NAME, a person or a unit of sopctl.yml, sets a password for the page.

    The link works once, within seven days. Hand it over by a way that you trust. An account that is there keeps its
    password until the link is used; links from before are void.
    """
    from sopctl.workflow import accounts

    desk = open_desk(ctx)
    made = accounts.invite(desk.site, name, desk.now(), kind)
    page = desk.site.settings.page
    link = f"{page.url if page else ''}/undangan/{made.secret}"
    if as_json:
        from sopctl.cli.documents.accounts import Invitation

        put_json(Invitation(account=made.account, kind=made.kind, link=link, until=made.until))
        return
    click.echo(link)
    until = f"{made.until:%Y-%m-%d %H:%M}"
    whose = _("for {account} ({kind}), once, until {time}", account=made.account, kind=said(made.kind), time=until)
    click.echo(whose, err=True)
    if page is None:
        click.echo(_("The page's address stands before it; sopctl.yml can name it: page: {url: https://…}"), err=True)
