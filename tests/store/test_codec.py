"""Strict YAML (tests/cases/records.yml), and records that read back as they were written."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from sopctl.errors import ExitCode, InvalidRecord, SopctlError
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


class Chooses(Struct):
    own: Literal["en", "id"] = "en"
    each: tuple[Literal["a", "b"], ...] = ()
    named: dict[str, "Chooses | None"] = {}
    only: Literal["x"] = "x"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("own: de", "own: 'de' is none of those known: en, id"),
        ("each: [a, c]", "each.1: 'c' is none of those known: a, b"),
        ("named: {de: {own: ID}}", "named.de.own: 'ID' is none of those known: en, id"),
        ("only: y", "only: Invalid enum value 'y'"),  # another kind of record may have it
    ],
)
def test_what_may_be_chosen_is_told(text: str, says: str) -> None:
    with pytest.raises(InvalidRecord, match=re.escape(says)):
        codec.parse(text.encode(), Chooses, where="a.yml")


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


class Plainly(codec._Dumper):  # type: ignore[misc, valid-type]
    def ignore_aliases(self, _data: Any) -> bool:
        return True


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | st.sampled_from(["no", "0123", "1:30", "~", "=", "<<", "1e3", "two\nlines\n", "- x", "", "a: b # c", "x " * 80])
    | st.text(st.characters(codec="utf-8"), max_size=60),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.lists(inside, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=10), inside, max_size=3)
    ),
)


@given(VALUES)
def test_a_record_is_written_as_yaml_itself_writes_it(value: Any) -> None:
    expected = yaml.dump(value, Dumper=Plainly, allow_unicode=True, sort_keys=False, width=110)
    assert codec.dump(value).decode() == expected


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
    try:
        codec.parse(content, Words, where="x.yml")
    except InvalidRecord as error:
        for each in (error, *error.others):
            assert each.where.startswith("x.yml")
            assert each.remedy, "it says what helps, too"


def test_who_reads_what_is_never_corrected_says_what_helps_there() -> None:
    with pytest.raises(InvalidRecord) as refused:
        codec.parse(b"words: 1\nmore: 2\n", Words, where="x.yml", helps="Restore it.")
    assert {each.remedy for each in (refused.value, *refused.value.others)} == {("Restore it.",)}


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


class Part(Struct, forbid_unknown_fields=True):
    """A part of a record, with a bound."""

    size: Annotated[int, Meta(ge=1, le=9)]
    note: str | None = None


class Whole(Struct, forbid_unknown_fields=True):
    """A record with parts of every kind."""

    parts: list[Part] = []
    named: dict[Annotated[str, Meta(max_length=3)], Part] = {}
    other: Annotated[Part | None, Meta(description="x")] = None
    pair: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("parts:\n- size: 0\n- {size: 3, colour: red}\n", ["2:3 parts.0.size", "3:13 parts.1.colour"]),
        ("named:\n  a: {size: 1}\n  b: {size: 10}\n  toolong: {size: 1}\n", ["3:7 named.b.size", "4:3 named.toolong"]),
        ("other: {note: x}\npair: [1, x, 2, y]\n", ["1:1 other", "2:11 pair.1", "2:17 pair.3"]),
        ("more: 1\nless: 2\nother: {size: z}\n", ["1:1 more", "2:1 less", "3:9 other.size"]),
        ("parts: {a: 1}\nnamed: [1]\n", ["1:1 parts", "2:1 named"]),
    ],
    ids=["a list", "a mapping", "a part", "keys", "kinds"],
)
def test_every_thing_that_is_wrong_has_its_line_and_column(content: str, told: list[str]) -> None:
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(content.encode(), Whole, where="x.yml")
    found = [caught.value, *caught.value.others]
    places = {f"{each.where.removeprefix('x.yml:')} {each.values['key']}" for each in found}
    assert places == set(told)


class Together(Struct):
    """A record that asks something of its fields together."""

    start: int = 0
    end: int = 0
    inner: Part | None = None

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("Expected `nothing`, or an `end` after `start`")
        if self.inner and self.inner.size == self.end:
            raise ValueError("Expected another number in `inner.size`")


class Holder(Struct):
    """A record with one of those."""

    one: Together


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("one:\n  start: 2\n  end: 1\n", "3:3"),
        ("one:\n  start: 2\n", "2:3"),
        ("one:\n  end: 1\n  inner: {note: x, size: 1}\n", "3:20"),
    ],
    ids=["the first key that it names", "the first that is there", "a key within another"],
)
def test_what_a_record_asks_of_its_fields_together_is_told_at_one_that_it_names(content: str, where: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(content.encode(), Holder, where="x.yml")
    assert caught.value.where == f"x.yml:{where}"
    assert str(caught.value).startswith(f"x.yml:{where}: one: Expected")


def test_no_more_is_told_than_anyone_reads() -> None:
    many = "pair: [" + ", ".join(["x"] * 60) + "]"
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(many.encode(), Whole, where="x.yml")
    assert len({str(each) for each in (caught.value, *caught.value.others)}) == 50


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("parts", 1, "size"), "x.yml:3:3"),
        (("parts", 1), "x.yml:3:3"),
        (("parts",), "x.yml:1:1"),
        (("parts", 1, "note"), "x.yml:3:3"),
        (("named",), "x.yml:1:1"),
        ((), "x.yml:1:1"),
    ],
)
def test_where_in_a_record_something_stands(path: tuple[str | int, ...], where: str) -> None:
    """What is not there stands in what would hold it."""
    assert codec.place(b"parts:\n- size: 1\n- size: 2\n", path, where="x.yml") == where
    line = int(where.split(":")[1]) + 1
    below = codec.place(b"# a remark\nparts:\n- size: 1\n- size: 2\n", path, where="x.yml")
    assert below == where.replace(f":{line - 1}:", f":{line}:")


def test_the_word_that_tells_the_kind_of_a_record() -> None:
    content = b"kind: server\nsize: [1]\nnone:\n"
    assert [codec.word(content, key, where="x.yml") for key in ("kind", "size", "none", "colour")] == [
        "server",
        "",
        "",
        "",
    ]


def test_two_versions_of_a_file_are_found_where_they_begin() -> None:
    codec.refuse_conflict(b"kind: <<<<<<< x\n", "x.yml")
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(b"kind: server\nname: x\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", Whole, where="x.yml")
    assert (caught.value.id, caught.value.where) == ("merge-conflict", "x.yml:3:1")


@pytest.mark.parametrize(
    ("content", "id", "where"),
    [
        (b"", "file-empty", "1:1"),
        (b"pair: [1]\n---\npair: [2]\n", "second-document", "2:1"),
        (b"pair: &x [1]\n", "anchor-not-allowed", "1:7"),
        (b"pair: [&x 1]\n", "anchor-not-allowed", "1:8"),
        (b"named: {a: *x}\n", "anchor-not-allowed", "1:12"),
        (b"pair: !!set [1]\n", "tag-not-allowed", "1:7"),
        (b"named: {a: !x 1}\n", "tag-not-allowed", "1:12"),
        (b"&x pair: [1]\n", "key-not-plain", "1:1"),
        (b"!x pair: [1]\n", "key-not-plain", "1:1"),
        (b"[pair]: [1]\n", "key-not-plain", "1:1"),
        (b"<<: {}\n", "merge-not-allowed", "1:1"),
        (b"pair: [1]\nnamed: {}\npair: [2]\n", "key-repeated", "3:1"),
        (b"named: {a: {size: 1, size: 2}}\n", "key-repeated", "1:22"),
        (b"pair: [1\nnamed: 2", "not-yaml", "2:6"),
    ],
)
def test_what_no_record_has_is_refused_where_it_stands(content: bytes, id: str, where: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(content, Whole, where="x.yml")
    assert (caught.value.id, caught.value.where) == (id, f"x.yml:{where}")


@pytest.mark.parametrize(("levels", "id"), [(18, "value-not-valid"), (19, "nested-too-deep")])
@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ("{a: ", "}")])
def test_how_deep_a_record_may_be(levels: int, id: str, open_: str, close: str) -> None:
    deep = f"pair: {open_ * (levels + 1)}1{close * (levels + 1)}"
    with pytest.raises(InvalidRecord) as caught:
        codec.parse(deep.encode(), Whole, where="x.yml")
    assert caught.value.id == id


@pytest.mark.parametrize(
    ("written", "value"),
    [("", None), ("~", None), ("null", None), ("'~'", "~"), ("''", ""), ("'null'", "null"), ("Null", "Null")],
)
def test_what_stands_for_nothing(written: str, value: str | None) -> None:
    found = codec.parse(f"other:\n  size: 1\n  note: {written}\n".encode(), Whole, where="x.yml")
    assert found == Whole(other=Part(1, value))
    assert codec.parse(f"parts: [{{size: 1, note: {written}}}]".encode(), Whole, where="x.yml").parts == [
        Part(1, value)
    ]


def test_a_file_as_large_as_it_may_be_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    file.write_bytes(b"pair: [1, 2]")
    assert codec.load(file, Whole, max_bytes=12).pair == (1, 2)
    with pytest.raises(InvalidRecord, match="larger than 0 KiB"):
        codec.load(file, Whole, max_bytes=11)
    (tmp_path / "link.yml").symlink_to(file)
    assert codec.read(tmp_path / "link.yml", 4) == b"pair:"
    with pytest.raises(SopctlError):
        codec.read(tmp_path / "link.yml", links=False)


def test_a_record_is_written_plainly() -> None:
    """In the order of its fields, without anchors, in lines that a person reads; a day is a day."""
    twice = Part(1, "b\u00e9" + " b\u00e9" * 60)
    said = codec.dump({"z": twice, "a": twice, "day": date(2026, 11, 2), "no": "no"}).decode()
    assert said.startswith("z:\n  size: 1\n  note: b\u00e9")
    assert "&" not in said
    assert said.endswith("day: 2026-11-02\n'no': 'no'\n")
    assert 100 < max(map(len, said.splitlines())) <= 116
