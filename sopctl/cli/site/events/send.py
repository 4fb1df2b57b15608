"""`sopctl events send`: events to the receivers that sopctl.yml names."""

import sys

import click

from sopctl.cli.language import _, ngettext
from sopctl.cli.options import example, json_option, open_desk, say
from sopctl.cli.render import put_json
from sopctl.errors import ExitCode, SopctlError


@click.command("send", epilog=example("sopctl events send"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Send every receiver the events that it does not have yet (for a timer). A new one hears from now on.

    Receivers are the channels of sopctl.yml with `signed_with`. Exit 6: one did not take an event; it is tried again,
    later each time. Exit 3: a dossier could not be read, and its event was left out.
    """
    from sopctl.workflow.messages import receivers

    errors: list[SopctlError] = []
    desk = open_desk(ctx)
    found = receivers.send(desk.site, desk.now(), errors)
    if as_json:
        from sopctl.cli.documents.common import failure
        from sopctl.cli.documents.site import Receivers

        put_json(Receivers(receivers=found, errors=list(map(failure, errors))))
    for each in found if not as_json else ():
        if each.more:
            told = ngettext(
                "{receiver}: {number} event and more later",
                "{receiver}: {number} events and more later",
                each.sent,
                receiver=each.receiver,
            )
        else:
            told = ngettext(
                "{receiver}: {number} event", "{receiver}: {number} events", each.sent, receiver=each.receiver
            )
        click.echo(told)
    if not (found or as_json):
        click.echo(_("sopctl.yml names no receivers: channels with `signed_with`"))
    say(errors)
    if any(each.problem for each in found):
        sys.exit(ExitCode.OUTSIDE)
    sys.exit(ExitCode.INVALID if errors else ExitCode.OK)
