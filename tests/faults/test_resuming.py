"""A battery that is broken off goes on with what has not passed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.faults import scale
from tests.faults.resuming import PASSED

ROOT = Path(__file__).parents[2]


def test_what_passed_is_not_run_again(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os, pytest\n"
        "well = 'WELL' in os.environ\n"
        "@pytest.fixture\ndef ends_badly():\n    yield\n    assert well\n"
        "def test_a(): pass\ndef test_b(): assert well\ndef test_c(ends_badly): pass\n"
    )

    def run(**more: str) -> str:
        words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.faults.resuming", "test_it.py"]
        there = {**os.environ, "PYTHONPATH": str(ROOT), PASSED: str(tmp_path / "passed"), **more}
        return subprocess.run(words, cwd=tmp_path, env=there, capture_output=True, text=True, check=False).stdout

    assert "1 failed, 2 passed, 1 error" in run()
    assert "2 passed, 1 deselected" in run(WELL="1")
    assert "3 deselected" in run()


def test_whatever_has_a_longer_form_is_in_the_battery() -> None:
    """A test that asks how much it is to do, and that `make battery` does not select, would never do all of it."""
    for path in ROOT.glob("tests/**/test_*.py"):
        text = path.read_text()
        asks = any(f"{name}(" in text or f"{name}\n" in text or f"{name}," in text for name in ("times", "WHOLE"))
        if f"from {scale.__name__} import" in text and asks:
            assert "pytest.mark.scaled" in text or "pytest.mark.battery" in text, path
