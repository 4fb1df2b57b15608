"""Rendering for people (tables, lines, progress on a terminal) and for machines (one JSON document)."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli import wording
from sopctl.cli.language import _, ngettext, pgettext, said, spoken
from sopctl.locale import Prose, Text
from sopctl.model.text import printable, visible, visible_lines

if TYPE_CHECKING:
    from msgspec import Struct
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.progress import Progress, TaskID
    from rich.table import Table

    from sopctl.adapters.ansible.runner import TaskEvent
    from sopctl.errors import SopctlError
    from sopctl.model.access.ladder import AccessResult
    from sopctl.model.access.verification import Established
    from sopctl.model.facts.server import ServerFacts
    from sopctl.model.rack import Place
    from sopctl.workflow.desk import Desk, StepDone
    from sopctl.workflow.steps.adopting import Adopted
    from sopctl.workflow.views.board import Row


_SPACES = re.compile("[\t\n\v\f\r]")
_FINGERPRINT = re.compile(r"(SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/]))")
_PASTED = re.compile(r"\bsopctl (?:'[^']*'|[^'])*?(?=; |\. |$)|(?<=: )(?:'[^']*'|[^'])*?(?=[;,.] |$)")
"""What may be a command line in a text that says what helps: it begins with our name, or stands behind a colon."""


def put_json(document: "Struct") -> None:
    """One JSON document on standard output, stable keys, UTF-8: a record that `cli/documents` names for the command,
    with its schema."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(documented(document)), indent=2))


def documented(document: "Struct") -> dict[str, Any]:
    """A record of `cli/documents`, as the command that runs prints it."""
    from sopctl.cli.documents import registry

    return registry.document(_command(click.get_current_context()), document)


def _command(ctx: click.Context) -> str:
    """The words of a command, without the program's name (`cli`)."""
    words = [str(ctx.command.name)]
    while ctx.parent:
        ctx = ctx.parent
        words.insert(0, str(ctx.command.name))
    return " ".join(word for word in words if word != "cli")


