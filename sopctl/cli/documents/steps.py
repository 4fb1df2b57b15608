"""The document of every command that does steps, or an act beside them: of one deposit or of many, in one shape."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from sopctl.cli import wording
from sopctl.cli.documents.common import Command, Failure, command, failure
from sopctl.cli.documents.happened import Data, data
from sopctl.errors import SopctlError
from sopctl.workflow.desk import StepDone, Waits


class Step(Struct, frozen=True, kw_only=True):
    """A step that was done: where it belongs (an `actor` by title, `by` whom), its `outcome`, and whether the answer is
    yes (`answer`: false for no space, not accessible, a host that failed). `head` is the hash of the history's newest
    event, for --seen. `documents` are paths of papers that were made. What is due next: `next` (procedure and step),
    what it waits for, whose it is, and what can be done (`next_command` for people). `also`: what followed by rule."""

    id: str
    procedure: str
    step: int
    activity: str
    actor: str
    by: str
    outcome: str
    answer: bool
    note: str
    data: Data  # type: ignore[valid-type]
    head: str
    documents: list[str]
    waiting: Waits
    next: str
    next_activity: str
    next_actor: str
    next_action: Command | None
    next_command: str
    also: list["Step"]


class Steps(Struct, frozen=True, kw_only=True):
    """The steps that were done, in order, and why others could not be: each error names its deposit."""

    steps: list[Step]
    errors: list[Failure]


def steps(done: Iterable[StepDone], errors: Mapping[str, SopctlError] | None = None) -> Steps:
    """The document of steps that were done, and of deposits (by id) that an error stopped."""
    return Steps(
        steps=[step(each) for each in done], errors=[failure(each, name) for name, each in (errors or {}).items()]
    )


def step(done: StepDone) -> Step:
    """A step that was done, as it is printed."""
    return Step(
        id=done.id,
        procedure=done.procedure,
        step=done.step,
        activity=done.activity,
        actor=done.actor,
        by=done.by,
        outcome=done.outcome,
        answer=done.answer,
        note=done.note,
        data=data(done.data),
        head=done.head,
        documents=list(done.documents),
        waiting=done.waiting,
        next=done.next,
        next_activity=done.next_activity,
        next_actor=done.next_actor,
        next_action=command(done.next_action) if done.next_action else None,
        next_command=wording.line(done.next_action) if done.next_action else "",
        also=[step(each) for each in done.also],
    )
