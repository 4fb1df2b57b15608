"""From a record to what is printed, and to its schema: the same rules for both."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from sopctl.cli.documents.printing import plain, schema
from sopctl.locale import Prose, Text
from sopctl.model.access.rung import Rung


class Inner(Struct, frozen=True):
    """Something inside."""

    text: Annotated[str, Meta(max_length=3)] | None = None
    day: date | None = None


class Whole(Struct, frozen=True):
    """A record with a field of each kind."""

    inner: Inner
    many: tuple[Inner, ...]
    rung: Rung
    word: Literal["a", "b"]
    at: datetime
    file: Path
    number: int | None = None
    left_out: int | UnsetType = UNSET


def whole(**changes: Any) -> Whole:
    """One of them."""
    told: dict[str, Any] = {
        "inner": Inner("longer than it is taken in"),
        "many": (Inner(),),
        "rung": Rung.TCP,
        "word": "a",
        "at": datetime(2026, 11, 23, tzinfo=UTC),
        "file": Path("/x"),
    }
    return Whole(**(told | changes))


def valid(document: Any) -> bool:
    """Does it keep to the schema of `Whole`?"""
    validator = jsonschema.Draft202012Validator(schema({Whole: ["sopctl/x/1"]}))
    return bool(validator.is_valid({"schema": "sopctl/x/1", **document}))


def test_what_is_printed() -> None:
    printed = plain(whole())
    assert printed == {
        "inner": {"text": "longer than it is taken in", "day": None},
        "many": [{"text": "", "day": None}],
        "rung": "tcp",
        "word": "a",
        "at": "2026-11-23T00:00:00+00:00",
        "file": "/x",
        "number": None,
    }
    assert valid(printed)
    assert plain(whole(left_out=3))["left_out"] == 3
    assert valid(plain(whole(left_out=3)))


@pytest.mark.parametrize(
    "changes",
    [
        {"inner": {"text": None, "day": None}},
        {"many": {"a": {}}},
        {"rung": "stairs"},
        {"word": "c"},
        {"number": "3"},
        {"more": 1},
    ],
)
def test_the_schema_refuses_what_no_record_prints(changes: dict[str, Any]) -> None:
    assert not valid({**plain(whole()), **changes})


def test_a_key_that_is_missing_is_refused() -> None:
    printed = plain(whole())
    assert not any(valid({key: value for key, value in printed.items() if key != left}) for left in printed)


@pytest.mark.parametrize(
    ("value", "error"), [(datetime(2026, 11, 23), ValueError), (object(), TypeError), ({"a": b""}, TypeError)]
)
def test_what_would_mean_nothing_elsewhere_is_not_printed(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        plain(value)


class Said(Struct, frozen=True):
    """Texts where a record wants strings, as the records of the house have them."""

    why: Prose
    lines: list[Prose]


def test_a_text_of_ours_is_printed_in_english_and_a_name_that_is_no_utf8_as_escapes() -> None:
    said = Said(Text("{name} is missing", name="a"), [Text("interrupted"), "b\udcff"])
    assert plain(said) == {"why": "a is missing", "lines": ["interrupted", "b\\udcff"]}
