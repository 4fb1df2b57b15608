"""The servers of many deposits in one playbook run: their turns are held together, and each gets an answer of its own.

What keeps one deposit out of the run, or fails on its server, does not affect the others.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

from sopctl.adapters.ansible.runner import HostResult, RunResult
from sopctl.errors import Interrupted, OutsideFailure, SopctlError
from sopctl.model.sop.entries import Entry
from sopctl.model.text import printable
from sopctl.workflow.desk import StepDone, Turn
from sopctl.workflow.servers.playbooks import PLAIN, OnEvent, Options, noted, record_unreachable, run_on, silent

Answer = StepDone | SopctlError
"""A step that was done (its own answer says how well), or the error that kept it from being done."""

OnEnd = Callable[[str, Answer], None]
"""Told the answer of each deposit as soon as it is known."""

Admit = Callable[[Turn], StepDone | None]
"""Looks at a turn that was just taken. None: its server joins the run. A step: the turn ended without the run. Raises
the SopctlError that keeps the deposit out."""

Rescue = Callable[[Sequence[Turn], RunResult], Iterable[tuple[Turn, Answer]]]
"""Another way for servers that gave no answer in the run: the turns that it ended, with their answers."""

Good = Callable[[Turn, HostResult, RunResult], StepDone]
"""Records the end of a turn when no task failed on its server."""

Finish = Callable[[Sequence[Turn]], None]
"""What follows on the servers on which no task failed, on all of them at once, before their ends are recorded."""

KeepFacts = Callable[[Sequence[tuple[Turn, HostResult]]], Iterable[tuple[Turn, Answer]]]
"""Keeps the facts of servers that have just given them, in the middle of the run, and gives their answers."""


@dataclass
class Answers:
    """What came of each deposit. May be given from several threads; `on_end` hears of one at a time."""

    on_end: OnEnd = lambda _deposit_id, _answer: None
    done: dict[str, StepDone] = field(default_factory=dict)
    errors: dict[str, SopctlError] = field(default_factory=dict)
    _giving: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def give(self, deposit_id: str, answer: Answer) -> None:
        """Keep a deposit's answer and tell it."""
        with self._giving:
            if isinstance(answer, SopctlError):
                self.errors[deposit_id] = answer
            else:
                self.done[deposit_id] = answer
            self.on_end(deposit_id, answer)

    def __contains__(self, deposit_id: str) -> bool:
        return deposit_id in self.done or deposit_id in self.errors

    def only(self) -> StepDone:
        """The answer of the one deposit that was asked for. Raises its error."""
        for error in self.errors.values():
            raise error
        return next(iter(self.done.values()))


@contextmanager
def held(
    ids: Sequence[str], take: Callable[[str], AbstractContextManager[Turn]], admit: Admit, answers: Answers
) -> Iterator[list[Turn]]:
    """Take the turns of these deposits, in this order, and hold them while the block runs.

    Yields the turns that join the run; the other deposits have their answers by then. An id that is named twice is
    taken once. Whatever `take` and `admit` raise besides a SopctlError ends it for all.
    """
    with ExitStack() as holding:
        turns = []
        for deposit_id in dict.fromkeys(ids):
            try:
                mine = holding.enter_context(take(deposit_id))
                ended = admit(mine)
            except SopctlError as error:
                answers.give(deposit_id, error)
            else:
                if ended is None:
                    turns.append(mine)
                else:
                    answers.give(deposit_id, ended)
        yield turns


def run(
    turns: Sequence[Turn],
    playbook: str,
    good: Good,
    answers: Answers,
    *,
    started: Mapping[str, Sequence[Entry]] = {},
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    keep_facts: KeepFacts | None = None,
    finish: Finish = lambda _turns: None,
    rescue: Rescue = lambda _turns, _result: (),
    cancel: threading.Event | None = None,
) -> None:
    """Run a playbook on the servers of these turns (none: nothing happens), record how it ended on each, and give each
    its answer: a server that cannot be reached is an error; one on which a task failed is a step whose answer is no.

    `started` is what the beginning of the run establishes, by deposit. Raises as `playbooks.run_on`.
    """
    if not turns:
        return
    by_id = {mine.dossier.id: mine for mine in turns}

    def on_facts(hosts: Sequence[HostResult]) -> None:
        for mine, answer in keep_facts([(by_id[host.host], host) for host in hosts]) if keep_facts else ():
            answers.give(mine.dossier.id, answer)

    result = run_on(
        turns,
        playbook,
        started=started,
        options=options,
        on_event=on_event,
        on_facts=on_facts if keep_facts else None,
        cancel=cancel,
    )
    hosts = result.hosts
    finish(
        [mine for name, mine in by_id.items() if name in hosts and not (hosts[name].failed or hosts[name].unreachable)]
    )
    for mine, answer in rescue([mine for each, mine in by_id.items() if each not in answers], result):
        answers.give(mine.dossier.id, answer)
    for deposit_id, mine in by_id.items():
        if deposit_id not in answers:
            answers.give(deposit_id, _ended(mine, result, good))


def _ended(mine: Turn, result: RunResult, good: Good) -> Answer:
    """Record how the run ended on one server. What cannot be recorded is that server's answer."""
    try:
        return _recorded(mine, result, good)
    except Interrupted:
        raise
    except SopctlError as error:
        return error


def _recorded(mine: Turn, result: RunResult, good: Good) -> Answer:
    host, unreachable = result.hosts.get(mine.dossier.id), record_unreachable(mine, result)
    if unreachable:
        return unreachable
    if host is None or host.failed:
        return mine.fail(noted(mine, result))
    return good(mine, host, result)


def unreadable(error: Exception) -> OutsideFailure:
    """The answer for a device whose own answer nobody thought of: the others' go on."""
    return OutsideFailure(
        "answer-unreadable",
        "the answer cannot be read: {error}",
        remedy=(
            "Nothing of it was taken over. Report this with the sentence as it stands, and "
            "the device's model and version."
        ),
        error=f"{type(error).__name__}: {printable(str(error), 400)}",
    )
