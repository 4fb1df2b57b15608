"""`sopctl check`: the access of the whole fleet; `sopctl checks`: what became of it over time."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import end_with, example, json_option, open_desk, say
from sopctl.cli.render import aligned, console, put_json, table
from sopctl.errors import Conflict, ExitCode, OutsideFailure, SopctlError, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import Desk
    from sopctl.workflow.servers.checking import Checked

FORMATS = ("table", "json", "ndjson", "prometheus", "nagios", "junit")
UNKNOWN = 3
"""Exit code of a monitoring plugin that cannot tell (Nagios Plugin Development Guidelines, "Return Codes")."""


class Plugin(click.Command):
    """A command that is a monitoring plugin with --format nagios: whatever stops it is one line and exit code 3."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        words = "=".join(args)
        try:
            return super().make_context(info_name, args, *more, **extra)
        except click.ClickException as error:
            if "--format=nagios" in words:
                _end_unknown(error.format_message())
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SopctlError as error:
            if ctx.params["form"] == "nagios":
                _end_unknown(f"{error.where}: {error.message}" if error.where else error.message)
            raise
        except KeyboardInterrupt:
            if ctx.params["form"] == "nagios":
                _end_unknown("interrupted")
            raise


def _end_unknown(why: str) -> None:
    click.echo(f"ACCESS UNKNOWN - {printable(why, 500).replace('|', '/')}")
    sys.exit(UNKNOWN)


