"""What each test takes is noted, and a run that has little time takes files of short tests first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.timing import NOTED, TAKEN, shortest_first

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("workers", "order"),
    [(1, ["b::1", "b::2", "a::1", "a::2", "c::1", "new::1"]), (2, ["b::1", "b::2", "c::1", "a::1", "a::2", "new::1"])],
)
def test_each_worker_goes_from_files_of_short_tests_to_files_of_long_ones(workers: int, order: list[str]) -> None:
    names = ["new::1", "a::1", "a::2", "b::1", "b::2", "c::1"]
    seconds = {"a::1": 9.0, "a::2": 0.1, "b::1": 2.0, "b::2": 1.0, "c::1": 5.0, "gone::1": 0.0}
    assert shortest_first(names, names, seconds, workers) == order


def test_a_run_is_timed_and_the_next_takes_its_shortest_first(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import time\ndef test_long(): time.sleep(0.2)\n")
    (tmp_path / "test_never.py").write_text("def test_fails(): assert False\n")
    (tmp_path / "test_short.py").write_text("def test_short(): pass\n")
    file = tmp_path / "seconds.json"

    def run(asks: str) -> str:
        words = [sys.executable, "-m", "pytest", "-v", "-n", "0", "-p", "tests.timing", "."]
        inherited = (NOTED, TAKEN, "PYTEST_XDIST_WORKER_COUNT")  # whoever runs this test may be one of several workers
        there = {key: value for key, value in os.environ.items() if key not in inherited}
        there |= {"PYTHONPATH": str(ROOT), asks: str(file)}
        return subprocess.run(words, cwd=tmp_path, env=there, capture_output=True, text=True, check=False).stdout

    assert "1 failed, 2 passed" in run(NOTED)
    noted = json.loads(file.read_text())
    assert sorted(noted) == ["test_it.py::test_long", "test_short.py::test_short"]
    assert noted["test_it.py::test_long"] >= 0.2
    said = run(TAKEN)
    assert said.index("::test_short ") < said.index("::test_long ") < said.index("::test_fails ")
