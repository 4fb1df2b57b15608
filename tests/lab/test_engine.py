"""Two networks that the controller does not reach, as network namespaces of the lab's range, each with a worker."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    "count", [pytest.param(1000, id="1000"), pytest.param(10_000, id="10000", marks=pytest.mark.battery)]
)
def test_workers_of_two_networks_lose_and_double_nothing(count: int) -> None:
    """What the benchmark measures, it also asserts: see benchmarks/networks.py."""
    words = [sys.executable, "-m", "benchmarks.networks", str(count)]
    ran = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"Recorded: {count} of {count}, none twice, no outage" in ran.stdout
    assert f"{count} checks undisturbed, two workers" in ran.stdout
