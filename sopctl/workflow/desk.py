"""The desk: one step of the procedure at a time, by someone who may, on a dossier that nobody else holds.

Every verb goes the same way: take a turn (lock, look where the deposit stands, refuse what is not due), do the
work, record the event. Long work records `started` first, so that a crash shows. Acts between the steps (hold,
extend, …) take a turn too, and leave the deposit at the step where it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from sopctl.errors import Action, Interrupted, NotNow, SopctlError, UsageError
from sopctl.model.deposit import Deposit
from sopctl.model.sop import history, procedure, verbs
from sopctl.model.sop.entries import Behalf as BehalfKept
from sopctl.model.sop.entries import E, Entry, Kept, OnBehalfOf, to_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import REQUESTER, Outcome, Procedure, Standing, Step
from sopctl.model.sop.verbs import Verb
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import actions
from sopctl.workflow.scans import read_scan

AUTOMATIC = "sopctl"
"""Who decides what follows from a rule alone: a reservation that expired, the waiting list that moves up."""


@dataclass(frozen=True)
class Behalf:
    """For whom a person decides who has not the step's role, and the document that says they may."""

    person: str
    document: Path


@dataclass(frozen=True)
class Desk:
    """Who works where: the site, the login that types, the office's clock, and who decides (`by`, a person of
    sopctl.yml; by default the one who types, or the only one with the role)."""

    site: Site
    typed: str
    clock: Callable[[], datetime]
    by: str | None = None
    behalf: Behalf | None = None

    def now(self) -> datetime:
        """Now, to the second, with the office's offset."""
        return self.clock().replace(microsecond=0)

    def decided_by(self, by: str | None, behalf: Behalf | None = None) -> "Desk":
        """The same desk, with someone else deciding."""
        return replace(self, by=by, behalf=behalf)


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
    """What the next step waits for: `space`, `month`, `decision`, or a `person` where its tries are used up."""
    next: str = ""
    next_activity: str = ""
    next_actor: str = ""
    next_action: Action | None = None
    """What a person can do about what is due next; None for a closed dossier."""
    next_command: str = ""
    also: tuple["StepDone", ...] = ()
    """What followed by rule: places that were let go, deposits of the waiting list that were served."""


