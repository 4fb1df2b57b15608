"""A written procedure (SOP) as data; where a deposit stands in it, and what may come next.

Where a deposit stands is never stored: `stand` folds its history through the procedures that the dossier is pinned
to. A history that they cannot explain is an error, never a guess.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model import names
from sopctl.model.sop import history, verbs
from sopctl.model.sop.entries import Gathered, Pinned, Undone, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.verbs import Waiting

Line = Annotated[str, Meta(min_length=1, max_length=500, pattern=names.LINE)]
"""The text of a cell in the SOP's table: one line, no control characters."""

MOST_UNDONE = 20
"""How many steps can be taken back, one after the other."""

REQUESTER = "pemohon"
"""The actor outside the office: the requesting unit. Every procedure calls it that."""


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """How a step may end, and where that leads: another step of the same procedure, or the end (`next` absent)."""

    next: int | None = None
    """The number of the step that follows; without it, the procedure ends here."""
    waits_for: Waiting = ""
    """What the next step waits for."""
    tries: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """How often this way may be taken before a person must look: the limit of a loop (`record.tries` counts)."""
    closes: bool = False
    """The dossier ends here: refused or withdrawn."""
    resumes: bool = False
    """The procedure that was interrupted continues where it stood."""
    verb: str = ""
    """The command that brings this outcome, where it is not the step's own."""
    actor: str = ""
    """Who decides it, where it is not the step's actor."""
    extension: bool = False
    """True where the paper draws no such branch (di luar SOP)."""


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the SOP's table."""

    no: Annotated[int, Meta(ge=1, le=9999)]
    """Its number, as on the paper."""
    activity: Line
    """The activity (kegiatan)."""
    actor: str
    """Who does it: a key of `actors`."""
    verb: str
    """The command that does it."""
    outcomes: Annotated[dict[Line, Outcome], Meta(min_length=1)]
    """How it may end: a label → where that leads."""
    task: str = ""
    """Which of the verb's tasks it is."""
    limit_days: Annotated[int, Meta(ge=1, le=36500)] = 1
    """Its time limit (waktu)."""
    requires: tuple[str, ...] = ()
    """What it needs (kelengkapan)."""
    output: str = ""
    """What it yields."""
    interpreted: bool = False
    """True where the scan lost the actor's column and the office's reading fills it in."""
    also: tuple[str, ...] = ()
    """Who else acts in this step: where both parties sign, it is drawn in both columns."""

    def outcomes_of(self, verb: str) -> dict[str, Outcome]:
        """The outcomes that the command `verb` may bring about here, in the procedure's order."""
        return {label: outcome for label, outcome in self.outcomes.items() if (outcome.verb or self.verb) == verb}

    def ends_of(self, verb: str) -> dict[str, Outcome]:
        """The outcomes that `verb` brings about here, by the table of verbs; any others named for it never happen."""
        named = self.outcomes_of(verb)
        row = verbs.find(verb, self.task if verb == self.verb else "")
        brought = row.ends if row and row.ends else tuple(named)[: row.own_ends if row and row.own_ends else 1]
        return {label: outcome for label, outcome in named.items() if label in brought}


class Begins(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a procedure begins: with a new request, or from another procedure (at its end, or while it is running)."""

    after: str = ""
    """The procedure whose end starts this one automatically."""
    during: str = ""
    """The procedure from which this one may be started by its first verb."""


class Identity(Struct, frozen=True, forbid_unknown_fields=True):
    """The SOP's identity block (PermenPANRB 35/2012). What a file leaves out is printed as a line to fill in."""

    number: str = ""
    """The SOP's number."""
    made: date | None = None
    """When it was made."""
    revised: date | None = None
    """When it was revised."""
    effective: date | None = None
    """Since when it is in force."""
    approved_by: str = ""
    """Who approves it; empty: the head."""


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """A procedure: `procedures/NAME.yml` of a site, or one that sopctl brings."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}\Z")]
    """Its name; another name than those of sopctl's adds a procedure."""
    title: str
    """Its title."""
    version: Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,20}\Z")]
    """Its version: a higher one applies to new dossiers, the same one replaces sopctl's."""
    source: str
    """What it was taken from."""
    legal_basis: tuple[str, ...]
    """The regulations on its cover."""
    actors: dict[Annotated[str, Meta(pattern=names.ROLE)], Line]
    """Who acts: a key (the role of people) → the title on paper."""
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    """Its steps."""
    identity: Identity = Identity()
    """The identity block of its cover."""
    qualifications: tuple[str, ...] = ()
    """Cover: who may carry it out."""
    related: tuple[str, ...] = ()
    """Cover: related SOPs."""
    equipment: tuple[str, ...] = ()
    """Cover: equipment."""
    warnings: tuple[str, ...] = ()
    """Cover: warnings."""
    records: tuple[str, ...] = ()
    """Cover: what is recorded."""
    begins: Begins = Begins()
    """Where it begins."""
    acts: dict[str, tuple[str, ...]] = {}
    """What may happen between the steps, and the actors who may decide it (di luar SOP)."""
    extension: bool = False
    """True where the paper draws no such flow (di luar SOP)."""

    def step(self, no: int) -> Step:
        """The step with the paper's number `no`. Raises KeyError when there is none (the paper has gaps)."""
        for step in self.steps:
            if step.no == no:
                return step
        raise KeyError(no)

    @property
    def first(self) -> Step:
        return self.steps[0]


