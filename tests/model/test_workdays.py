"""Working days."""

from datetime import date

import pytest

from sopctl.model.workdays import add_workdays, is_workday

HOLIDAYS = {date(2026, 12, 24), date(2026, 12, 25)}


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23", 1, "2026-11-24"),  # Monday
        ("2026-11-27", 1, "2026-11-30"),  # Friday over the week-end
        ("2026-11-28", 1, "2026-11-30"),  # from a Saturday
        ("2026-12-23", 1, "2026-12-28"),  # over joint leave, Christmas and a week-end
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-23", 5, "2026-11-30"),
    ],
)
def test_working_days_are_counted(start: str, days: int, end: str) -> None:
    assert add_workdays(date.fromisoformat(start), days, HOLIDAYS) == date.fromisoformat(end)


def test_holidays_and_week_ends_are_no_working_days() -> None:
    assert not is_workday(date(2026, 12, 24), HOLIDAYS)
    assert not is_workday(date(2026, 11, 22), HOLIDAYS)
    assert is_workday(date(2026, 11, 23), HOLIDAYS)
