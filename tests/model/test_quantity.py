"""Numbers, sizes and durations as papers and records write them."""

from pathlib import Path

import pytest
import yaml

from sopctl.model import quantity

CASES = yaml.load((Path(__file__).parents[1] / "cases" / "quantities.yml").read_text(), yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("function", "given", "expected"), [(name, *case) for name, cases in CASES.items() for case in cases]
)
def test_quantities(function: str, given: float, expected: str) -> None:
    assert getattr(quantity, function)(given) == expected
