"""Do the tests notice when the code is wrong? Changes one place at a time and runs the tests that speak of its module:
`python -m tests.faults.mutate [--mutants N] [--seed N] [--only PATH] [--judged FILE] [--covering FOLDER] [--beside N]`.

Each mutant differs from the code in one operator, condition, number, name-like string, answer or statement. What a
sentence says is left as it is: nobody tests wording, and nobody should. A mutant is killed when a test fails, or when
the tests do not end in time. The places are drawn by a seed from model/ and store/, in a copy of the checkout.
What was judged is not judged again. With `--covering`, the tests that run the changed line are asked; where none does,
those that run the lines which name what it is part of; else those that speak of its module.
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
from functools import cache
from importlib.util import cache_from_source
from itertools import pairwise
from math import sqrt
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import NamedTuple

from tests.cases import rows
from tests.faults.covering import Covering
from tests.faults.scale import figure

CHECKOUT = Path(__file__).parents[2]
ROOMS = ("model", "store")
LEFT_OUT = "not battery and not lab"
NO_TESTS = 5
"""Exit code of pytest when there is nothing to run."""
CPU_SECONDS = 120
"""Which the tests of one mutant may take: some twenty times what they do."""
ASKED = (1, 4, 12)
"""So many test files that speak of a module are asked first, so many next, and so many at all."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/[^\s:]+\.py(?:::\w+)*)", re.MULTILINE)
"""The test that ended pytest, as its last lines name it, without its row of a table."""
GONE = re.compile(r"^ERROR: not found: \S+?/(tests/.+)$", re.MULTILINE)
"""One that there is no more, or that a table has no row of."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMBINED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}


BOUND = 20
"""From here on a number is a bound that someone chose, of a text or a list: one more is no fault that anybody could
see, and a thousand times as much is no bound."""

DECLARES = frozenset({"frozen", "kw_only", "strict"})
"""Arguments that hold what mypy has shown already."""


class Place(NamedTuple):
    """Where a mutant differs: the file, which of its nodes, and how."""

    file: Path
    node: int
    line: int
    how: str


def changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What a node is made into, each with a word for it."""
    yield from _operators(node)
    yield from _values(node)
    yield from _statements(node)


def _operators(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=right) if type(operator) in COMPARED:
            other = COMPARED[type(operator)]
            yield f"{type(operator).__name__} → {other.__name__}", ast.Compare(left, [other()], right)
        case ast.BoolOp(op=ast.And(), values=values):
            yield "and → or", ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(op=ast.Or(), values=values):
            yield "or → and", ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not left out", operand
        case ast.BinOp(left=left, op=op, right=value) if type(op) in COMBINED:
            yield f"{type(op).__name__} → {COMBINED[type(op)].__name__}", ast.BinOp(left, COMBINED[type(op)](), value)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield f"condition {ast.unparse(test)[:40]} always True", body
            yield f"condition {ast.unparse(test)[:40]} always False", orelse


def _values(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Constant(value=bool(known)):
            yield f"{known} → {not known}", ast.Constant(not known)
        case ast.Constant(value=int(number)):
            other = number + 1 if number < BOUND else number * 1000
            yield f"{number} → {other}", ast.Constant(other)
        case ast.Constant(value=str(text)) if text and not any(map(str.isspace, text)):
            yield f"{text!r} changed", ast.Constant(f"{text}X")


def _statements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.If(test=test, body=body, orelse=orelse):
            for known in (True, False):
                yield f"condition {ast.unparse(test)[:40]} always {known}", ast.If(ast.Constant(known), body, orelse)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "answers None", ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call() as call):
            yield f"{ast.unparse(call)[:40]} left out", ast.Pass()
        case ast.Raise():
            yield "raise left out", ast.Pass()
        case ast.Continue():
            yield "continue → break", ast.Break()
        case ast.Break():
            yield "break → continue", ast.Continue()


def _not_run(tree: ast.Module) -> set[int]:
    """The nodes, by their number, that have no effect when the program runs: documentation and annotations of
    functions, and what only a type checker reads."""
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.append(node)
        elif isinstance(node, ast.FunctionDef):
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
            found += [each.annotation for each in every if each and each.annotation]
            found += [node.returns] if node.returns else []
            found += [each.annotation for each in ast.walk(node) if isinstance(each, ast.AnnAssign)]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("cast", "TypeVar"):
            found += node.args[:1]
        elif isinstance(node, ast.keyword) and node.arg in DECLARES:
            found.append(node)
    return {numbers[id(each)] for node in found for each in ast.walk(node)}


