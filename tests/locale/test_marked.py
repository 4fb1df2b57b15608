"""No text of the command line escapes translation: whatever a module of sopctl/cli prints or asks is marked, or stands
in tests/cases/untranslated.yml with the reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from distribution import catalog
from sopctl.locale.catalogs import FOLDER
from tests.cases import rows

CLI = FOLDER.parent / "cli"
MARKS = frozenset({"_", "ngettext", "pgettext", "Sense", "Text", "gettext_noop", "said"})
DESCRIBES = frozenset(
    {"option", "argument", "command", "group", "version_option", "example", "Choice", "Path", "Action"}
)
"""Calls whose texts are help, which is translated when a command is loaded, or names and command lines."""
PASSED = frozenset(
    {"help", "metavar", "epilog", "short_help", "envvar", "fg", "bold", "style", "colour", "kind", "mode"}
)
"""Arguments of any call that no text of ours stands in, or that are translated with the help."""
MACHINE = frozenset({"documents"})
"""Rooms in which only records for programs are made."""
WORDS = re.compile(r"^(?!sopctl[ .:]).*[A-Za-z]{2,}[,:;]? [a-z(]|^(?!sopctl[ .:])[ –✓✗]*[A-Z]?[a-z]{3,}[a-z ]*[:.…]")
"""Looks like what a person reads, words with a space between or a label, and not like a command line."""


class Seen(ast.NodeVisitor):
    """Collects the texts of a module that are not marked, as `line: text`."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in MARKS | DESCRIBES:
            if name in MARKS:  # the values of a text are looked at
                for value in node.keywords:
                    self.visit(value.value)
            return
        raises = bool(node.args) and isinstance(node.args[0], ast.Constant) and name[:1].isupper()
        for each in node.args[2 if raises else 0 :]:
            self.visit(each)
        self.visit(node.func)
        for keyword in node.keywords:
            if keyword.arg not in PASSED and not (raises and keyword.arg == "remedy" and _plain(keyword.value)):
                self.visit(keyword.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # else what a module, class, function or value is for
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arguments(self, node: ast.arguments) -> None:
        for default in (*node.defaults, *node.kw_defaults):
            if default:
                self.visit(default)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and WORDS.search(node.value):
            self.found.append((node.lineno, node.value))


def _plain(node: ast.expr) -> bool:
    """A remedy whose texts the catalog has: constants."""
    return not any(isinstance(each, ast.JoinedStr) for each in ast.walk(node))


def unmarked(source: str) -> list[tuple[int, str]]:
    seen = Seen()
    seen.visit(ast.parse(source))
    return seen.found


def _catalogued() -> set[str]:
    """What the catalog has: also a constant that is worded where it is shown."""
    entries = [each.id for messages in catalog.gathered().values() for each in messages if each.context is None]
    return {text for entry in entries for text in ((entry,) if isinstance(entry, str) else entry)}


def _modules() -> Iterator[Path]:
    for path in sorted(CLI.rglob("*.py")):
        if not MACHINE & set(path.relative_to(CLI).parts):
            yield path


def test_every_text_is_marked() -> None:
    known, catalogued = {(row["module"], row["text"]) for row in rows("untranslated")}, _catalogued()
    found = {
        (str(path.relative_to(CLI)), text): line
        for path in _modules()
        for line, text in unmarked(path.read_text())
        if text not in catalogued
    }
    assert {f"{module}:{found[module, text]}: {text!r}" for module, text in found.keys() - known} == set()
    assert known - found.keys() == set(), "no longer there"


def test_what_is_not_marked_is_seen() -> None:
    """The search can fail."""
    source = """
def shown(name):
    \"\"\"Not this one.\"\"\"
    click.echo(f"there is no {name}")
    click.secho("Nothing is due.", fg="red")
    out.print(_("this is marked: {name}", name=name))
    raise UsageError("an-id", "a sentence of it", remedy="What helps.")
    raise UsageError("an-id", "a sentence of it", remedy=f"What {name} helps.")
    table("due to", _("place"))
def one_of(*ways, remedy="Give exactly one of them."):
    pass
"""
    assert [line for line, _text in unmarked(source)] == [4, 5, 8, 9, 10]
