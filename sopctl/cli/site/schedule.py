"""`sopctl schedule`: the jobs that run by themselves."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import console, put_json, table

if TYPE_CHECKING:
    from datetime import datetime

user_option = click.option("--user", is_flag=True, help="Your own timers [default: the machine's; needs root].")
run_as_option = click.option("--run-as", metavar="USER", help="Who runs the jobs [default: the site's owner].")


@click.group("schedule", epilog=example("sopctl schedule install --run-as sopctl", "sopctl schedule show"))
def command() -> None:
    """Jobs that run by themselves: access checks, reminders, the monthly inventory (systemd timers); and the page."""


@command.command("install", epilog=example("sopctl schedule install --run-as sopctl", "sopctl schedule install --page"))
@user_option
@run_as_option
@click.option("--page", is_flag=True, help="The page too, behind the office's proxy (docs/page.md).")
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
    page: bool,
    page_as: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Install the timers, or bring them up to date. They catch up after downtime and never overlap.

    With --page, systemd runs the page as well, as an account of its own that cannot read the office's keys.
    """
    from sopctl.workflow.setup import scheduling

    site = open_site(ctx)
    scope = scheduling.scope_for(site, user=user, run_as=run_as)
    serving = page_as or (scheduling.PAGE_USER if page else "")
    if dry_run:
        files = scheduling.unit_files(site, scope, serving)
        if as_json:
            put_json({"folder": str(scope.folder), "files": files})
            return
        for name, text in files.items():
            click.echo(f"# {scope.folder / name}\n{text}")
        return
    changed = scheduling.install(site, scope, serving)
    if as_json:
        put_json({"folder": str(scope.folder), "changed": changed})
        return
    for name in changed:
        click.echo(f"{scope.folder / name}")
    click.echo("installed; see: sopctl schedule show" if changed else "nothing to change")
    if serving:
        click.echo(f"the page listens at {scheduling.socket(site)}, for the group {serving}")


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
        put_json({"timers": timers, "page": page})
        return
    if page:
        click.echo(f"the page: {page}, at {scheduling.socket(site)}")
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
@json_option
@click.pass_context
def remove(ctx: click.Context, *, user: bool, as_json: bool) -> None:
    """Remove the timers, leaving nothing behind."""
    from sopctl.workflow.setup import scheduling

    gone = scheduling.remove(open_site(ctx), user=user)
    if as_json:
        put_json({"removed": gone})
    else:
        click.echo(f"removed: {', '.join(gone)}" if gone else "there was nothing to remove")


def _when(moment: "datetime | None") -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "–"