def modules() -> list[Path]:
    """Those of the rooms."""
    return [path for room in ROOMS for path in sorted((CHECKOUT / "sopctl" / room).rglob("*.py"))]


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def places(file: Path) -> list[Place]:
    """Every mutant of a file."""
    tree = ast.parse(file.read_text())
    left = _not_run(tree)
    return [
        Place(file, number, getattr(node, "lineno", 0), how)
        for number, node in enumerate(ast.walk(tree))
        if number not in left
        for how, _ in changed(node)
    ]


def mutant(place: Place) -> str:
    """The source of a file with its one change."""
    tree = ast.parse(place.file.read_text())
    target = list(ast.walk(tree))[place.node]
    other = next(made for how, made in changed(target) if how == place.how)

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return other if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree))) + "\n"


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


def statement(place: Place) -> range:
    """The lines of the innermost statement that has this place, without the statements that are in it."""
    innermost = _innermost(place)
    within = [each.lineno for each in ast.walk(innermost) if isinstance(each, ast.stmt) and each is not innermost]
    return range(innermost.lineno, min(within, default=(innermost.end_lineno or innermost.lineno) + 1))


def _innermost(place: Place) -> ast.stmt:
    tree = _parsed(place.file)
    target = list(ast.walk(tree))[place.node]
    innermost = tree.body[0]
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.stmt) and any(each is target for each in ast.walk(node)):
            innermost = node
    return innermost


def uses(place: Place) -> Iterator[tuple[Path, set[int]]]:
    """Where what a module binds when it is read (a constant, a field, what a function is called with) is named, in
    every module of the rooms: the tests that run those lines see what this place makes of it."""
    bound = set()
    match _innermost(place):
        case ast.Assign(targets=targets):
            bound = {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            bound = {name}
    for file in modules():
        if lines := {
            each.lineno
            for each in ast.walk(_parsed(file))
            if (isinstance(each, ast.Name) and each.id in bound)
            or (isinstance(each, ast.Attribute) and each.attr in bound)
        }:
            yield file.relative_to(CHECKOUT), lines


class Judges:
    """Runs the tests on mutants, each in the same copy of the checkout, which is as it was afterwards."""

    def __init__(self, copy: Path, covering: Covering | None) -> None:
        self._copy, self._covering = copy, covering
        self._sound: dict[str, bool] = {}

    def judge(self, place: Place) -> bool:
        """Does a test notice this mutant? One that fails without any (for want of root, say) judges nothing, nor does
        its file."""
        relative = place.file.relative_to(CHECKOUT)
        there = self._copy / relative
        own = f"test_{relative.name}"
        covering = self._covering.tests(own, [(relative, statement(place))]) if self._covering else []
        if self._covering and not covering:
            covering = self._covering.tests(own, uses(place))
        for tests in [covering] if covering else judges(relative.relative_to("sopctl")):
            asked = tests
            while asked:
                try:
                    _write(there, mutant(place))
                    failed = self._failed(asked)
                finally:
                    _write(there, place.file.read_text())
                if failed is None:
                    break
                if self._is_sound(failed):
                    return True
                asked = [test for test in asked if not _is_of(test, failed)] if failed else []
        return False

    def _is_sound(self, test: str) -> bool:
        """Does it pass without a mutant? Also what did not end in time, and named no test."""
        if test not in self._sound:
            self._sound[test] = not test or self._failed([test]) is None
        return self._sound[test]

    def _failed(self, tests: list[str]) -> str | None:
        """The first of them that fails; empty where pytest names none."""
        words = ["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--timeout=1200"]
        ended = subprocess.run(
            ["prlimit", f"--cpu={CPU_SECONDS}", sys.executable, "-m", "pytest", *words, "-m", LEFT_OUT, *tests],
            cwd=self._copy,
            env={**os.environ, "PYTHONPATH": str(self._copy)},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if ended.returncode in (0, NO_TESTS):
            return None
        named = FAILED.search(ended.stdout) or GONE.search(ended.stderr)
        return named[1] if named else ""


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
            free.put(Judges(copy, Covering(copy, kept.resolve()) if kept else None))
        pool = ThreadPoolExecutor(beside)
        ends.callback(pool.shutdown, cancel_futures=True)
        yield from zip(drawn, pool.map(verdict, drawn), strict=True)


if __name__ == "__main__":
    main()
