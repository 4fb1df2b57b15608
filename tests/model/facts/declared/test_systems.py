"""Names of operating systems that mean the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.declared.systems import same_system
from tests.cases import rows

ROWS = rows("same_systems")
ANSWERS = {"nothing": None, True: True, False: False}
NAMES = sorted({name for row in ROWS for name in row[:2]})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} | {row[1]}")
def test_two_names(row: list[object]) -> None:
    declared, found, answer = row
    assert same_system(str(declared), str(found)) is ANSWERS[answer]


@pytest.mark.parametrize("name", sorted({str(row[1]) for row in ROWS} - {"", "Ubuntu"}))
def test_a_machine_is_what_it_says(name: str) -> None:
    assert same_system(name, name)


@given(st.text(max_size=400) | st.sampled_from(NAMES), st.text(max_size=400) | st.sampled_from(NAMES))
def test_any_two_texts_have_an_answer(declared: str, found: str) -> None:
    assert same_system(declared, found) in (True, False, None)


@pytest.mark.parametrize("part", ["windows ", "centos stream ", "9.", "ubuntu", "red hat enterprise ", "sp 1", " "])
def test_the_longest_names_end_in_time(part: str) -> None:
    begin = time.process_time()
    same_system(part * 50_000, part * 50_000)
    assert time.process_time() - begin < 1, "a reader that is not linear"
