"""What the sample of mutants says of all."""

import ast
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.faults.covering import moved
from tests.faults.mutants import is_called, is_told, places, statement
from tests.faults.mutate import FAILED, interval
from tests.faults.warm import Change, Functions

SOURCE = """\
def answer(number):
    if number == 0:
        raise ValueError(
            "none",
        )
    return number
"""


@pytest.mark.parametrize(
    ("killed", "tried", "least", "most"),
    [(90, 100, 82.6, 94.5), (270, 300, 86.1, 92.9), (10, 10, 72.2, 100.0)],
)
def test_the_interval_of_a_sample(killed: int, tried: int, least: float, most: float) -> None:
    """Wilson's, as tables have it."""
    assert interval(killed, tried) == pytest.approx((least, most), abs=0.1)


@pytest.mark.parametrize(
    ("said", "test"),
    [
        ("FAILED tests/model/test_a.py::test_words[a b - c::d] - AssertionError", "tests/model/test_a.py::test_words"),
        ("FAILED tests/model/test_a.py::TestOf::test_it", "tests/model/test_a.py::TestOf::test_it"),
        ("ERROR tests/model/test_a.py - ImportError: tests/model/test_b.py", "tests/model/test_a.py"),
        ("ERROR tests/model/test_a.py::test_it - fixture", "tests/model/test_a.py::test_it"),
    ],
)
def test_what_failed_is_tried_again_without_a_mutant_by_its_name(said: str, test: str) -> None:
    found = FAILED.search(f"F.\n=== short test summary info ===\n{said}\n1 failed")
    assert found
    assert found[1] == test


@pytest.mark.parametrize(("how", "lines"), [("Eq → NotEq", [2]), ("'none' changed", [3, 4, 5]), ("answers None", [6])])
def test_the_tests_of_a_whole_statement_are_asked(how: str, lines: list[int], tmp_path: Path) -> None:
    """Of one on several lines, some are run on its first line and some on another."""
    file = tmp_path / "module.py"
    file.write_text(SOURCE)
    [place] = [each for each in places(file) if each.how == how]
    assert list(statement(place)) == lines


def test_a_line_is_looked_up_where_it_was() -> None:
    """The tests of a line are known from before others moved it; nobody knows those of a new one."""
    assert moved("a\nb\nc\n", "new\na\nb\nother\n") == {2: 1, 3: 2}


def test_a_function_does_what_it_would_with_a_change(tmp_path: Path) -> None:
    """In the process that has read it, and whoever has it by another name."""
    file = tmp_path / "sopctl" / "module.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    spec = spec_from_file_location("module", file)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    answer = module.answer
    [place] = [each for each in places(file) if each.how == "Eq → NotEq"]
    assert is_called(place)
    Functions().change(Change(str(file), SOURCE, place.node, place.how))
    assert answer(0) == 0
    with pytest.raises(ValueError, match="none"):
        answer(1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('raise Conflict("held", "it is held", remedy=Action("list"), at=place["row"])', {"held", "list", "row"}),
        ('error = self._error(node, "too-long", "it is too long")', {"too-long"}),
        ('word = Sense("paper", "unknown")', {"paper", "unknown"}),
        ('text = line.replace("a", "b")', set()),
    ],
)
def test_what_is_said_is_held_against_what_is_made_from_all_that_is_said(
    line: str, told: set[str], tmp_path: Path
) -> None:
    file = tmp_path / "module.py"
    file.write_text(line)
    assert {ast.literal_eval(each.how.removesuffix(" changed")) for each in places(file) if is_told(each)} == told
