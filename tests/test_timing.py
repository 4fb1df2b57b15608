"""What each test takes is noted, and a run that has little time takes the shortest first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.timing import NOTED, TAKEN, shortest_first

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("workers", "order"), [(1, ["c", "d", "a", "e", "b", "new"]), (2, ["c", "a", "b", "d", "e", "new"])]
)
def test_each_worker_goes_from_short_to_long(workers: int, order: list[str]) -> None:
    names = ["new", "a", "b", "c", "d", "e"]
    seconds = {"a": 2.0, "b": 9.0, "c": 0.1, "d": 1.0, "e": 3.0, "gone": 0.0}
    assert shortest_first(names, names, seconds, workers) == order


def test_a_run_is_timed_and_the_next_takes_its_shortest_first(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import time\ndef test_long(): time.sleep(0.2)\ndef test_fails(): assert False\ndef test_short(): pass\n"
    )
    file = tmp_path / "seconds.json"

    def run(asks: str) -> str:
        words = [sys.executable, "-m", "pytest", "-v", "-n", "0", "-p", "tests.timing", "test_it.py"]
        there = {key: value for key, value in os.environ.items() if key not in (NOTED, TAKEN)}
        there |= {"PYTHONPATH": str(ROOT), asks: str(file)}
        return subprocess.run(words, cwd=tmp_path, env=there, capture_output=True, text=True, check=False).stdout

    assert "1 failed, 2 passed" in run(NOTED)
    noted = json.loads(file.read_text())
    assert sorted(noted) == ["test_it.py::test_long", "test_it.py::test_short"]
    assert noted["test_it.py::test_long"] >= 0.2
    said = run(TAKEN)
    assert said.index("::test_short ") < said.index("::test_long ") < said.index("::test_fails ")
