"""`sopctl schedule`: the jobs that run by themselves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import console, put_json, table
from sopctl.cli.tree import Group
from sopctl.errors import UsageError

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


@click.group("schedule", cls=Group, epilog=example("sopctl schedule install --run-as sopctl", "sopctl schedule show"))
def command() -> None:
    """Jobs that run by themselves: access checks, reminders, the monthly inventory (systemd timers); and the page."""


@command.command(
    "install",
    epilog=example(
        "sopctl schedule install --run-as sopctl",
        "sopctl schedule install --page",
        "sopctl schedule install --worker /etc/sopctl-worker",
    ),
)
@user_option
@run_as_option
@worker_option
@click.option("--page", is_flag=True, help="The page too, behind the office's proxy (docs/howto/page-behind-nginx.md).")
@click.option(
    "--page-as", metavar="USER", help="Who runs the page; made where missing [default: sopctl-page, with --page]."
)
@click.option("--dry-run", is_flag=True, help="Show the unit files; install nothing.")
@json_option
@click.pass_context
def install(
    ctx: click.Context,
    *,
    user: bool,
    run_as: str | None,
    folder: Path | None,
    page: bool,
    page_as: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Install the timers, or bring them up to date. They catch up after downtime and never overlap.

    With --page, systemd runs the page as well, as an account of its own that cannot read the office's keys. With
    --worker, it runs an engine's worker, which needs no site.
    """
    from sopctl.workflow.setup import scheduling

    serving = page_as or (scheduling.PAGE_USER if page else "")
    if folder:
        _install_worker(folder.absolute(), run_as, dry_run=dry_run, as_json=as_json, others=user or bool(serving))
        return
    site = open_site(ctx)
    scope = scheduling.scope_for(site, user=user, run_as=run_as)
    if dry_run:
        _put_files(scope.folder, scheduling.unit_files(site, scope, serving), as_json=as_json)
        return
    _put_changed(scope.folder, scheduling.install(site, scope, serving), "sopctl schedule show", as_json=as_json)
    if serving and not as_json:
        socket = scheduling.socket(site)
        click.echo(_("the page listens at {socket}, for the group {group}", socket=socket, group=serving))


def _install_worker(folder: Path, run_as: str | None, *, dry_run: bool, as_json: bool, others: bool) -> None:
    from sopctl.workflow.setup import scheduling

    if others:
        raise UsageError(
            "worker-alone",
            "--worker goes with --run-as alone",
            remedy="A worker is a service of its machine, where there is neither a site nor its page.",
        )
    scope = scheduling.owner_scope(folder, user=False, run_as=run_as)
    files = scheduling.worker_files(folder, scope)
    if dry_run:
        _put_files(scope.folder, files, as_json=as_json)
    else:
        see = f"systemctl status {next(iter(files))}"
        _put_changed(scope.folder, scheduling.install_worker(files, scope), see, as_json=as_json)


def _put_files(folder: Path, files: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        from sopctl.cli.documents import timers

        put_json(timers.scheduled(folder, files=files))
        return
    for name, text in files.items():
        click.echo(f"# {folder / name}\n{text}")


def _put_changed(folder: Path, changed: list[str], see: str, *, as_json: bool) -> None:
    if as_json:
        from sopctl.cli.documents import timers

        put_json(timers.scheduled(folder, changed))
        return
    for name in changed:
        click.echo(f"{folder / name}")
    click.echo(_("installed; see: {command}", command=see) if changed else _("nothing to change"))


@command.command("show", epilog=example("sopctl schedule show", "sopctl schedule show --json"))
@user_option
@json_option
@click.pass_context
def show(ctx: click.Context, *, user: bool, as_json: bool) -> None:
    """When each job runs next, and how it ended last; and whether the page runs."""
    from sopctl.workflow.setup import scheduling

    site = open_site(ctx)
    timers = scheduling.show(site, user=user)
    page = None if user else scheduling.page_state(site)
    if as_json:
        from sopctl.cli.documents.timers import Schedule

        put_json(Schedule(timers=list(timers), page=page or ""))
        return
    if page:
        click.echo(_("the page: {state}, at {socket}", state=page, socket=scheduling.socket(site)))
    if not timers:
        click.echo(_("no timers are installed for this site; install them: sopctl schedule install"))
        return
    made = table(_("job"), _("next"), _("last"), _("took"), _("result"))
    for timer in timers:
        took = f"{timer.last_seconds:.0f} s" if timer.last_seconds is not None else ""
        words = {0: _("yes"), 1: _("no (exit 1)"), None: _("never ran")}
        result = words.get(timer.exit_code) or _("exit {code}", code=timer.exit_code)
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

    gone = scheduling.remove_worker(folder.absolute()) if folder else scheduling.remove(open_site(ctx), user=user)
    if as_json:
        from sopctl.cli.documents.timers import Unscheduled

        put_json(Unscheduled(removed=list(gone)))
    else:
        click.echo(_("removed: {names}", names=", ".join(gone)) if gone else _("there was nothing to remove"))


def _when(moment: "datetime | None") -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"
