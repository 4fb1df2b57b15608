"""A calendar month, written as 2026-11."""

from calendar import monthrange
from datetime import date

from sopctl.errors import UsageError


def month_days(month: str) -> tuple[date, date]:
    """The first and last day of a month such as 2026-11. Raises UsageError for anything else."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError(
            "not-a-month", "{month!r} is not a month", remedy="Write the year and the month: 2026-11", month=month
        ) from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])
