"""docs/explanation/threats.md promises nothing that no test shows: what it names is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.cases import rows
from tests.faults.scale import WHOLE, dice
from tests.guards import FAILED, judged_without, twice

CHECKOUT = Path(__file__).parents[1]
TEXT = (CHECKOUT / "docs/explanation/threats.md").read_text()
PROMISES = [
    line.split(" | ")
    for line in TEXT.partition("## What holds")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ") and "shown by" not in line
]
ROWS = rows("promise_guards")
GUARDS = [row for row in ROWS if "take" in row]
SOME = GUARDS if WHOLE else dice().sample([row for row in GUARDS if "slow" not in row], 2)
"""A bounded run takes two of the guards out."""


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)
    assert len(named) > 30
    for file, name in named:
        functions = {node.name for node in ast.walk(ast.parse((CHECKOUT / file).read_text())) if hasattr(node, "name")}
        assert name in functions, f"{file}::{name}"


def test_every_promise_names_its_test() -> None:
    assert len(PROMISES) > 20
    assert [said for said, shown in PROMISES if "::test_" not in shown] == []


def test_of_every_promise_it_is_known_that_its_test_can_fail() -> None:
    """Its guard is taken out in a row, or another row says what shows it."""
    promises = [(said.removeprefix("| "), shown) for said, shown in PROMISES]
    without = {said for said, shown in promises if not any(row["test"] in shown for row in GUARDS)}
    others = [row["promise"] for row in ROWS if "promise" in row]
    assert [said for said in without if not said.startswith(tuple(others))] == []
    needless = [other for other in others if not any(said.startswith(other) for said in without)]
    assert needless == []


@pytest.mark.scaled
@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", SOME, ids=lambda row: row["line"])
def test_no_promise_holds_without_its_guard(row: dict[str, str], tmp_path: Path) -> None:
    code, said = judged_without(row, tmp_path)
    assert code == FAILED, said


def test_no_guard_has_two_rows() -> None:
    assert twice(GUARDS) == []


def test_every_path_that_it_names_exists() -> None:
    named = re.findall(r"`((?:sopctl|tests|docs|model|adapters|playbooks)/[\w./-]*|requirements\.txt|Makefile)`", TEXT)
    assert named
    roots = (CHECKOUT, CHECKOUT / "sopctl", CHECKOUT / "site")
    elsewhere = {"playbooks/", "docs/verify.md"}  # in a site, in an archive
    gone = [name for name in named if not any((root / name).exists() for root in roots)]
    assert set(gone) - elsewhere == set()


def test_it_is_found() -> None:
    assert "docs/explanation/threats.md" in (CHECKOUT / "README.md").read_text()
    assert not (CHECKOUT / "THREATS.md").exists(), "everything is said once"
