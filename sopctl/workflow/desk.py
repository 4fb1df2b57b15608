"""The desk: one step of the procedure at a time, by someone who may, on a dossier that nobody else holds.

Every verb works the same way: take a turn (lock, look where the deposit stands, refuse what is not due), do the
work, record the event. Long work records `started` first, so that a crash shows. Acts between the steps (hold,
extend, …) take a turn too, and leave the deposit at the step where it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, structs

from sopctl.errors import Action, Conflict, Interrupted, NotNow, SopctlError, UsageError
from sopctl.locale import Prose, Text
from sopctl.model.deposit import Deposit
from sopctl.model.principal import Principal
from sopctl.model.sop import history, procedure, verbs
from sopctl.model.sop.entries import Behalf as BehalfKept
from sopctl.model.sop.entries import Decider, E, Entry, Kept, LateBecause, OnBehalfOf, Rank, to_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Outcome, Procedure, Standing, Step
from sopctl.model.sop.summary import Summary
from sopctl.model.sop.verbs import Verb
from sopctl.model.unit import identity
from sopctl.store import dossiers
from sopctl.store.across import clock, identities
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import actions
from sopctl.workflow.deciding import Behalf, Deciding
from sopctl.workflow.scans import read_scan

Waits = Literal["", "space", "month", "hold", "decision", "unfinished", "person"]
"""What a deposit waits for: space, another month, the end of a hold, a decision, unfinished work that is to be run
again, or a person who looks, after so many tries."""


@dataclass(frozen=True)
class Desk:
    """Who works where: the site, who acts and decides, and the office's clock.

    `seen` has the head of each history (by deposit) that the caller saw: if one has moved since, a turn is refused.
    `despite` says why a deposit may have an address, number or name that another has. `clock_is_right`: a person said
    so, however far it is ahead.
    `late_because` is why what is done comes late, where someone says so.
    """

    site: Site
    deciding: Deciding
    clock: Callable[[], datetime]
    seen: Mapping[str, str] = field(default_factory=dict)
    despite: str = ""
    clock_is_right: bool = False
    late_because: str = ""

    @property
    def typed(self) -> str:
        """The login that enters what is recorded."""
        return self.deciding.who.login

    def now(self) -> datetime:
        """Now, to the second, with the office's offset."""
        return self.clock().replace(microsecond=0)

    def sure_of_the_clock(self) -> bool:
        """Is it a time at which things may be done that cannot be undone? What is doubtful is told (`Site.lagging`)."""
        found = clock.doubt(self.site, self.now(), right=self.clock_is_right)
        if found and found.error.id not in {each.id for each in self.site.lagging}:
            self.site.tell(found.error)
        return not (found and found.ahead)

    def refuse_doubtful_clock(self) -> None:
        """Raise OutsideFailure while the clock is far ahead of what is known, and nobody said that it is right: before
        anything is done that cannot be undone."""
        found = clock.doubt(self.site, self.now(), right=self.clock_is_right)
        if found and found.ahead:
            raise found.error

    def decided_by(self, by: str | None, behalf: Behalf | None = None) -> "Desk":
        """The same desk, with someone else deciding."""
        return replace(self, deciding=replace(self.deciding, by=by, behalf=behalf))

    def having_seen(self, heads: Mapping[str, str]) -> "Desk":
        """The same desk, for turns that are refused where a history has moved since."""
        return replace(self, seen=heads)

    def knowing(self, despite: str = "", *, clock_is_right: bool = False) -> "Desk":
        """The same desk, for what is recorded despite what other deposits have, or at a time that a person vouches
        for."""
        return replace(self, despite=despite.strip(), clock_is_right=clock_is_right)

    def saying_why_late(self, reason: str) -> "Desk":
        """The same desk, with a reason for what comes late."""
        return replace(self, late_because=reason.strip())

    def automatic(self) -> "Desk":
        """The same desk, for what follows from a rule alone."""
        rule = Deciding(Principal(self.typed, "automation"))
        return replace(self, deciding=rule, seen={}, despite="", late_because="")

    def decider(self, actors: Sequence[str], what: Prose, unit: str, *, unattended: bool = False) -> str:
        """Who decides `what`. Raises as `Deciding.decider`."""
        settings = self.site.settings
        key = identity(settings.units, unit)
        return self.deciding.decider(settings.people, actors, what, unit=key, unattended=unattended)


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
    head: str = ""
    """The hash of the history's newest event: what a later turn may be taken against."""
    documents: tuple[str, ...] = ()
    waiting: Waits = ""
    """What the next step waits for: `space`, `month`, `decision`, or a `person` where its tries are used up."""
    next: str = ""
    next_activity: str = ""
    next_actor: str = ""
    next_action: Action | None = None
    """What a person can do about what is due next; None for a closed dossier."""
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
    """What every event of this turn establishes: who decided it, on whose behalf, and why it comes late."""
    documents: list[str] = field(default_factory=list)
    begun: bool = False
    """Has the start of long work been recorded?"""
    ended: bool = False
    """Has the event that ends it been recorded?"""

    @property
    def deposit(self) -> Deposit:
        return self.dossier.deposit

    def decide(self, actors: Sequence[str], what: Prose) -> None:
        """Let one of these roles decide it, where the turn's course shows which. Raises as `Deciding.decider`."""
        self.by = self.desk.decider(actors, what, self.dossier.deposit.unit)
        _note_decider(self)

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
        """Record that long work begins. For an act only the end is recorded: no step waits for it."""
        if self.verb.kind != "act":
            self._append(history.STARTED, "", entries)
            self.begun = True

    def fail(self, why: str, *entries: Entry, cut_off: bool = False) -> StepDone:
        """Record that the work failed, or was broken off (`cut_off`). The deposit stays at its step."""
        act = self.verb.outcome
        outcome = act or (history.INTERRUPTED if cut_off else history.FAILED)
        note = f"gagal: {why}" if act else why
        return self.record(outcome, *entries, note=note[:1000], answer=False)

    def break_off(self, error: BaseException, *entries: Entry, after: str = "") -> None:
        """Record that `error` ended the work, and what the note says `after` that. Ctrl-C and the like are no failure:
        whoever stopped it goes on later. Where that cannot be recorded (the disk is full), it is told beside `error`
        (`Site.lagging`), which stays what the caller raises, and the turns of others are broken off as well."""
        from sopctl.workflow.messages.notes import told  # imports the words of all papers, which reading can do without

        try:
            self.fail(told(error) + after, *entries, cut_off=isinstance(error, KeyboardInterrupt | Interrupted))
        except SopctlError as unrecorded:
            if str(unrecorded) != str(error):
                self.desk.site.tell(unrecorded)

    def record(self, outcome: str, *entries: Entry, note: str = "", answer: bool = True) -> StepDone:
        """Append the event that ends this turn, with what it establishes, and say what is due next.

        Raises ValueError for an entry that the table of verbs does not give to this verb, UsageError for an outcome
        that the verb does not bring here.
        """
        if outcome not in history.WORK and outcome not in self.outcomes:
            raise UsageError(
                "no-such-outcome",
                "{verb} cannot end {place} with {outcome!r}",
                remedy=Text("It ends with: {names}", names=", ".join(self.outcomes)),
                verb=self.verb.name,
                place=self.standing.place,
                outcome=outcome,
            )
        event = self._append(outcome, note, entries)
        self.ended = True
        return self.done(event, answer=answer)

    def done(self, event: Event, *, answer: bool) -> StepDone:
        """The result of this turn after `event`."""
        now = self.dossier.standing
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
            head=self.dossier.head,
            documents=tuple(self.documents),
            waiting=now.waiting or ("person" if self.dossier.summary.tries else ""),
            next=now.place,
            next_activity=now.step.activity if now.step else "",
            next_actor=procedure.actor_title(self.dossier.procedures, now),
            next_action=actions.due(self.dossier.summary),
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
        self.desk.sure_of_the_clock()
        procedure.after(self.dossier.procedures, self.dossier.standing, event)  # what does not fit is never written
        site, step = self.desk.site, self.verb.kind != "act"
        added = identities.added(site, self.dossier, event)
        if not added.marks:
            self.dossier = dossiers.append(site, self.dossier, event, step=step)
            return self.dossier.events[-1]
        with identities.alone(site):
            found = identities.clashes(site, [added])
            if found and not self.desk.despite:
                identities.refuse(found, str(self.dossier.folder / "deposit.yml"))
            if found:
                why = to_data((identities.despite(found, self.desk.despite),))
                event = structs.replace(event, data={**event.data, **why})
            self.dossier = dossiers.append(site, self.dossier, event, step=step)
        return self.dossier.events[-1]


