"""`sopctl checks`: what became of access over time."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import FILE, example, id_argument, json_option, month_option, open_desk
from sopctl.cli.render import aligned, console, put_advice, put_json, put_wrapped, table
from sopctl.cli.tree import Group
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import Desk


@click.group(
    "checks", cls=Group, epilog=example("sopctl checks report --month 2026-11", "sopctl checks history PS-2026-0001")
)
def command() -> None:
    """What the access checks saw over time: history and availability."""


@command.command(
    "history", epilog=example("sopctl checks history PS-2026-0001", "sopctl checks history PS-2026-0001 --json")
)
@id_argument
@json_option
@click.pass_context
def history(ctx: click.Context, *, deposit_id: str, as_json: bool) -> None:
    """State, outages and checks of one server; the older, the coarser (hours, then days)."""
    from sopctl.workflow import terms
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    state, outages, counts = checking.history(desk, deposit_id)
    if as_json:
        from sopctl.cli.documents.access import history as document

        put_json(document(deposit_id, state, outages, counts, desk.now().tzinfo))
        return
    if state is None:
        put_advice(_("{id} has never been checked; check it now: sopctl check {id}", id=deposit_id))
        return
    status = said(state.status)
    if state.since:
        status = _("{state} since {time}", state=status, time=_when(desk, state.since))
    if state.flapping:
        status = _("{state}, flapping", state=status)
    click.echo(f"{deposit_id}: {status}  {state.recent}")
    made = table(_("outage"), _("until"), _("minutes"), _("cause"))
    for one in outages:
        last = one.ended or state.checked
        until = _when(desk, one.ended) if one.ended else _("(lasts)")
        made.add_row(_when(desk, one.began), until, str((last - one.began) // 60), said(terms.cause(one.cause)))
    console().print(made)
    made = table(_("from"), _("span"), _("checks"), _("good"), _("mean"), _("cause"))
    for count in counts[-20:]:
        span = {1: _("check"), 3600: _("hour"), 86400: _("day")}[count.span]
        good = f"{count.ok}"
        took, cause = f"{count.seconds:.2f} s", said(terms.cause(count.cause))
        made.add_row(_when(desk, count.at), span, str(count.checks), good, took, cause)
    console().print(made)


@command.command(
    "report", epilog=example("sopctl checks report", "sopctl checks report --month 2026-11 --svg november.svg")
)
@month_option
@click.option("--svg", type=FILE, help="Draw a timeline of it into this file.")
@json_option
@click.pass_context
def report(ctx: click.Context, *, month: str | None, svg: Path | None, as_json: bool) -> None:
    """Availability in a month: percent, outages with causes, the longest, and the mean time to repair.

    Only time that was watched counts: without a check for `checks.gap_minutes`, nothing is known. Announced maintenance
    counts neither as up nor as down; it has a column of its own.
    """
    from sopctl.workflow import terms
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    found = checking.report(desk, month)
    if svg:
        checking.draw(desk, found, svg)
        click.echo(str(svg), err=as_json)
    if as_json:
        from sopctl.cli.documents import access

        put_json(access.availability(found, desk.now().tzinfo))
    if as_json or svg:
        return
    if not found.servers:
        put_advice(_("no server was checked in {month}; check them now: sopctl check --all", month=found.month))
        return
    heads = (_("deposit"), _("server"), _("up"), _("watched"), _("outages"), _("down"), _("longest"))
    rows: list[tuple[str, ...]] = [(*heads, "MTTR", _("maintenance"), _("causes"))]
    for row in found.servers:
        one = row.availability
        percent = f"{one.percent:.2f}%" if one.percent is not None else ""
        repair = _("{number} min", number=f"{one.repair / 60:.0f}") if one.repair is not None else ""
        causes = ", ".join(sorted({said(terms.cause(outage.cause)) for outage in one.outages}))
        times = (
            _("{number} h", number=f"{one.observed / 3600:.1f}"),
            str(len(one.outages)),
            _("{number} min", number=one.down // 60),
            _("{number} min", number=one.longest // 60),
        )
        apart = _("{number} h", number=f"{one.maintenance / 3600:.1f}") if one.maintenance else ""
        rows.append((row.id, printable(row.server), percent, *times, repair, apart, causes))
    watched = ngettext(
        "{month}: {number} server. Watched: SSH up to a login (an appliance: up to its host key) and the TCP ports of "
        "the letter, each time they were checked; after {gap} minutes without a check nothing is known.",
        "{month}: {number} servers. Watched: SSH up to a login (an appliance: up to its host key) and the TCP ports of "
        "the letter, each time they were checked; after {gap} minutes without a check nothing is known.",
        len(found.servers),
        month=found.month,
        gap=desk.site.settings.checks.gap_minutes,
    )
    put_wrapped(watched, "")
    click.echo("\n".join(aligned(rows)))


def _when(desk: "Desk", at: int) -> str:
    return f"{datetime.fromtimestamp(at, desk.now().tzinfo):%Y-%m-%d %H:%M}"
