"""Do the tests notice when the code is wrong? Changes one place at a time and runs the tests that speak of its module:
`python -m tests.faults.mutate [--mutants N] [--seed N] [--only PATH] [--judged FILE] [--covering FOLDER] [--beside N]`.

Each mutant differs from the code in one operator, condition, number, name-like string, answer or statement. What a
sentence says is left as it is: nobody tests wording, and nobody should. A mutant is killed when a test fails, or when
the tests do not end in time. The places are drawn by a seed from model/ and store/, in a copy of the checkout.
What was judged is not judged again. With `--covering`, the module's own tests and those that run the changed line are
asked; where none does, those that run the lines which name what it is part of; else those that speak of its module.
What a module binds when it is read is at last held against the tests that walk all that is declared, and the pages that
are generated from it; what is said in an error, a text or an action, against the page of all errors and the catalogs.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.util import cache_from_source
from itertools import pairwise
from math import sqrt
from pathlib import Path
from queue import SimpleQueue
from random import Random

from tests.cases import rows
from tests.faults.covering import FEW, MANY, TESTED, Covering
from tests.faults.mutants import (
    CHECKOUT,
    ROOMS,
    Place,
    is_called,
    is_told,
    modules,
    mutant,
    places,
    statement,
    uses,
    vocabulary,
)
from tests.faults.scale import figure
from tests.faults.warm import LEFT_OUT, Change, Warm

NO_TESTS = 5
"""Exit code of pytest when there is nothing to run."""
WORDS = (
    *("-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--timeout=1200"),
    *("-m", "not battery and not lab"),
)
"""With which pytest is called."""
CPU_SECONDS = 120
"""Which the tests of one mutant may take: some twenty times what they do."""
ASKED = (1, 4, 12)
"""So many test files that speak of a module are asked first, so many next, and so many at all."""
GENERATED = "tests/cli/test_docs.py::test_what_is_generated_is_up_to_date"
OF_ALL = (
    "tests/model/test_bounds.py",
    "tests/model/facts/test_declaration.py",
    *(
        f"{GENERATED}[{program}]"
        for program in (
            "causes.py",
            "commands.py",
            "documents.py",
            "documents.py --schema",
            "facts_schema.py",
            "settings.py",
        )
    ),
)
"""Those that walk what every module declares: asked last about what is bound when a module is read."""
OF_TOLD = (
    f"{GENERATED}[errors.py]",
    "tests/locale/test_catalogs.py::test_every_text_is_translated_and_no_other_is_kept",
)
"""Those that read every error, text and action where the source makes it: asked last about what is said in one. They
take 12 s of CPU."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/[^\s:]+\.py(?:::\w+)*)", re.MULTILINE)
"""The test that ended pytest, as its last lines name it, without its row of a table."""
GONE = re.compile(r"^ERROR: not found: \S+?/(tests/.+)$", re.MULTILINE)
"""One that there is no more, or that a table has no row of."""


def judges(module: Path) -> list[list[str]]:
    """The test files that judge a module (below sopctl/), in the order in which they are asked: its own, that of the
    module through which it is tested, those that import them, and those of its room. Never the lab's, nor these."""
    tests = CHECKOUT / "tests"
    through = {row["module"]: row["of"] for row in rows("mirror") if "module" in row}
    chain = [str(module)]
    while chain[-1] in through:
        chain.append(through[chain[-1]])
    asked = [tests / Path(each).with_name(f"test_{Path(each).name}") for each in chain]
    every = sorted(
        (path for room in (*ROOMS, "adapters", "workflow") for path in (tests / room).rglob("test_*.py")),
        key=lambda path: (path.name != f"test_{module.name}", path.stat().st_size),
    )
    for each in chain:
        dotted = ".".join(("sopctl", *Path(each).with_suffix("").parts)).removesuffix(".__init__")
        asked += [path for path in every if _imports(path, dotted)]
    asked += [tests / f"{module.parent.parent}/test_appliance.py"] if module.parent.name == "platforms" else []
    room = tests / module.parent
    while not (beside := sorted(room.glob("test_*.py"), key=lambda path: path.stat().st_size)):
        room = room.parent
    near = [path for path in dict.fromkeys((*asked, *beside)) if path.is_file()]
    parts = (near[since:until] for since, until in pairwise((0, *ASKED)))
    return [[str(path.relative_to(CHECKOUT)) for path in part] for part in parts if part]


