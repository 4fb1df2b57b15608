"""Which tests run a line, and how long each takes: `Covering` knows, from one run with coverage of each test apart. The
code may have moved since: what was measured is kept beside it, and a line is looked up where it was.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import NamedTuple

from coverage import CoverageData

from tests import timing

TESTED = ("model", "store", "adapters", "workflow")
"""Below tests/: whose tests are asked."""
MEASURED = ("model", "store")
"""Below sopctl/: whose lines."""
CHOSEN = "not battery and not lab and not scaled"


class Most(NamedTuple):
    """How much is asked about one place: so many test files, and tests that took so many seconds together."""

    files: int
    seconds: float


FEW = Most(6, 20)
"""Where they are to be read each time: reading a file takes as long as most of its tests."""
MANY = Most(30, 40)
OWN_SECONDS = 10
"""What the tests of a module's own file may take together, also those of which nothing is known."""
SECONDS_FILE, COVERAGE_FILE, MEASURED_FILE = "seconds.json", "coverage", "measured.json"


class Covering:
    """The tests that run each line of a checkout. `kept` is the folder of what is known; where that is empty, the tests
    are run, which takes most of an hour."""

    def __init__(self, checkout: Path, kept: Path) -> None:
        if not (kept / SECONDS_FILE).exists():
            _run(checkout, kept)
        self._checkout = checkout
        self._seconds: dict[str, float] = json.loads((kept / SECONDS_FILE).read_text())
        self._before: dict[str, str] = json.loads((kept / MEASURED_FILE).read_text())
        self._data = CoverageData(str(kept / COVERAGE_FILE))
        self._data.read()
        root = _measured(self._data)
        self._files = {Path(name).relative_to(root): name for name in self._data.measured_files()}

    def tests(self, own: str, lines: Iterable[tuple[Path, Iterable[int]]], most: Most) -> list[str]:
        """The tests to ask about these lines of modules (below the checkout), fast ones of several files: those of a
        file called `own` first. None where they run when the modules are read, or in no test of the rooms."""
        found = [test for module, numbers in lines for test in self._running(module, numbers)]
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in {each.rpartition("|")[0] for each in found} & self._seconds.keys():
            by_file[test.partition("::")[0]].append(test)
        files = sorted(
            by_file, key=lambda file: (Path(file).name != own, min(self._seconds[each] for each in by_file[file]), file)
        )[: most.files]
        return [test for file in files for test in self._fastest(by_file[file], most.seconds / len(files))]

    def of_file(self, file: str) -> list[str]:
        """The tests of a file, fast ones, whatever they run: of a line that is newer than what is known, nothing is."""
        found = [test for test in self._seconds if test.startswith(f"{file}::")]
        return self._fastest(found, OWN_SECONDS)

    def is_read(self, module: Path, lines: Iterable[int]) -> bool:
        """Do these lines run when modules are read, whatever test follows?"""
        return "" in self._running(module, lines)

    def _running(self, module: Path, lines: Iterable[int]) -> list[str]:
        if module not in self._files:
            return []
        by_line = self._by_line(module)
        was = moved(self._before[str(module)], (self._checkout / module).read_text())
        return [test for line in lines for test in by_line.get(was.get(line, 0), [])]

    @cache  # noqa: B019 one for a whole run
    def _by_line(self, module: Path) -> dict[int, list[str]]:
        return self._data.contexts_by_lineno(self._files[module])

    def _fastest(self, tests: list[str], seconds: float) -> list[str]:
        """As many as take so long together; one at least."""
        taken: list[str] = []
        for test in sorted(tests, key=lambda each: (self._seconds[each], each)):
            seconds -= self._seconds[test]
            if taken and seconds < 0:
                break
            taken.append(test)
        return taken


@cache
def moved(before: str, now: str) -> dict[int, int]:
    """The lines of a text that stood in it before, each with where."""
    blocks = SequenceMatcher(None, before.splitlines(), now.splitlines(), autojunk=False).get_matching_blocks()
    return {at + line + 1: was + line + 1 for was, at, size in blocks for line in range(size)}


def _run(checkout: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    sources = [path for room in MEASURED for path in (checkout / "sopctl" / room).rglob("*.py")]
    before = {str(path.relative_to(checkout)): path.read_text() for path in sources}
    (kept / MEASURED_FILE).write_text(json.dumps(before))
    words = [
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        timing.__name__,
        "-m",
        CHOSEN,
    ]
    words += [f"--cov=sopctl/{room}" for room in MEASURED]
    words += ["--cov-context=test", "--cov-report=", *(f"tests/{room}" for room in TESTED)]
    more = {
        "PYTHONPATH": str(checkout),
        "COVERAGE_FILE": str(kept / COVERAGE_FILE),
        timing.NOTED: str(kept / SECONDS_FILE),
    }
    subprocess.run([sys.executable, "-m", "pytest", *words], cwd=checkout, env={**os.environ, **more}, check=False)


def _measured(data: CoverageData) -> Path:
    """The folder of the checkout that was measured: it was another copy, maybe."""
    one = next(name for name in data.measured_files() if "/sopctl/" in name)
    return Path(one.rpartition("/sopctl/")[0])
