"""`sopctl maintenance`: times in which a rack or some servers may be down."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import (
    DEPOSIT,
    MOMENT,
    TEXT,
    by_option,
    end,
    example,
    json_option,
    month_option,
    open_desk,
    reason_option,
    several,
)
from sopctl.cli.render import console, put_json, table
from sopctl.cli.tree import Group
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.house.maintenance import Planned


@click.group("maintenance", cls=Group, epilog=example("sopctl maintenance list"))
def command() -> None:
    """Maintenance of racks or servers: planned, told to their owners, called off."""


@command.command(
    "plan",
    epilog=example(
        'sopctl maintenance plan --rack A1 --from "2030-01-15 20:00" --until "2030-01-15 23:00" --reason PDU',
        'sopctl maintenance plan PS-2026-0001 --from "2030-01-15 20:00" --until "2030-01-16 02:00" --reason RAM',
    ),
)
@several("ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--rack", "racks", multiple=True, metavar="RACK", help="All servers that are in it now.")
@click.option("--from", "begin", type=MOMENT, required=True, help="When it begins: not in the past.")
@click.option("--until", type=MOMENT, required=True, help="When it ends: within 31 days.")
@click.option("--reason", type=TEXT, required=True, help="Why. The owners read it.")
@by_option
@json_option
@click.pass_context
def plan(
    ctx: click.Context,
    *,
    ids: tuple[str, ...],
    racks: tuple[str, ...],
    begin: datetime,
    until: datetime,
    reason: str,
    as_json: bool,
) -> None:
    """Plan maintenance, and tell the owners of all servers concerned. Exit 1: some could not be told.

    No alerts are sent about these servers while it lasts, and their availability counts that time apart. Where no
    message reaches an owner, a letter is made (PDF).
    """
    from sopctl.workflow.house import maintenance

    done = maintenance.plan(open_desk(ctx), racks=racks, ids=ids, begin=begin, end=until, reason=reason)
    _put(ctx, done, as_json=as_json)


@command.command("cancel", epilog=example('sopctl maintenance cancel P-2026-0001 --reason "PDU belum datang"'))
@click.argument("maintenance", metavar="MAINTENANCE")
@reason_option
@by_option
@json_option
@click.pass_context
def cancel(ctx: click.Context, *, maintenance: str, reason: str, as_json: bool) -> None:
    """Call maintenance off, or end one that is under way: from then on, checks count again. The owners are told."""
    from sopctl.workflow.house import maintenance as planned

    _put(ctx, planned.cancel(open_desk(ctx), maintenance, reason=reason), as_json=as_json)


@command.command("tell", epilog=example("sopctl maintenance tell P-2026-0001"))
@click.argument("maintenance", metavar="MAINTENANCE")
@by_option
@json_option
@click.pass_context
def tell(ctx: click.Context, *, maintenance: str, as_json: bool) -> None:
    """Tell the owners who could not be told before. Nobody is told twice."""
    from sopctl.workflow.house import maintenance as planned

    _put(ctx, planned.tell(open_desk(ctx), maintenance), as_json=as_json)


@command.command("list", epilog=example("sopctl maintenance list", "sopctl maintenance list --month 2026-11 --json"))
@month_option
@json_option
@click.pass_context
def list_maintenance(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """What is planned or under way; with --month, what touched that month."""
    from sopctl.store import books
    from sopctl.workflow.views import house

    desk = open_desk(ctx)
    if month:
        found = house.maintenance(desk, month)
    else:
        now = int(desk.now().timestamp())
        found = [each for each in books.all_windows(desk.site) if each.span and each.span.ended > now]
    if as_json:
        from sopctl.cli.documents.house import Maintenance

        put_json(Maintenance(maintenance=list(found)))
        return
    if not found:
        click.echo(
            _("There was no maintenance in {month}.", month=month)
            if month
            else _("No maintenance is planned or under way.")
        )
        return
    made = table(_("maintenance"), _("from"), _("until"), _("racks"), _("deposits"), _("why"), _("told"))
    for each in found:
        what = each.maintenance
        told = sum(not one.problem for one in {(one.name, one.to): one for one in each.told}.values())
        made.add_row(
            each.id,
            f"{what.begin:%Y-%m-%d %H:%M}",
            f"{each.ended or what.end:%Y-%m-%d %H:%M}",
            ", ".join(what.racks),
            ", ".join(what.deposits),
            printable(what.reason),
            str(told),
        )
    console().print(made)


def _put(ctx: click.Context, done: "Planned", *, as_json: bool) -> None:
    from sopctl.workflow import terms

    if as_json:
        from sopctl.cli.documents.house import MaintenanceTold

        put_json(MaintenanceTold(maintenance=[done.window], told=list(done.told)))
        end(done.everyone_told)
    what = done.window.maintenance
    click.echo(f"{done.window.id}  {said(done.window.when)}: {printable(what.reason)}")
    for each in done.told:
        how = f"{said(terms.MEANS[each.via])}: {printable(each.to)}"
        if each.document:
            how = _("letter: {file}", file=each.document.file)
        wrong = f" – {printable(said(each.problem))}" if each.problem else ""
        click.echo(
            f"  {'✗' if each.problem else '✓'} {printable(each.name)} ({', '.join(each.deposits)}): {how}{wrong}"
        )
    if not done.everyone_told:
        click.echo("  " + _("next: {command}", command=f"sopctl maintenance tell {done.window.id}"))
    end(done.everyone_told)