@click.command(
    cls=Plugin,
    epilog=example(
        "sopctl check --all",
        "sopctl check PS-2026-0001 --json",
        "sopctl check --select unit=kesehatan,rack=A1 --watch 60",
        "sopctl check --all --format prometheus --output /var/lib/prometheus/node-exporter/sopctl.prom",
        "sopctl check --all --format nagios",
    ),
)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All servers in the office's hands.")
@click.option("--select", default="", metavar="KEY=TEXT,...", help="Of those, by unit, state (procedure) or rack.")
@click.option("--watch", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Again and again, until Ctrl-C.")
@click.option("--timeout", type=click.FloatRange(0.1, 600), help="Seconds for each server [default: checks.timeout].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print the results.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there, all at once, instead.")
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    *,
    ids: tuple[str, ...],
    everything: bool,
    select: str,
    watch: float | None,
    timeout: float | None,
    form: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Check the access of servers, all at the same time, and note it in the history of checks.

    It never moves a dossier (`verify` does). Exit code 0: all are accessible; 1: at least one is not; 5: another check
    is under way. With --format nagios those of a plugin: 0 OK, 1 WARNING (all are accessible, but some flap or are
    held down still), 2 CRITICAL, 3 UNKNOWN.
    """
    form = "json" if as_json else form
    if sum((bool(ids), everything, bool(select))) != 1:
        raise UsageError("say-servers", "say which servers: IDs, --all, or --select KEY=TEXT")
    if watch and (output or form not in ("table", "ndjson")):
        raise UsageError("watch-prints-tables-ndjson-standard", "--watch prints tables or ndjson, on standard output")
    if output and form in ("table", "ndjson"):
        raise UsageError("output-json-prometheus-nagios-junit", "--output is for json, prometheus, nagios and junit")
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    while True:
        errors: list[SopctlError] = []
        code = int(ExitCode.OK)
        try:
            summaries, broken = checking.chosen(desk.site, ids, select)
            errors += broken
            with checking.alone(desk.site), closing(checking.run(desk, summaries, timeout, errors=errors)) as stream:
                found = _take(stream, len(summaries), form)
            code = _put(found, form, output, errors)
            errors += [
                OutsideFailure("failed", "{problem}", problem=one.problem)
                for one in checking.announce(desk)
                if one.problem
            ]
        except Conflict as other:
            errors.append(other)
            if watch is None:
                raise
        if watch is None and form == "nagios":
            sys.exit(code)
        if watch is None:
            end_with(errors)
            sys.exit(code)
        say(errors)
        time.sleep(watch)


def _take(stream: "Generator[Checked, None, None]", total: int, form: str) -> "list[Checked]":
    """Take the results as they come: a line each for ndjson, a bar on a terminal."""
    found = []
    if not sys.stderr.isatty() or form == "ndjson":
        for one in stream:
            found.append(one)
            if form == "ndjson":
                _put_line(one)
        return found
    from rich.progress import Progress

    with Progress(console=console(err=True), transient=True) as progress:
        task = progress.add_task("checking", total=total)
        for one in stream:
            found.append(one)
            progress.advance(task)
    return found


def _put_line(one: "Checked") -> None:
    import msgspec

    click.echo(msgspec.json.encode(_plain(one)).decode())
    sys.stdout.flush()


def _put(found: "list[Checked]", form: str, output: Path | None, errors: Sequence[SopctlError]) -> int:
    """Print the results, or write them to `output`; the exit code."""
    from sopctl.adapters import exports
    from sopctl.store.durable import write_atomic

    found = sorted(found, key=lambda one: one.id)
    rows = [(one.id, one.result) for one in found]
    code = int(ExitCode.NO if any(result.cause for _, result in rows) else ExitCode.OK)
    if form == "table":
        _put_lines(found)
        return code
    if form == "ndjson":
        return code
    if form == "json":
        document = {"results": [_plain(one) for one in found]}
        if output is None:
            put_json(document)
            return code
        import msgspec

        text = msgspec.json.encode(document).decode() + "\n"
    elif form == "prometheus":
        text = exports.prometheus(rows)
    elif form == "junit":
        text = exports.junit(rows)
    else:
        unsteady = [one.id for one in found if one.state.flapping or one.state.status == "down"]
        text, code = exports.nagios(rows, unsteady, len(errors))
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output.absolute(), text.encode(), mode=0o644)
    return code


def _plain(one: "Checked") -> dict[str, Any]:
    """A result for machines: as `probe` has it, with the deposit's id and the state that its server is in."""
    import msgspec

    keys = "host port verdict rung cause detail seconds rungs host_key banner algorithms user services jump"
    plain = msgspec.to_builtins(one.result)
    made = {"id": one.id, "server": one.server, "remedy": one.remedy, **{key: plain[key] for key in keys.split()}}
    return made | {"status": one.state.status, "since": one.state.since or None, "flapping": one.state.flapping}


def _put_lines(found: "list[Checked]") -> None:
    """A line a server; below those that are inaccessible, why and what helps."""
    if not found:
        click.echo("no server to check: none stands in its place, or none of those fits")
        return
    rows = [("id", "server", "answer", "time", "state")]
    for one in found:
        status = f"{one.state.status}, flapping" if one.state.flapping else str(one.state.status)
        answer = "inaccessible" if one.result.cause else "accessible"
        rows.append((one.id, printable(one.server), answer, f"{one.result.seconds:.2f} s", status))
    head, *lines = aligned(rows)
    click.secho(head, bold=True)
    for one, line in zip(found, lines, strict=True):
        click.secho(line, fg="red" if one.result.cause else "green")
        if one.result.cause:
            click.echo(f"    {one.result.rung}: {one.result.cause}. {one.remedy}")


@click.group(epilog=example("sopctl checks report --month 2026-11", "sopctl checks history PS-2026-0001"))
def checks() -> None:
    """What the access checks saw over time: history and availability."""


@checks.command(epilog=example("sopctl checks history PS-2026-0001", "sopctl checks history PS-2026-0001 --json"))
@click.argument("deposit_id", metavar="ID")
@json_option
@click.pass_context
def history(ctx: click.Context, *, deposit_id: str, as_json: bool) -> None:
    """State, outages and checks of one server; the older, the coarser (hours, then days)."""
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    state, outages, counts = checking.history(desk, deposit_id)
    if as_json:
        put_json({"id": deposit_id, "state": state, "outages": outages, "checks": counts})
        return
    if state is None:
        click.echo(f"{deposit_id} was never checked: sopctl check {deposit_id}")
        return
    since = f" since {_when(desk, state.since)}" if state.since else ""
    click.echo(f"{deposit_id}: {state.status}{since}{', flapping' if state.flapping else ''}  {state.recent}")
    made = table("outage", "until", "minutes", "cause")
    for one in outages:
        last = one.ended or state.checked
        until = _when(desk, one.ended) if one.ended else "(lasts)"
        made.add_row(_when(desk, one.began), until, str((last - one.began) // 60), one.cause)
    console().print(made)
    made = table("from", "span", "checks", "good", "mean", "cause")
    for count in counts[-20:]:
        span = {1: "check", 3600: "hour", 86400: "day"}[count.span]
        good = f"{count.ok}"
        made.add_row(_when(desk, count.at), span, str(count.checks), good, f"{count.seconds:.2f} s", count.cause)
    console().print(made)


@checks.command(epilog=example("sopctl checks report", "sopctl checks report --month 2026-11 --svg november.svg"))
@click.option("--month", metavar="YYYY-MM", help="Which month [default: this one].")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw a timeline of it into this file.")
@json_option
@click.pass_context
def report(ctx: click.Context, *, month: str | None, svg: Path | None, as_json: bool) -> None:
    """Availability in a month: percent, outages with causes, the longest, and the mean time to repair.

    Only time that was watched counts: without a check for `checks.gap_minutes`, nothing is known.
    """
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    found = checking.report(desk, month)
    if svg:
        checking.draw(desk, found, svg)
        click.echo(str(svg), err=as_json)
    if as_json:
        put_json({"month": found.month, "servers": found.servers})
    if as_json or svg:
        return
    if not found.servers:
        click.echo(f"no server was checked in {found.month}; check them now: sopctl check --all")
        return
    rows = [(found.month, "server", "up", "watched", "outages", "down", "longest", "MTTR", "causes")]
    for row in found.servers:
        one = row.availability
        percent = f"{one.percent:.2f}%" if one.percent is not None else ""
        repair = f"{one.repair / 60:.0f} min" if one.repair is not None else ""
        causes = ", ".join(sorted({outage.cause for outage in one.outages}))
        times = (
            f"{one.observed / 3600:.1f} h",
            str(len(one.outages)),
            f"{one.down // 60} min",
            f"{one.longest // 60} min",
        )
        rows.append((row.id, printable(row.server), percent, *times, repair, causes))
    click.echo("\n".join(aligned(rows)))


def _when(desk: "Desk", at: int) -> str:
    return f"{datetime.fromtimestamp(at, desk.now().tzinfo):%Y-%m-%d %H:%M}"
