"""`sopctl lab rehearse`: a playbook on new lab servers, twice; or the whole cycle on servers in owners' states."""

from pathlib import Path

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import DEBIAN, FILE, Renamed, choose_one, end, example, json_option, lacks
from sopctl.cli.reading.runs import tally
from sopctl.cli.render import put_json, task_progress
from sopctl.cli.site.lab._render import progress
from sopctl.model.text import printable

SHOWN = 20
"""Differences of one step that are printed."""


@click.command(
    "rehearse",
    epilog=example(
        "sopctl lab rehearse playbooks/configure.yml",
        "sopctl lab rehearse playbooks/site.yml --group unit_dinas_kesehatan --debian trixie",
        "sopctl lab rehearse --state ufw",
        "sopctl lab rehearse --state ufw,web-from-a-home --state ssh-socket --debian bullseye",
    ),
)
@click.argument("playbook", metavar="[PLAYBOOK]", type=FILE, required=False)
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE[,STATE]",
    help="Without PLAYBOOK: what an owner has made of the server; again for another server.",
)
@click.option("--servers", type=click.IntRange(1, 100), default=1, show_default=True, help="On how many new servers.")
@click.option(*DEBIAN, cls=Renamed, default="bookworm", show_default=True, help="bullseye, bookworm or trixie.")
@click.option(
    "--group", "groups", multiple=True, metavar="GROUP", help="A group of the inventory that they also belong to."
)
@click.option("--keep", is_flag=True, help="Leave the servers up, to look at them: sopctl lab status.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    playbook: Path | None,
    *,
    states: tuple[str, ...],
    servers: int,
    release: str,
    groups: tuple[str, ...],
    keep: bool,
    as_json: bool,
) -> None:
    """Run a playbook of the site on new lab servers, twice. Exit 1: it failed, or its second run changed something.

    The site and its servers are not touched. The lab servers are configured as deposits are, and are gone afterwards.

    With --state instead of a playbook: a deposit's whole cycle on a server that its owner has changed (sopctl lab
    states). Its services must answer before and after, a run that fails must be put back, and after the release the
    server must be as it was, but for what docs/howto/lab.md names. Exit 1: it is not.
    """
    from sopctl.workflow.setup import rehearsing

    if bool(playbook) == bool(states):
        raise choose_one("PLAYBOOK", "--state")
    if playbook is None:
        if groups or servers != 1:
            raise lacks("--group" if groups else "--servers", "PLAYBOOK")
        _prove(ctx.find_root().obj, states, release=release, keep=keep, as_json=as_json)
        return
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
        from sopctl.cli.documents import lab as documents

        put_json(documents.rehearsed(found))
    else:
        for run in (found.first, found.second):
            for host in run.hosts.values() if run else ():
                click.echo(tally(host))
                if host.message:
                    click.echo(f"  {printable(host.failed_task)}: {printable(host.message, 1_000)}")
            if run and run.message:
                click.echo(f"  {printable(said(run.message), 1_000)}")
        if found.ok:
            click.secho("✓ " + _("rehearsed: a second run changes nothing"), fg="green")
        elif found.changed_again:
            click.secho("✗ " + _("a second run changes something: its tasks are not idempotent"), fg="red")
    end(found.ok)


def _prove(site_dir: str | None, states: tuple[str, ...], *, release: str, keep: bool, as_json: bool) -> None:
    from sopctl.workflow.setup import proving

    proofs = proving.prove(site_dir, states, release=release, keep=keep, say=progress)
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.Proofs(ok=all(proof.ok for proof in proofs), servers=list(proofs)))
    for proof in () if as_json else proofs:
        click.echo(f"{proof.server} ({release}): {', '.join(proof.states)}")
        for step in proof.steps:
            click.secho(f"  {'✓' if step.ok else '✗'} {said(step.step)}", fg="green" if step.ok else "red")
            if step.said and not step.ok:
                click.echo(f"    {printable(step.said, 1_000)}")
            for difference in step.differences[:SHOWN]:
                click.echo(f"    {printable(difference, 200)}")
            if len(step.differences) > SHOWN:
                more = len(step.differences) - SHOWN
                click.echo("    " + _("and {number} more: --json has them all", number=more))
        if proof.left_out:
            stays = ", ".join(sorted({each.split()[2] for each in proof.left_out}))
            click.echo("  " + _("what stays, as documented: {files}", files=stays))
    end(all(proof.ok for proof in proofs))
