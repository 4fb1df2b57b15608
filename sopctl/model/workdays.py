"""Working-day arithmetic: Monday to Friday without the holidays that the caller passes in."""

from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5


def is_workday(day: date, holidays: Container[date]) -> bool:
    """Is the office open on `day`?"""
    return day.weekday() < SATURDAY and day not in holidays


def add_workdays(start: date, days: int, holidays: Container[date]) -> date:
    """The day that lies `days` working days after `start`; `start` itself is not counted."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if is_workday(day, holidays):
            days -= 1
    return day
