"""Mutants: the places in model/ and store/ at which code can be changed, and how."""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[2]
ROOMS = ("model", "store")
"""Below sopctl/."""

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

DECLARES = frozenset({"frozen", "kw_only", "strict", "gc"})
"""Arguments that hold what mypy has shown already, or that change nothing but what a thing costs."""


TYPED = ("cast", "TypeVar", "lru_cache")
"""What is called with something first that only a type checker reads, or that nobody can see: how much is kept."""
WORDED = {"gettext_noop": 0, "Text": 0, "Counted": 0, "disk_errors": 1}
"""With a wording, and which of the arguments that is."""
TOLD = frozenset({"Action", "Counted", "Sense", "Text", "gettext_noop"})
"""What makes a text or an action; an error is known by its id and its sentence."""


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
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) not in ("None", "False"):
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
    functions, what only a type checker reads, and wordings."""
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
        elif isinstance(node, ast.Call) and (called := ast.unparse(node.func)) in (*TYPED, *WORDED):
            worded = WORDED.get(called, 0)
            found += node.args[worded : worded + 1]
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


def mutated(source: str, node: int, how: str) -> ast.Module:
    """A source with its one change; every line is where it was."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[node]
    other = next(made for each, made in changed(target) if each == how)

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return ast.copy_location(other, node) if node is target else self.generic_visit(node)

    Put().generic_visit(tree)
    return ast.fix_missing_locations(tree)


def mutant(place: Place) -> str:
    """The source of a file with its one change."""
    return ast.unparse(mutated(place.file.read_text(), place.node, place.how)) + "\n"


def is_called(place: Place) -> bool:
    """Is it in what a function does, rather than in what its module binds when it is read?"""
    tree = _parsed(place.file)
    target = list(ast.walk(tree))[place.node]
    bodies = (each for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for each in function.body)
    return any(each is target for statement in bodies for each in ast.walk(statement))


def is_told(place: Place) -> bool:
    """Is it in what makes an error (whose id stands before its sentence), a text or an action? Those are read from the
    source, all of them, for a page and for the catalogs."""
    tree = _parsed(place.file)
    target = list(ast.walk(tree))[place.node]
    return any(
        isinstance(node, ast.Call) and _tells(node) and any(each is target for each in ast.walk(node))
        for node in ast.walk(tree)
    )


def _tells(call: ast.Call) -> bool:
    words = [each.value if isinstance(each, ast.Constant) else None for each in call.args]
    error = any(isinstance(id, str) and isinstance(said, str) and " " in said for id, said in pairwise(words))
    return error or ast.unparse(call.func).rpartition(".")[2] in TOLD


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


def vocabulary(place: Place) -> Iterator[Path]:
    """The modules of the rooms in whose terms the innermost statement of this place speaks: what it names of theirs."""
    named = {each.id for each in ast.walk(_innermost(place)) if isinstance(each, ast.Name)}
    for node in ast.walk(_parsed(place.file)):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and named & {each.asname or each.name for each in node.names}
        ):
            for dotted in (node.module, *(f"{node.module}.{each.name}" for each in node.names)):
                module = (CHECKOUT / dotted.replace(".", "/")).with_suffix(".py")
                if module.is_relative_to(CHECKOUT / "sopctl") and module.is_file():
                    yield module.relative_to(CHECKOUT / "sopctl")


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