def _imports(path: Path, dotted: str) -> bool:
    package, _, name = dotted.rpartition(".")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (
            node.module == dotted or (node.module == package and any(each.name == name for each in node.names))
        ):
            return True
    return False


class Judges:
    """Runs the tests on mutants, each in the same copy of the checkout, which is as it was afterwards."""

    def __init__(self, copy: Path, covering: Covering | None) -> None:
        self._copy, self._covering = copy, covering
        self._warm = Warm(copy, [*WORDS, *(f"tests/{room}" for room in TESTED)]) if covering else None
        self._sound: dict[str, bool] = {}

    def judge(self, place: Place) -> bool:
        """Does a test notice this mutant? One that fails without any (for want of root, say) judges nothing, nor does
        its file."""
        relative = place.file.relative_to(CHECKOUT)
        there = self._copy / relative
        change = Change(str(relative), place.file.read_text(), place.node, place.how)
        for tests, apart in self._hearings(place):
            asked = tests
            while asked:
                try:
                    _write(there, mutant(place))
                    failed = self._failed(asked, apart, change)
                finally:
                    _write(there, place.file.read_text())
                if failed is None:
                    break
                if self._is_sound(failed, apart):
                    return True
                asked = [test for test in asked if not _is_of(test, failed)] if failed else []
        return False

    def _hearings(self, place: Place) -> Iterator[tuple[list[str], bool]]:
        """The tests to ask, one list after the other, each with whether the module must be read anew for it."""
        yield from self._near(place)
        if is_told(place):
            yield [*OF_TOLD], True

    def _near(self, place: Place) -> Iterator[tuple[list[str], bool]]:
        relative = place.file.relative_to(CHECKOUT)
        near = judges(relative.relative_to("sopctl"))
        if self._covering is None:
            yield from ((each, True) for each in near)
            return
        own, lines = f"test_{relative.name}", [(relative, statement(place))]
        running = self._covering.tests(own, lines, MANY)
        asked = dict.fromkeys((*self._covering.of_file(near[0][0]), *running))
        if is_called(place) and asked:
            yield [test for test in asked if not test.startswith(LEFT_OUT)], False
            if running and not self._covering.is_read(*lines[0]):
                return
        known = self._covering.tests(own, lines, FEW) or self._covering.tests(own, uses(place), FEW)
        if known:  # all of its own file: a table's row may be met there and nowhere else
            terms = [f"tests/{module.with_name(f'test_{module.name}')}" for module in vocabulary(place)]
            whole = dict.fromkeys((*near[0], *(file for file in terms if (self._copy / file).is_file())))
            yield [*whole, *(test for test in known if not test.startswith(tuple(whole)))], True
        else:
            yield from ((each, True) for each in near)
        yield [*OF_ALL], True

    def _is_sound(self, test: str, apart: bool) -> bool:
        """Does it pass without a mutant? Also what did not end in time, and named no test."""
        if test not in self._sound:
            self._sound[test] = not test or self._failed([test], apart, None) is None
        return self._sound[test]

    def _failed(self, tests: list[str], apart: bool, change: Change | None) -> str | None:
        """The first of them that fails; empty where pytest names none."""
        if not apart and self._warm:
            return self._warm.failed(tests, CPU_SECONDS, change)
        ended = subprocess.run(
            ["prlimit", f"--cpu={CPU_SECONDS}", sys.executable, "-m", "pytest", *WORDS, *tests],
            cwd=self._copy,
            env={**os.environ, "PYTHONPATH": str(self._copy)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if ended.returncode in (0, NO_TESTS):
            return None
        named = FAILED.search(ended.stdout) or GONE.search(ended.stdout)
        return named[1] if named else ""

    def close(self) -> None:
        """End what runs the tests."""
        if self._warm:
            self._warm.close()


def _is_of(asked: str, failed: str) -> bool:
    """Is a test that failed (named without its row) the one that was asked, a row of it, or of that file?"""
    return failed.startswith(asked) or asked.startswith(failed)


def _write(module: Path, source: str) -> None:
    """Put a module there, and nothing compiled of it: the two differ in less than a second, or in no byte of size."""
    module.write_text(source)
    Path(cache_from_source(str(module))).unlink(missing_ok=True)


def copied(into: Path) -> Path:
    """A copy of what is in the repository, or could be: nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (CHECKOUT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes((CHECKOUT / name).read_bytes())
            (into / name).chmod((CHECKOUT / name).stat().st_mode)
    return into


def interval(killed: int, tried: int) -> tuple[float, float]:
    """Between which shares (per cent) that of all mutants lies, with 95 % confidence (Wilson, for a random sample)."""
    z, share = 1.96, killed / tried
    middle, spread = share + z * z / (2 * tried), z * sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried))
    return tuple(100 * (middle + side * spread) / (1 + z * z / tried) for side in (-1, 1))  # type: ignore[return-value]


def known(file: Path) -> dict[str, bool]:
    """What was judged before, by mutant."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {each["mutant"]: each["killed"] for each in map(json.loads, lines)}


def main() -> None:
    options = argparse.ArgumentParser(description="Do the tests notice when the code is wrong?")
    options.add_argument("--mutants", type=int, default=300, help="how many are drawn; 0: all")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="a file or folder below sopctl/")
    options.add_argument(
        "--judged", type=Path, default=Path(os.devnull), help="where verdicts are noted, and not asked again"
    )
    options.add_argument(
        "--covering",
        type=Path,
        help="what is known of the lines that each test runs; where nothing is, it is found out",
    )
    options.add_argument("--beside", type=int, default=1, help="so many are judged side by side")
    given = options.parse_args()
    files = [path for path in modules() if given.only in str(path.relative_to(CHECKOUT / "sopctl"))]
    every = [place for path in files for place in places(path)]
    drawn = every.copy()
    Random(given.seed).shuffle(drawn)  # so a larger sample has all of a smaller one
    drawn = drawn[: given.mutants or len(every)]
    tried = killed = 0
    try:
        for place, noticed in _verdicts(drawn, given.judged, given.covering, given.beside):
            tried, killed = tried + 1, killed + noticed
            verdict = "killed" if noticed else "SURVIVED"
            print(f"{tried}/{len(drawn)} {verdict}: {_where(place)} {place.how}", flush=True)  # noqa: T201
    finally:
        if tried:
            least, most = interval(killed, tried)
            said = (
                f"{tried} of {len(every)} mutants of model/ and store/, drawn at random (seed {given.seed}): "
                f"{100 * killed / tried:.0f} % killed; of all, {least:.0f} to {most:.0f} % (95 % confidence)"
            )
            print(said)  # noqa: T201
            figure("mutation", said)


def _where(place: Place) -> str:
    return f"{place.file.relative_to(CHECKOUT)}:{place.line}"


def _verdicts(drawn: list[Place], noted: Path, kept: Path | None, beside: int) -> Iterator[tuple[Place, bool]]:
    """What becomes of each, in their order: as was noted, or as is judged now, and noted."""
    judged = known(noted)
    free: SimpleQueue[Judges] = SimpleQueue()

    def verdict(place: Place) -> bool:
        mutant_ = f"{_where(place)} {place.node} {place.how}"
        if mutant_ in judged:
            return judged[mutant_]
        judge = free.get()
        try:
            noticed = judge.judge(place)
        finally:
            free.put(judge)
        with noted.open("a") as into:
            into.write(json.dumps({"mutant": mutant_, "killed": noticed}) + "\n")
        return noticed

    with ExitStack() as ends:
        for _ in range(beside):
            copy = copied(Path(ends.enter_context(tempfile.TemporaryDirectory())))
            free.put(judge := Judges(copy, Covering(copy, kept.resolve()) if kept else None))
            ends.callback(judge.close)
        pool = ThreadPoolExecutor(beside)
        ends.callback(pool.shutdown, cancel_futures=True)
        yield from zip(drawn, pool.map(verdict, drawn), strict=True)


if __name__ == "__main__":
    main()
