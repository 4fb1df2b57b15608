"""`sopctl account forget-code`: let somebody log in without their second factor."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import put_json


@click.command("forget-code", epilog=example("sopctl account forget-code kadis"))
@click.argument("name", metavar="NAME")
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, *, as_json: bool) -> None:
    """Take the second factor off an account whose owner has lost both the app and the recovery codes.

    Be sure that it is they who ask. From then on the password is enough, until they set up another one.
    """
    from sopctl.workflow.entering import second_factor

    second_factor.forget(open_site(ctx), name)
    if as_json:
        from sopctl.cli.documents.accounts import CodeForgotten

        put_json(CodeForgotten(account=name))
        return
    click.echo(_("{name} logs in without a code now", name=name))
