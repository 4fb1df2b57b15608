"""How well the SOP's time limits are kept: each step that was due, how long it took, and whether that was in time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from statistics import median

from msgspec import Struct

from sopctl.model.month import Month
from sopctl.model.sop import history, verbs
from sopctl.model.sop.deadline import count, counted
from sopctl.model.sop.entries import LateBecause, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing, month_due, stand, walk
from sopctl.model.sop.summary import Pause
from sopctl.model.sop.workdays import Calendar


class Occurrence(Struct, frozen=True):
    """One time that a step was due for a deposit. `ended` is None while it still is.

    `actor` is the title of the one whose step it is, `role` their key; `by` who decided what ended it, in the event of
    the number `event`. `reason` is why it took so long, where someone said so.
    """

    deposit: str
    procedure: str
    step: int
    activity: str
    actor: str
    limit: int
    since: datetime
    ended: datetime | None
    pauses: tuple[Pause, ...]
    role: str = ""
    by: str = ""
    event: int | None = None
    reason: str = ""

    @property
    def stands_still(self) -> bool:
        """Is it on hold, and its deadline with it?"""
        return bool(self.pauses) and self.pauses[-1].until is None

    def due(self, calendar: Calendar) -> date:
        """By when it should be done, or should have been."""
        return count(calendar, self.since.date(), self.limit, self.pauses)[0]

    def late(self, calendar: Calendar, now: date) -> bool:
        """Has its time passed on `now`? A day that does not count makes nothing late."""
        return counted(calendar, self.due(calendar), now, self.pauses) > 0

    def days_late(self, calendar: Calendar, today: date) -> int:
        """By how many days it was late when it ended, or is on `today`; 0 while its deadline is paused."""
        if self.stands_still:
            return 0
        day = self.ended.date() if self.ended else today
        return max(0, counted(calendar, self.due(calendar), day, self.pauses))

    def days(self, calendar: Calendar, until: datetime) -> float:
        """How long it took: the days that count, without pauses; below a day, the part of a day of 24 hours."""
        whole = counted(calendar, self.since.date(), until.date(), self.pauses)
        return float(whole) if whole > 0 else min((until - self.since).total_seconds() / 86400, 1.0)


class LateStep(Struct, frozen=True):
    """A step of a deposit that was late, or still is (`ended` is null): whose it is, who did it, when it was due, by
    how many days that count it was late, and the reason given (empty: none)."""

    deposit: str
    procedure: str
    step: int
    activity: str
    role: str
    actor: str
    by: str
    since: datetime
    due: date
    ended: datetime | None
    late_days: int
    reason: str
    event: int | None


class Tally(Struct, frozen=True):
    """How many were done in a period, in time and late, and how long they took (days that count); how many were open at
    its end (now, while it lasts), and late."""

    done: int
    in_time: int
    late: int
    median_days: float | None
    worst_days: float | None
    open: int
    open_late: int


class StepLine(Struct, frozen=True):
    """A step's tally."""

    procedure: str
    step: int
    activity: str
    actor: str
    tally: Tally


class Report(Struct, frozen=True):
    """A tally of every step, of every actor by name, and of all; and each step that was late, the latest first."""

    steps: list[StepLine]
    actors: dict[str, Tally]
    total: Tally
    late: list[LateStep]


def occurrences(deposit: str, procedures: Procedures, events: Sequence[Event], until: datetime) -> Iterator[Occurrence]:
    """Every time that a step was due before `until`: from when it became due until it ended.

    A step that waits for space is not due, one that recurs monthly is due from the first of the month, and what is on
    hold has a pause. A closed deposit has no open step; one that is resumed goes on where it stood. A step that was
    recorded by mistake counts as done then, and once more when it is done again: a month's report stays as it was.
    """
    before = stand(procedures, ())
    pauses: list[Pause] = []
    reason = ""
    for event, after in walk(procedures, history.before(events, until)):
        said = from_data(LateBecause, event)
        reason = said.late_because if said else reason
        if event.outcome in verbs.HOLDING:
            if not (pauses and pauses[-1].until is None):
                pauses.append(Pause(event.at, None))
        elif event.outcome == verbs.RESUMED:
            pauses[-1] = Pause(pauses[-1].since, event.at)
        elif event.outcome not in verbs.NEUTRAL:
            if before.held:  # it was refused or withdrawn while on hold, which ends the hold too
                pauses[-1] = Pause(pauses[-1].since, event.at)
            if event.procedure == before.procedure:  # else it broke into a step that was not due for it
                yield from _occurrence(deposit, procedures, before, event, pauses, reason)
            pauses, reason = [], ""
        if after.held and not (pauses and pauses[-1].until is None):  # what had ended a hold was taken back
            pauses = [Pause(after.held.at, None)]
        before = after
    if not before.closed:
        for each in _occurrence(deposit, procedures, before, None, pauses, reason):
            if each.since < until:
                yield each


FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""After all that was ever due."""


class Course(Struct, frozen=True):
    """Every time that a step was due for a deposit, by its whole history, and when its newest event happened. Neither
    depends on a clock or a calendar, so they can be kept."""

    newest: datetime
    found: tuple[Occurrence, ...]

    def until(self, until: datetime) -> list[Occurrence] | None:
        """What was due before `until`; None where the history has events since, so that it has to be read."""
        if self.newest >= until:
            return None
        return [each for each in self.found if each.ended is not None or each.since < until]


def course(deposit: str, procedures: Procedures, events: Sequence[Event]) -> Course:
    """The course of a history. Raises InvalidRecord as `occurrences`."""
    return Course(events[-1].at, tuple(occurrences(deposit, procedures, events, FAR)))


def report(found: Sequence[Occurrence], calendar: Calendar, month: Month, until: datetime) -> Report:
    """What ended within `month`, and what was open at `until` (`Month.until`)."""
    today = min(until.date(), month.last)
    counting = [each for each in found if each.ended is None or month.begin <= each.ended < month.end]
    steps: dict[tuple[str, int], list[Occurrence]] = {}
    actors: dict[str, list[Occurrence]] = {}
    for each in counting:
        steps.setdefault((each.procedure, each.step), []).append(each)
        actors.setdefault(each.actor, []).append(each)
    return Report(
        [
            StepLine(*key, group[0].activity, group[0].actor, _tally(group, calendar, today))
            for key, group in sorted(steps.items())
        ],
        {actor: _tally(group, calendar, today) for actor, group in sorted(actors.items())},
        _tally(counting, calendar, today),
        late_steps(counting, calendar, today),
    )


def late_steps(found: Sequence[Occurrence], calendar: Calendar, today: date) -> list[LateStep]:
    """Those that were late when they ended, or are on `today`, the latest first."""
    late = [
        LateStep(
            deposit=each.deposit,
            procedure=each.procedure,
            step=each.step,
            activity=each.activity,
            role=each.role,
            actor=each.actor,
            by=each.by,
            since=each.since,
            due=each.due(calendar),
            ended=each.ended,
            late_days=days,
            reason=each.reason,
            event=each.event,
        )
        for each in found
        if (days := each.days_late(calendar, today)) > 0
    ]
    return sorted(late, key=lambda each: (-each.late_days, each.deposit, each.since))


def _tally(group: Sequence[Occurrence], calendar: Calendar, today: date) -> Tally:
    done = [(each, each.ended) for each in group if each.ended]
    took = [each.days(calendar, ended) for each, ended in done]
    late = sum(each.days_late(calendar, today) > 0 for each, _ in done)
    waiting = [each for each in group if each.ended is None]
    return Tally(
        done=len(done),
        in_time=len(done) - late,
        late=late,
        median_days=round(median(took), 2) if took else None,
        worst_days=round(max(took), 2) if took else None,
        open=len(waiting),
        open_late=sum(each.days_late(calendar, today) > 0 for each in waiting),
    )


def _occurrence(
    deposit: str,
    procedures: Procedures,
    standing: Standing,
    end: Event | None,
    pauses: Sequence[Pause],
    reason: str,
) -> Iterator[Occurrence]:
    """The time that the step of `standing` was due until the event `end`; None where it was not."""
    step, since = standing.step, standing.since
    if step is None or since is None or standing.waiting == "space":
        return
    month = month_due(standing)
    if month:
        since = datetime(month.year, month.month, month.day, tzinfo=since.tzinfo)
        if end and end.at < since:
            return  # done again within its month
    yield Occurrence(
        deposit=deposit,
        procedure=standing.procedure,
        step=step.no,
        activity=step.activity,
        actor=procedures[standing.procedure].actors[step.actor],
        limit=step.limit_days,
        since=since,
        ended=end.at if end else None,
        pauses=tuple(pauses),
        role=step.actor,
        by=end.by if end else "",
        event=end.seq if end else None,
        reason=reason,
    )
