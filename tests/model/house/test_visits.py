"""The book of visits, read from its events."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sopctl.model.house.visits import VisitState, names_a_number, visits
from sopctl.model.sop.history import Event

EIGHT = datetime.fromisoformat("2026-11-23T08:00:00+07:00")
NINE, TEN, LATE = (EIGHT + timedelta(hours=hours) for hours in (1, 2, 9))
Noted = tuple[int, str, dict[str, Any]]
"""Of which visit, how it came out, and the data of an event."""
VISIT = {"visitors": ["Teknisi"], "purpose": "ganti disk"}
CAME = {"arrival": {"at": NINE.isoformat(), "identity": "KTP", "escort": "staf"}}
WENT = {"departure": {"at": TEN.isoformat(), "carried": []}}


def noted(*events: Noted, until: datetime | None = None) -> list[VisitState]:
    """The visits of a book with these events, an hour apart."""
    book = [
        Event(number, EIGHT + timedelta(hours=number), "kunjungan", visit, outcome, "staf", "login", "", data=data)
        for number, (visit, outcome, data) in enumerate(events)
    ]
    return visits(2026, book, until)


def test_announced_then_in_then_out() -> None:
    expected = {**VISIT, "expected": LATE.isoformat(), "organisation": "Dinas Contoh", "deposits": ["PS-2026-0001"]}
    steps: list[Noted] = [(7, "diumumkan", {"visit": expected}), (7, "masuk", CAME), (7, "keluar", WENT)]
    found = [noted(*steps[:many])[0] for many in (1, 2, 3)]
    assert [each.status for each in found] == ["announced", "inside", "left"]
    assert [each.since for each in found] == [LATE, NINE, NINE], "as expected, then as it was"
    assert {(each.id, each.announced, each.noted, each.by) for each in found} == {("K-2026-0007", True, EIGHT, "staf")}
    arrival, departure = found[2].arrival, found[2].departure
    assert arrival
    assert (arrival.identity, arrival.escort, arrival.carried) == ("KTP", "staf", None), "nobody asked"
    assert departure
    assert (departure.at, departure.carried) == (TEN, ()), "they carried nothing"


def test_who_comes_in_unannounced() -> None:
    (found,) = noted((1, "masuk", {"visit": VISIT, **CAME}))
    assert (found.announced, found.status, found.visit.deposits, found.visit.organisation) == (False, "inside", (), "")


def test_without_an_expected_time_a_visit_is_sorted_by_when_it_was_announced() -> None:
    (found,) = noted((1, "diumumkan", {"visit": VISIT}))
    assert found.since == EIGHT


def test_each_visit_has_its_own_events() -> None:
    one, other = noted((1, "diumumkan", {"visit": VISIT}), (2, "masuk", {"visit": VISIT, **CAME}))
    assert [(each.id, each.status) for each in (one, other)] == [
        ("K-2026-0001", "announced"),
        ("K-2026-0002", "inside"),
    ]


@pytest.mark.parametrize("data", [CAME, WENT])
def test_what_belongs_to_no_visit_makes_none(data: dict[str, Any]) -> None:
    assert noted((3, "masuk", data)) == []


def test_as_it_stood_at_a_time() -> None:
    """What was noted at that very time is not in it."""
    steps: list[Noted] = [(1, "diumumkan", {"visit": VISIT}), (1, "masuk", CAME), (1, "keluar", WENT)]
    at = [EIGHT, EIGHT + timedelta(seconds=1), NINE, TEN, LATE]
    found = [[each.status for each in noted(*steps, until=until)] for until in at]
    assert found == [[], ["announced"], ["announced"], ["inside"], ["left"]]


@pytest.mark.parametrize(
    ("identity", "has"),
    [
        ("KTP", False),
        ("kartu pegawai 12345", False),
        ("KTP 123456", True),
        ("NIP 19.80.01", True),
        ("19 80-01", True),
        ("19  80  01", False),
        ("1234 5", False),
    ],
)
def test_the_number_of_a_paper_is_six_digits_in_a_row(identity: str, has: bool) -> None:
    assert names_a_number(identity) is has
