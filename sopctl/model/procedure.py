"""A written procedure (SOP) as data; where a deposit stands in it, what may come next, when it is due.

Where a deposit stands is never stored: `stand` folds its history through the procedure. A history that the
procedure cannot explain is an error, never a guess.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sopctl.errors import InvalidRecord
from sopctl.model import history
from sopctl.model.history import Event

Waiting = Literal["", "space", "month"]
"""What a step waits for besides a person: free rack space, or the next month."""


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """How a step may end, and where that leads: another step of the same procedure, or the end (`next` absent)."""

    next: int | None = None
    waits_for: Waiting = ""
    extension: bool = False
    """True where the paper draws no such branch (di luar SOP)."""


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the SOP's table. `verb` is the command that does it; `limit_days` its `waktu` (time limit)."""

    no: Annotated[int, Meta(ge=1)]
    activity: str
    actor: str
    verb: str
    outcomes: Annotated[dict[str, Outcome], Meta(min_length=1)]
    limit_days: Annotated[int, Meta(ge=1)] = 1
    requires: tuple[str, ...] = ()
    output: str = ""
    interpreted: bool = False
    """True where the scan lost the actor's column and the office's reading fills it in."""


class Begins(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a procedure begins: with a new request, or out of another procedure (at its end, or while it goes on)."""

    after: str = ""
    """The procedure whose end begins this one by itself."""
    during: str = ""
    """The procedure out of which this one may be begun by its first verb."""


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """A procedure: its name, version, legal basis, actors (key → title) and steps in the paper's numbering."""

    name: str
    title: str
    version: str
    source: str
    legal_basis: tuple[str, ...]
    actors: dict[str, str]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    begins: Begins = Begins()
    extension: bool = False

    def step(self, no: int) -> Step:
        """The step with the paper's number `no`. Raises KeyError when there is none (the paper has gaps)."""
        found = next((step for step in self.steps if step.no == no), None)
        if found is None:
            raise KeyError(no)
        return found

    @property
    def first(self) -> Step:
        return self.steps[0]


Procedures = Mapping[str, Procedure]


class Standing(Struct, frozen=True):
    """Where a deposit stands: the due step (`step` is None once it is closed), since when, and what it waits for."""

    procedure: str
    step: Step | None
    since: datetime | None
    waiting: Waiting = ""
    unfinished: Event | None = None

    @property
    def closed(self) -> bool:
        return self.step is None

    @property
    def place(self) -> str:
        """`penitipan 4`, or `selesai` for a closed dossier."""
        return f"{self.procedure} {self.step.no}" if self.step else "selesai"


def validate(procedures: Procedures) -> None:
    """Raise InvalidRecord unless every branch leads to a step that exists, and every actor is declared."""
    for procedure in procedures.values():
        numbers = [step.no for step in procedure.steps]
        if len(set(numbers)) < len(numbers):
            raise InvalidRecord("a step number stands twice", where=procedure.name)
        for step in procedure.steps:
            place = f"{procedure.name} {step.no}"
            if step.actor not in procedure.actors:
                raise InvalidRecord(f"the actor {step.actor!r} is not among the procedure's actors", where=place)
            for name, outcome in step.outcomes.items():
                if name in history.NEUTRAL:
                    raise InvalidRecord(f"the outcome {name!r} is reserved", where=place)
                if outcome.next is not None and outcome.next not in numbers:
                    raise InvalidRecord(f"{name!r} leads to step {outcome.next}, which does not exist", where=place)
        for other in (procedure.begins.after, procedure.begins.during):
            if other and other not in procedures:
                raise InvalidRecord(f"it begins out of {other!r}, which does not exist", where=procedure.name)
    if sum(1 for procedure in procedures.values() if procedure.begins == Begins()) != 1:
        raise InvalidRecord("exactly one procedure must begin with a new request", where="procedures")


def opening(procedures: Procedures) -> Procedure:
    """The procedure that a new request begins with."""
    return next(procedure for procedure in procedures.values() if procedure.begins == Begins())


def begun_by(procedures: Procedures, standing: Standing, verb: str) -> Procedure | None:
    """The procedure that `verb` may begin from here (pengembalian out of konfigurasi), or None."""
    return next(
        (
            procedure
            for procedure in procedures.values()
            if procedure.begins.during == standing.procedure and procedure.first.verb == verb
        ),
        None,
    )


def stand(procedures: Procedures, events: Sequence[Event]) -> Standing:
    """Fold `events` through `procedures`. Raises InvalidRecord when an event does not fit where the deposit stood."""
    first = opening(procedures)
    standing = Standing(first.name, first.first, None)
    for event in events:
        standing = _after(procedures, standing, event)
    return standing


def _after(procedures: Procedures, standing: Standing, event: Event) -> Standing:
    if event.procedure != standing.procedure:
        procedure = procedures.get(event.procedure)
        begins_here = procedure is not None and procedure.begins.during == standing.procedure
        if procedure is None or not begins_here:
            raise _unexplained(standing, event)
        standing = Standing(procedure.name, procedure.first, event.at)
    step = standing.step
    if step is None or event.step != step.no:
        raise _unexplained(standing, event)
    if event.outcome in history.NEUTRAL:
        open_work = event if event.outcome == history.STARTED else None
        return Standing(standing.procedure, step, standing.since or event.at, standing.waiting, unfinished=open_work)
    outcome = step.outcomes.get(event.outcome)
    if outcome is None:
        raise _unexplained(standing, event)
    if outcome.next is not None:
        next_step = procedures[standing.procedure].step(outcome.next)
        return Standing(standing.procedure, next_step, event.at, outcome.waits_for)
    follower = next((p for p in procedures.values() if p.begins.after == standing.procedure), None)
    if follower is None:
        return Standing(standing.procedure, None, event.at)
    return Standing(follower.name, follower.first, event.at)


def _unexplained(standing: Standing, event: Event) -> InvalidRecord:
    return InvalidRecord(
        f"event {event.seq} ({event.procedure} {event.step} {event.outcome!r}) does not fit: "
        f"the deposit stood at {standing.place}"
    )


def actor_title(procedures: Procedures, standing: Standing) -> str:
    """The official title of the actor whose turn it is, or an empty string for a closed dossier."""
    return procedures[standing.procedure].actors[standing.step.actor] if standing.step else ""


def month_due(standing: Standing) -> date | None:
    """For a step that recurs monthly and was done: the first day of the month in which it is due again."""
    if standing.waiting != "month" or standing.since is None:
        return None
    year, month = divmod(standing.since.year * 12 + standing.since.month, 12)
    return date(year, month + 1, 1)
