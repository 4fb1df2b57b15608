"""How much and how many of a thing each record takes (tests/cases/bounds.yml): a site has records up to these bounds,
and readers rely on them. And which words and names it takes."""

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, get_args, get_type_hints

import pytest
from msgspec import NODEFAULT, UNSET, Meta, Struct, json, to_builtins
from msgspec.structs import fields

import sopctl
from sopctl.model.access.shards import Answers, Shard
from sopctl.model.deposit import Adoption, AnyRequest, Deposit
from sopctl.model.facts.sheet import Sheet
from sopctl.model.inspection import Inspection
from sopctl.model.intake.addresses import JumpRecord, Network
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.rack import Rack
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedure
from sopctl.model.unit import Unit
from sopctl.store.across.origin import Origin
from sopctl.store.issued import Issued
from sopctl.store.settings import Settings
from sopctl.store.switches import PinnedKey
from tests.cases import rows

ROWS = rows("bounds")
READ = (
    *(*get_args(AnyRequest), Adoption, Deposit, Sheet, Inspection, Procedure, Event, Unit, Settings),
    *(Rack, SwitchRecord, PinnedKey, JumpRecord, Network, Origin, Issued, Shard, Answers),
)
"""What is read from a file that a person writes, or from another process of ours."""
T = TypeVar("T")
PROGRAM = Path(sopctl.__file__).parent


def bounds(hint: object) -> Iterator[str]:
    """Those of a type and of what is in it: `1–60`, or `≤ 20 of length` for a text or a list."""
    for said in getattr(hint, "__metadata__", ()):
        if isinstance(said, Meta):
            for least, most, what in ((said.ge, said.le, ""), (said.min_length, said.max_length, " long")):
                if (least, most) != (None, None):
                    yield f"{'' if least is None else least}–{'' if most is None else most}{what}"
    for part in get_args(hint):
        yield from bounds(part)


def found(module: str) -> dict[str, dict[str, list[str]]]:
    """By record of a module and field."""
    records: dict[str, Any] = {
        name: each
        for name, each in vars(importlib.import_module(module)).items()
        if isinstance(each, type) and issubclass(each, Struct) and each.__module__ == module
    }
    return {
        name: fields
        for name, record in records.items()
        if (
            fields := {
                field: said
                for field, hint in get_type_hints(record, include_extras=True).items()
                if field in record.__annotations__ and (said := list(bounds(hint)))
            }
        )
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["module"])
def test_what_a_record_takes(row: dict[str, Any]) -> None:
    assert found(f"sopctl.{row['module']}") == row["records"]


