"""`sopctl report`: how the work went."""

import click

from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import console, put_json, table


@click.group(epilog=example("sopctl report sla --month 2026-11"))
def report() -> None:
    """Reports over the site's whole history."""


@report.command(epilog=example("sopctl report sla", "sopctl report sla --month 2026-11 --json"))
@click.option("--month", metavar="YYYY-MM", help="Which month [default: this one].")
@json_option
@click.pass_context
def sla(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """How the SOP's time limits were kept: steps done in the month, in time and late, and what is open now.

    Times are in the days that the office's calendar counts, without the time on hold.
    """
    from sopctl.workflow import reports

    found = reports.sla_report(open_desk(ctx), month)
    if as_json:
        put_json({"month": found.month, "done": found.done, "in_time": found.in_time, "steps": found.lines})
        return
    click.echo(f"{found.month}: {found.done} steps done, {found.in_time} in time")
    made = table("step", "activity", "done", "in time", "late", "median", "worst", "open", "late now")
    made.columns[1].ratio = 1
    for line in found.lines:
        times = [f"{days:g} d" if days is not None else "" for days in (line.median_days, line.worst_days)]
        counts = (line.done, line.in_time, line.late)
        made.add_row(
            f"{line.procedure} {line.step}",
            f"{line.activity} ({line.actor})",
            *map(str, counts),
            *times,
            str(line.open),
            str(line.open_late),
            style="red" if line.late or line.open_late else None,
        )
    console().print(made)
