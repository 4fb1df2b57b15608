"""`sopctl runs`: what Ansible did on the servers."""

from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import _, said
from sopctl.cli.options import end, example, json_option, open_desk
from sopctl.cli.render import in_column, put_advice, put_json
from sopctl.cli.tree import Group
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ansible.events import HostResult


@click.group("runs", cls=Group, epilog=example("sopctl runs list", "sopctl runs show PS-2026-0001"))
def command() -> None:
    """What Ansible did on the servers: the runs of the last 90 days."""


@command.command("list", epilog=example("sopctl runs list", "sopctl runs list --json"))
@json_option
@click.pass_context
def list_runs(ctx: click.Context, *, as_json: bool) -> None:
    """The runs that are kept, the newest first."""
    from sopctl.workflow import terms
    from sopctl.workflow.servers import runs as kept

    found = kept.listed(open_desk(ctx).site)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.runs(found))
        return
    outcomes = in_column({run.outcome: terms.OUTCOMES[run.outcome] for run in found})
    for run in found:
        seconds = f"{run.result.seconds:4.0f} s" if run.result else "     -"
        click.echo(f"{run.at:%Y-%m-%d %H:%M}  {outcomes[run.outcome]}  {seconds}  {printable(run.id)}")
    if not found:
        click.echo(_("No run is kept."))


@command.command("show", epilog=example("sopctl runs show PS-2026-0001-configure.1", "sopctl runs show PS-2026-0001"))
@click.argument("run_id", metavar="RUN")
@json_option
@click.pass_context
def show_run(ctx: click.Context, run_id: str, *, as_json: bool) -> None:
    """One run: what failed and why, what helps, and where the time went. A deposit's id stands for its newest run.

    Exit 1: the run did not succeed.
    """
    from sopctl.workflow import terms
    from sopctl.workflow.servers import runs as kept

    run = kept.one(open_desk(ctx).site, run_id)
    result, helps = run.result, wording.advice(run.remedy)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.run(run))
        end(run.outcome == "ok")
    click.echo(f"{printable(run.id)}  {run.at:%Y-%m-%d %H:%M}  {said(terms.OUTCOMES[run.outcome])}")
    if result:
        for host in result.hosts.values():
            click.echo(f"  {tally(host)}")
            if host.failed_task or host.message:
                click.echo(f"    {printable(host.failed_task)}: {printable(host.message, 1_000)}")
            if host.waited:
                slow = _(
                    "gathering facts took {seconds} s. One cause is a server that does not find its own name; there: "
                    "time getent hosts $(uname -n)",
                    seconds=f"{host.waited:.0f}",
                )
                click.echo(f"    {slow}")
        if result.message:
            click.echo(f"  {printable(said(result.message), 1_000)}")
        for role, seconds in sorted(result.roles.items(), key=lambda entry: -entry[1]):
            click.echo(f"  {seconds:6.1f} s  {printable(role) or _('(no role)')}")
    if helps:
        put_advice(f"  → {helps}")
    click.echo("  " + _("everything: {folder}", folder=run.folder))
    end(run.outcome == "ok")


def tally(host: "HostResult") -> str:
    """How many tasks of a server went how."""
    return _(
        "{host}: {ok} ok, {changed} changed, {failed} failed",
        host=host.host,
        ok=host.ok,
        changed=host.changed,
        failed=host.failed,
    )
