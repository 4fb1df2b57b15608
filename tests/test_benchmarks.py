"""`make bench` runs every script of the folder at a bounded size, and what is not installed is one sentence."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import needs

CHECKOUT = Path(__file__).parents[1]
SCRIPTS = sorted(path for path in (CHECKOUT / "benchmarks").glob("*.py") if path.stem not in bench.APART)


def python(*words: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, as whoever types it there."""
    return subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_every_script_has_a_bounded_size_or_takes_none() -> None:
    takes_none = "    numbers(given(__doc__))\n"
    open_ended = [path.name for path in SCRIPTS if bench.bounded(path) == [[]] and takes_none not in path.read_text()]
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


@pytest.mark.parametrize("way", ["by its file", "as a module"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_what_it_takes_and_refuses_the_rest_before_it_begins(script: Path, way: str) -> None:
    """As whoever types it runs it, in the checkout."""
    named = [str(script.relative_to(CHECKOUT))] if way == "by its file" else ["-m", f"benchmarks.{script.stem}"]

    helped = python(*named, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert f"benchmarks/{script.name}" in helped.stdout or f"-m benchmarks.{script.stem}" in helped.stdout
    refused = python(*named, *WORDS.get(script.stem, ["many"]))
    assert refused.returncode == 1
    assert re.fullmatch(REFUSED, refused.stderr), refused.stderr


WORDS = {
    "fleet": ["-", "many"],
    "inventory": ["forms", "many"],
    "checks": ["5", "--without", "many"],
    "lists": ["5", ".", "many"],
}
REFUSED = r"many is (no whole number|more than this benchmark takes|none of .*)\n  → see --help\n"


@pytest.mark.parametrize(
    "words", ["identities 20", "fleet - 20 2 0 0", "inventory forms 5", "inventory summary 5", "signing"]
)
def test_what_takes_neither_servers_nor_time_runs(words: str, tmp_path: Path) -> None:
    """What they call changes; `make bench` runs all of them, and takes longer than every change may."""
    name, *given = words.split()
    ran = python(str(CHECKOUT / f"benchmarks/{name}.py"), *given, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"\d", ran.stdout)


def test_a_site_is_not_made_where_something_is(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    for there in (tmp_path, tmp_path / "mine"):
        ran = python("-m", "benchmarks.fleet", str(there), "1")
        assert (ran.returncode, ran.stderr) == (1, f"{there} is not an empty folder\n  → see --help\n")


def test_a_size_that_is_not_given_is_the_usual_one() -> None:
    assert needs.numbers(["5"], 10, 3) == [5, 3]
    for words in (["5", "x"], ["-1"], ["٣"], ["1", "2", "3"]):
        with pytest.raises(SystemExit, match=r"see --help"):
            needs.numbers(words, 10, 3)


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