def console(*, err: bool = False) -> "Console":
    """A rich console; no colours without a terminal or with NO_COLOR; never markup in data."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """A reader that has seen enough (`| head`) is not a failure: `main` ends quietly."""
            raise BrokenPipeError

    return Plain(stderr=err, markup=False, highlight=False, emoji=False)


def table(*columns: str, title: str = "") -> "Table":
    """A table in the project's one style: as wide as the terminal at most, and no word of it broken while there is
    room for whole words."""
    from rich import box
    from rich.table import Table

    class Whole(Table):
        """rich narrows the widest column, whatever stands in it; here each keeps its longest word. What is in a cell
        is safe to print, line by line."""

        def add_row(self, *cells: "RenderableType | None", **options: Any) -> None:
            super().add_row(*(visible_lines(cell) if isinstance(cell, str) else cell for cell in cells), **options)

        def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
            cells = [[str(cell) for cell in (column.header, *column.cells)] for column in self.columns]
            for self.padding in ((0, 1), (0, 1, 0, 0), (0, 0)):  # closer together before a word is broken
                between = self._extra_width + sum(self._get_padding_width(number) for number in range(len(cells)))
                if sum(_longest_words(cells)) + between <= options.max_width:
                    break
            for column, width in zip(self.columns, fitted(cells, options.max_width - between), strict=True):
                column.width, column.no_wrap = width, False
            yield ""
            yield from super().__rich_console__(console, options)

    made = Whole(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def _longest(parts: "Iterable[str]") -> int:
    from rich.cells import cell_len

    return max(map(cell_len, parts), default=0)


def _longest_words(columns: "Sequence[Sequence[str]]") -> list[int]:
    return [_longest(word for cell in cells for word in cell.split()) for cells in columns]


def fitted(columns: "Sequence[Sequence[str]]", room: int) -> list[int]:
    """How wide each of these columns (a head and cells) shall be, in `room` characters: as its longest line where all
    fit, else at least as its longest word, and its head too, while those fit."""
    lines = [_longest(line for cell in cells for line in cell.splitlines()) for cells in columns]
    words = _longest_words(columns)
    whole = [max(width, _longest(cells[:1])) for width, cells in zip(words, columns, strict=True)]
    widths = whole if sum(whole) <= room else words
    while sum(widths) > max(room, len(widths)):
        widths[widths.index(max(widths))] -= 1
    wanted = sorted((full - width, number) for number, (full, width) in enumerate(zip(lines, widths, strict=True)))
    for left, (lacks, number) in zip(range(len(wanted), 0, -1), wanted, strict=True):
        widths[number] += min(lacks, max(room - sum(widths), 0) // left)  # who wants little gets it first
    return widths


def put_wrapped(text: str, indent: str = "    ", **style: Any) -> None:
    """Print a text below something: at a terminal wrapped at its words, indented, each fingerprint on a line of its own
    (so that it can be compared); elsewhere as one line. Nothing that is to be pasted goes here."""
    for line in wrapped(text, width(), indent):
        click.secho(line, **style)


def in_column(words: Mapping[str, Prose]) -> dict[str, str]:
    """What each of these codes is called, as a column of one width."""
    named = {code: said(word) for code, word in words.items()}
    wide = max(map(len, named.values()), default=0)
    return {code: word.ljust(wide) for code, word in named.items()}


def styled(text: str, **style: Any) -> str:
    """A text in colours where they are seen: elsewhere, click would search all that is printed to take them out."""
    return click.style(text, **style) if sys.stdout.isatty() else text


def put_error(error: "SopctlError") -> None:
    """An error on standard error, and below it what helps: at a terminal wrapped as `put_wrapped` and `put_advice` do.
    Raises OSError where that cannot be written."""
    first, *others = f"sopctl: {wording.told(error)}".split("\n")
    room = width(err=True)
    lines = wrapped(first, room, "  ")
    for line in others:
        lines += advised(line, room) if line.startswith("  → ") else wrapped(line, room)
    click.echo("\n".join(lines), err=True)


def put_advice(line: str) -> None:
    """Print a line that says what helps: at a terminal wrapped at its words, each command line in it whole."""
    click.echo("\n".join(advised(line, width())))


def advised(text: str, wide: int) -> list[str]:
    """The lines of `put_advice`. No command line is broken: half of one must not run when it is pasted."""
    if not wide or len(text) <= wide:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    whole = _PASTED.sub(lambda found: found[0].replace(" ", "\0"), text.strip())
    return [each.replace("\0", " ") for each in _filled(whole, wide, indent, f"{indent}  ")]


def width(*, err: bool = False) -> int:
    """How wide the terminal is that is printed to; 0 elsewhere: there, nothing is wrapped."""
    import shutil

    there = (sys.stderr if err else sys.stdout).isatty() or "COLUMNS" in os.environ
    return max(shutil.get_terminal_size().columns, 40) if there else 0


def wrapped(text: str, wide: int, indent: str = "    ") -> list[str]:
    """The lines of `put_wrapped`, for whoever prints many at once. What fits is not looked at word by word."""
    if not wide or (len(text) <= wide and "SHA256:" not in text):
        line = text.rstrip()
        if "\t" in line or len(line.splitlines()) > 1:  # few have any: to search each for them takes far longer
            line = _SPACES.sub(" ", line)
        return [line] if line else []
    first, lines = " " * (len(text) - len(text.lstrip())), list[str]()
    for number, part in enumerate(each for each in _FINGERPRINT.split(text.strip()) if each.strip(" ,;")):
        lines += _filled(part.strip(), wide, indent if number else first, indent)
    return lines


def _filled(text: str, wide: int, first: str, others: str) -> list[str]:
    """Lines of whole words, the first and the others indented so."""
    import textwrap

    return textwrap.wrap(
        text,
        wide,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def aligned(rows: "Sequence[Sequence[str]]") -> list[str]:
    """One line per row, with aligned columns, safe to print. For thousands of rows, where a table would take two
    milliseconds each."""
    rows = [list(map(visible, row)) for row in rows]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]


def put_step(done: "StepDone", *, as_json: bool) -> None:
    """What a step did, whose step it is by the procedure, and what is due next."""
    if as_json:
        put_steps([done])
        return
    from sopctl.workflow.messages.words import in_note

    mark = "✓" if done.answer else "✗"
    place = f"{done.procedure} {done.step}: " if done.procedure else ""  # the office's reports belong to none
    head = f"{mark} {done.id}  {place}{done.activity}"
    put_wrapped(head, fg="green" if done.answer else "red")
    note = f" – {printable(in_note(done.note, details=True))}" if done.note else ""
    by = f"{done.actor} ({printable(done.by)})" if done.actor else printable(done.by)
    put_wrapped(f"  {by}: {done.outcome}{note}")
    for document in done.documents:
        click.echo(_("  document: {path}", path=here(document)))
    if done.next_action:
        step = f"{done.next} {done.next_activity} ({done.next_actor})"
        words = {
            "space": _("  next: when a place is free: {step}", step=step),
            "month": _("  next: next month: {step}", step=step),
            "person": _("  next: once someone has looked: {step}", step=step),
        }
        put_wrapped(words.get(done.waiting) or _("  next: {step}", step=step), indent=" " * 8)
        click.echo(f"        {wording.line(done.next_action)}")
    elif done.procedure:
        click.echo(_("  next: nothing; the dossier is closed"))
    for followed in done.also:
        put_step(followed, as_json=False)


def put_steps(done: "Iterable[StepDone]", errors: "Mapping[str, SopctlError] | None" = None) -> None:
    """The one document of steps that were done, and of the deposits (by id) that an error stopped."""
    from sopctl.cli.documents import steps

    put_json(steps.steps(done, errors))


class Steps:
    """Prints steps as they are done, for a command that does several. That one cannot be printed must not end the work
    in the middle: `end` raises it afterwards, and prints the one document that a program gets."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._done: list[StepDone] = []
        self._errors: dict[str, SopctlError] = {}
        self._failed: OSError | None = None

    def __call__(self, done: "StepDone") -> None:
        self._done.append(done)
        if self._as_json or self._failed:
            return
        try:
            put_step(done, as_json=False)
        except OSError as error:
            self._failed = error

    def failed(self, deposit_id: str, error: "SopctlError") -> None:
        """An error ended the work on one deposit; that on the others goes on."""
        self._errors[deposit_id] = error
        if not self._as_json:
            _put_failed(deposit_id, error)

    def end(self) -> None:
        """To be called once, after the work. Exits with the first error's code, if any. Raises OSError."""
        if self._failed:
            raise self._failed
        if self._as_json:
            put_steps(self._done, self._errors)
        for error in self._errors.values():
            raise SystemExit(int(error.exit_code))


