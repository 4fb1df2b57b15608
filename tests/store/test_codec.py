"""Strict YAML (tests/cases/records.yml), and records that read back as they were written."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from sopctl.errors import ExitCode, InvalidRecord
from sopctl.model.deposit import Request
from sopctl.store import codec
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from tests.cases import rows


@pytest.mark.parametrize("row", rows("records"), ids=lambda row: row["name"])
def test_what_is_refused_and_where(row: dict[str, Any]) -> None:
    text = EXAMPLE_REQUEST
    for old, new in row["change"].items():
        assert old in text, f"the example request has no {old!r}"
        text = text.replace(old, new)
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(text.encode(), Request, where="request.yml")
    assert row["message"] in caught.value.message
    assert caught.value.where.startswith(f"request.yml:{row.get('where', '')}")
    assert caught.value.exit_code is ExitCode.INVALID


def test_all_that_is_wrong_is_told_each_at_its_place() -> None:
    """And nothing twice: the first error, and its others."""
    wrong = EXAMPLE_REQUEST
    for old, new in (
        ("height_units: 2", "height_units: two"),
        ("date: 2026-11-02", "date: yesterday"),
        ("ports: [80, 443]", "ports: [80, https, 99999999]\n  colour: red"),
        ("  brand_model:", "  brandmodel:"),
    ):
        assert old in wrong, old
        wrong = wrong.replace(old, new)
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(wrong.encode(), Request, where="request.yml")
    told = [caught.value, *caught.value.others]
    assert len({each.where for each in told}) >= 6
    assert len({str(each) for each in told}) == len(told)
    said = " ".join(each.message for each in told)
    for part in ("height_units", "date", "ports.1", "ports.2", "colour", "brandmodel", "missing required field"):
        assert part in said, (part, said)


def test_the_example_request_is_valid() -> None:
    request = codec.parse(EXAMPLE_REQUEST.encode(), Request, where="request.yml")
    assert request.letter.date == date(2026, 11, 2)
    assert request.access.ports == (80, 443)


class Words(Struct, forbid_unknown_fields=True):
    words: list[str]
    by_name: dict[str, str]


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=5),
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=10), st.text(max_size=10), max_size=3),
)
def test_every_text_reads_back_as_it_was_written(words: list[str], by_name: dict[str, str]) -> None:
    """`no`, `0123`, `1:30`, `~`, control characters: a string stays that string."""
    by_name.pop("<<", None)  # a merge key, refused
    record = Words(words, by_name)
    assert codec.parse(codec.dump(record), Words, where="x.yml") == record


WITH_A_MEANING = ["no", "0123", "1:30", "2026-11-23", "null", "~", "<<", "1e3", "=:#", "", " x ", "\x85"]


@pytest.mark.parametrize("text", WITH_A_MEANING)
def test_words_that_yaml_likes_to_reinterpret(text: str) -> None:
    assert codec.parse(codec.dump(Words([text], {})), Words, where="x.yml").words == [text]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_an_error_with_a_place(content: bytes) -> None:
    _parses_or_says_where(content)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,?~<= \n\t0", max_size=200))
def test_any_yaml_like_text_is_a_record_or_an_error_with_a_place(text: str) -> None:
    _parses_or_says_where(text.encode())


def _parses_or_says_where(content: bytes) -> None:
    where = "x.yml:1:1"
    try:
        codec.parse(content, Words, where="x.yml")
    except InvalidRecord as error:
        where = error.where
    assert where.startswith("x.yml")


@pytest.mark.parametrize(
    ("content", "message", "name"),
    [
        (b"words: " + b"[" * 5000 + b"]" * 5000, "nested deeper than", "nested-too-deep"),
        (b"a" * (codec.MAX_BYTES + 1), "larger than 256 KiB", "record-too-large"),
        (b"a: &a [x]\nb: [" + b"*a," * 1000 + b"]", "anchors", "anchor-not-allowed"),
        (b"words: [a]\nmore: b", "more: there is no such key", "unknown-key"),
        (b"words: a", "words: Expected `array`", "value-not-valid"),
        (b"[]", "Expected `object`, got `array`", "record-not-valid"),
        (b"words: [\x00]", "not YAML: unacceptable character", "not-yaml"),
        (b"words: [", "not YAML: while parsing", "not-yaml"),
        (b"words: [\xff]", "byte 8 is not UTF-8", "not-utf8"),
    ],
    ids=["deep", "large", "laughs", "key", "value", "record", "character", "syntax", "bytes"],
)
def test_what_is_refused_is_named(content: bytes, message: str, name: str) -> None:
    with pytest.raises(InvalidRecord, match=message) as caught:
        codec.parse(content, Words, where="x.yml")
    assert caught.value.id == name


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    from sopctl.errors import OutsideFailure

    with pytest.raises(OutsideFailure, match="cannot read: No such file") as caught:
        codec.load(tmp_path / "none.yml", Words)
    assert caught.value.where == str(tmp_path / "none.yml")