@contextmanager
def turn(desk: Desk, deposit_id: str, verb: str, task: str = "") -> Iterator[Turn]:
    """Take the turn of `verb` on a dossier; `task` says which of the verb's tasks it must be, where only one is meant.

    Raises NotNow when the procedure wants another step first or the decider does not hold the step's role, Conflict
    when another process holds the dossier or it has moved since the caller looked, UsageError when there is no such
    dossier or person.
    """
    with dossiers.open_alone(desk.site, deposit_id) as dossier:
        _refuse_moved(desk, dossier)
        refuse_edited(dossier)
        standing = _due_for(dossier, verb)
        step = standing.step
        outcomes = step.ends_of(verb) if step else {}
        if step is None or not outcomes or task not in ("", step.task):
            raise _not_due(desk, dossier, verb, task)
        ends = standing is dossier.standing and all(each.closes or each.resumes for each in outcomes.values())
        if standing.held and not ends:
            raise on_hold(dossier, standing.held)
        actor = next(iter(outcomes.values())).actor or step.actor
        row = _row(verb, step)
        taken = Turn(
            desk,
            dossier,
            dossier.procedures[standing.procedure],
            step,
            standing,
            desk.decider((actor,), _at(verb, standing), dossier.deposit.unit, unattended=row.unattended),
            outcomes,
            row,
        )
        _note_decider(taken)
        _note_circumstances(taken)
        yield taken


