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


PRODUCTS = [
    ("Intel", "Xeon Phi 7250", "Intel(R) Xeon Phi(TM) CPU 7250 @ 1.40GHz"),
    ("Intel", "Xeon Gold 6230", "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"),
    ("AMD", "EPYC 7302", "AMD EPYC 7302 16-Core Processor"),
    ("AMD", "Opteron 6276", "AMD Opteron(TM) Processor 6276"),
    ("AMD", "Ryzen 9 3950X", "AMD Ryzen 9 3950X 16-Core Processor"),
    ("AMD", "Threadripper 3970X", "AMD Ryzen Threadripper 3970X 32-Core Processor"),
    ("Intel", "Core i7-8700", "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz"),
    ("Intel", "Core i3-8100", "Intel(R) Core(TM) i3-8100 CPU @ 3.60GHz"),
    ("Intel", "Pentium G4560", "Intel(R) Pentium(R) CPU G4560 @ 3.50GHz"),
    ("Intel", "Celeron J4125", "Intel(R) Celeron(R) J4125 CPU @ 2.00GHz"),
    ("Intel", "Atom C3758", "Intel(R) Atom(TM) CPU C3758 @ 2.20GHz"),
    ("Intel", "Itanium 9540", "Intel(R) Itanium(R) Processor 9540"),
    ("IBM", "POWER9", "POWER9 (architected), altivec supported"),
    ("IBM", "z15", "IBM z15"),
    ("Ampere", "Altra Q80-30", "Ampere(R) Altra(R) Processor Q80-30"),
    ("HiSilicon", "Kunpeng 920", "HiSilicon Kunpeng-920"),
    ("Cavium", "ThunderX2 CN9975", "Cavium ThunderX2(R) CPU CN9975"),
]
"""One of each line: who makes it, what people call it, and what the machine does."""


@pytest.mark.parametrize(("maker", "called", "said"), PRODUCTS, ids=lambda each: each)
def test_a_product_is_of_one_line_and_one_maker(maker: str, called: str, said: str) -> None:
    line = " ".join(called.split()[: 1 if len(called.split()) == 2 else 2])
    for whose, other, named in PRODUCTS:
        assert same_processor(called, named, None) is (other == called)
        assert same_processor(maker, named, None) is (whose == maker), "by the maker alone"
        assert same_processor(whose, called, None) is (whose == maker), "a line has its maker"
        if called.split(maxsplit=1)[0] not in (*other.split(), "Core"):
            assert same_processor(line, named, None) is False, "by the line alone"
    assert same_processor(line, said, None) is not False


@given(st.text(max_size=400) | st.sampled_from(NAMES), st.text(max_size=400) | st.sampled_from(NAMES))
def test_any_two_texts_have_an_answer(declared: str, found: str) -> None:
    assert same_processor(declared, found, 2) in (True, False, None)


@pytest.mark.parametrize("part", ["2 x ", "xeon ", "e5-2680 v", "1.", "gold", "(r)", "1 ", "0ghz"])
def test_the_longest_names_end_in_time(part: str) -> None:
    begin = time.process_time()
    same_processor(part * 50_000, part * 50_000, 2)
    assert time.process_time() - begin < 1, "a reader that is not linear"
