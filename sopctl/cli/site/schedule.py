"""`sopctl schedule`: the jobs that run by themselves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import console, put_json, table

if TYPE_CHECKING:
    from datetime import datetime

user_option = click.option("--user", is_flag=True, help="Your own timers [default: the machine's; needs root].")
worker_option = click.option(
    "--worker",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="The engine's worker of this folder instead, on its own machine.",
)
run_as_option = click.option("--run-as", metavar="USER", help="Who runs the jobs [default: the site's owner].")


@click.group("schedule", epilog=example("sopctl schedule install --run-as sopctl", "sopctl schedule show"))
def command() -> None:
    """Jobs that run by themselves: access checks, reminders, the monthly inventory (systemd timers)."""


@command.command(
    "install",
    epilog=example("sopctl schedule install --run-as sopctl", "sopctl schedule install --worker /etc/sopctl-worker"),
)
@user_option
@run_as_option
@worker_option
@click.option("--dry-run", is_flag=True, help="Show the unit files; install nothing.")
@json_option
@click.pass_context
def install(
    ctx: click.Context, *, user: bool, run_as: str | None, folder: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Install the timers, or bring them up to date. They catch up after downtime and never overlap.

    With --worker, the service of an engine's worker: it runs all the time, and needs no site.
    """
    from sopctl.workflow.setup import scheduling

    if folder:
        scope = scheduling.owner_scope(folder, user=user, run_as=run_as)
        files = scheduling.worker_unit(folder.absolute(), scope)
    else:
        site = open_site(ctx)
        scope = scheduling.scope_for(site, user=user, run_as=run_as)
        files = scheduling.unit_files(site, scope)
    if dry_run:
        if as_json:
            put_json({"folder": str(scope.folder), "files": files})
            return
        for name, text in files.items():
            click.echo(f"# {scope.folder / name}\n{text}")
        return
    changed = scheduling.install_worker(files, scope) if folder else scheduling.install(site, scope)
    if as_json:
        put_json({"folder": str(scope.folder), "changed": changed})
        return
    for name in changed:
        click.echo(f"{scope.folder / name}")
    see = f"systemctl status {next(iter(files))}" if folder else "sopctl schedule show"
    click.echo(f"installed; see: {see}" if changed else "nothing to change")


@command.command("show", epilog=example("sopctl schedule show", "sopctl schedule show --json"))
@user_option
@json_option
@click.pass_context
def show(ctx: click.Context, *, user: bool, as_json: bool) -> None:
    """When each job runs next, and how it ended last."""
    from sopctl.workflow.setup import scheduling

    timers = scheduling.show(open_site(ctx), user=user)
    if as_json:
        put_json({"timers": timers})
        return
    if not timers:
        click.echo("no timers are installed for this site; install them: sopctl schedule install")
        return
    made = table("job", "next", "last", "took", "result")
    for timer in timers:
        took = f"{timer.last_seconds:.0f} s" if timer.last_seconds is not None else ""
        result = {0: "yes", 1: "no (exit 1)", None: "never ran"}.get(timer.exit_code, f"exit {timer.exit_code}")
        made.add_row(timer.name, _when(timer.next_run), _when(timer.last_run), took, result)
    console().print(made)


@command.command("remove", epilog=example("sopctl schedule remove"))
@user_option
@worker_option
@json_option
@click.pass_context
def remove(ctx: click.Context, *, user: bool, folder: Path | None, as_json: bool) -> None:
    """Remove the timers, or the worker's service, leaving nothing behind."""
    from sopctl.workflow.setup import scheduling

    gone = scheduling.remove_worker(folder, user=user) if folder else scheduling.remove(open_site(ctx), user=user)
    if as_json:
        put_json({"removed": gone})
    else:
        click.echo(f"removed: {', '.join(gone)}" if gone else "there was nothing to remove")


def _when(moment: "datetime | None") -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "–"