@dataclass
class Turn:
    """A step that is due, or an act, held by this process until the block ends."""

    desk: Desk
    dossier: Dossier
    procedure: Procedure
    step: Step
    standing: Standing
    by: str
    outcomes: Mapping[str, Outcome]
    """What this turn may end with, besides failing."""
    verb: Verb
    """The row of the table of verbs: what its events may establish."""
    always: list[Entry] = field(default_factory=list)
    """What every event of this turn establishes: on whose behalf it was decided."""
    documents: list[str] = field(default_factory=list)
    begun: bool = False
    """Has an event been recorded that says that long work began?"""
    ended: bool = False
    """Has the event been recorded that ends it?"""

    @property
    def deposit(self) -> Deposit:
        return self.dossier.deposit

    def newest(self, kind: type[E]) -> E | None:
        """The newest entry of a kind that an earlier event established, or None."""
        return self.dossier.newest(kind)

    def keep(
        self, name: str, content: bytes, kind: Literal["documents", "facts"] = "documents", *, shown: bool = True
    ) -> Kept:
        """Keep a document, named after the event that will carry it. One that is not `shown` is for the tool, not for
        people."""
        kept = dossiers.keep_document(self.dossier, f"{len(self.dossier.events) + 1:04}-{name}", content, kind)
        if shown:
            self.documents.append(str(self.dossier.folder / kept.file))
        return kept

    def start(self, *entries: Entry) -> None:
        """Record that long work begins. Of an act only the end is recorded: no step waits for it."""
        if self.verb.kind != "act":
            self._append(history.STARTED, "", entries)
            self.begun = True

    def fail(self, why: str, *entries: Entry, cut_off: bool = False) -> StepDone:
        """Record that the work failed, or was broken off (`cut_off`). The deposit stays at its step."""
        act = self.verb.outcome
        outcome = act or (history.INTERRUPTED if cut_off else history.FAILED)
        note = f"gagal: {why}" if act else why
        return self.record(outcome, *entries, note=note[:1000], answer=False)

    def break_off(self, error: BaseException) -> StepDone:
        """Record that `error` ended the work. Ctrl-C and its like are no failure: who stopped it goes on later."""
        why = error.message if isinstance(error, SopctlError) else type(error).__name__
        return self.fail(why, cut_off=isinstance(error, KeyboardInterrupt | Interrupted))

    def record(self, outcome: str, *entries: Entry, note: str = "", answer: bool = True) -> StepDone:
        """Append the event that ends this turn, with what it establishes, and say what is due next.

        Raises ValueError for an entry that the table of verbs does not give to this verb, UsageError for an outcome
        that the verb does not bring here.
        """
        if outcome not in history.WORK and outcome not in self.outcomes:
            raise UsageError(
                "outcome-unknown-here",
                "{verb} cannot end {place} with {outcome!r}",
                remedy=f"It ends with: {', '.join(self.outcomes)}",
                verb=self.verb.name,
                place=self.standing.place,
                outcome=outcome,
            )
        event = self._append(outcome, note, entries)
        self.ended = True
        return self.done(event, answer=answer)

    def done(self, event: Event, *, answer: bool) -> StepDone:
        """The result of this turn after `event`."""
        now, action = self.dossier.standing, actions.due(self.dossier.summary)
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
            waiting=now.waiting or ("person" if self.dossier.summary.tries else ""),
            next=now.place,
            next_activity=now.step.activity if now.step else "",
            next_actor=procedure.actor_title(self.dossier.procedures, now),
            next_action=action,
            next_command=actions.command(action),
        )

    def _append(self, outcome: str, note: str, entries: Sequence[Entry]) -> Event:
        for entry in entries:
            if not verbs.may_write(self.verb, type(entry)):
                raise ValueError(f"{self.verb.name} {self.verb.task} may not establish {type(entry).__name__}")
        event = Event(
            seq=len(self.dossier.events) + 1,
            at=self.desk.now(),
            procedure=self.procedure.name,
            step=self.step.no,
            outcome=outcome,
            by=self.by,
            typed=self.desk.typed,
            prev="",
            note=note,
            data=to_data((*self.always, *entries)),
        )
        procedure.after(self.dossier.procedures, self.dossier.standing, event)  # what does not fit is never written
        self.dossier = dossiers.append(self.desk.site, self.dossier, event)
        return self.dossier.events[-1]


@contextmanager
def turn(desk: Desk, deposit_id: str, verb: str, task: str = "") -> Iterator[Turn]:
    """Take the turn of `verb` on a dossier; `task` says which of the verb's tasks it must be, where only one is meant.

    Raises NotNow when the procedure wants another step first or who decides has not the step's role, Conflict when
    another process holds the dossier, UsageError when there is no such dossier or person.
    """
    with dossiers.open_alone(desk.site, deposit_id) as dossier:
        standing = _due_for(dossier, verb)
        step = standing.step
        outcomes = step.ends_of(verb) if step else {}
        if step is None or not outcomes or task not in ("", step.task):
            raise _not_due(dossier, verb)
        ends = standing is dossier.standing and all(each.closes or each.resumes for each in outcomes.values())
        if standing.held and not ends:
            raise _on_hold(dossier, standing.held)
        actor = next(iter(outcomes.values())).actor or step.actor
        taken = Turn(
            desk,
            dossier,
            dossier.procedures[standing.procedure],
            step,
            standing,
            decider(desk, (actor,), f"{verb} at {standing.place}"),
            outcomes,
            _row(verb, step),
        )
        _note_behalf(taken)
        yield taken


@contextmanager
def act(desk: Desk, deposit_id: str, verb: str) -> Iterator[Turn]:
    """Take a turn for an act between the steps; end it with its outcome (`Turn.verb.outcome`).

    Raises NotNow for a closed dossier, or when who decides may not; else as `turn`.
    """
    with dossiers.open_alone(desk.site, deposit_id) as dossier:
        standing = dossier.standing
        if standing.step is None:
            raise closed(dossier)
        mine = dossier.procedures[standing.procedure]
        actors = mine.acts.get(verb)
        by = decider(desk, actors, f"{verb} during {mine.name}") if actors else desk.by or desk.typed
        row = verbs.row(verb)
        taken = Turn(desk, dossier, mine, standing.step, standing, by, {row.outcome: Outcome()}, row)
        _note_behalf(taken)
        yield taken


