"""Print docs/reference/errors.md: every error that sopctl knows, read from the source. Run by `make docs`."""

import ast
import errno
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from sopctl import errors
from sopctl.cli import wording
from sopctl.cli.main import BUG, cli
from sopctl.errors import Action, ExitCode, InvalidRecord, OutsideFailure, SopctlError
from sopctl.locale import Text
from sopctl.store import durable

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
    tree, module = ast.parse(path.read_text()), ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if not any(isinstance(node, ast.Call) and len(node.args) > 1 for node in ast.walk(tree)) or "__main__" in module:
        return
    names = vars(importlib.import_module(module.removesuffix(".__init__")))
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
            yield words[0], words[1], kind, _meant(remedy, node, tree, names)


def _meant(remedy: ast.expr | None, node: ast.Call, tree: ast.Module, names: dict[str, object]) -> list[str]:
    """What helps, and what a name stands for, in the function that makes the error or in the module."""
    if isinstance(remedy, ast.IfExp):
        return [*_meant(remedy.body, node, tree, names), *_meant(remedy.orelse, node, tree, names)]
    if not isinstance(remedy, ast.Name):
        return [_help(remedy)]
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    around = [each for each in functions if each.lineno <= node.lineno <= (each.end_lineno or 0)]
    assigned = [
        _help(each.value)
        for each in (ast.walk(around[-1]) if around else ())
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == remedy.id and each.lineno <= node.lineno
    ]
    return assigned or [_worded(names.get(remedy.id))]


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
    if isinstance(advice, tuple):
        return " ".join(filter(None, map(_worded, advice)))
    if isinstance(advice, Action):
        return f"`{wording.command(advice)}`"
    return advice.template if isinstance(advice, Text) else advice if isinstance(advice, str) else ""


def _help(node: ast.expr | None) -> str:
    """What helps, as far as the source says it: sentences, and command lines."""
    if isinstance(node, ast.Tuple | ast.List):
        return " ".join(filter(None, map(_help, node.elts)))
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{…}" for each in node.values)
        return "".join(map(str, parts))
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Text", "gettext_noop") and node.args:
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
