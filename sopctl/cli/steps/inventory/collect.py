"""`sopctl inventory collect`: the monthly run over one server, those that are due, or all."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli import wording
from sopctl.cli.interrupt import cancel_on_interrupt
from sopctl.cli.language import _, ngettext
from sopctl.cli.options import (
    DEPOSIT,
    FILE,
    choose_one,
    clock_option,
    decider_options,
    end,
    example,
    json_option,
    lacks,
    open_desk,
    seen_option,
    several,
)
from sopctl.cli.render import console, put_advice, put_step, put_steps, put_wrapped, task_progress
from sopctl.errors import SopctlError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import Desk, StepDone


@click.command(
    "collect",
    epilog=example(
        "sopctl inventory collect PS-2026-0001",
        "sopctl inventory collect --due",
        "sopctl inventory collect --all --forks 20",
        "sopctl inventory collect --due --month 2026-10",
        "sopctl inventory collect PS-2026-0001 --from lembar-inventaris-PS-2026-0001.xlsx",
    ),
)
@several("deposit_ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--due", is_flag=True, help="Every server whose inventory is due: those without one this month.")
@click.option(
    "--all", "everyone", is_flag=True, help="Every server; those that have one this month get a new revision."
)
@click.option("--month", metavar="YYYY-MM", help="Which month it is for: this one or, late, the one before.")
@click.option(
    "--from", "sheet", type=FILE, help="A filled-in sheet (sopctl inventory sheet) of one machine without SSH."
)
@click.option("--with-ansible", is_flag=True, help="Let Ansible ask the servers, by the site's facts.yml.")
@click.option(
    "--forks",
    type=click.IntRange(1, 100),
    help="Machines at a time.  [default: 32; appliances, BMCs and by Ansible 10]",
)
@decider_options
@seen_option
@clock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_ids: tuple[str, ...],
    *,
    due: bool,
    everyone: bool,
    month: str | None,
    sheet: Path | None,
    with_ansible: bool,
    forks: int | None,
    as_json: bool,
) -> None:
    """Gather the facts of servers, in one run, and make their inventory forms. Exit 1: it failed on a server.

    Each server's facts are kept as soon as it has answered. One that is down does not stop the others and stays due. So
    does whatever Ctrl-C or a crash left undone: --due continues with it, and names those whose inventory is due and
    needs a person: together they are what the month's summary misses. Exit 6: a single ID that cannot be reached.
    """
    from sopctl.workflow.steps import collecting

    if sum((due, everyone, bool(deposit_ids))) != 1:
        raise choose_one(_("IDs"), "--due", "--all")
    desk = open_desk(ctx)
    if sheet:
        if len(deposit_ids) != 1:
            raise lacks("--from", _("the ID of its machine"))
        put_step(collecting.collect_sheet(desk, deposit_ids[0], sheet, month=month), as_json=as_json)
        return
    chosen = list(deposit_ids) or (collecting.due(desk, month) if due else collecting.everyone(desk))
    if len(deposit_ids) == 1:
        with task_progress(quiet=as_json) as on_event, cancel_on_interrupt() as cancel:
            answers = collecting.collect_all(
                desk, chosen, month=month, with_ansible=with_ansible, on_event=on_event, cancel=cancel
            )
        put_step(done := answers.only(), as_json=as_json)
        end(done.answer)
    if due and not as_json:
        for each in collecting.left_to_people(desk, month):
            put_wrapped(_("{id}  due too, and not by this command: {stands}", id=each.id, stands=each.stands))
    _collect_many(desk, chosen, month, forks, with_ansible=with_ansible, as_json=as_json)


def _collect_many(
    desk: "Desk", chosen: list[str], month: str | None, forks: int | None, *, with_ansible: bool, as_json: bool
) -> None:
    from sopctl.workflow.steps import collecting

    ended: dict[str, StepDone | SopctlError] = {}
    begun = time.monotonic()
    try:
        with fleet_progress(len(chosen), quiet=as_json) as tell, cancel_on_interrupt() as cancel:

            def on_end(deposit_id: str, answer: "StepDone | SopctlError") -> None:
                ended[deposit_id] = answer
                tell(_line(deposit_id, answer))

            collecting.collect_all(
                desk, chosen, month=month, forks=forks, with_ansible=with_ansible, on_end=on_end, cancel=cancel
            )
    except SopctlError:
        if ended and not as_json:
            _put_sum(ended, len(chosen), time.monotonic() - begun)
        raise
    if as_json:
        errors = {name: answer for name, answer in ended.items() if isinstance(answer, SopctlError)}
        put_steps((answer for answer in ended.values() if not isinstance(answer, SopctlError)), errors)
    else:
        _put_sum(ended, len(chosen), time.monotonic() - begun)
    end(all(_good(answer) for answer in ended.values()))


def _good(answer: "StepDone | SopctlError") -> bool:
    return not isinstance(answer, SopctlError) and answer.answer


def _line(deposit_id: str, answer: "StepDone | SopctlError") -> str:
    said = wording.error(answer).removeprefix(f"{deposit_id} ") if isinstance(answer, SopctlError) else answer.note
    return f"{'✓' if _good(answer) else '✗'} {deposit_id}  {printable(said, 1_000)}"


def _put_sum(ended: "dict[str, StepDone | SopctlError]", wanted: int, seconds: float) -> None:
    """How many were gathered, and what helps with the others."""
    if not wanted:
        click.echo(_("Nothing is due."))
        return
    good = sum(_good(answer) for answer in ended.values())
    time_taken = f"{seconds:.0f}"
    if good < wanted:
        said = ngettext(
            "{good} of {number} server gathered in {seconds} s, {rest} not",
            "{good} of {number} servers gathered in {seconds} s, {rest} not",
            wanted,
            good=good,
            seconds=time_taken,
            rest=wanted - good,
        )
    else:
        said = ngettext(
            "{good} of {number} server gathered in {seconds} s",
            "{good} of {number} servers gathered in {seconds} s",
            wanted,
            good=good,
            seconds=time_taken,
        )
    click.echo(said)
    for deposit_id, answer in ended.items():
        if isinstance(answer, SopctlError) and (helps := wording.advice(answer.remedy)):
            put_advice(f"  {deposit_id} → {printable(helps, 1_000)}")


@contextmanager
def fleet_progress(total: int, *, quiet: bool) -> Iterator[Any]:
    """Yields a callback that takes a line about each server that is done. On a terminal, a bar below the lines says how
    many are done and how long the rest may take."""
    if quiet or not sys.stderr.isatty() or not total:
        yield _nothing if quiet else _say
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(_("gathering")), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    left = (TextColumn(_("left:")), TimeRemainingColumn())
    with Progress(*columns, *left, console=console(err=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=total)

        def tell(line: str) -> None:
            if sys.stdout.isatty():  # the bar's terminal: above the bar
                progress.console.print(line)
            else:
                _say(line)
            progress.advance(task)

        yield tell


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # a reader that stopped reading did not stop the run
        click.echo(line)


def _nothing(_line: str) -> None:
    """With --json, the one document says it all."""
