"""What the sample of mutants says of all."""

import pytest

from tests.faults.mutate import interval


@pytest.mark.parametrize(
    ("killed", "tried", "least", "most"),
    [(90, 100, 82.6, 94.5), (270, 300, 86.1, 92.9), (10, 10, 72.2, 100.0)],
)
def test_the_interval_of_a_sample(killed: int, tried: int, least: float, most: float) -> None:
    """Wilson's, as tables have it."""
    assert interval(killed, tried) == pytest.approx((least, most), abs=0.1)
