"""JSON that others may have changed."""

import pytest
from msgspec import Struct

from sopctl.model.as_json import NotJson, from_json, plainly_described


class Pair(Struct, frozen=True):
    """Two values."""

    name: str
    number: int = 0


def test_what_is_written_is_read() -> None:
    assert from_json(b'{"name": "a", "number": 3}', Pair) == Pair("a", 3)
    assert from_json("[1, 2]", list[int]) == [1, 2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"name": 3}',
        b'{"name": "\xb9"}',
        b"\xff\xfe",
        b'{"number": 1}',
        "[" * 100_000,
        b"nul",
        b'{"name": "a"} x',
    ],
)
def test_anything_else_is_one_error(content: bytes | str) -> None:
    with pytest.raises(NotJson):
        from_json(content, Pair)


def test_nesting_has_an_end() -> None:
    with pytest.raises(NotJson):
        from_json("[" * 100_000 + "]" * 100_000, object)


def test_a_description_is_the_same_with_and_without_the_indentation_of_its_source() -> None:
    """Python 3.13 takes it out of docstrings; 3.11 and 3.12 leave it in."""
    said = {
        "description": "One.\n\n    Two.",
        "properties": {"description": {"description": "A.\n    B."}},
        "anyOf": [{}],
    }
    assert plainly_described(said) == {
        "description": "One.\n\nTwo.",
        "properties": {"description": {"description": "A.\nB."}},
        "anyOf": [{}],
    }
    assert plainly_described(plainly_described(said)) == plainly_described(said)
