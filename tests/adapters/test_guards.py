"""What must hold of what adapters read, send and connect to, each line with a guard of its own:
tests/cases/adapter_guards.yml. The test that a row names passes as the code is, and fails without its guard."""

from datetime import date
from pathlib import Path
from random import Random

import pytest

from tests.cases import rows
from tests.faults.scale import WHOLE
from tests.guards import FAILED, judged_without, twice

ROWS = rows("adapter_guards")
QUICK = [row for row in ROWS if "slow" not in row]
SOME = ROWS if WHOLE else Random(str(date.today())).sample(QUICK, 2)
"""A bounded run has two of them, other ones each day."""


@pytest.mark.scaled
@pytest.mark.parametrize("row", SOME, ids=lambda row: row["line"])
def test_no_line_holds_without_its_guard(row: dict[str, str], tmp_path: Path) -> None:
    code, said = judged_without(row, tmp_path)
    assert code == FAILED, said


def test_no_guard_has_two_rows() -> None:
    assert twice(ROWS) == []
