"""The catalogs of sopctl's texts: `make catalog` collects the texts from the source, notes those that are new in
sopctl/locale/id/*.po, drops those that are gone, and compiles `id.mo`.

errors.po: what is wrong, and what helps. help.po: what --help says, click's own words among it. screen.po: what is
printed and asked. An entry without a translation is missing, and a test fails for it.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as BabelMessage
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sopctl.cli.language import COMMENT
from sopctl.cli.main import COMMANDS, cli
from sopctl.cli.render import FACT, labelled
from sopctl.locale.catalogs import FOLDER
from sopctl.model.facts.server import ServerFacts
from sopctl.workflow.setup.lab import all_states

PACKAGE = FOLDER.parent
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""What the compiled catalog says when it was made: always the same, so that it differs only where a text does."""

HEADER = """\
# sopctl's texts in Indonesian. The sopctl developers, GPL-3.0-or-later.
msgid ""
msgstr ""
"Language: id\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


BY_NAME = ("required",)
"""What click has translated by what a variable holds, `_(extra["required"])`: its source names no text there."""

Key = tuple[str | None, str | tuple[str, str]]
"""What tells a text from every other: its context, where it has one, and its English."""


class Message(NamedTuple):
    """A text to translate (with its plural, where it has one), the module that it is from, and what it is about where
    its English stands for several things."""

    id: str | tuple[str, str]
    place: str
    context: str | None = None

    @property
    def key(self) -> Key:
        return self.context, self.id


def gathered() -> dict[str, list[Message]]:
    """Every text of the source, once for each place, by its kind."""
    return {"errors": [*_errors()], "help": [*_help(), *_click()], "screen": [*_marked(), *_fields(), *_states()]}


def collected(texts: dict[str, list[Message]]) -> dict[str, list[Message]]:
    """Every text once, by the part of the catalog that it belongs to. One that is in several belongs to the first."""
    known = dict[Key, tuple[str, Message]]()
    for part, messages in texts.items():
        for each in messages:
            known.setdefault(each.key, (part, each))
    return {part: [each for own, each in known.values() if own == part] for part in texts}


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE.parent)), ast.parse(path.read_bytes())


def _errors() -> Iterator[Message]:
    """The sentences of errors (the second argument, behind an id), and what helps."""
    modules = list(_modules())
    raising = _kinds_of_errors(modules) | {"_error", "recast"}
    for place, tree in modules:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            name = ast.unparse(node.func).rpartition(".")[2]
            above = name == "__init__" and len(texts) > 1 and " " in texts[1]
            if (name in raising or above) and len(texts) > 1 and ID.fullmatch(texts[0]):
                yield Message(texts[1], place)
            for keyword in node.keywords:
                if keyword.arg == "remedy":
                    yield from (Message(each, place) for each in _texts(keyword.value))


def _kinds_of_errors(modules: list[tuple[str, ast.Module]]) -> set[str]:
    """The names of SopctlError and of all classes that derive from it, and of the faults of soundness."""
    bases = dict[str, set[str]]()
    for _place, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(ast.unparse(each).rpartition(".")[2] for each in node.bases)
    found = {"SopctlError", "Fault"}
    while more := {name for name, above in bases.items() if name not in found and above & found}:
        found |= more
    return found


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may stand for, as far as they stand there."""
    match node:
        case ast.Constant(value=str(text)) if text.strip():
            yield text
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.BoolOp(values=elements):
            for each in elements:
                yield from _texts(each)
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _texts(body)
            yield from _texts(otherwise)


def _help() -> Iterator[Message]:
    for section in COMMANDS:
        yield Message(section, "sopctl/cli/main.py")
    for command in _commands(cli):
        place = inspect.getsourcefile(inspect.unwrap(command.callback)) if command.callback else None
        where = str(Path(place).relative_to(PACKAGE.parent)) if place else "sopctl/cli"
        for text in (command.help, command.short_help):
            if text:
                yield Message(inspect.cleandoc(text), where)
        yield from (Message(each, where) for each in COMMENT.findall(command.epilog or ""))
        for parameter in command.params:
            texts = [parameter.metavar]
            if isinstance(parameter, click.Option):
                texts += [parameter.help, parameter.prompt if isinstance(parameter.prompt, str) else None]
            yield from (Message(each, where) for each in texts if each)


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if below := command.get_command(context, name):
                yield from _commands(below)


