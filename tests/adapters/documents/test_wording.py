"""Dates as they are written on the forms."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sopctl.adapters.documents import wording
from sopctl.errors import InvalidRecord

CASES = yaml.load((Path(__file__).parents[2] / "cases" / "wording.yml").read_text(), yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("function", "given_", "expected"), [(name, *case) for name, cases in CASES.items() for case in cases]
)
def test_wording(function: str, given_: Any, expected: str) -> None:
    assert getattr(wording, function)(given_) == expected


def test_a_date_in_english() -> None:
    assert wording.long_date(date(2026, 11, 23), "en") == "Monday, 23 November 2026"


@pytest.mark.parametrize("language", ["xx", "", "id_ID; x", "../id"])
def test_an_unknown_language_is_named(language: str) -> None:
    with pytest.raises(InvalidRecord, match="not known"):
        wording.long_date(date(2026, 11, 23), language)


@pytest.mark.parametrize("month", ["2026-13", "2026", "November", "2026-11-23", ""])
def test_no_month(month: str) -> None:
    with pytest.raises(InvalidRecord, match="not a month"):
        wording.month_name(month)


@pytest.mark.parametrize("number", [-1, 10000])
def test_spelled_says_what_it_cannot(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        wording.spelled(number)


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_different_numbers_are_spelled_differently(one: int, other: int) -> None:
    assert (wording.spelled(one) == wording.spelled(other)) == (one == other)


@given(st.dates())
def test_every_date_can_be_written(day: date) -> None:
    assert str(day.year) in wording.long_date(day)
    assert wording.spelled_date(day)
