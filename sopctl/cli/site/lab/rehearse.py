"""`sopctl lab rehearse`: a playbook on new lab servers, twice."""

from pathlib import Path

import click

from sopctl.cli.options import FILE, end, example, json_option
from sopctl.cli.render import put_json, task_progress
from sopctl.cli.site.lab._render import progress
from sopctl.model.text import printable


@click.command(
    "rehearse",
    epilog=example(
        "sopctl lab rehearse playbooks/configure.yml",
        "sopctl lab rehearse playbooks/site.yml --group unit_dinas_kesehatan --release trixie",
    ),
)
@click.argument("playbook", metavar="PLAYBOOK", type=FILE)
@click.option("--servers", type=click.IntRange(1, 100), default=1, show_default=True, help="On how many new servers.")
@click.option("--release", default="bookworm", show_default=True, help="Debian release: bullseye, bookworm or trixie.")
@click.option(
    "--group", "groups", multiple=True, metavar="GROUP", help="A group of the inventory that they also belong to."
)
@click.option("--keep", is_flag=True, help="Leave the servers up, to look at them: sopctl lab status.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    playbook: Path,
    *,
    servers: int,
    release: str,
    groups: tuple[str, ...],
    keep: bool,
    as_json: bool,
) -> None:
    """Run a playbook of the site on new lab servers, twice. Exit 1: it failed, or its second run changed something.

    The site and its servers are not touched. The lab servers are configured as deposits are, and are gone afterwards.
    """
    from sopctl.workflow.setup import rehearsing

    with task_progress(quiet=as_json) as on_event:
        found = rehearsing.rehearse(
            ctx.find_root().obj,
            playbook,
            servers=servers,
            release=release,
            groups=groups,
            keep=keep,
            progress=progress,
            on_event=on_event,
        )
    if as_json:
        put_json({"ok": found.ok, "first": found.first, "second": found.second})
    else:
        for run in (found.first, found.second):
            for host in run.hosts.values() if run else ():
                click.echo(f"{host.host}: {host.ok} ok, {host.changed} changed, {host.failed} failed")
                if host.message:
                    click.echo(f"  {printable(host.failed_task)}: {printable(host.message, 1_000)}")
            if run and run.message:
                click.echo(f"  {printable(run.message, 1_000)}")
        if found.ok:
            click.secho("✓ rehearsed: a second run changes nothing", fg="green")
        elif found.changed_again:
            click.secho("✗ a second run changes something: its tasks are not idempotent", fg="red")
    end(found.ok)
