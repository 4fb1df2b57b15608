"""Facts are cut to size before anything looks at them."""

from typing import Any

import pytest

from sopctl.model.facts.linux.bounded import bound


@pytest.mark.parametrize(
    ("value", "cut"),
    [
        ("x" * 4_096, "x" * 4_096),
        ("x" * 4_097, "x" * 4_096),
        ([0] * 4_097, [0] * 4_096),
        (tuple([0] * 2), [0, 0]),
        ({"k" * 4_097: 1}, {"k" * 4_096: 1}),
        ({7: True}, {"7": True}),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-(2**63), None),
        (1.5, 1.5),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        (b"x", None),
        ({1, 2}, None),
    ],
)
def test_one_value(value: object, cut: object) -> None:
    assert bound(value) == cut


def test_a_mapping_has_so_many_entries() -> None:
    found = bound({str(number): number for number in range(5_000)})
    assert found == {str(number): number for number in range(4_096)}


def test_what_stands_deeper_is_left_out() -> None:
    value: Any = "here"
    for _ in range(13):
        value = [value]
    found = bound(value)
    for _ in range(13):
        assert isinstance(found, list)
        (found,) = found
    assert found is None
    assert "here" in str(bound(value[0]))


def test_there_are_so_many_values_in_all() -> None:
    """The lists count too."""
    found = bound([[1] * 4_000] * 30)
    assert isinstance(found, list)
    assert sum(value == 1 for each in found for value in each) == 100_000 - 1 - 25
    assert len(found) == 25
