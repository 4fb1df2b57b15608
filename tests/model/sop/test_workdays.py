"""Days that count (what the office's calendar knows is in tests/cases/deadlines.yml)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.sop.workdays import Calendar

NEW_YEAR, LEAVE = date(2026, 1, 1), date(2026, 1, 2)
OPEN, CLOSED = date(2026, 1, 10), date(2026, 1, 14)  # a Saturday, a Wednesday


def calendar(**more: str) -> Calendar:
    holidays = {NEW_YEAR: "Tahun Baru", date(2027, 1, 1): "Tahun Baru", LEAVE: "Cuti (perkiraan)"}
    return Calendar(
        lambda year: {day: name for day, name in holidays.items() if day.year == year},
        lambda year: year <= 2026,
        {OPEN: None, CLOSED: "Banjir"},
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("day", "counts", "holiday", "estimated"),
    [
        (NEW_YEAR, False, "Tahun Baru", False),
        (LEAVE, False, "Cuti (perkiraan)", True),
        (date(2026, 1, 3), False, "", False),
        (date(2026, 1, 4), False, "", False),
        (date(2026, 1, 5), True, "", False),
        (date(2026, 1, 9), True, "", False),
        (OPEN, True, "", False),
        (CLOSED, False, "Banjir", False),
        (date(2027, 1, 4), True, "", True),
        (date(2027, 1, 1), False, "Tahun Baru", True),
    ],
)
def test_a_day(day: date, counts: bool, holiday: str, estimated: bool) -> None:
    found = calendar()
    assert (found.is_workday(day), found.holiday(day), found.estimated(day)) == (counts, holiday, estimated)
    every = calendar(days="calendar")
    assert (every.is_workday(day), every.holiday(day), every.estimated(day)) == (True, holiday, False)


def test_a_year_is_decreed_unless_someone_says_otherwise() -> None:
    assert not Calendar(lambda _year: {}).estimated(date(2027, 1, 4))


DAYS = st.dates(date(2025, 12, 1), date(2028, 2, 1))


@given(DAYS, st.integers(-40, 800))
def test_days_between_are_counted_one_by_one(start: date, later: int) -> None:
    found, end = calendar(), start + timedelta(days=later)
    counted = sum(found.is_workday(start + timedelta(days=n)) for n in range(1, later + 1))
    assert found.between(start, end) == counted


@given(DAYS, st.integers(1, 30))
def test_the_day_after_so_many_that_count(start: date, days: int) -> None:
    found = calendar()
    end = found.add(start, days)
    assert found.is_workday(end)
    assert found.between(start, end) == days


def test_no_day_at_all_is_the_next_one() -> None:
    assert calendar().add(date(2026, 1, 5), 0) == date(2026, 1, 6)
    days = calendar().after(date(2025, 12, 31))
    assert [next(days), next(days)] == [NEW_YEAR, LEAVE]
