"""Which part of one month is which part of another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.matching import Traits, matched
from tests.cases import rows

Part = tuple[int, Traits]


def parts(said: list[list[Any]]) -> list[Part]:
    def known(value: Any) -> Any:
        return None if value == "–" else value

    return [
        (number, Traits((known(serial),), (known(place),), known(size), known(model)))
        for number, (serial, place, size, model) in enumerate(said)
    ]


@pytest.mark.parametrize("row", rows("matching"), ids=lambda row: row["name"])
def test_which_is_which(row: dict[str, Any]) -> None:
    found = matched(parts(row["before"]), parts(row["after"]), lambda part: part[1])
    assert [[one[0], other[0]] for one, other in found.pairs] == row["pairs"]
    assert len(found.gone) == len(row["before"]) - len(row["pairs"])
    assert len(found.new) == len(row["after"]) - len(row["pairs"])


WORDS = st.none() | st.sampled_from(["A", "B", "C1", "SN0042", "5000c500a1b2c3d4"])
TRAITS = st.builds(
    lambda mark, place, size, model: Traits((mark,), (place,), size, model),
    WORDS,
    WORDS,
    st.none() | st.sampled_from([8.0, 8.05, 16.0]),
    WORDS,
)


@given(st.lists(TRAITS, max_size=12), st.randoms(use_true_random=False))
def test_parts_are_those_that_they_are(traits: list[Traits], mixed: Any) -> None:
    """In any order, and with parts that nothing tells apart."""
    before = list(enumerate(traits))
    after = mixed.sample(before, len(before))
    found = matched(before, after, lambda part: part[1])
    assert (found.gone, found.new) == ((), ())


@given(st.lists(TRAITS, max_size=8), st.integers(0, 7), st.randoms(use_true_random=False))
def test_no_other_part_hides_a_swap(others: list[Traits], place: int, mixed: Any) -> None:
    taken, put = (Traits((serial,), (f"slot {place}",), 8.0, "A") for serial in ("TAKEN1", "PUTIN2"))
    rest = [each for each in others if each.marks != (None,)]
    before = list(enumerate([*rest, taken]))
    after = mixed.sample([*before[:-1], (99, put)], len(before))
    found = matched(before, after, lambda part: part[1])
    assert [part[1] for part in found.gone] == [taken]
    assert [part[1] for part in found.new] == [put]
