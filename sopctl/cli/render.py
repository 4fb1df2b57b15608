"""Rendering for people (tables, lines, progress on a terminal) and for machines (one JSON document)."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

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


def put_json(document: Any) -> None:
    """One JSON document on standard output, stable keys, UTF-8."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def console(*, err: bool = False) -> "Console":
    """A rich console; no colours without a terminal or with NO_COLOR; never markup in data."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """A reader that has seen enough (`| head`) is no failure: `main` ends quietly."""
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
    """A line a row, the columns one below the other. For thousands of rows: a table would take two milliseconds
    for each."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]


def put_step(done: "StepDone", *, as_json: bool) -> None:
    """What a step did, who the procedure says does it, and what is due next."""
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
    if done.next_command:
        click.echo(f"  next: {when}{done.next} {done.next_activity} ({done.next_actor})\n        {done.next_command}")
    else:
        click.echo("  next: nothing; the dossier is closed")
    for followed in done.also:
        put_step(followed, as_json=False)


def put_answers(done: "Mapping[str, StepDone]", errors: "Mapping[str, SopctlError]", *, as_json: bool) -> None:
    """What came of many deposits, and why some got no answer. Ends with the exit code of the first of those errors,
    where there are any."""
    if as_json:
        said = [
            {"id": name, "message": error.message, "where": error.where, "remedy": error.advice}
            for name, error in errors.items()
        ]
        put_json({"deposits": list(done.values()), "errors": said})
    else:
        for step in done.values():
            put_step(step, as_json=False)
        for name, error in errors.items():
            click.secho(f"✗ {name}  {printable(error.message, 1_000)}", fg="red")
            if error.advice:
                click.echo(f"  → {printable(error.advice, 1_000)}")
        if not done and not errors:
            click.echo("Nothing is due.")
    for error in errors.values():
        raise SystemExit(int(error.exit_code))


def put_ladder(found: "AccessResult") -> None:
    """The rungs of an access check, one line each, with the remedy under a failure."""
    from sopctl.model.access.ladder import remedy

    for rung in found.rungs:
        mark, colour = ("✓", "green") if rung.ok else ("✗", "red")
        click.secho(f"    {mark} {rung.rung:<9} {rung.seconds * 1000:7.0f} ms  {rung.detail}", fg=colour)
    if found.cause:
        click.echo(f"      {found.cause}: {remedy(found)}")


def put_established(established: "Sequence[Established]") -> None:
    """What was established, and by which view: a line each, with the remedy under what says no."""
    from sopctl.model.access.causes import REMEDIES, Cause

    for each in established:
        mark, colour = ("✓", "green") if each.ok else ("✗", "red")
        what = f"  {printable(each.detail)}" if each.detail else ""
        click.secho(f"    {mark} {each.view}: {printable(each.who)}{what}", fg=colour)
        if each.cause in list(Cause) and each.view == "account-examined":
            click.echo(f"      {each.cause}: {REMEDIES[Cause(each.cause)].format(port='22', user=printable(each.who))}")


def put_facts(facts: "ServerFacts", *, as_json: bool) -> None:
    """The facts of a server: every field with its value, or why there is none."""
    import msgspec

    if as_json:
        put_json(facts)
        return
    made = table("field", "value")
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
    """A bar on standard error, only on a terminal; yields a callback that is told how many are done, of how many."""
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

    On a terminal every server's present task, with what changed or failed above it; else that alone, in plain lines.
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
