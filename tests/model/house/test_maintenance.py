"""The book of maintenance, read from its events."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sopctl.model.availability import Span
from sopctl.model.house.maintenance import Window, by_deposit, windows
from sopctl.model.sop.history import Event

BEGIN = datetime.fromisoformat("2026-11-23T20:00:00+07:00")
FIRST = int(BEGIN.timestamp())
HOUR = timedelta(hours=1)
PLANNED = {
    "maintenance": {
        "begin": BEGIN.isoformat(),
        "end": (BEGIN + 2 * HOUR).isoformat(),
        "reason": "UPS",
        "deposits": ["PS-2026-0001", "PS-2026-0002"],
    }
}


def ended(hours: float) -> dict[str, Any]:
    """It was called off, or ended early, so long after it was to begin."""
    return {"ended": (BEGIN + hours * HOUR).isoformat()}


def told(name: str, **more: str) -> dict[str, Any]:
    return {"told": {"name": name, "to": "a@example.id", "via": "email", "deposits": ["PS-2026-0001"], **more}}


def noted(*events: tuple[int, dict[str, Any]]) -> list[Window]:
    """The maintenance of a book with these events (number, data), planned the day before."""
    at = BEGIN - 24 * HOUR
    book = [
        Event(seq, at, "pemeliharaan", number, "direncanakan", "staf", "login", "", data=data)
        for seq, (number, data) in enumerate(events)
    ]
    return windows(2026, book)


def test_planned() -> None:
    (found,) = noted((3, PLANNED))
    assert (found.id, found.planned, found.by, found.told) == ("P-2026-0003", BEGIN - 24 * HOUR, "staf", ())
    assert found.maintenance.racks == ()


@pytest.mark.parametrize(
    ("hours", "span", "when"),
    [
        (None, (0, 7200), "2026-11-23 20:00 until 2026-11-23 22:00"),
        (-1, None, "2026-11-23 20:00, called off on 2026-11-23 19:00"),
        (0, None, "2026-11-23 20:00, called off on 2026-11-23 20:00"),
        (1, (0, 3600), "2026-11-23 20:00 until 2026-11-23 21:00"),
    ],
    ids=["as planned", "called off", "at its begin", "ended early"],
)
def test_which_time_it_covers(hours: float | None, span: tuple[int, int] | None, when: str) -> None:
    (found,) = noted((1, PLANNED), *([] if hours is None else [(1, ended(hours))]))
    assert found.span == (span and Span(FIRST + span[0], FIRST + span[1]))
    assert str(found.when) == when
    inside = [seconds for seconds in (-1, 0, 3599, 3600, 7199, 7200) if found.covers(FIRST + seconds)]
    assert inside == [seconds for seconds in (0, 3599, 3600, 7199) if span and seconds < span[1]]


def test_who_was_told_in_order() -> None:
    one, other = noted((1, PLANNED), (2, PLANNED), (1, told("A")), (1, told("B", problem="refused")), (2, told("C")))
    assert [each.name for each in one.told] == ["A", "B"]
    assert [each.name for each in other.told] == ["C"]
    first, second = one.told
    assert (first.problem, first.perhaps, first.cancelled, first.document, first.message_id) == (
        "",
        False,
        False,
        None,
        "",
    )
    assert second.problem == "refused"


@pytest.mark.parametrize("data", [ended(1), told("A")])
def test_what_belongs_to_none_makes_none(data: dict[str, Any]) -> None:
    assert noted((9, data)) == []


def test_when_each_deposit_was_under_maintenance() -> None:
    """Not by what was called off before it began; a deposit of two has both."""
    alone = {"maintenance": {**PLANNED["maintenance"], "deposits": ["PS-2026-0002"]}}
    found = noted((1, PLANNED), (2, alone), (2, ended(1)), (3, alone), (3, ended(-1)))
    assert by_deposit(found) == {
        "PS-2026-0001": [Span(FIRST, FIRST + 7200)],
        "PS-2026-0002": [Span(FIRST, FIRST + 7200), Span(FIRST, FIRST + 3600)],
    }
