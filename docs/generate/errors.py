"""Print docs/reference/errors.md: every error that sopctl knows, read from the source. Run by `make docs`."""

import ast
import errno
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click

from sopctl import errors
from sopctl.cli import wording
from sopctl.cli.main import BUG, cli
from sopctl.errors import Action, ExitCode, InvalidRecord, OutsideFailure, SopctlError
from sopctl.locale import Text
from sopctl.store import codec, durable

ROOT = Path(__file__).parents[2]

MEANS = {
    0: "done; the answer is yes",
    1: "done; the answer is no: not accessible, a host failed, no space, something differs",
    2: "the command line is not understood, or names what is not there",
    3: "an input or a record is not valid; `where` has file:line:column",
    4: "the procedure forbids it now; the remedy says what is due instead",
    5: "someone else holds the record or has changed it",
    6: "something outside is missing or failed: a program, the network, the disk, a server",
    BUG: "an error in sopctl itself",
    124: "a playbook run took too long and was ended",
    130: "interrupted (Ctrl-C, SIGTERM); what was begun was cleaned up",
}
"""Every exit code, and no other one."""

BY_CAUSE = "What the cause calls for: see [causes](causes.md)."
CALLED = {
    "remedy": BY_CAUSE,
    "_sentence": BY_CAUSE,
    "Sentence": BY_CAUSE,
    "Cause.OTHER_DEPOSIT.remedy": BY_CAUSE,
    "actions.due": "the command that is due (`sopctl todo` has it)",
    "device_remedies": "Update the device, or enable on it what is current. If it cannot, the office may allow it for "
    "this device alone, in its record (`legacy`).",
    "find_tier": "Run it as root, outside a container, or install what it names.",
    "_parts": "What each objection says of its field.",
}
"""What helps, by the function that is asked for it."""

OF_A_FILE = (
    f"{codec.CORRECT} [Settings](settings.md) has every key. A history is never corrected: restore it from the site's "
    "version control or backup."
)
"""What helps with the errors of store/codec.py, which does not know what it reads."""

HEAD = """\
# Errors and exit codes

Made by `make docs` from the source. An `id` never changes; its sentence may be reworded. Words in braces are
placeholders, and what helps may depend on their values. With `--json` an error is
[`sopctl/error/1`](json.md#refused), or an element of `errors`.

A command that handles several things exits with the code of the first failure; the others are in `errors`.
With `--format nagios`, the exit codes are those of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

| exit code | meaning |
|---|---|
"""


class _Module(NamedTuple):
    """A module of sopctl: as it is written, and what its names stand for."""

    tree: ast.Module
    names: dict[str, object]


@dataclass
class Known:
    """An error: its sentence, its exit codes, and what helps, wherever it is raised."""

    sentence: str
    codes: set[int] = field(default_factory=set)
    helps: dict[str, None] = field(default_factory=dict)


def known() -> dict[str, Known]:
    """Every error, by its id."""
    found: dict[str, Known] = {}
    for path in sorted((ROOT / "sopctl").rglob("*.py")):
        for id, sentence, kind, said in _raised(path):
            one = found.setdefault(id, Known(sentence))
            one.codes.add(BUG if id == "bug" else int(kind.exit_code))
            one.helps |= dict.fromkeys(filter(None, said))
    for id, helps in (*durable.KNOWN.values(), durable.OTHER):
        one = found.setdefault(id, Known("cannot {doing}: {reason}", {int(OutsideFailure.exit_code)}))
        one.helps[helps] = None
    return dict(sorted(found.items()))


