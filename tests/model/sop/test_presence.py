"""Who was here in a month, and what was due (tests/cases/presence.yml)."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sopctl.model.month import month_in
from sopctl.model.sop.history import Event
from sopctl.model.sop.presence import presence
from sopctl.store.library import SHIPPED, Library
from tests.cases import rows
from tests.model.sop.test_sla import events

PROCEDURES = Library(SHIPPED).current
ZONE = timezone(timedelta(hours=7))
NOW = datetime(2026, 12, 31, 23, tzinfo=ZONE)
ESTABLISHED = {"placed": {"placed": "true"}, "exit": {"document": {"file": "x", "sha256": "x"}}}


def happened(row: dict[str, Any]) -> list[Event]:
    made: list[Event] = []
    for line in row["events"]:
        head, _, last = line.rpartition(" ")
        plain, data = (head, ESTABLISHED[last]) if last in ESTABLISHED else (line, {})
        made.append(replace(events([plain])[0], seq=len(made) + 1, data=data))
    return made


def said(history: list[Event], month: str, now: datetime = NOW) -> str:
    found = presence(PROCEDURES, history, month_in(month, ZONE), now)
    return "absent" if found is None else "due" if found.inventory_due else "here"


@pytest.mark.parametrize("row", rows("presence"), ids=lambda row: row["name"])
def test_who_was_here_and_whose_inventory_was_due(row: dict[str, Any]) -> None:
    assert {month: said(happened(row), month) for month in row["months"]} == row["months"]


@given(st.sampled_from(rows("presence")), st.integers(0, 20), st.sampled_from(["2026-09", "2026-10", "2026-11"]))
def test_what_happens_after_a_month_changes_nothing_of_it(row: dict[str, Any], most: int, month: str) -> None:
    """Asked when the month has just passed, with what had happened by then, the answer is the one of any later day."""
    history, of = happened(row), month_in(month, ZONE)
    before = [event for event in history if event.at < of.end]
    later = history[: max(len(before), most)]
    assert presence(PROCEDURES, before, of, of.end) == _without_later(presence(PROCEDURES, later, of, NOW), of.end)


def _without_later(found: Any, end: datetime) -> Any:
    assert found is None or found.left is None or found.left < end, "who left later had not left"
    return found