def here(path: str | Path) -> Path:
    """A path as it is named from the folder that one is in, where it is below that."""
    path = Path(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def put_answers(done: "Mapping[str, StepDone]", errors: "Mapping[str, SopctlError]", *, as_json: bool) -> None:
    """The answers of many deposits, and the errors of those without one. Exits with the first error's code, if any."""
    if as_json:
        put_steps(done.values(), errors)
    else:
        for step in done.values():
            put_step(step, as_json=False)
        for name, error in errors.items():
            _put_failed(name, error)
        if not done and not errors:
            click.echo(_("Nothing is due."))
    for error in errors.values():
        raise SystemExit(int(error.exit_code))


def _put_failed(deposit_id: str, error: "SopctlError") -> None:
    put_wrapped(f"✗ {deposit_id}  {printable(wording.error(error), 1_000)}", fg="red")
    for line in error.lines:
        put_wrapped(f"    {printable(said(line), 1_000)}", " " * 6, fg="red")
    if helps := wording.advice(error.remedy):
        put_advice(f"  → {printable(helps, 1_000)}")


def lateness(row: "Row") -> str:
    """By how much a row is late, and to whom that is escalated."""
    return _late(row.late_days, row.escalated_to) if row.late else ""


@cache
def _late(days: int, escalated_to: str) -> str:
    if escalated_to:
        text = ngettext(
            " LATE by {number} day, escalated to {actor}",
            " LATE by {number} days, escalated to {actor}",
            days,
            actor=escalated_to,
        )
    else:
        text = ngettext(" LATE by {number} day", " LATE by {number} days", days)
    return styled(text, fg="red", bold=True)


def waits(row: "Row") -> str:
    """What a row waits for."""
    text = ""
    match row.waits:  # only what is said is worded: lists have thousands of rows that wait for another month
        case "space":
            text = _(" – waits for space ({place} of {length})", place=row.queue_number, length=row.queue_length)
        case "person":
            text = ngettext(" – waits for a person ({number} try)", " – waits for a person ({number} tries)", row.tries)
        case "month":
            text = _(" – again next month")
        case "hold":
            text = _(" – on hold")
        case "decision":
            text = _(" – waits for a decision")
        case "unfinished" if row.action and row.action.verb == "configure" and not row.platform:
            # armed_window_seconds, of the role armed_window
            text = _(
                " – begun and not finished, run it again; a server whose armed window was open puts back by itself "
                "what was changed, within 10 minutes"
            )
        case "unfinished":
            text = _(" – begun and not finished, run it again")
    return text


def place_of(place: "Place | None") -> str:
    """Where a server stands, or shall stand; empty for one without a place."""
    if place is None:
        return ""
    return str(place) if spoken() == "en" else said(place.text)


def put_followups(desk: "Desk", deposit_id: str) -> None:
    """What remains to be done beside the steps (after an edit, a correction, a move), each with its command."""
    from sopctl.store import dossiers
    from sopctl.workflow.views import board

    for each in board.followups(desk, dossiers.read(desk.site, deposit_id).summary):
        put_wrapped(_("also to be done: {activity}", activity=each.activity), "  ")
        if each.action:
            click.echo(f"  {wording.line(each.action)}")  # never wrapped: it is pasted


def put_adopted(adopted: "Sequence[Adopted]", *, as_json: bool, dry_run: bool) -> None:
    """The servers that were adopted, or could be, and what is not known of them."""
    if as_json:
        from sopctl.cli.documents.site import adoptions

        put_json(adoptions(adopted, dry_run=dry_run))
        return
    made = table(_("deposit"), _("unit"), _("server"), _("place"), _("not known"))
    for each in adopted:
        made.add_row(
            each.id or "–",
            printable(each.unit),
            each.server,
            place_of(each.place),
            ", ".join(map(said, each.unknown)),
        )
    console().print(made)
    number = len(adopted)
    if dry_run:
        text = ngettext(
            "{number} server could be adopted; nothing was recorded",
            "{number} servers could be adopted; nothing was recorded",
            number,
        )
        click.echo(text)
    else:
        click.echo(ngettext("{number} server adopted", "{number} servers adopted", number))


def put_ladder(found: "AccessResult") -> None:
    """The rungs of an access check, one line each, with the remedy below a failure."""
    from sopctl.model.access import details
    from sopctl.model.access.ladder import remedy
    from sopctl.model.access.rung import RUNGS
    from sopctl.workflow import terms

    names = in_column(RUNGS)
    for rung in found.rungs:
        mark, colour = ("✓", "green") if rung.ok else ("✗", "red")
        took = f"{rung.seconds * 1000:7.0f} ms"
        put_wrapped(f"    {mark} {names[rung.rung]} {took}  {said(details.read(rung.detail))}", " " * 6, fg=colour)
    if found.cause:
        put_advice(f"      {said(terms.cause(found.cause))}: {said(remedy(found))}")


def put_established(established: "Sequence[Established]") -> None:
    """What was established, and by which view: one line each, with the remedy below each no."""
    from sopctl.model.access import details
    from sopctl.model.access.causes import Cause
    from sopctl.workflow import terms

    for each in established:
        mark, colour = ("✓", "green") if each.ok else ("✗", "red")
        what = f"  {printable(said(details.read(each.detail)))}" if each.detail else ""
        put_wrapped(f"    {mark} {said(terms.VIEWS[each.view])}: {printable(each.who)}{what}", " " * 6, fg=colour)
        if each.view == "account-examined" and (cause := Cause.of(each.cause)):
            put_advice(f"      {said(terms.cause(cause))}: {said(cause.remedy(port=22, user=printable(each.who)))}")


def put_facts(facts: "ServerFacts", *, as_json: bool) -> None:
    """The facts of a server: every field with its value, or why there is none."""
    import msgspec

    from sopctl.model.facts.conditions import conditions
    from sopctl.model.facts.server import REASONS

    if as_json:
        from sopctl.cli.documents import inventory

        put_json(inventory.facts(facts))
        return
    found = conditions(facts)
    made = table(_("field"), _("value"))
    for each in found:
        made.add_row(_("condition"), printable(f"{said(each.severity)}: {each}"), style="bold red")
    for name, value in msgspec.to_builtins(facts).items():
        if name == "missing" or value is None:
            continue
        label, listed = pgettext(FACT, labelled(name)), isinstance(value, list | tuple)
        plain = listed and not any(isinstance(each, dict) for each in value)
        for row in [value] if plain or not listed else value:
            if text := amount(name, row):
                made.add_row(label, printable(text))
                label = ""  # the rows of one field belong together
    for name, why in facts.missing.items():
        made.add_row(printable(pgettext(FACT, labelled(name))), f"({said(REASONS[why])})", style="dim")
    console().print(made)


_UNITS = {"_bytes": 1, "_kib": 1024, "_mib": 1024**2, "_gib": 1024**3}
"""What the names of sizes end with, in bytes."""


FACT = "fact"
"""What the label of a fact is about: beside it, the same word heads columns, or is a state."""


def labelled(name: str) -> str:
    """What a field of the facts is called on the screen: `memory_mib` is `memory`, and the unit stands beside the
    value."""
    for unit in (*_UNITS, "_seconds"):
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def amount(name: str, value: object) -> str:
    """A value of a fact called `name`, for people: sizes in GiB, times in days, lists and records in one line, and
    nothing of what was not read."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        parts = [(pgettext(FACT, labelled(each)), amount(each, inner)) for each, inner in value.items()]
        return ", ".join(f"{label} {text}" for label, text in parts if text)
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (amount(name, each) for each in value)))
    unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), None)
    if unit and isinstance(value, int | float):
        size = value * unit
        return f"{size / 1024**3:,.1f} GiB" if size >= 1024**3 / 10 or not size else f"{size / 1024**2:,.1f} MiB"
    if name.endswith("_seconds") and isinstance(value, int | float):
        return (
            _("{days} days", days=f"{value / 86400:,.1f}")
            if value >= 86400
            else _("{hours} hours", hours=f"{value / 3600:.1f}")
        )
    return "" if value is None else str(value)


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


_live: "list[Progress]" = []


@contextmanager
def _running(progress: "Progress") -> Iterator[None]:
    _live.append(progress)
    try:
        yield
    finally:
        _live.remove(progress)


@contextmanager
def asking() -> Iterator[None]:
    """While a person is asked something, nothing else moves on their screen."""
    stopped = list(_live)
    for each in stopped:
        each.stop()
    try:
        yield
    finally:
        for each in stopped:
            each.start()


@contextmanager
def task_progress(*, quiet: bool = False) -> Iterator[Any]:
    """Live progress of a playbook run on standard error; yields the `on_event` callback.

    On a terminal each server's current task, with what changed or failed above it; elsewhere only the latter, as lines.
    """
    if quiet:
        yield lambda _event: None
        return
    from sopctl.workflow.terms import OUTCOMES

    out = console(err=True)
    words = in_column({"changed": Text("changed"), **{code: OUTCOMES[code] for code in ("failed", "unreachable")}})

    def say(event: "TaskEvent") -> None:
        if event.status in words:
            style = "yellow" if event.status == "changed" else "red"
            message = f"  {event.message}" if event.status != "changed" and event.message else ""
            what = f"{event.role}: {event.task}{message}"
            out.print(f"  {event.host}  {words[event.status]} {what}", style=style)

    if not sys.stderr.isatty():
        yield say
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress, _running(progress):
        starting = progress.add_task(_("starting Ansible"), total=None)
        servers: dict[str, TaskID] = {}

        def on_event(event: "TaskEvent") -> None:
            progress.update(starting, visible=False)
            if event.host not in servers:
                servers[event.host] = progress.add_task("", total=None)
            progress.update(servers[event.host], description=f"{event.host}  {event.role}: {event.task}"[:100])
            say(event)

        yield on_event
