"""Rendering for people (tables, lines, progress on a terminal) and for machines (one JSON document)."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli import wording
from sopctl.errors import Action
from sopctl.model.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID
    from rich.table import Table

    from sopctl.adapters.ansible.runner import TaskEvent
    from sopctl.errors import SopctlError
    from sopctl.model.access.ladder import AccessResult
    from sopctl.model.access.verification import Established
    from sopctl.model.facts.server import ServerFacts
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.steps.adopting import Adopted
    from sopctl.workflow.views.board import Row


def put_json(document: Any) -> None:
    """One JSON document on standard output, stable keys, UTF-8. Each action comes with its command line."""
    import msgspec

    plain = _with_commands(msgspec.to_builtins(document, builtin_types=(date, datetime)))
    click.echo(msgspec.json.format(msgspec.json.encode(plain), indent=2))


def _with_commands(plain: Any) -> Any:
    """`next_command` beside `next_action`, `command` beside `action`; empty where there is no action."""
    if isinstance(plain, list | tuple):
        return [_with_commands(each) for each in plain]
    if not isinstance(plain, dict):
        return plain
    from msgspec import convert

    made: dict[Any, Any] = {}
    for key, value in plain.items():
        made[key] = _with_commands(value)
        if key in ("action", "next_action"):
            made[key.replace("action", "command")] = wording.line(convert(value, Action)) if value else ""
    return made


def console(*, err: bool = False) -> "Console":
    """A rich console; no colours without a terminal or with NO_COLOR; never markup in data."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """A reader that has seen enough (`| head`) is not a failure: `main` ends quietly."""
            raise BrokenPipeError

    return Plain(stderr=err, markup=False, highlight=False, emoji=False)


def table(*columns: str, title: str = "") -> "Table":
    """A table in the project's one style."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def aligned(rows: "Sequence[Sequence[str]]") -> list[str]:
    """One line per row, with aligned columns. For thousands of rows, where a table would take two milliseconds
    each."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]


def put_step(done: "StepDone", *, as_json: bool) -> None:
    """What a step did, whose step it is by the procedure, and what is due next."""
    if as_json:
        put_json(done)
        return
    mark = "✓" if done.answer else "✗"
    click.secho(
        f"{mark} {done.id}  {done.procedure} {done.step}: {done.activity}", fg="green" if done.answer else "red"
    )
    click.echo(
        f"  {done.actor} ({printable(done.by)}): {done.outcome}" + (f" – {printable(done.note)}" if done.note else "")
    )
    for document in done.documents:
        click.echo(f"  dokumen: {document}")
    words = {"space": "when a place is free: ", "month": "next month: ", "person": "once someone has looked: "}
    when = words.get(done.waiting, "")
    if done.next_action:
        click.echo(f"  next: {when}{done.next} {done.next_activity} ({done.next_actor})")
        click.echo(f"        {wording.line(done.next_action)}")
    else:
        click.echo("  next: nothing; the dossier is closed")
    for followed in done.also:
        put_step(followed, as_json=False)


def put_answers(done: "Mapping[str, StepDone]", errors: "Mapping[str, SopctlError]", *, as_json: bool) -> None:
    """The answers of many deposits, and the errors of those without one. Exits with the first error's code, if any."""
    if as_json:
        put_json({"deposits": list(done.values()), "errors": error_documents(errors)})
    else:
        for step in done.values():
            put_step(step, as_json=False)
        for name, error in errors.items():
            click.secho(f"✗ {name}  {printable(wording.error(error), 1_000)}", fg="red")
            if helps := wording.advice(error.remedy):
                click.echo(f"  → {printable(helps, 1_000)}")
        if not done and not errors:
            click.echo("Nothing is due.")
    for error in errors.values():
        raise SystemExit(int(error.exit_code))


def error_document(error: "SopctlError") -> dict[str, str]:
    """An error for machines; what is wrong one by one follows the sentence."""
    message = f"{wording.error(error)} {'; '.join(error.lines)}".strip()
    remedy = wording.advice(error.remedy)
    return {
        "id": error.id,
        "message": printable(message, wording.LONGEST),
        "where": printable(error.where),
        "remedy": printable(remedy, wording.LONGEST),
    }


def error_documents(errors: "Mapping[str, SopctlError]") -> list[dict[str, str]]:
    """The errors of deposits for machines: `id` is the deposit's, `error` which error it is."""
    return [{**error_document(error), "id": name, "error": error.id} for name, error in errors.items()]


def lateness(row: "Row") -> str:
    """By how much a row is late, and to whom that is escalated."""
    if not row.late:
        return ""
    days = f"{row.late_days} day{'s' if row.late_days != 1 else ''}"
    to = f", escalated to {row.escalated_to}" if row.escalated_to else ""
    return click.style(f" LATE by {days}{to}", fg="red", bold=True)


