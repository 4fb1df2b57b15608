"""A calendar month, written as 2026-11."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from sopctl.errors import UsageError

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Month(Struct, frozen=True):
    """A month in an office's time: its name (2026-11), its first and last day, and when it begins and ends (the first
    moment after it)."""

    name: str
    first: date
    last: date
    begin: datetime
    end: datetime

    def until(self, now: datetime) -> datetime:
        """Before when something must have happened for a report on it: its end, or while it lasts the second after now.
        What happens later never changes it."""
        return min(self.end, now + SECOND)


def month_in(name: str, zone: tzinfo) -> Month:
    """The month of that name where clocks show the time of `zone`. Raises UsageError for what is not a month."""
    first, last = month_days(name)
    begin, end = (datetime.combine(day, time(), zone) for day in (first, last + DAY))
    return Month(f"{first:%Y-%m}", first, last, begin, end)


def month_days(month: str) -> tuple[date, date]:
    """The first and last day of a month such as 2026-11. Raises UsageError for anything else."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError(
            "not-a-month", "{month!r} is not a month", remedy="Write the year and the month: 2026-11", month=month
        ) from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])
