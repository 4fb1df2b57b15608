"""`make bench` runs every script of the folder at a bounded size, and what is not installed is one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import needs

CHECKOUT = Path(__file__).parents[1]
SCRIPTS = sorted(path for path in (CHECKOUT / "benchmarks").glob("*.py") if path.stem not in bench.APART)


def test_every_script_has_a_bounded_size_or_takes_none() -> None:
    open_ended = [path.name for path in SCRIPTS if bench.bounded(path) == [[]] and "sys.argv" in path.read_text()]
    assert open_ended == []
    assert len(SCRIPTS) > 8


def test_a_script_that_fails_stops_no_other_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text("import sys\nBOUNDED = ((1, 'x'), ())\nsys.exit(len(sys.argv) > 1)\n")
    (tmp_path / "b.py").write_text("print('b ran in', __import__('os').getcwd())\n")
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "SPACE", tmp_path / "space")
    monkeypatch.setattr(sys, "argv", ["bench"])
    assert bench.main() == 1
    out, err = capfd.readouterr()
    assert f"b ran in {tmp_path / 'space'}" in out
    assert err == "✗ benchmarks/a.py 1 x\n"
    monkeypatch.setattr(sys, "argv", ["bench", "c"])
    with pytest.raises(SystemExit, match=r"there is no benchmark c\n  → a, b"):
        bench.main()


def test_what_is_not_installed_is_one_sentence_with_what_helps() -> None:
    with pytest.raises(SystemExit, match=r"^no-such-peer is not installed.*\n  → apt install peer; or .*make bench$"):
        needs.program("no-such-peer", "apt install peer")
    with pytest.raises(SystemExit, match=r"^no_such_peer is not installed.*\n  → pip install no_such_peer"):
        needs.module("no_such_peer")
    assert Path(needs.program("ansible", "make setup-dev")).is_file(), "also where no environment is activated"


def test_a_peer_that_is_missing_is_no_traceback(tmp_path: Path) -> None:
    """The script itself, by an interpreter with neither Ansible beside it nor anything in PATH."""
    script = f"""
import os, runpy, sys
sys.path[:0] = {[str(CHECKOUT / "benchmarks"), *sys.path]!r}
sys.executable, sys.argv, os.geteuid = {str(tmp_path / "python")!r}, ["configure.py"], lambda: 0
runpy.run_path({str(CHECKOUT / "benchmarks/configure.py")!r}, run_name="__main__")
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT / "benchmarks",
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("ansible-playbook is not installed")
    assert "Traceback" not in ran.stderr