def records_in(hint: Any) -> Iterator[type[Struct]]:
    """A record, and those that are in it."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
        for each in get_type_hints(hint, include_extras=True).values():
            yield from records_in(each)
    for part in get_args(hint):
        yield from records_in(part)


@pytest.mark.parametrize("record", READ, ids=lambda record: record.__name__)
def test_a_field_that_a_record_has_not_is_refused(record: type[Struct]) -> None:
    """A misspelt name would be a setting that does nothing. Also in the records of its module that are in it."""
    own = (each for each in records_in(record) if each.__module__ == record.__module__)
    assert [each.__name__ for each in own if not each.__struct_config__.forbid_unknown_fields] == []


def test_every_word_that_a_type_names_is_said_or_looked_for_somewhere() -> None:
    """Of each `Literal` of model/ and store/: a word that stands in its type alone is one that nothing ever is."""
    quoted = re.compile(r"""(["'])([^"'\s]+)\1""")
    said: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for module in PROGRAM.rglob("*.py"):
        text = module.read_text()
        said.update(each[2] for each in quoted.finditer(text))
        if "Literal[" in text and module.relative_to(PROGRAM).parts[0] in ("model", "store"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
                    named.update(
                        each.value
                        for each in ast.walk(node.slice)
                        if isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and quoted.match(repr(each.value))
                    )
    passed_on = {"preferred_username"}  # a claim of OpenID's, asked for as the settings say it
    assert {word for word, times in named.items() if said[word] <= times} == passed_on


def modules(*rooms: str) -> Iterator[tuple[str, ModuleType]]:
    """Those of these rooms, by name."""
    for path in sorted(each for room in rooms for each in (PROGRAM / room).rglob("*.py")):
        dotted = ".".join(path.relative_to(PROGRAM).with_suffix("").parts).removesuffix(".__init__")
        yield dotted, importlib.import_module(f"sopctl.{dotted}")


def constants(module: ModuleType, kind: type[T]) -> dict[str, T]:
    """What a module itself calls by a name in capitals, of this very type."""
    assigned = [each for each in ast.parse(Path(str(module.__file__)).read_text()).body if isinstance(each, ast.Assign)]
    named = {
        name.id
        for each in assigned
        for target in each.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    return {
        name: value
        for name, value in vars(module).items()
        if name in named and name.isupper() and type(value) is kind and not re.search(r"\s", str(value))
    }


def declared(kind: type[T]) -> Iterator[tuple[str, type[T]]]:
    """The classes of a kind that the modules of model/ and store/ declare, by where."""
    for dotted, module in modules("model", "store"):
        for name, each in vars(module).items():
            if isinstance(each, type) and issubclass(each, kind) and each.__module__ == module.__name__:
                yield f"{dotted}.{name}", each


def test_the_words_of_every_enumeration() -> None:
    """What was recorded by a word is read by it later (tests/cases/enumerations.yml)."""
    found = {name: [each.value for each in kind] for name, kind in declared(StrEnum)}
    assert found == {row["name"]: row["words"] for row in rows("enumerations")}


def test_what_is_kept_as_a_list_and_what_is_left_out_where_it_says_nothing() -> None:
    """The index's rows are read by their order; a journal's line and what goes to a worker is as short as it can be."""
    config = {name: record.__struct_config__ for name, record in declared(Struct)}
    assert [name for name, each in config.items() if each.array_like] == [
        "model.rack.Need",
        "model.sop.summary.Route",
        "model.sop.summary.Summary",
    ]
    assert [name for name, each in config.items() if each.omit_defaults] == [
        "model.access.shards.Check",
        "model.access.shards.Answer",
        "store.journal.Line",
    ]


def defaults(record: type[Struct]) -> dict[str, Any]:
    """What each field of a record means that is not said, as JSON, where that is not simply nothing."""
    own = [each for each in fields(record) if each.name in record.__annotations__]
    said = {each.name: each.default for each in own} | {
        each.name: each.default_factory() for each in own if each.default_factory is not NODEFAULT
    }
    return {
        name: json.decode(json.encode(to_builtins(value, order="sorted", str_keys=True)))
        for name, value in said.items()
        if not (callable(value) or isinstance(value, Struct))
        and value not in (NODEFAULT, UNSET, None, "", b"", (), {}, frozenset())
    }


def test_what_a_field_means_that_is_not_said() -> None:
    """A record, a history or an answer of an older version does not say it (tests/cases/defaults.yml)."""
    public = ((name, each) for name, each in declared(Struct) if not each.__name__.startswith("_"))
    found = {name: said for name, record in public if (said := defaults(record))}
    assert found == {row["record"]: row["unsaid"] for row in rows("defaults")}


def test_how_much_is_taken_and_waited_for() -> None:
    """A thousand times as much is no limit any more, and a site has records up to those that there are
    (tests/cases/limits.yml)."""
    found = {name: {**constants(module, int), **constants(module, float)} for name, module in modules("model", "store")}
    assert {name: said for name, said in found.items() if said} == {
        row["module"]: row["limits"] for row in rows("limits")
    }


def test_the_names_by_which_a_site_keeps_things() -> None:
    """What an older version wrote is found by them (tests/cases/kept_names.yml)."""
    found = {name: constants(module, str) for name, module in modules("store")}
    assert {name: said for name, said in found.items() if said} == {
        row["module"]: row["names"] for row in rows("kept_names")
    }