Procedures = Mapping[str, Procedure]
"""One version of each procedure, by name: what a dossier is pinned to."""


class Standing(Struct, frozen=True):
    """Where a deposit stands: the due step (`step` is None once it is closed), since when, and what it waits for.

    `held` is the event that put it on hold; `unfinished` the one that began work whose end was never recorded; `end`
    how a closed dossier ended; `broken_into` where the other procedure stood when this one was started from it; `month`
    (2026-11) the month that a monthly step was last done for, if it was not done in that month. `came_by` is the number
    of the event that led here and `came_from` where it stood before, if that can be taken back.
    """

    procedure: str
    step: Step | None
    since: datetime | None
    waiting: Waiting = ""
    unfinished: Event | None = None
    held: Event | None = None
    end: str = ""
    broken_into: "Standing | None" = None
    month: str = ""
    came_by: int = 0
    came_from: "Standing | None" = None
    depth: int = 0
    """How many steps can be taken back from here, one after the other."""

    @property
    def closed(self) -> bool:
        return self.step is None

    @property
    def place(self) -> str:
        """`penitipan 4`; for a closed dossier how it ended: `selesai`, `ditolak`, `dicabut`."""
        return f"{self.procedure} {self.step.no}" if self.step else self.end


def opening(procedures: Procedures) -> Procedure:
    """The procedure that a new request begins with."""
    return next(procedure for procedure in procedures.values() if procedure.begins == Begins())


def begun_here(procedures: Procedures, standing: Standing) -> dict[str, Procedure]:
    """The procedures that may be started from here, by their first verb: pengembalian from konfigurasi by `return`.

    A verb that the due step also knows means that step.
    """
    if standing.step is None:
        return {}
    due = standing.step
    return {
        procedure.first.verb: procedure
        for procedure in procedures.values()
        if procedure.begins.during == standing.procedure and not due.outcomes_of(procedure.first.verb)
    }


def follower(procedures: Procedures, name: str) -> Procedure | None:
    """The procedure that starts automatically when `name` ends, or None."""
    return next((procedure for procedure in procedures.values() if procedure.begins.after == name), None)


def stand(procedures: Procedures, events: Iterable[Event]) -> Standing:
    """Fold `events` through `procedures`. Raises InvalidRecord when an event does not fit where the deposit stood."""
    standing = _beginning(procedures)
    for event in events:
        standing = after(procedures, standing, event)
    return standing


def walk(procedures: Procedures, events: Iterable[Event]) -> Iterator[tuple[Event, Standing]]:
    """Each event with where the deposit stood after it. Raises what `stand` raises."""
    standing = _beginning(procedures)
    for event in events:
        standing = after(procedures, standing, event)
        yield event, standing


def _beginning(procedures: Procedures) -> Standing:
    first = opening(procedures)
    return Standing(first.name, first.first, None)


def after(procedures: Procedures, standing: Standing, event: Event) -> Standing:
    """Where the deposit stands after one more event. Raises InvalidRecord when the event does not fit."""
    stood = standing
    if event.procedure != standing.procedure:
        standing = _broken_into(procedures, standing, event)
    step, act = standing.step, verbs.act_of(event.outcome)
    if (event.step != step.no) if step else not (act and act.after_end):
        raise _unexplained(standing, event)
    if undone := from_data(Undone, event) if act else None:
        return _taken_back(standing, event, undone)
    if step is None:
        return standing
    if act and act.closes:
        return _undoably(Standing(standing.procedure, None, event.at, end=event.outcome), stood, event)
    if event.outcome in verbs.NEUTRAL:
        return _unmoved(standing, step, event)
    outcome = step.outcomes.get(event.outcome)
    if outcome is None or (standing.held and not (outcome.closes or outcome.resumes)):
        raise _unexplained(standing, event)
    led = _led(procedures, standing, outcome, event)
    verb = verbs.find(outcome.verb or step.verb, "" if outcome.verb else step.task)
    return _undoably(led, stood, event) if verb and verb.undoable else _cut(led)


