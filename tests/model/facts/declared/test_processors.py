"""Names of processors that mean the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.declared.processors import same_processor
from tests.cases import rows

ROWS = rows("same_processors")
ANSWERS = {"nothing": None, True: True, False: False}
NAMES = sorted({name for row in ROWS for name in row[:2]})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} | {row[1]} | {row[2]}")
def test_two_names(row: list[object]) -> None:
    declared, found, sockets, answer = row
    assert same_processor(str(declared), str(found), int(str(sockets))) is ANSWERS[answer]


@given(st.text(max_size=400) | st.sampled_from(NAMES), st.text(max_size=400) | st.sampled_from(NAMES))
def test_any_two_texts_have_an_answer(declared: str, found: str) -> None:
    assert same_processor(declared, found, 2) in (True, False, None)


@pytest.mark.parametrize("part", ["2 x ", "xeon ", "e5-2680 v", "1.", "gold", "(r)", "1 ", "0ghz"])
def test_the_longest_names_end_in_time(part: str) -> None:
    begin = time.process_time()
    same_processor(part * 50_000, part * 50_000, 2)
    assert time.process_time() - begin < 1, "a reader that is not linear"
