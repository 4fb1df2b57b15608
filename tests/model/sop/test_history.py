"""The chain of events: whatever is altered, moved or removed shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from sopctl.errors import InvalidRecord
from sopctl.model.sop import history
from sopctl.model.sop.history import Event


def chain(deposit: str, count: int) -> list[Event]:
    events: list[Event] = []
    for number in range(1, count + 1):
        at = datetime(2026, 11, 23, 8, tzinfo=UTC) + timedelta(minutes=number)
        prev = history.head(deposit, events)
        events.append(Event(number, at, "penitipan", number, "selesai", "staf", "root", prev, data={"n": str(number)}))
    return events


def test_an_untouched_chain_holds() -> None:
    history.check_chain("PS-1", chain("PS-1", 5), "history.yml")


@pytest.mark.parametrize(
    "change",
    [
        {"note": "something else"},
        {"by": "kadis"},
        {"outcome": "tersedia"},
        {"data": {"n": "99"}},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"typed": "nobody"},
    ],
)
def test_an_altered_event_shows(change: dict[str, Any]) -> None:
    events = chain("PS-1", 5)
    events[2] = msgspec.structs.replace(events[2], **change)
    with pytest.raises(InvalidRecord, match="event 4 of PS-1"):
        history.check_chain("PS-1", events, "history.yml")


def test_removed_moved_and_foreign_events_show() -> None:
    events = chain("PS-1", 5)
    for broken in (events[1:], [*events[:2], *events[3:]], [events[1], events[0], *events[2:]], chain("PS-2", 5)):
        with pytest.raises(InvalidRecord, match="history was altered"):
            history.check_chain("PS-1", broken, "history.yml")


def test_data_reads_back_as_it_was_hashed() -> None:
    """Numbers, truth values and nested records become strings before they are hashed, as YAML gives them back."""
    assert history.as_text({"a": 1, "b": True, "c": None, "d": {"e": 2, "f": None}, "g": [1, None, "x"]}) == {
        "a": "1",
        "b": "true",
        "d": {"e": "2"},
        "g": ["1", "x"],
    }