def _undoably(led: Standing, stood: Standing, event: Event) -> Standing:
    """Where an event led that can be taken back: it stood at `stood` before."""
    before = stood if stood.depth < MOST_UNDONE else _cut(stood)
    return replace(led, came_by=event.seq, came_from=before, depth=before.depth + 1)


def _cut(standing: Standing) -> Standing:
    """The same, and nothing before it can be taken back."""
    return replace(standing, came_by=0, came_from=None, depth=0)


def _led(procedures: Procedures, standing: Standing, outcome: Outcome, event: Event) -> Standing:
    """Where an outcome leads."""
    if outcome.closes:
        return Standing(standing.procedure, None, event.at, end=event.outcome)
    if outcome.resumes and standing.broken_into:
        return standing.broken_into
    if outcome.next is not None:
        next_step = procedures[standing.procedure].step(outcome.next)
        gathered = from_data(Gathered, event) if outcome.waits_for == "month" else None
        month = gathered.month if gathered else ""
        return Standing(
            standing.procedure, next_step, event.at, outcome.waits_for, broken_into=standing.broken_into, month=month
        )
    following = follower(procedures, standing.procedure)
    if following is None:
        return Standing(standing.procedure, None, event.at, end=event.outcome)
    return Standing(following.name, following.first, event.at)


def _taken_back(standing: Standing, event: Event, undone: Undone) -> Standing:
    """As it stood before the event that is undone, with its clock; a hold since then goes on."""
    before = standing.came_from
    if before is None or undone.undoes.event != standing.came_by:
        raise _unexplained(standing, event)
    return replace(before, held=standing.held or before.held)


def _broken_into(procedures: Procedures, standing: Standing, event: Event) -> Standing:
    procedure = procedures.get(event.procedure)
    if procedure is None or procedure.begins.during != standing.procedure or standing.closed or standing.held:
        raise _unexplained(standing, event)
    return Standing(procedure.name, procedure.first, event.at, broken_into=_cut(standing))


def _unmoved(standing: Standing, step: Step, event: Event) -> Standing:
    """After work that did not end the step, or an act between the steps: the step's clock is never restarted."""
    if event.outcome in (verbs.HELD, verbs.RESUMED) and (event.outcome == verbs.HELD) == bool(standing.held):
        raise _unexplained(standing, event)
    held = standing.held
    if event.outcome in verbs.HOLDING | {verbs.RESUMED}:
        held = event if event.outcome in verbs.HOLDING else None
    unfinished = standing.unfinished
    if event.outcome in history.WORK:
        unfinished = event if event.outcome == history.STARTED else None
    return replace(standing, since=standing.since or event.at, unfinished=unfinished, held=held)


def _unexplained(standing: Standing, event: Event) -> InvalidRecord:
    on_hold = Text(" (on hold)") if standing.held else ""
    return InvalidRecord(
        "event-does-not-fit",
        "event {seq} ({procedure} {step} {outcome!r}) does not fit: the deposit stood at {place}{on_hold}",
        remedy=history.RESTORE,
        seq=event.seq,
        procedure=event.procedure,
        step=event.step,
        outcome=event.outcome,
        place=standing.place,
        on_hold=on_hold,
    )


def step_of(procedures: Procedures, event: Event) -> Step:
    """The step that an event of a history belongs to."""
    return procedures[event.procedure].step(event.step)


def actor_title(procedures: Procedures, standing: Standing) -> str:
    """The official title of the actor whose turn it is, or an empty string for a closed dossier."""
    return procedures[standing.procedure].actors[standing.step.actor] if standing.step else ""


def month_due(standing: Standing) -> date | None:
    """For a step that recurs monthly and was done: the first day of the month in which it is due again."""
    if standing.waiting != "month" or standing.since is None:
        return None
    done = date.fromisoformat(f"{standing.month}-01") if standing.month else standing.since
    year, month = divmod(done.year * 12 + done.month, 12)
    return date(year, month + 1, 1)


def pins(events: Sequence[Event]) -> dict[str, str]:
    """The version of each procedure that a dossier is pinned to: its first event says it.

    A dossier from before versions were written is pinned to the first version of each.
    """
    written = from_data(Pinned, events[0]) if events else None
    return written.procedures if written else _FIRST


_FIRST = {"penitipan": "1", "konfigurasi": "1", "pengembalian": "1"}
