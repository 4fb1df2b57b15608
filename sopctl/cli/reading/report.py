"""`sopctl report`: how the work went."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import by_option, end, end_with, example, json_option, month_option, open_desk
from sopctl.cli.render import console, counted_progress, put_json, table
from sopctl.cli.tree import Group
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.sop.sla import Tally


@click.group("report", cls=Group, epilog=example("sopctl report sla --month 2026-11"))
def command() -> None:
    """Reports over the site's whole history."""


@command.command("sla", epilog=example("sopctl report sla", "sopctl report sla --month 2026-11 --json"))
@month_option
@json_option
@click.pass_context
def sla(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """How the SOP's time limits were kept: steps done in the month, on time and late, and what was open at its end.

    While the month lasts, that is now. Each late step is named: whose it was, how late, and the reason that was given
    (sopctl late, or --late-because at the step). Times are in the days that the office's calendar counts, without the
    time on hold; what took less than a day is in hours.

    A broken dossier is named on standard error, and the exit code is then 3.
    """
    from sopctl.workflow.views.sla_report import sla_report

    with counted_progress(_("reading"), quiet=as_json) as progress:
        report = sla_report(open_desk(ctx), month, progress)
    found = report.found
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.limits(report))
        end_with([*report.broken.values()])
        return
    click.echo(
        ngettext(
            "{month}: {number} step done, {in_time} on time",
            "{month}: {number} steps done, {in_time} on time",
            found.total.done,
            month=report.month,
            in_time=found.total.in_time,
        )
    )
    counts = (_("done"), _("on time"), _("late"), _("median"), _("worst"), _("open"), _("late now"))
    made = table(_("step"), *counts)
    for line in found.steps:
        made.add_row(f"{line.procedure} {line.step}\n{line.actor}", *_cells(line.tally), style=_style(line.tally))
    if found.steps:
        console().print(made)
    people = table(_("actor"), *counts)
    for actor, tally in (*found.actors.items(), (_("all"), found.total)):
        people.add_row(actor, *_cells(tally), style=_style(tally))
    console().print(people)
    if found.late:
        named = table(_("deposit"), _("late step"), _("whose"), _("by"), _("due"), _("done"), _("days"), _("reason"))
        for each in found.late:
            ended = f"{each.ended:%Y-%m-%d}" if each.ended else _("(open)")
            words = (f"{each.procedure} {each.step}", each.actor, each.by, f"{each.due}", ended, str(each.late_days))
            named.add_row(each.deposit, *words, printable(each.reason) or "–", style="red")
        console().print(named)
    end_with([*report.broken.values()])


@command.command("mail", epilog=example("sopctl report mail", "sopctl report mail --month 2026-11 --by kabid"))
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the last one].")
@by_option
@json_option
@click.pass_context
def mail(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """Send the month's report to the people whom report_to of sopctl.yml names: its figures, with PDF and XLSX.

    It is issued if it was not, or if something is new about the month. Nobody gets the same report twice. Exit 1: it
    was not sent to everyone; the next run tries again.
    """
    from sopctl.workflow.papers.monthly.mailing import mail_report

    made, told = mail_report(open_desk(ctx), month)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.report_mailed(made, told))
    for each in () if as_json else told:
        mark, colour = ("✓", "green") if each.sent or each.already else ("✗", "red")
        what = said(each.problem) or (_("has it already") if each.already else _("sent"))
        click.secho(f"{mark} {made.number}  {each.name} <{each.email}>: {printable(what)}", fg=colour)
    end_with(made.errors)
    end(all(each.sent or each.already for each in told))


def _cells(tally: "Tally") -> tuple[str, ...]:
    return (
        *map(str, (tally.done, tally.in_time, tally.late)),
        _took(tally.median_days),
        _took(tally.worst_days),
        str(tally.open),
        str(tally.open_late),
    )


def _style(tally: "Tally") -> str | None:
    return "red" if tally.late or tally.open_late else None


def _took(days: float | None) -> str:
    """Days that count, or hours for what took less than one."""
    if days is None:
        return ""
    return _("{days} d", days=f"{days:g}") if days >= 1 else _("{hours} h", hours=f"{days * 24:.0f}")