@contextmanager
def act(desk: Desk, deposit_id: str, verb: str, *, later: bool = False) -> Iterator[Turn]:
    """Take a turn for an act between the steps; end it with its outcome (`Turn.verb.outcome`).

    It is decided by the roles that the procedure names for it. Where it names none, an act that belongs to a role is
    decided by anyone of the office's roles, another by anyone. With `later`, the turn's course shows whose decision it
    is (`Turn.decide`).

    Raises NotNow for a closed dossier, or when the decider may not do this; otherwise as `turn`.
    """
    with dossiers.open_alone(desk.site, deposit_id) as dossier:
        _refuse_moved(desk, dossier)
        if verb != "edit":  # which may accept it
            refuse_edited(dossier)
        standing, row = dossier.standing, verbs.row(verb)
        if standing.step is None and not row.after_end:
            raise closed(dossier)
        mine = dossier.procedures[standing.procedure]
        actors = mine.acts.get(verb) or _actors(mine, row)
        if actors and not later:
            by = desk.decider(
                actors, Text("{verb} during {procedure}", verb=verb, procedure=mine.name), dossier.deposit.unit
            )
        else:
            by = desk.deciding.anyone(desk.site.settings.people)
        step = standing.step or procedure.step_of(dossier.procedures, dossier.events[-1])
        taken = Turn(desk, dossier, mine, step, standing, by, {row.outcome: Outcome()}, row)
        _note_decider(taken)
        _note_circumstances(taken)
        yield taken


def _actors(mine: Procedure, row: Verb) -> tuple[str, ...]:
    """Whose an act is, where the procedure does not say: nobody's in particular, if this is empty."""
    if row.requesters:
        return (procedure.REQUESTER,)
    return office_roles(mine) if row.by_role else ()


def refuse_moved(desk: Desk, deposit_id: str) -> None:
    """Raise Conflict if the history has moved since the caller looked. A turn checks that itself; work done before one
    calls this."""
    if deposit_id in desk.seen:
        _refuse_moved(desk, dossiers.read(desk.site, deposit_id))


def refuse_edited(dossier: Dossier) -> None:
    """Raise Conflict when deposit.yml was edited by hand and that was not accepted."""
    changes = by_hand(dossier)
    if changes:
        raise Conflict(
            "edited-by-hand",
            "deposit.yml of {deposit} was edited by hand: {changes}",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "Accept the edit first, or undo it.",
                Action("edit", dossier.id, needs=("note",), given={"accept": ""}),
            ),
            deposit=dossier.id,
            changes="; ".join(changes)[:300],
        )


def by_hand(dossier: Dossier) -> list[str]:
    """What was changed in deposit.yml without sopctl and not accepted, in lines; empty when nothing was."""
    return changed_lines(dossier.record, dossier.found) if dossier.edited else []