def _click() -> Iterator[Message]:
    """What click itself says."""
    folder = Path(click.__file__).parent
    for file, _, message, _, _ in extract_from_dir(folder, keywords={"_": None, "ngettext": (1, 2)}):
        yield Message(message if isinstance(message, str) else (message[0], message[1]), f"click/{file}")
    yield from (Message(each, "click/core.py") for each in BY_NAME)


def _fields() -> Iterator[Message]:
    """What the fields of the facts are called."""
    seen, waiting = set[type](), list[msgspec.inspect.Type]([msgspec.inspect.type_info(ServerFacts)])
    while waiting:
        match waiting.pop():
            case msgspec.inspect.StructType(cls=kind, fields=fields) if kind not in seen:
                seen.add(kind)
                yield from (Message(labelled(each.name), "sopctl/model/facts/server.py", FACT) for each in fields)
                waiting += [each.type for each in fields]
            case msgspec.inspect.UnionType(types=types):
                waiting += types
            case msgspec.inspect.CollectionType(item_type=inner) | msgspec.inspect.VarTupleType(item_type=inner):
                waiting.append(inner)


def _states() -> Iterator[Message]:
    """What the states of lab servers are."""
    yield from (Message(each.what, "sopctl/adapters/lab/states") for each in all_states())


def _marked() -> Iterator[Message]:
    """What is marked in the source as a text to translate."""
    for place, tree in _modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("_", "Text", "gettext_noop"):
                yield from (Message(each, place) for each in _texts(node.args[0]))
            elif name in ("pgettext", "Sense"):
                match node.args[:2]:
                    case [ast.Constant(value=str(context)), ast.Constant(value=str(text))]:
                        yield Message(text, place, context)
            elif name in ("ngettext", "Counted"):
                match node.args[:2]:
                    case [ast.Constant(value=str(one)), ast.Constant(value=str(many))]:
                        yield Message((one, many), place)


def _empty() -> Catalog:
    """A catalog of a language without plurals: for Babel, Indonesian has two."""
    made = Catalog(locale="id", charset="utf-8", fuzzy=False)
    made.mime_headers = [("Plural-Forms", "nplurals=1; plural=0;")]
    return made


def kept(part: str) -> Catalog:
    """A part of the catalog as it is in the checkout."""
    path = FOLDER / "id" / f"{part}.po"
    if not path.exists():
        return _empty()
    with path.open("rb") as file:
        return read_po(file, locale="id")


def updated(part: str, messages: list[Message]) -> Catalog:
    """The part with the texts of the source: those that were translated stay so."""
    before = kept(part)
    made = _empty()
    for each in messages:
        known = before.get(each.id, each.context)
        string = known.string if known and not known.fuzzy else ""
        made.add(each.id, string, locations=[(each.place, 0)], context=each.context)
    return made


def written(catalog: Catalog) -> bytes:
    """A part as a file: no dates, which would differ each time."""
    made = BytesIO()
    write_po(made, catalog, width=120, omit_header=True)
    return HEADER.encode() + made.getvalue()


def compiled(parts: dict[str, Catalog]) -> bytes:
    """All parts as one catalog for gettext."""
    whole = _empty()
    for part in parts.values():
        for message in part:
            if message.id and message.string:
                whole.add(message.id, message.string, context=message.context)
    whole.creation_date = whole.revision_date = LONG_AGO
    made = BytesIO()
    write_mo(made, whole)
    return made.getvalue()


def complete(message: BabelMessage) -> bool:
    """Is it translated?"""
    string = message.string
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> int:
    """Update the files. The exit code is 1 where a translation is missing."""
    parts = {part: updated(part, messages) for part, messages in collected(gathered()).items()}
    missing = 0
    for part, catalog in parts.items():
        (FOLDER / "id").mkdir(exist_ok=True)
        (FOLDER / "id" / f"{part}.po").write_bytes(written(catalog))
        lacking = [each for each in catalog if each.id and not complete(each)]
        print(f"{part}: {len(catalog)} texts, {len(lacking)} without a translation")
        missing += len(lacking)
    (FOLDER / "id.mo").write_bytes(compiled(parts))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
