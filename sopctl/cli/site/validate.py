"""`sopctl validate`: every record of the site."""

import sys

import click

from sopctl.cli import wording
from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json
from sopctl.errors import ExitCode, InvalidRecord


@click.command("validate", epilog=example("sopctl validate"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Read every record of the site and report every error. Exit 3: there are errors."""

    from sopctl.workflow.setup import validation

    try:
        count, errors, exceptions = validation.validate(open_desk(ctx))
    except InvalidRecord as wrong:  # sopctl.yml, without which nothing else is known
        count, errors, exceptions = 0, [wrong, *wrong.others], []
    if as_json:
        from sopctl.cli.documents.site import validated

        put_json(validated(count, errors, exceptions))
    else:
        for line in exceptions:
            click.echo(_("known: {what}", what=said(line)))
        for error in errors:
            click.echo(wording.told(error), err=True)
        broken = ngettext("{number} error", "{number} errors", len(errors))
        click.echo(
            ngettext("{number} deposit read, {errors}", "{number} deposits read, {errors}", count, errors=broken)
        )
    sys.exit(ExitCode.INVALID if errors else ExitCode.OK)
