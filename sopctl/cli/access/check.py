"""`sopctl check`: the access of the whole fleet."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import DEPOSIT, FILE, choose_one, clock_option, end_with, example, json_option, open_desk, say
from sopctl.cli.plugin import Plugin, not_for_a_file, put_or_write
from sopctl.cli.render import aligned, console, put_json
from sopctl.errors import Conflict, ExitCode, OutsideFailure, SopctlError, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import Desk
    from sopctl.workflow.servers.checking import Checked

FORMATS = ("table", "json", "ndjson", "prometheus", "nagios", "junit")


@click.command(
    "check",
    cls=Plugin,
    epilog=example(
        "sopctl check --all",
        "sopctl check PS-2026-0001 --json",
        "sopctl check --select unit=kesehatan,rack=A1 --watch 60",
        "sopctl check --all --format prometheus --output /var/lib/prometheus/node-exporter/sopctl.prom",
        "sopctl check --all --format nagios",
    ),
)
@click.argument("ids", metavar="[ID]...", nargs=-1, type=DEPOSIT)
@click.option("--all", "everything", is_flag=True, help="All servers in the office's hands.")
@click.option("--select", default="", metavar="KEY=TEXT,...", help="Only those of a unit, state (procedure) or rack.")
@click.option(
    "--watch", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Repeat after this pause, until Ctrl-C."
)
@click.option("--timeout", type=click.FloatRange(0.1, 600), help="Seconds for each server [default: checks.timeout].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print the results.")
@click.option("--output", type=FILE, help="Write them to this file, atomically.")
@clock_option
@json_option
@click.pass_context
def command(
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
    """Check access to servers, all at the same time, and record it in the history of checks.

    It never moves a dossier (`verify` does). Exit code 0: all are accessible; 1: at least one is not; 5: another check
    is under way. Servers under maintenance are checked, but count for nothing. With --format nagios, a plugin's codes:
    0 OK, 1 WARNING (all are accessible, but some are flapping or still held down), 2 CRITICAL, 3 UNKNOWN.
    """
    form = "json" if as_json else form
    if sum((bool(ids), everything, bool(select))) != 1:
        raise choose_one("IDs", "--all", "--select KEY=TEXT")
    if watch and (output or form not in ("table", "ndjson")):
        raise UsageError("watch-only-prints", "--watch prints tables or ndjson, to standard output")
    if output and form in ("table", "ndjson"):
        raise not_for_a_file(form)
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
            errors += _untold(desk)
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


def _untold(desk: "Desk") -> "list[SopctlError]":
    """Tell those whom the settings name about the changes. Returns an error for each who could not be told."""
    if not desk.site.settings.checks.notify:
        return []
    from sopctl.workflow.servers import alerts

    return [
        OutsideFailure("change-not-told", "{name} was not told: {problem}", name=one.to, problem=one.problem)
        for one in alerts.announce(desk)
        if one.problem
    ]


def _take(stream: "Generator[Checked, None, None]", total: int, form: str) -> "list[Checked]":
    """Take the results as they come: one line each for ndjson, a bar on a terminal."""
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

    found = sorted(found, key=lambda one: one.id)
    rows = [(one.id, one.result) for one in found if not one.maintenance]
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
        counted = [one for one in found if not one.maintenance]
        unsteady = [one.id for one in counted if one.state.flapping or one.state.status == "down"]
        text, code = exports.nagios(rows, unsteady, len(errors))
    put_or_write(text, output)
    return code


def _plain(one: "Checked") -> dict[str, Any]:
    """A result for machines: as `probe` prints it, with the deposit's id and its server's state."""
    import msgspec

    keys = "host port verdict rung cause detail seconds rungs host_key banner algorithms user services jump at"
    plain = msgspec.to_builtins(one.result)
    made = {"id": one.id, "server": one.server, "remedy": one.remedy, **{key: plain[key] for key in keys.split()}}
    state = {"status": one.state.status, "since": one.state.since or None, "flapping": one.state.flapping}
    return made | state | {"maintenance": one.maintenance}


def _put_lines(found: "list[Checked]") -> None:
    """One line per server; below an inaccessible one, why, and what helps."""
    if not found:
        click.echo("no server to check: none is in its place, or none matches")
        return
    rows = [("id", "server", "answer", "time", "state")]
    for one in found:
        status = f"{one.state.status}, flapping" if one.state.flapping else str(one.state.status)
        status += f", maintenance {one.maintenance}" if one.maintenance else ""
        answer = "inaccessible" if one.result.cause else "accessible"
        rows.append((one.id, printable(one.server), answer, f"{one.result.seconds:.2f} s", status))
    head, *lines = aligned(rows)
    click.secho(head, bold=True)
    for one, line in zip(found, lines, strict=True):
        click.secho(line, fg="red" if one.result.cause else "green")
        if one.result.cause:
            click.echo(f"    {one.result.rung}: {one.result.cause}. {one.remedy}")
