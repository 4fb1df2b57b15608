"""By when a step should be done, and why: its time limit (waktu), counted in the days of the office's calendar.

The day on which a step becomes due is not counted. While a deposit is on hold or waits for space the deadline
is paused: a day that ends during a pause is not counted. An edit or another act never restarts it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from sopctl.locale import Counted, Prose, Text, joined
from sopctl.model.sop.summary import Pause, Summary
from sopctl.model.sop.workdays import Calendar

DAY = timedelta(days=1)


class Skipped(Struct, frozen=True, gc=False):
    """A day that was not counted although it is no weekend, and why."""

    day: date
    why: Prose


class Deadline(Struct, frozen=True, gc=False):
    """`due` is None while the deadline is paused, and `paused` says why. `late` counts the days since `due`."""

    due: date | None
    since: date
    limit: int
    unit: str
    """What `limit` and `late` count: `working day` or `day`."""
    late: int = 0
    paused: Prose = ""
    skipped: tuple[Skipped, ...] = ()
    estimated: bool = False
    """A holiday in this period is not decreed yet: the day may still move."""
    escalated_to: str = ""
    """The role that a step is escalated to, by how late it is."""

    @property
    def explanation(self) -> Text:
        """Why it is this day, in words."""
        if self.unit == "day":
            text = Counted("{number} day after {day}", "{number} days after {day}", self.limit, day=self.since)
        else:
            text = Counted(
                "{number} working day after {day}", "{number} working days after {day}", self.limit, day=self.since
            )
        if self.paused:
            return Text("{counted}; the deadline is paused: {why}", counted=text, why=self.paused)
        parts: list[Text] = [text]
        if self.skipped:
            days = joined(", ", (joined(" ", (str(each.day), each.why)) for each in self.skipped))
            parts.append(Text("not counted: {days}", days=days))
        if self.estimated:
            parts.append(Text("holidays not decreed yet (perkiraan)"))
        return joined("; ", parts)


def deadline(each: Summary, calendar: Calendar, today: date, escalation: Mapping[int, str]) -> Deadline | None:
    """The deadline of the step that is due for a deposit; None for a closed one, or before its month has come.

    `escalation` maps the number of days that a step is late to the role that it is escalated to.
    """
    if each.closed or each.since is None or (each.month_due and today < each.month_due):
        return None
    since = each.month_due or each.since.date()
    unit = "working day" if calendar.days == "working" else "day"
    if each.held or each.waiting == "space":
        why = Text("on hold") if each.held else Text("waits for space")
        return Deadline(None, since, each.limit_days, unit, paused=why)
    due, skipped, estimated = count(calendar, since, each.limit_days, each.pauses)
    late = counted(calendar, due, today, each.pauses)
    return Deadline(
        due,
        since,
        each.limit_days,
        unit,
        late=late,
        skipped=skipped,
        estimated=estimated,
        escalated_to=escalated(escalation, late),
    )


def escalated(escalation: Mapping[int, str], late: int) -> str:
    """The role that a step is escalated to when it is `late` days late; an empty string if there is none yet."""
    return next((escalation[days] for days in sorted(escalation, reverse=True) if late >= days), "")


def count(
    calendar: Calendar, since: date, limit: int, pauses: Sequence[Pause]
) -> tuple[date, tuple[Skipped, ...], bool]:
    """The day `limit` days that count after `since`; what was skipped on the way; whether a decree may still move it.

    All `pauses` must have ended.
    """
    skipped: list[Skipped] = []
    estimated = False
    day = since
    for day in calendar.after(since):
        estimated |= calendar.estimated(day)
        if not calendar.is_workday(day):
            if name := calendar.holiday(day):
                skipped.append(Skipped(day, name))
        elif _paused(day, pauses):
            skipped.append(Skipped(day, Text("on hold")))
        else:
            limit -= 1
            if limit == 0:
                break
    return day, tuple(skipped), estimated


def counted(calendar: Calendar, start: date, end: date, pauses: Sequence[Pause]) -> int:
    """How many days that count lie after `start`, up to and including `end`, without those on hold."""
    held = sum(
        calendar.between(
            max(start, pause.since.date() - DAY), min(end, (pause.until.date() if pause.until else end) - DAY)
        )
        for pause in pauses
    )
    return calendar.between(start, end) - held


def _paused(day: date, pauses: Sequence[Pause]) -> bool:
    return any(pause.since.date() <= day and (pause.until is None or day < pause.until.date()) for pause in pauses)