def _raised(path: Path) -> Iterator[tuple[str, str, type[SopctlError], list[str]]]:
    """The errors that a module makes: id, sentence, class, and what helps, each in its own words."""
    if path.name == "__main__.py":
        return
    module = _module(_dotted(path))
    tree, names = module
    inner = {name: each for name, each in vars(errors).items() if isinstance(each, type)}  # imported in a function
    classes: dict[str, type] = inner | {name: each for name, each in names.items() if isinstance(each, type)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called, words = ast.unparse(node.func), [_text(each) for each in node.args]
        kind = _kind(called, classes, names)
        if kind is None and called == "super().__init__":
            kind = next((classes[each.name] for each in _above(node, tree) if each.name in classes), None)
        if kind is None and called == "self._error":
            kind, words = InvalidRecord, words[1:]
        if kind is None and called.endswith("Fault") and path.name == "soundness.py":
            kind = InvalidRecord
        if kind is not None and issubclass(kind, SopctlError) and len(words) > 1 and words[0] and words[1]:
            remedy = next((each.value for each in node.keywords if each.arg == "remedy"), None)
            plain = remedy is None and module.names is vars(codec)
            yield words[0], words[1], kind, [OF_A_FILE] if plain else _meant(remedy, node, module)


def _meant(said: ast.expr | None, node: ast.AST, module: _Module, seen: frozenset[ast.AST] = frozenset()) -> list[str]:
    """What helps, in every way in which it may be said: `said` is the expression, at `node` in the module. Names stand
    for what they are assigned in the function, for what its callers give, or for what the module has."""
    if said is None or said in seen:
        return []

    def each_of(*nodes: ast.expr | None) -> list[str]:
        return [text for inner in nodes for text in _meant(inner, node, module, seen | {said}) if text]

    match said:
        case ast.IfExp():
            found = each_of(said.body, said.orelse)
        case ast.BoolOp() | ast.Dict():
            found = each_of(*said.values)
        case ast.Tuple() | ast.List():
            found = [" ".join(each_of(*said.elts))]
        case ast.Starred() | ast.Subscript():
            found = each_of(said.value)
        case ast.ListComp():
            found = each_of(said.generators[0].iter)
        case ast.Call(func=ast.Name(id="joined" | "tuple")):
            found = each_of(said.args[-1])
        case ast.Call(func=ast.Attribute(value=table, attr="get")):
            found = each_of(table, *said.args[1:])
        case ast.Call():
            called = ast.unparse(said.func)
            found = [CALLED[called]] if called in CALLED else _returned(said, module, seen) or [_help(said)]
        case ast.Name():
            found = _named(said, node, module, seen | {said}) or [_worded(module.names.get(said.id))]
        case ast.Attribute():
            found = [_worded(_object(said, module))]
        case _:
            found = [_help(said)]
    return found


def _named(said: ast.Name, node: ast.AST, module: _Module, seen: frozenset[ast.AST]) -> list[str]:
    """What a name stands for in the function around `node`."""
    functions = [each for each in ast.walk(module.tree) if isinstance(each, ast.FunctionDef)]
    line = getattr(node, "lineno", 0)
    around = [each for each in functions if each.lineno <= line <= (each.end_lineno or 0)]
    if not around:
        return []
    found: list[str] = []
    for each in _since(said, line, around[-1]):
        match each:
            case ast.Assign(targets=[ast.Tuple() as names]):
                at = next((n for n, name in enumerate(names.elts) if ast.unparse(name) == said.id), None)
                if at is not None:
                    found += _part(each.value, at, each, module, seen)
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                if ast.unparse(target) == said.id:
                    found += _meant(each.value, each, module, seen)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=said.id), attr="append" | "insert")):
                found += _meant(each.args[-1], each, module, seen)
    return list(filter(None, found)) or _given(said, around[-1], module, seen)


def _since(said: ast.Name, line: int, function: ast.FunctionDef) -> list[ast.AST]:
    """What a function does before this line, since it last gave the name a value that counts there in any case."""
    before = [each for each in ast.walk(function) if getattr(each, "lineno", line + 1) <= line]
    blocks = [getattr(each, name, None) for each in (function, *before) for name in ("body", "orelse", "handlers")]
    sure = [
        each.lineno
        for block in blocks
        if isinstance(block, list) and block and block[0].lineno <= line <= (block[-1].end_lineno or 0)
        for each in block
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == said.id and each.lineno <= line
    ]
    return [each for each in before if getattr(each, "lineno", 0) >= max(sure, default=0)]


def _part(value: ast.expr, at: int, node: ast.AST, module: _Module, seen: frozenset[ast.AST]) -> list[str]:
    """What the name at this place stands for, where several are assigned at once."""
    if isinstance(value, ast.Tuple):
        return _meant(value.elts[at], node, module, seen)
    if isinstance(value, ast.Call):
        return (
            _meant(value, node, module, seen)
            if ast.unparse(value.func) in CALLED
            else _returned(value, module, seen, at)
        )
    return []


def _given(said: ast.Name, function: ast.FunctionDef, module: _Module, seen: frozenset[ast.AST]) -> list[str]:
    """What the callers of a function give for a parameter of it, and its default."""
    takes = function.args
    positional = [each.arg for each in takes.args if each.arg != "self"]
    by_name = [each.arg for each in takes.kwonlyargs]
    defaults = dict(zip(positional[::-1], takes.defaults[::-1], strict=False))
    defaults |= {name: each for name, each in zip(by_name, takes.kw_defaults, strict=True) if each is not None}
    if said.id not in (*positional, *by_name):
        return []
    owner = next((each.name for each in _above(function, module.tree)), function.name)
    found = _meant(defaults.get(said.id), function, module, seen)
    for call, calling in _calls().get(owner, ()):
        if _object(call.func, calling) is module.names.get(owner):
            given = next((each.value for each in call.keywords if each.arg == said.id), None)
            if given is None and said.id in positional and positional.index(said.id) < len(call.args):
                given = call.args[positional.index(said.id)]
            found += _meant(given, call, calling, seen)
    return list(filter(None, found))


