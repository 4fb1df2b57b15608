"""`sopctl engine status`: who is alive, what waits, and how the last run ended."""

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import end, example, json_option, open_desk
from sopctl.cli.render import console, put_json, table
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.setup.engine import Standing


@click.command("status", epilog=example("sopctl engine status", "sopctl engine status --json"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show the workers of each network, what waits for them, and the last run. Exit 1: something is not as it should
    be."""
    from sopctl.workflow.setup import engine

    desk = open_desk(ctx)
    found = engine.standing(desk.site, desk.now()) if desk.site.settings.engine else None
    if as_json:
        from sopctl.cli.documents import site

        put_json(site.engine_status(found, desk.now().tzinfo))
    elif found:
        _show(found, desk.now().tzinfo)
    else:
        click.echo(_("this site has no engine: all servers are checked from here"))
    end(not (found and found.problems))


def _show(found: "Standing", zone: tzinfo | None) -> None:
    made = table(_("network"), _("worker"), _("since"), _("under way"), _("waiting"))
    for name, workers in found.networks.items():
        waiting = ngettext("{number} shard", "{number} shards", workers.waiting)
        if not workers.alive:
            made.add_row(name, _("none: not watched"), "–", "–", waiting, style="red")
        for each in workers.alive:
            since = f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}"
            busy = ngettext("{number} check", "{number} checks", each.busy)
            made.add_row(name, printable(each.name, 60), since, busy, waiting)
    console().print(made)
    run = found.last_run
    if run:
        began = datetime.fromtimestamp(run.began, zone)
        time, seconds = f"{began:%Y-%m-%d %H:%M}", run.ended - run.began
        click.echo(_("last run: {time}, {seconds} s", time=time, seconds=seconds))
        for name, sent in run.sent.items():
            answered, refused = run.answered.get(name, 0), run.refused.get(name, 0)
            if refused:
                line = _(
                    "{name}: {answered} of {sent} answered, {refused} answers refused",
                    name=name,
                    answered=answered,
                    sent=sent,
                    refused=refused,
                )
            else:
                line = _("{name}: {answered} of {sent} answered", name=name, answered=answered, sent=sent)
            click.echo(f"  {line}")
    for problem in found.problems:
        click.secho(said(problem), fg="yellow")