def changed_lines(before: bytes, after: bytes) -> list[str]:
    """What differs between two records, in lines: `-` what was, `+` what is."""
    import difflib

    lines = difflib.unified_diff(
        before.decode(errors="replace").splitlines(), after.decode(errors="replace").splitlines(), lineterm="", n=0
    )
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _refuse_moved(desk: Desk, dossier: Dossier) -> None:
    seen = desk.seen.get(dossier.id)
    if seen is not None and seen != dossier.head:
        raise Conflict(
            "history-moved",
            "{deposit} has moved since you looked: its newest event is {number}",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
            number=len(dossier.events),
        )


def office_roles(mine: Procedure) -> tuple[str, ...]:
    """The roles of a procedure that people of the office hold."""
    return tuple(actor for actor in mine.actors if actor != procedure.REQUESTER)


def _note_decider(taken: Turn) -> None:
    """Keep the name and position of a person who decides: sopctl.yml will have another one some day."""
    person = taken.desk.site.settings.people.get(taken.by)
    kept = [each for each in taken.always if not isinstance(each, Decider)]
    if person and not taken.verb.unattended:
        kept.append(Decider(decider=Rank(person.name, person.position, person.role)))
    taken.always[:] = kept


def _note_circumstances(taken: Turn) -> None:
    behalf = taken.desk.deciding.behalf
    if behalf:
        kept = taken.keep(f"atas-nama{behalf.document.suffix.lower()}", read_scan(behalf.document))
        taken.always.append(OnBehalfOf(on_behalf_of=BehalfKept(behalf.person, kept)))
    if taken.desk.late_because:
        taken.always.append(LateBecause(late_because=taken.desk.late_because))


def _row(verb: str, step: Step) -> Verb:
    """The row of a verb at a step; for the step's own verb, the row with the step's task."""
    return verbs.row(verb, step.task if verb == step.verb else "")


def _due_for(dossier: Dossier, verb: str) -> Standing:
    """Where the dossier stands; if `verb` begins another procedure from here, the first step of that one."""
    standing = dossier.standing
    begun = procedure.begun_here(dossier.procedures, standing).get(verb)
    if begun:
        return Standing(begun.name, begun.first, None, held=standing.held)
    return standing


def _at(verb: str, standing: Standing) -> Text:
    return Text("{verb} at {place}", verb=verb, place=standing.place)


def _wanted(dossier: Dossier, verb: str, task: str) -> str:
    """What someone wanted to do: `receive (penitipan 7)`, where the procedures have steps for it."""
    places = [
        f"{each.name} {step.no}"
        for each in dossier.procedures.values()
        for step in each.steps
        if step.verb == verb and task in ("", step.task)
    ]
    return f"{verb} ({', '.join(places)})" if places else verb


def _not_due(desk: Desk, dossier: Dossier, verb: str, task: str) -> NotNow:
    """The error for a verb whose turn it is not: it names what `board.todo` names."""
    standing = dossier.standing
    if standing.step is None:
        return closed(dossier)
    if standing.held:
        return on_hold(dossier, standing.held)
    wanted, summary = _wanted(dossier, verb, task), dossier.summary
    waits = summary.waits_on(desk.now().date())
    if waits == "space":
        return NotNow(
            "waits-for-space",
            "{wanted} is not due for {deposit}, which is waiting for space",
            remedy=("To see the waiting list:", Action("queue list")),
            wanted=wanted,
            deposit=dossier.id,
        )
    if waits == "month":
        return month_not_come(summary)
    return NotNow(
        "not-due",
        "{wanted} is not due for {deposit}; what is due is {place}: {activity} ({actor})",
        remedy=actions.due(summary) or (),
        wanted=wanted,
        deposit=dossier.id,
        place=standing.place,
        activity=standing.step.activity,
        actor=procedure.actor_title(dossier.procedures, standing),
    )


def month_not_come(each: Summary) -> NotNow:
    """The error for work on a deposit whose next step is due in a later month."""
    return NotNow(
        "month-not-come",
        "nothing is due for {deposit} until {month:%Y-%m}",
        remedy=("To do it again now:", actions.due(each) or Action("show", each.id)),
        deposit=each.id,
        month=each.month_due,
    )


def on_hold(dossier: Dossier, held: Event) -> NotNow:
    """The error for work on a dossier that is on hold; `held` is the event that says since when, and why."""
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
