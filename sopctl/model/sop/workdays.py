"""Working-day arithmetic: Monday to Friday, without the holidays and joint leave that the office's calendar knows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

SATURDAY = 5
ESTIMATED = "(perkiraan)"
"""How a holiday's name ends while its day is not decreed yet."""

Holidays = Mapping[date, str]


@dataclass
class Calendar:
    """When the office is open. `holidays_of` gives a year's holidays with their names; `overrides` are the site's own
    days: a name for a day on which it is closed, None for one on which it is open anyway.

    `decreed` says whether a year's holidays are decreed; those of other years are estimates.
    """

    holidays_of: Callable[[int], Holidays]
    decreed: Callable[[int], bool] = lambda _year: True
    overrides: Mapping[date, str | None] = field(default_factory=dict)
    days: Literal["working", "calendar"] = "working"
    _counted: dict[int, list[int]] = field(default_factory=dict, repr=False)

    def is_workday(self, day: date) -> bool:
        """Does `day` count?"""
        if self.days == "calendar":
            return True
        if day in self.overrides:
            return self.overrides[day] is None
        return day.weekday() < SATURDAY and day not in self.holidays_of(day.year)

    def holiday(self, day: date) -> str:
        """The name of the holiday on `day`; an empty string for a working day and for a plain weekend."""
        if day in self.overrides:
            return self.overrides[day] or ""
        return self.holidays_of(day.year).get(day, "")

    def estimated(self, day: date) -> bool:
        """May a decree still change whether `day` counts?"""
        if self.days == "calendar" or day in self.overrides:
            return False
        return not self.decreed(day.year) or self.holiday(day).endswith(ESTIMATED)

    def after(self, start: date) -> Iterator[date]:
        """The days after `start`, one after the other, endlessly."""
        day = start
        while True:
            day += timedelta(days=1)
            yield day

    def between(self, start: date, end: date) -> int:
        """How many days that count lie after `start`, up to and including `end`; 0 when `end` is not later."""
        if end <= start:
            return 0
        whole_years = sum(self._sums(year)[-1] for year in range(start.year, end.year))
        return (
            whole_years
            + self._sums(end.year)[end.timetuple().tm_yday]
            - self._sums(start.year)[start.timetuple().tm_yday]
        )

    def _sums(self, year: int) -> list[int]:
        """For each day of a year, how many count up to it; the first entry stands for the day before."""
        if year not in self._counted:
            first = date(year, 1, 1)
            days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
            self._counted[year] = list(accumulate(map(self.is_workday, days), initial=0))
        return self._counted[year]

    def add(self, start: date, days: int) -> date:
        """The day that is `days` counted days after `start`; `start` itself is not counted."""
        day = start
        for day in self.after(start):
            days -= self.is_workday(day)
            if days <= 0:
                break
        return day