def _returned(call: ast.Call, module: _Module, seen: frozenset[ast.AST], at: int | None = None) -> list[str]:
    """What a function of ours that is asked for what helps may return; `at`: where in a tuple."""
    function = _object(call.func, module)
    if not inspect.isfunction(function) or not function.__module__.startswith("sopctl.") or function.__name__ == "_":
        return []
    there = _module(function.__module__)
    found: list[str] = []
    for each in ast.walk(there.tree):
        if isinstance(each, ast.FunctionDef) and each.name == function.__name__:
            for back in ast.walk(each):
                if not isinstance(back, ast.Return) or back.value is None:
                    continue
                if at is None:
                    found += _meant(back.value, back, there, seen | {call})
                elif isinstance(back.value, ast.Name):
                    constant = there.names.get(back.value.id)
                    found += [_worded(constant[at])] if isinstance(constant, tuple) else []
                else:
                    found += _part(back.value, at, back, there, seen | {call})
    return list(filter(None, found))


def _object(said: ast.expr, module: _Module) -> object:
    """What an expression of names stands for, as far as the module's names say it."""
    first, *rest = ast.unparse(said).split(".")
    found = module.names.get(first)
    for each in rest:
        found = getattr(found, each, None)
    return found


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def _module(name: str) -> _Module:
    found = importlib.import_module(name)
    return _Module(ast.parse(Path(str(found.__file__)).read_text()), vars(found))


@cache
def _calls() -> dict[str, list[tuple[ast.Call, _Module]]]:
    """All calls in sopctl, by the last name of what is called."""
    found: dict[str, list[tuple[ast.Call, _Module]]] = {}
    for path in sorted((ROOT / "sopctl").rglob("*.py")):
        if path.name == "__main__.py":
            continue
        module = _module(_dotted(path))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                found.setdefault(ast.unparse(node.func).rpartition(".")[2], []).append((node, module))
    return found


def _kind(called: str, classes: dict[str, type], names: dict[str, object]) -> type | None:
    first, _, rest = called.partition(".")
    if not rest:
        return classes.get(first)
    found = getattr(names.get(first), rest, None)
    return found if isinstance(found, type) else None


def _above(node: ast.AST, tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes that a call stands in."""
    for each in ast.walk(tree):
        if isinstance(each, ast.ClassDef) and any(inner is node for inner in ast.walk(each)):
            yield each


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _worded(advice: object) -> str:
    """The same of a constant: of any other object, nothing."""
    if isinstance(advice, Action):  # a tuple too
        return f"`{wording.command(advice)}`"
    if isinstance(advice, tuple):
        return " ".join(filter(None, map(_worded, advice)))
    return advice.template if isinstance(advice, Text) else advice if isinstance(advice, str) else ""


def _help(node: ast.expr | None) -> str:
    """What helps, as far as the source says it: sentences, and command lines."""
    if isinstance(node, ast.Tuple | ast.List):
        return " ".join(filter(None, map(_help, node.elts)))
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{…}" for each in node.values)
        return "".join(map(str, parts))
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Text", "gettext_noop", "_") and node.args:
        return _text(node.args[0])
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Action" and node.args:
        named = [each.value for each in node.keywords if each.arg == "needs" and isinstance(each.value, ast.Tuple)]
        needs = tuple(filter(None, map(_text, named[0].elts))) if named else ()
        known = [each.value for each in node.keywords if each.arg == "given" and isinstance(each.value, ast.Dict)]
        options = zip(known[0].keys, known[0].values, strict=True) if known else ()
        flags = {_text(name): "" for name, value in options if name and _text(name) and ast.unparse(value) == "''"}
        subject = _operand(_text(node.args[0])) if len(node.args) > 1 else ""
        action = Action(_text(node.args[0]), subject, needs=needs, given=flags)
        return f"`{wording.command(action)}`" if action.verb else ""
    return _text(node) if node is not None else ""


def _operand(verb: str) -> str:
    """What the help of a command calls the operand that an action gives it: `ID`, `DIR`, `RACK`."""
    found: click.Command = cli
    for word in wording.argv(Action(verb))[1:]:
        if not isinstance(found, click.Group) or not (below := found.get_command(click.Context(found), word)):
            break
        found = below
    operands = [each.make_metavar(click.Context(found)) for each in found.params if isinstance(each, click.Argument)]
    before = wording.command(Action(verb)).count("<")  # `document file-signed <file> ID`
    return re.split(r"[^A-Z]", operands[before].lstrip("["))[0] if operands[before:] else "ID"


def main() -> None:
    """Print the reference."""
    assert set(MEANS) == {int(each) for each in ExitCode} | {BUG}
    assert durable.KNOWN[errno.ENOENT]
    print(HEAD + "\n".join(f"| {code} | {means} |" for code, means in MEANS.items()))
    found = known()
    for code, means in MEANS.items():
        rows = [(id, each) for id, each in found.items() if code in each.codes]
        if rows:
            print(f"\n## Exit code {code}: {means.partition(';')[0].partition(':')[0]}\n")
            print("| id | sentence | what helps |\n|---|---|---|")
            for id, each in rows:
                print(f"| `{id}` | {_cell(each.sentence)} | {_cell(' / '.join(each.helps))} |")


def _cell(text: str) -> str:
    """A cell of a table. Within code, Markdown shows `&lt;` as it stands."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", "\\|"))
    return " ".join("".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts).split())


if __name__ == "__main__":
    main()
