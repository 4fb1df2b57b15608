"""How well the SOP's time limits are kept: each step that was due, how long it took, and whether that was in time."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from statistics import median

from msgspec import Struct

from sopctl.model.sop import verbs
from sopctl.model.sop.deadline import count, counted
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing, month_due, stand, walk
from sopctl.model.sop.summary import Pause
from sopctl.model.sop.workdays import Calendar


class Occurrence(Struct, frozen=True):
    """One time that a step was due for a deposit. `ended` is None while it still is."""

    deposit: str
    procedure: str
    step: int
    activity: str
    actor: str
    limit: int
    since: datetime
    ended: datetime | None
    pauses: tuple[Pause, ...]

    def due(self, calendar: Calendar) -> date:
        """By when it should be done, or should have been."""
        return count(calendar, self.since.date(), self.limit, self.pauses)[0]

    def late(self, calendar: Calendar, now: date) -> bool:
        """Has its time passed on `now`? A day that does not count makes nothing late."""
        return counted(calendar, self.due(calendar), now, self.pauses) > 0

    def days(self, calendar: Calendar, until: datetime) -> float:
        """How long it took: the days that count, without pauses; below a day, the part of a day of 24 hours."""
        whole = counted(calendar, self.since.date(), until.date(), self.pauses)
        return float(whole) if whole > 0 else min((until - self.since).total_seconds() / 86400, 1.0)


class Tally(Struct, frozen=True):
    """How many were done in a period, in time and late, and how long they took (days that count); how many are open
    now, and late."""

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
    """A tally of every step, of every actor by name, and of all."""

    steps: list[StepLine]
    actors: dict[str, Tally]
    total: Tally


def occurrences(deposit: str, procedures: Procedures, events: Sequence[Event]) -> Iterator[Occurrence]:
    """Every time that a step was due: from when it became due until it ended.

    A step that waits for space is not due, one that recurs monthly is due from the first of the month, and what is on
    hold has a pause. A closed deposit has no open step; one that is resumed goes on where it stood. A step that was
    recorded by mistake counts as done then, and once more when it is done again: a month's report stays as it was.
    """
    before = stand(procedures, ())
    pauses: list[Pause] = []
    for event, after in walk(procedures, events):
        if event.outcome == verbs.HELD:
            pauses.append(Pause(event.at, None))
        elif event.outcome == verbs.RESUMED:
            pauses[-1] = Pause(pauses[-1].since, event.at)
        elif event.outcome not in verbs.NEUTRAL:
            if before.held:  # it was refused or withdrawn while on hold, which ends the hold too
                pauses[-1] = Pause(pauses[-1].since, event.at)
            if event.procedure == before.procedure:  # else it broke into a step that was not due for it
                yield from _occurrence(deposit, procedures, before, event.at, pauses)
            pauses = []
        if after.held and not (pauses and pauses[-1].until is None):  # what had ended a hold was taken back
            pauses = [Pause(after.held.at, None)]
        before = after
    if not before.closed:
        yield from _occurrence(deposit, procedures, before, None, pauses)


def report(found: Sequence[Occurrence], calendar: Calendar, month: tuple[date, date], now: datetime) -> Report:
    """What ended within `month` (first and last day), and what is open at `now`."""
    counting = [each for each in found if each.ended is None or month[0] <= each.ended.date() <= month[1]]
    steps: dict[tuple[str, int], list[Occurrence]] = {}
    actors: dict[str, list[Occurrence]] = {}
    for each in counting:
        steps.setdefault((each.procedure, each.step), []).append(each)
        actors.setdefault(each.actor, []).append(each)
    return Report(
        [
            StepLine(*key, group[0].activity, group[0].actor, _tally(group, calendar, now))
            for key, group in sorted(steps.items())
        ],
        {actor: _tally(group, calendar, now) for actor, group in sorted(actors.items())},
        _tally(counting, calendar, now),
    )


def _tally(group: Sequence[Occurrence], calendar: Calendar, now: datetime) -> Tally:
    done = [(each, each.ended) for each in group if each.ended]
    took = [each.days(calendar, ended) for each, ended in done]
    late = sum(each.late(calendar, ended.date()) for each, ended in done)
    waiting = [each for each in group if each.ended is None]
    return Tally(
        done=len(done),
        in_time=len(done) - late,
        late=late,
        median_days=round(median(took), 2) if took else None,
        worst_days=round(max(took), 2) if took else None,
        open=len(waiting),
        open_late=sum(not _stands_still(each) and each.late(calendar, now.date()) for each in waiting),
    )


def _stands_still(each: Occurrence) -> bool:
    return bool(each.pauses) and each.pauses[-1].until is None


def _occurrence(
    deposit: str, procedures: Procedures, standing: Standing, ended: datetime | None, pauses: Sequence[Pause]
) -> Iterator[Occurrence]:
    step, since = standing.step, standing.since
    if step is None or since is None or standing.waiting == "space":
        return
    month = month_due(standing)
    if month:
        since = datetime(month.year, month.month, month.day, tzinfo=since.tzinfo)
        if ended is None or ended < since:
            return  # done again within its month, or not due yet
    yield Occurrence(
        deposit=deposit,
        procedure=standing.procedure,
        step=step.no,
        activity=step.activity,
        actor=procedures[standing.procedure].actors[step.actor],
        limit=step.limit_days,
        since=since,
        ended=ended,
        pauses=tuple(pauses),
    )
