"""Until when a step is due, and why (tests/cases/deadlines.yml)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from sopctl.model.rack import Need
from sopctl.model.sop.deadline import deadline
from sopctl.model.sop.summary import Pause, Summary
from sopctl.model.sop.workdays import Calendar
from sopctl.workflow.views import calendar as office
from tests.cases import rows

ESCALATION = {1: "kabid", 3: "kadis"}


def at(day: date | None) -> datetime:
    return datetime.combine(day or date.min, time(10), UTC)


def summary(since: date, **changes: Any) -> Summary:
    given: dict[str, Any] = {
        "id": "PS-2026-0001",
        "unit": "Dinas Contoh",
        "server": "web1.example.org",
        "serial": "SN",
        "letter": "090",
        "contact": "Administrator",
        "address": "192.0.2.1",
        "procedure": "penitipan",
        "step": 4,
        "verb": "reserve",
        "task": "",
        "activity": "x",
        "actor": "pelaksana",
        "actor_title": "Pelaksana",
        "limit_days": 1,
        "since": at(since),
        "pauses": (),
        "waiting": "",
        "month_due": None,
        "held": False,
        "unfinished": False,
        "end": "",
        "opened": at(since),
        "queued": at(since),
        "priority": 0,
        "need": Need(1, 500, 100),
        "place": None,
        "place_until": None,
        "placed": False,
        "switched_off": False,
        "managed": False,
        "valid_until": None,
        "way": Raw(b"[]"),
    }
    return Summary(**{**given, **changes})


def office_calendar(row: dict[str, Any]) -> Calendar:
    own = {day: each.get("holiday") for day, each in row.get("own", {}).items()}
    return Calendar(office._holidays, office._decreed, own, row.get("days", "working"))


@pytest.mark.parametrize("row", rows("deadlines"), ids=lambda row: row["name"])
def test_a_deadline_and_its_explanation(row: dict[str, Any]) -> None:
    pauses = tuple(Pause(at(since), at(until) if until else None) for since, until in row.get("held", []))
    each = summary(
        row["since"],
        limit_days=row.get("limit", 1),
        pauses=pauses,
        held=bool(pauses) and pauses[-1].until is None,
        waiting=row.get("waiting", "month" if "month" in row else ""),
        month_due=row.get("month"),
    )
    found = deadline(each, office_calendar(row), row.get("today", row["since"]), ESCALATION)
    if row.get("none"):
        assert found is None
        return
    assert found is not None
    assert (found.due, found.paused) == (row.get("due"), row.get("paused", ""))
    assert [skipped.day for skipped in found.skipped] == row.get("skipped", [])
    assert (found.late, found.escalated_to) == (row.get("late", 0), row.get("escalated_to", ""))
    assert found.estimated == row.get("estimated", False)
    assert ("not counted" in found.explanation) == bool(found.skipped and not found.paused)
    for skipped in found.skipped:
        assert f"{skipped.day} {skipped.why}" in found.explanation
    assert ("not decreed yet" in found.explanation) == found.estimated


days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(days, st.integers(1, 30))
def test_counting_forwards_and_backwards_agrees(start: date, limit: int) -> None:
    calendar = office_calendar({})
    end = calendar.add(start, limit)
    assert calendar.is_workday(end)
    assert calendar.between(start, end) == limit
    assert calendar.between(start, end - timedelta(days=1)) == limit - 1


@given(days, days)
def test_days_are_counted_across_years_as_one_by_one(start: date, end: date) -> None:
    calendar = office_calendar({})
    one_by_one = sum(calendar.is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
    assert calendar.between(start, end) == one_by_one
