"""`sopctl lab states`: what a lab server can be put into."""

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import example, json_option
from sopctl.cli.render import put_json


@click.command("states", epilog=example("sopctl lab states", "sopctl lab states --json"))
@json_option
def command(*, as_json: bool) -> None:
    """The states that an owner may hand a server over in, for --state of lab up and lab rehearse.

    Each is a file that you can read: what it is, its packages, the script that makes it, and what answers there.
    """
    from sopctl.adapters.lab import STATES
    from sopctl.workflow.setup import lab as workflow

    found = workflow.all_states()
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.states(STATES, found))
        return
    for one in found:
        only = " " + _("(only {releases})", releases=", ".join(one.releases)) if one.releases else ""
        click.echo(f"{one.name:<24} {said(one.what)}{only}")
    click.echo(_("their files are in {folder}", folder=STATES))
