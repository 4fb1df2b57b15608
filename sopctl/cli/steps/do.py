"""`sopctl do`: what is due for me, one thing after the other."""

import shlex
import sys
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import _, ngettext
from sopctl.cli.options import end_with, example, open_desk, say
from sopctl.cli.render import lateness, put_advice, put_wrapped, waits
from sopctl.errors import Action, SopctlError, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sopctl.workflow.desk import Desk
    from sopctl.workflow.views.board import Row

ASKS_ITSELF = frozenset({"inspect"})
"""Verbs whose command asks for what it needs, question by question."""


@click.command("do", epilog=example("sopctl do", "sopctl do --actor kabid"))
@click.option("--actor", help="What is due for this actor [default: for whoever is logged in; for all, if nobody is].")
@click.pass_context
def command(ctx: click.Context, *, actor: str | None) -> None:
    """Walk what is due for me: each step is shown, and done if I say so; what it needs is asked for, one question at a
    time.

    Every step is the command that `sopctl todo` prints, and is printed before it runs. Ctrl-C ends it at any question.
    """
    from sopctl.workflow.views import board

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("needs-terminal", "this asks questions, and there is no terminal", remedy=Action("todo"))
    desk = open_desk(ctx)
    passed: set[tuple[str, str, str]] = set()
    while (row := _next(desk, actor, passed)) and row.action:
        passed.add(_key(row))
        _show(row)
        ways = (row.action, *row.action.alternatives)
        choices = ["y"] if len(ways) == 1 else [str(number) for number in range(1, len(ways) + 1)]
        answer = click.prompt(_("Do it? (n: not now, q: quit)"), type=click.Choice([*choices, "n", "q"]), err=True)
        if answer == "q":
            return
        if answer != "n":
            _run(ctx, ways[0 if answer == "y" else int(answer) - 1])
    found = board.todo(desk, actor=actor)
    left = sum(_key(row) in passed for row in _mine_of(desk, actor, found.rows))
    if left:
        put_advice(
            ngettext(
                "Nothing else is due. {number} step is still to be done: sopctl todo",
                "Nothing else is due. {number} steps are still to be done: sopctl todo",
                left,
            )
        )
    else:
        click.echo(_("Nothing else is due.") if passed else _("Nothing is due."))
    end_with(found.errors)


def _next(desk: "Desk", actor: str | None, passed: "set[tuple[str, str, str]]") -> "Row | None":
    """What is due first, of what was not shown yet."""
    from sopctl.workflow.views import board

    rows = _mine_of(desk, actor, board.todo(desk, actor=actor).rows)
    return next((row for row in rows if _key(row) not in passed), None)


def _mine_of(desk: "Desk", actor: str | None, rows: "Iterable[Row]") -> "Iterator[Row]":
    """Those of what is due that this walk is about, and that a command does."""
    return (row for row in rows if row.action and (actor or _mine(desk, row)))


def _key(row: "Row") -> tuple[str, str, str]:
    return (row.id, row.standing, wording.line(row.action) if row.action else "")


def _mine(desk: "Desk", row: "Row") -> bool:
    """Is it due for whoever is logged in: a step of their role, or a unit's, which a clerk records?"""
    from sopctl.model.sop.procedure import REQUESTER

    who, people = desk.deciding.who, desk.site.settings.people
    roles = {people[key].role for key in who.people}
    return not roles or row.role in roles or (row.role == REQUESTER and who.clerk)


def _show(row: "Row") -> None:
    due = _(", until {day}", day=f"{row.due:%Y-%m-%d}") if row.due else ""
    click.echo()
    put_wrapped(f"{row.id}  {printable(row.unit)}: {row.server}")
    put_wrapped(f"  {row.standing}: {printable(row.activity)} ({row.actor}{due}){lateness(row)}{waits(row)}")
    if row.action and row.action.alternatives:
        for number, each in enumerate((row.action, *row.action.alternatives), start=1):
            click.echo(f"  {number}) {wording.command(each)}")


def _run(ctx: click.Context, action: Action) -> None:
    """Ask what it needs, and run its command. An error is told, and what it names as lacking is asked for, once; the
    walk goes on."""
    error = _tried(ctx, action)
    lacks = [each for each in error.remedy if isinstance(each, Action)] if error else []
    again = next((each for each in lacks if (each.verb, each.id) == (action.verb, action.id) and each.needs), None)
    if again and again.needs != action.needs:
        _tried(ctx, again)


def _tried(ctx: click.Context, action: Action) -> SopctlError | None:
    """The error in which the action ended, if it did."""
    asked = wording.questions(action) if action.verb not in ASKS_ITSELF else []
    words = shlex.split(wording.command(Action(action.verb, action.id, action.task, given=action.given)))[1:]
    for each in asked:
        said = click.prompt(each.asks, type=click.Choice(each.choices) if each.choices else None, err=True)
        words += [*filter(None, [each.option]), said]
    click.echo(f"$ sopctl {shlex.join(words)}", err=True)
    root = ctx.find_root()
    site = ["--site", str(root.obj)] if root.obj else []
    assert isinstance(root.command, click.Group)  # noqa: S101 (our own)
    try:
        root.command.main([*site, *words], prog_name="sopctl", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"sopctl: {error.format_message()}", err=True)
    except SopctlError as error:
        say([error])
        return error
    except SystemExit:
        pass  # the answer was no, and has been printed
    return None
