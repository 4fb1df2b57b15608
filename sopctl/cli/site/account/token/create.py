"""`sopctl account token create`: let a program ask in the name of an account."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import ngettext
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json

if TYPE_CHECKING:
    from sopctl.store.page.tokens import Scope


@click.command(
    "create",
    epilog=example(
        "sopctl account token create staf --label pemantauan",
        "sopctl account token create contoh --scope act --days 30",
    ),
)
@click.argument("name", metavar="NAME")
@click.option("--label", metavar="TEXT", default="", help="What it is for.")
@click.option(
    "--scope", type=click.Choice(["read", "act"]), default="read", show_default=True, help="May it act, or only read?"
)
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="For how long.")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, *, label: str, scope: "Scope", days: int, as_json: bool) -> None:
    """Print a token for the account NAME, once. A program sends it as `Authorization: Bearer …`.

    It may do what the account may, as sopctl.yml has it at the time; with the scope `read`, only look.
    """
    from datetime import timedelta

    from sopctl.workflow.entering import tokens

    desk = open_desk(ctx)
    made = tokens.create(desk.site, name, label, scope, timedelta(days=days), desk.now())
    if as_json:
        from sopctl.cli.documents import accounts

        put_json(accounts.new_token(made.token, made.secret, desk.now().tzinfo))
        return
    click.echo(made.secret)
    if scope == "read":
        told = ngettext(
            "token {id} of {name}, to read, for {number} day; it is not shown again",
            "token {id} of {name}, to read, for {number} days; it is not shown again",
            days,
            id=made.token.id,
            name=name,
        )
    else:
        told = ngettext(
            "token {id} of {name}, to act, for {number} day; it is not shown again",
            "token {id} of {name}, to act, for {number} days; it is not shown again",
            days,
            id=made.token.id,
            name=name,
        )
    click.echo(told, err=True)
