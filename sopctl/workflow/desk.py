"""The desk: one step of the procedure at a time, by someone who may, on a dossier that nobody else holds.

Every verb goes the same way: take a turn (lock, look where the deposit stands, refuse what is not due), do the
work, record the event. Long work records `started` first, so that a crash shows.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import Struct

from sopctl.errors import NotNow, UsageError
from sopctl.model import history, procedure
from sopctl.model.deposit import Deposit
from sopctl.model.history import Event
from sopctl.model.procedure import Procedure, Standing, Step
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import commands

REQUESTER = "pemohon"


@dataclass(frozen=True)
class Desk:
    """Who works where: the site, the login that types, and the office's clock."""

    site: Site
    typed: str
    clock: Callable[[], datetime]

    def now(self) -> datetime:
        """Now, to the second, with the office's offset."""
        return self.clock().replace(microsecond=0)


class StepDone(Struct, frozen=True):
    """What a verb did: the step, who the procedure says does it, the outcome, and what is due next."""

    id: str
    procedure: str
    step: int
    activity: str
    actor: str
    by: str
    outcome: str
    answer: bool
    """False where the answer is no: no space, not accessible, a host failed."""
    note: str = ""
    data: dict[str, Any] = {}
    documents: tuple[str, ...] = ()
    waiting: str = ""
    """What the next step waits for besides a person: `space`, or `month`."""
    next: str = ""
    next_activity: str = ""
    next_actor: str = ""
    next_command: str = ""


@dataclass
class Turn:
    """A step that is due, held by this process until the block ends."""

    desk: Desk
    dossier: Dossier
    procedure: Procedure
    step: Step
    standing: Standing
    by: str
    documents: list[str] = field(default_factory=list)

    @property
    def deposit(self) -> Deposit:
        return self.dossier.deposit

    def known(self, key: str) -> Any:
        """The newest value that an earlier step established under `key`, or None."""
        return history.last_data(self.dossier.events, key)

    def keep(self, name: str, content: bytes) -> dict[str, str]:
        """Keep a document, named after the event that will carry it; returns its file and sha256 for `data`."""
        kept = dossiers.keep_document(self.dossier, f"{len(self.dossier.events) + 1:04}-{name}", content)
        self.documents.append(str(self.dossier.folder / kept["file"]))
        return kept

    def start(self, data: Mapping[str, Any] | None = None) -> None:
        """Record that long work begins."""
        self._append(history.STARTED, "", data)

    def record(
        self, outcome: str, *, note: str = "", data: Mapping[str, Any] | None = None, answer: bool = True
    ) -> StepDone:
        """Append the event that ends this turn and say what is due next."""
        if outcome not in history.NEUTRAL and outcome not in self.step.outcomes:
            raise UsageError(
                f"{self.standing.place} cannot end with {outcome!r}",
                remedy=f"It ends with: {', '.join(self.step.outcomes)}",
            )
        event = self._append(outcome, note, data)
        return self.done(event, answer=answer)

    def done(self, event: Event, *, answer: bool) -> StepDone:
        """The result of this turn after `event`."""
        now = procedure.stand(self.desk.site.procedures, self.dossier.events)
        return StepDone(
            id=self.dossier.id,
            procedure=self.procedure.name,
            step=self.step.no,
            activity=self.step.activity,
            actor=self.procedure.actors[self.step.actor],
            by=event.by,
            outcome=event.outcome,
            answer=answer,
            note=event.note,
            data=event.data,
            documents=tuple(self.documents),
            waiting=now.waiting,
            next=now.place,
            next_activity=now.step.activity if now.step else "",
            next_actor=procedure.actor_title(self.desk.site.procedures, now),
            next_command=commands.command_for(self.dossier.id, now),
        )

    def _append(self, outcome: str, note: str, data: Mapping[str, Any] | None) -> Event:
        event = Event(
            seq=0,
            at=self.desk.now(),
            procedure=self.procedure.name,
            step=self.step.no,
            outcome=outcome,
            by=self.by,
            typed=self.desk.typed,
            prev="",
            note=note,
            data=dict(data or {}),
        )
        self.dossier = dossiers.append(self.desk.site, self.dossier, event)
        return self.dossier.events[-1]


@contextmanager
def turn(desk: Desk, deposit_id: str, verb: str, by: str | None = None) -> Iterator[Turn]:
    """Take the turn of `verb` on a dossier.

    Raises NotNow when the procedure wants another step first or `by` has not the step's role, Conflict when another
    process holds the dossier, UsageError when there is no such dossier or person.
    """
    with dossiers.open_alone(desk.site, deposit_id) as dossier:
        procedures = desk.site.procedures
        standing = procedure.stand(procedures, dossier.events)
        begun = procedure.begun_by(procedures, standing, verb)
        if begun and (standing.step is None or standing.step.verb != verb):
            standing = Standing(begun.name, begun.first, None)
        step = standing.step
        if step is None or step.verb != verb:
            raise _not_due(deposit_id, verb, standing, procedures)
        yield Turn(
            desk, dossier, procedures[standing.procedure], step, standing, decider(desk, step.actor, by, standing.place)
        )


def decider(desk: Desk, actor: str, by: str | None, place: str) -> str:
    """Who decides a step of `actor`: the person named, else the one who types, else the only one with that role."""
    if actor == REQUESTER:
        if by not in (None, REQUESTER):
            raise NotNow(f"{place} is done by the requesting unit, not by {by}", remedy="Leave --by away.")
        return REQUESTER
    people = desk.site.settings.people
    able = desk.site.settings.with_role(actor)
    if by is not None:
        if by not in people:
            raise UsageError(
                f"there is no {by!r} among the people of sopctl.yml", remedy=f"There are: {', '.join(people) or 'none'}"
            )
        if by not in able:
            raise NotNow(
                f"{place} belongs to {actor}; {by} is {people[by].role}",
                remedy=f"Name someone with that role: --by {able[0] if able else '…'}",
            )
        return by
    typing = [key for key in able if people[key].login == desk.typed]
    if typing or len(able) == 1:
        return (typing or able)[0]
    raise UsageError(
        f"{place} belongs to {actor}: say who decided",
        remedy=f"Add --by {'|'.join(able)}" if able else f"Add a person with the role {actor} to sopctl.yml",
    )


def _not_due(deposit_id: str, verb: str, standing: Standing, procedures: procedure.Procedures) -> NotNow:
    if standing.step is None:
        return NotNow(f"{deposit_id} is closed: the server was given back", remedy=f"Look: sopctl show {deposit_id}")
    actor = procedure.actor_title(procedures, standing)
    return NotNow(
        f"{verb} is not due for {deposit_id}; due is {standing.place}: {standing.step.activity} ({actor})",
        remedy=f"Run: {commands.command_for(deposit_id, standing)}",
    )