def waits(row: "Row") -> str:
    """What a row waits for."""
    words = {
        "": "",
        "month": " – again next month",
        "hold": " – on hold",
        "decision": " – waits for a decision",
        "unfinished": " – begun and not finished, run it again",
    }
    said = words.get(row.waiting, f" – waits for {row.waiting.replace('person', 'a person')}")
    if row.waiting == "unfinished" and row.action and row.action.verb == "configure" and not row.platform:
        # armed_window_seconds, of the role armed_window
        said += "; a server whose armed window was open puts back by itself what was changed, within 10 minutes"
    return said


def put_adopted(adopted: "Sequence[Adopted]", *, as_json: bool, dry_run: bool) -> None:
    """The servers that were adopted, or could be, and what is not known of them."""
    if as_json:
        put_json({"adopted": adopted, "dry_run": dry_run})
        return
    made = table("deposit", "unit", "server", "place", "not known")
    for each in adopted:
        made.add_row(each.id or "–", printable(each.unit), each.server, each.place, ", ".join(each.unknown))
    console().print(made)
    click.echo(f"{len(adopted)} servers " + ("could be adopted; nothing was recorded" if dry_run else "adopted"))


def put_ladder(found: "AccessResult") -> None:
    """The rungs of an access check, one line each, with the remedy below a failure."""
    from sopctl.model.access.ladder import remedy

    for rung in found.rungs:
        mark, colour = ("✓", "green") if rung.ok else ("✗", "red")
        click.secho(f"    {mark} {rung.rung:<9} {rung.seconds * 1000:7.0f} ms  {rung.detail}", fg=colour)
    if found.cause:
        click.echo(f"      {found.cause}: {remedy(found)}")


def put_established(established: "Sequence[Established]") -> None:
    """What was established, and by which view: one line each, with the remedy below each no."""
    from sopctl.model.access.causes import Cause

    for each in established:
        mark, colour = ("✓", "green") if each.ok else ("✗", "red")
        what = f"  {printable(each.detail)}" if each.detail else ""
        click.secho(f"    {mark} {each.view}: {printable(each.who)}{what}", fg=colour)
        if each.view == "account-examined" and (cause := Cause.of(each.cause)):
            click.echo(f"      {cause}: {cause.remedy(port=22, user=printable(each.who))}")


def put_facts(facts: "ServerFacts", *, as_json: bool) -> None:
    """The facts of a server: every field with its value, or why there is none."""
    import msgspec

    from sopctl.model.facts.conditions import conditions

    found = conditions(facts)
    if as_json:
        put_json({**msgspec.to_builtins(facts), "conditions": found})
        return
    made = table("field", "value")
    for each in found:
        made.add_row("condition", printable(f"{each.severity}: {each}"), style="bold red")
    for name, value in msgspec.to_builtins(facts).items():
        if name == "missing" or value is None:
            continue
        for row in value if isinstance(value, list | tuple) else [value]:
            text = ", ".join(f"{k} {v}" for k, v in row.items() if v is not None) if isinstance(row, dict) else str(row)
            made.add_row(name, printable(text))
    for name, why in facts.missing.items():
        made.add_row(printable(name), f"({why})", style="dim")
    console().print(made)


@contextmanager
def counted_progress(what: str, *, quiet: bool = False) -> Iterator[Any]:
    """A bar on standard error, only on a terminal; yields a callback that takes how many are done, and of how many."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.progress import Progress

    with Progress(console=console(err=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, all_: progress.update(task, completed=done, total=all_)


@contextmanager
def task_progress(*, quiet: bool = False) -> Iterator[Any]:
    """Live progress of a playbook run on standard error; yields the `on_event` callback.

    On a terminal each server's current task, with what changed or failed above it; elsewhere only the latter, as lines.
    """
    if quiet:
        yield lambda _event: None
        return
    out = console(err=True)

    def say(event: "TaskEvent") -> None:
        if event.status in ("changed", "failed", "unreachable"):
            style = "yellow" if event.status == "changed" else "red"
            message = f"  {event.message}" if event.status != "changed" and event.message else ""
            out.print(f"  {event.host}  {event.status:<11} {event.role}: {event.task}{message}", style=style)

    if not sys.stderr.isatty():
        yield say
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        starting = progress.add_task("starting Ansible", total=None)
        servers: dict[str, TaskID] = {}

        def on_event(event: "TaskEvent") -> None:
            progress.update(starting, visible=False)
            if event.host not in servers:
                servers[event.host] = progress.add_task("", total=None)
            progress.update(servers[event.host], description=f"{event.host}  {event.role}: {event.task}"[:100])
            say(event)

        yield on_event
