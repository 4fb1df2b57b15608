"""The order of the tests: each worker begins with its share of the long ones, and nothing is lost."""

import re
from pathlib import Path

import pytest

from tests.longest_first import in_order, longest

HERE = Path(__file__).parent


@pytest.mark.parametrize("starts", [[0], [0, 10], [0, 6, 13], [0, 5, 10, 15]], ids=len)
def test_each_worker_begins_with_long_ones(starts: list[int]) -> None:
    names = [f"t{number}" for number in range(20)]
    seconds = {"t3": 10.0, "t7": 50.0, "t11": 20.0, "t19": 20.0, "gone": 99.0}
    ordered = in_order(names, names, seconds, len(starts))
    assert sorted(ordered) == sorted(names)
    long = sorted((seconds[name] for name in names if name in seconds), reverse=True)
    assert [seconds.get(ordered[start]) for start in starts] == long[: len(starts)]
    assert [name for name in ordered if name not in seconds] == [name for name in names if name not in seconds]


def test_more_long_ones_than_fit_are_all_run() -> None:
    names = ["a", "b", "c"]
    assert sorted(in_order(names, names, dict.fromkeys(names, 1.0), 2)) == names
    assert in_order([], [], {}, 4) == []


def test_the_table_names_tests_that_there_are() -> None:
    for name in longest():
        path, _, function = name.partition("::")
        text = (HERE.parent / path).read_text()
        assert re.search(rf"^def {re.escape(function.partition('[')[0])}\(", text, re.MULTILINE), name