def decider(desk: Desk, actors: Sequence[str], what: str) -> str:
    """Who decides `what`, which belongs to one of `actors`: the person named, else the one who types, else the only
    one with that role. Someone without the role decides on behalf of one who has it, with a document."""
    if desk.by == AUTOMATIC:
        return AUTOMATIC
    if tuple(actors) == (REQUESTER,):
        if desk.by not in (None, REQUESTER):
            raise NotNow(
                "done-requesting-unit-not",
                "{what} is done by the requesting unit, not by {by}",
                remedy="Leave --by away.",
                what=what,
                by=desk.by,
            )
        return REQUESTER
    people = desk.site.settings.people
    able = [key for key, person in people.items() if person.role in actors]
    role = " or ".join(actors)
    if desk.behalf:
        if desk.behalf.person not in able:
            raise NotNow(
                "belongs",
                "{what} belongs to {role}; {person} has not that role",
                remedy=_name(able),
                what=what,
                role=role,
                person=desk.behalf.person,
            )
        able = list(people)
    if desk.by is not None:
        if desk.by not in people:
            known = ", ".join(people) or "none"
            raise UsageError(
                "no-among-people-sopctl-yml",
                "there is no {by!r} among the people of sopctl.yml",
                remedy=f"There are: {known}",
                by=desk.by,
            )
        if desk.by not in able:
            raise NotNow(
                "belongs",
                "{what} belongs to {role}; {by} is {role2}",
                remedy=f"{_name(able)}, or decide for one of them: --on-behalf-of {able[0] if able else '…'} "
                "--document FILE (the letter that says so)",
                what=what,
                role=role,
                by=desk.by,
                role2=people[desk.by].role,
            )
        return desk.by
    typing = [key for key in able if people[key].login == desk.typed]
    if typing or len(able) == 1:
        return (typing or able)[0]
    raise UsageError(
        "belongs-say-who-decided",
        "{what} belongs to {role}: say who decided",
        remedy=f"Add --by {'|'.join(able)}" if able else f"Add a person with the role {role} to sopctl.yml",
        what=what,
        role=role,
    )


def _name(able: list[str]) -> str:
    return f"Name someone with that role: --by {able[0] if able else '…'}"


def _note_behalf(taken: Turn) -> None:
    behalf = taken.desk.behalf
    if behalf:
        kept = taken.keep(f"atas-nama{behalf.document.suffix.lower()}", read_scan(behalf.document))
        taken.always.append(OnBehalfOf(on_behalf_of=BehalfKept(behalf.person, kept)))


def _row(verb: str, step: Step) -> Verb:
    """The row of a verb at a step: of a step's own verb with the step's task."""
    return verbs.row(verb, step.task if verb == step.verb else "")


def _due_for(dossier: Dossier, verb: str) -> Standing:
    """Where the dossier stands; if `verb` begins another procedure from here, at that one's first step."""
    standing = dossier.standing
    begun = procedure.begun_here(dossier.procedures, standing).get(verb)
    if begun:
        return Standing(begun.name, begun.first, None, held=standing.held)
    return standing


def _not_due(dossier: Dossier, verb: str) -> NotNow:
    standing = dossier.standing
    if standing.step is None:
        return closed(dossier)
    actor = procedure.actor_title(dossier.procedures, standing)
    return NotNow(
        "not-due",
        "{verb} is not due for {deposit}; due is {place}: {activity} ({actor})",
        remedy=actions.due(dossier.summary) or (),
        verb=verb,
        deposit=dossier.id,
        place=standing.place,
        activity=standing.step.activity,
        actor=actor,
    )


def _on_hold(dossier: Dossier, held: Event) -> NotNow:
    return NotNow(
        "on-hold",
        "{deposit} is on hold since {since:%Y-%m-%d} ({by}): {note}",
        remedy=actions.due(dossier.summary) or (),
        deposit=dossier.id,
        since=held.at,
        by=held.by,
        note=held.note,
    )


def closed(dossier: Dossier) -> NotNow:
    """The error for work on a dossier that has ended."""
    return NotNow(
        "closed",
        "{deposit} is closed: {end}",
        remedy=Action("show", dossier.id),
        deposit=dossier.id,
        end=dossier.standing.end,
    )
