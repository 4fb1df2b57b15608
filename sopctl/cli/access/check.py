"""`sopctl check`: the access of the whole fleet."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import (
    DEPOSIT,
    FILE,
    choose_one,
    clock_option,
    end_with,
    example,
    json_option,
    lacks,
    open_desk,
    say,
    several,
)
from sopctl.cli.plugin import Plugin, not_for_a_file, put_or_write
from sopctl.cli.render import aligned, console, documented, put_advice, put_json
from sopctl.errors import Conflict, ExitCode, OutsideFailure, SopctlError, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.exports import Figures, Sample
    from sopctl.cli.documents.access import CheckedServer
    from sopctl.workflow.desk import Desk
    from sopctl.workflow.servers.checking import Checked, NotTried

FORMATS = ("table", "json", "ndjson", "prometheus", "nagios", "junit")


@click.command(
    "check",
    cls=Plugin,
    epilog=example(
        "sopctl check --all",
        "sopctl check PS-2026-0001 --json",
        "sopctl check --select unit=kesehatan,rack=A1 --watch 60",
        "sopctl check --all --metrics /var/lib/prometheus/node-exporter/sopctl.prom",
        "sopctl check --all --format nagios",
    ),
)
@several("ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--all", "everything", is_flag=True, help="All servers on site.")
@click.option("--select", default="", metavar="KEY=TEXT,...", help="Only those of a unit, state (procedure) or rack.")
@click.option(
    "--watch", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Repeat after this pause, until Ctrl-C."
)
@click.option("--timeout", type=click.FloatRange(0.1, 600), help="Seconds for each server [default: checks.timeout].")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print the results.")
@click.option("--output", type=FILE, help="Write them to this file, atomically.")
@click.option("--metrics", type=FILE, help="With --all: write this file for Prometheus besides, atomically.")
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
    metrics: Path | None,
    as_json: bool,
) -> None:
    """Check access to servers, all at the same time, and record it in the history of checks.

    It never moves a dossier (`sopctl verify` does). Exit code 0: all are accessible; 1: at least one is not; 5: another
    check is under way. Servers under maintenance are checked, but count for nothing. With --format nagios, a plugin's
    codes: 0 OK, 1 WARNING (all are accessible, but some are flapping or still held down), 2 CRITICAL, 3 UNKNOWN.
    """
    form = "json" if as_json else form
    if sum((bool(ids), everything, bool(select))) != 1:
        raise choose_one(_("IDs"), "--all", "--select KEY=TEXT")
    if watch and (output or form not in ("table", "ndjson")):
        raise UsageError(
            "watch-only-prints",
            "--watch prints tables or ndjson, to standard output",
            remedy="Leave --output out, or choose --format table or ndjson.",
        )
    if output and form in ("table", "ndjson"):
        raise not_for_a_file(form)
    if metrics and not everything:
        raise lacks("--metrics", "--all", _("A file of some servers would say that the others are gone."))
    from sopctl.workflow.servers import checking

    desk = open_desk(ctx)
    while True:
        errors: list[SopctlError] = []
        untried: list[NotTried] = []
        code = int(ExitCode.OK)
        try:
            summaries, broken = checking.chosen(desk.site, ids, select)
            errors += broken
            run = checking.run(desk, summaries, timeout, errors=errors, untried=untried)
            with checking.alone(desk.site), closing(run) as stream:
                found = _take(desk, stream, len(summaries), form)
            if metrics:
                errors += _write_metrics(desk, metrics, found, untried)
            code = _put(desk, found, untried, form, output, errors)
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
        OutsideFailure(
            "change-not-told",
            "{name} was not told: {problem}",
            remedy="Ask them whether they know; if not, tell them by other means.",
            name=one.to,
            problem=one.problem,
        )
        for one in alerts.announce(desk)
        if one.problem
    ]


def _take(desk: "Desk", stream: "Generator[Checked, None, None]", total: int, form: str) -> "list[Checked]":
    """Take the results as they come: one line each for ndjson, a bar on a terminal."""
    found = []
    if not sys.stderr.isatty() or form == "ndjson":
        for one in stream:
            found.append(one)
            if form == "ndjson":
                _put_line(desk, one)
        return found
    from rich.progress import Progress

    with Progress(console=console(err=True), transient=True) as progress:
        task = progress.add_task(_("checking"), total=total)
        for one in stream:
            found.append(one)
            progress.advance(task)
    return found


def _put_line(desk: "Desk", one: "Checked | NotTried") -> None:
    import msgspec

    from sopctl.cli.documents import printing

    click.echo(msgspec.json.encode(printing.plain(_printed(desk, one))).decode())
    sys.stdout.flush()


def _printed(desk: "Desk", one: "Checked | NotTried") -> "CheckedServer":
    from sopctl.cli.documents import access
    from sopctl.workflow.servers.checking import Checked

    if isinstance(one, Checked):
        return access.checked(one, desk.now().tzinfo)
    return access.not_tried(one, desk.now().tzinfo)


def _put(
    desk: "Desk",
    found: "list[Checked]",
    untried: "list[NotTried]",
    form: str,
    output: Path | None,
    errors: Sequence[SopctlError],
) -> int:
    """Print the results, or write them to `output`; the exit code."""
    found = sorted(found, key=lambda one: one.id)
    rows = [(one.id, one.result) for one in found if not one.maintenance]
    code = int(ExitCode.NO if any(result.cause for _, result in rows) else ExitCode.OK)
    if form == "table":
        _put_lines(found, untried)
        return code
    if form == "ndjson":
        for one in untried:
            _put_line(desk, one)
        return code
    from sopctl.adapters import exports

    if form == "json":
        from sopctl.cli.documents import access

        told = [one.error for one in untried]
        everyone: list[Checked | NotTried] = [*found, *untried]
        results = sorted((_printed(desk, one) for one in everyone), key=lambda one: one.id)
        document = access.checks(results, [each for each in errors if each not in told])
        if output is None:
            put_json(document)
            return code
        import msgspec

        text = msgspec.json.encode(documented(document)).decode() + "\n"
    elif form == "prometheus":
        text = exports.prometheus(_samples(found, untried), _figures(desk))
    elif form == "junit":
        text = exports.junit([each for each in _samples(found, untried) if not each.maintenance])
    else:
        counted = [one for one in found if not one.maintenance]
        unsteady = [one.id for one in counted if one.state.flapping or one.state.status == "down"]
        text, code = exports.nagios(rows, unsteady, len(errors))
    put_or_write(text, output)
    return code


def _samples(found: "list[Checked]", untried: "list[NotTried]") -> "list[Sample]":
    """What is told of each server that was to be checked, in order."""
    from sopctl.adapters.exports import Sample

    samples = [
        Sample(
            id=one.id,
            server=one.server,
            result=one.result,
            checked=one.state.checked,
            down=one.state.status == "down",
            maintenance=bool(one.maintenance),
        )
        for one in found
    ]
    samples += [
        Sample(
            id=one.id,
            server=one.server,
            result=None,
            checked=one.state.checked if one.state else 0,
            down=one.state is not None and one.state.status == "down",
            maintenance=bool(one.maintenance),
            why=one.error.sentence,
        )
        for one in untried
    ]
    return sorted(samples, key=lambda each: each.id)


def _write_metrics(desk: "Desk", path: Path, found: "list[Checked]", untried: "list[NotTried]") -> "list[SopctlError]":
    """All that Prometheus is told: access, the office's own figures, and what is not as it should be on the servers.
    Returns the errors of those whose facts cannot be read."""
    from sopctl.adapters import exports
    from sopctl.workflow.views import inventories

    standing, unreadable = inventories.standing(desk)
    rows = [exports.Standing(each.deposit.id, each.gathered_at, each.conditions) for each in standing]
    put_or_write(exports.prometheus(_samples(found, untried), _figures(desk), rows), path)
    return unreadable


def _figures(desk: "Desk") -> "Figures":
    from sopctl.adapters.exports import Figures
    from sopctl.workflow.views.figures import figures

    now = figures(desk)
    return Figures(
        late_steps=now.late_steps,
        inventories_due=now.inventories_due,
        waiting=now.waiting,
        unreadable=now.unreadable,
        at=int(desk.now().timestamp()),
    )


def _put_lines(found: "list[Checked]", untried: "list[NotTried]") -> None:
    """One line per server; below an inaccessible one, why, and what helps. Those that could not be tried come last; why
    not stands on standard error."""
    from sopctl.model.access.rung import RUNGS
    from sopctl.workflow import terms

    if not (found or untried):
        put_advice(_("no server to check: none is in a rack yet"))
        return
    rows = [("id", _("server"), _("answer"), _("time"), _("state"))]
    for one in found:
        status = _state(one)
        answer = _("inaccessible") if one.result.cause else _("accessible")
        rows.append((one.id, printable(one.server), answer, f"{one.result.seconds:.2f} s", status))
    head, *lines = aligned(rows)
    click.secho(head, bold=True)
    for one, line in zip(found, lines, strict=True):
        click.secho(line, fg="red" if one.result.cause else "green")
        if one.result.cause:
            rung, cause = said(RUNGS[one.result.rung]), said(terms.cause(one.result.cause))
            put_advice(f"    {rung}: {cause}. {said(one.remedy)}")
    for other in untried:
        click.secho(_("{id}  {server}  not tried", id=other.id, server=printable(other.server)), fg="red")


def _state(one: "Checked") -> str:
    values = {"state": said(one.state.status), "maintenance": one.maintenance}
    match one.state.flapping, bool(one.maintenance):
        case True, True:
            return _("{state}, flapping, maintenance {maintenance}", **values)
        case True, False:
            return _("{state}, flapping", **values)
        case False, True:
            return _("{state}, maintenance {maintenance}", **values)
    return said(one.state.status)
