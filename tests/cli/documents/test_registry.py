"""The contract as a whole: what holds for every document."""

import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
from msgspec import Struct

from sopctl.cli.documents import board, printing, registry
from sopctl.cli.main import cli
from tests import contract

RECORDS: dict[str, dict[str, Any]] = registry.schemas()["$defs"]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield " ".join((*path, name)), found


def test_a_document_is_that_of_a_command_with_json() -> None:
    with_json = {words for words, each in commands(cli) if any("--json" in option.opts for option in each.params)}
    assert with_json == set(registry.DOCUMENTS) - {"error"}


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_says_what_it_is(name: str) -> None:
    assert RECORDS[name]["description"], name


@pytest.mark.parametrize("name", RECORDS)
def test_a_duration_or_size_has_its_unit_in_its_name(name: str) -> None:
    units = ("_seconds", "_days", "_minutes", "_mm", "_watts", "_kg", "_gib", "_mib", "_bytes", "_mbps", "_percent")
    numbers = ("integer", "number")
    for key, kind in RECORDS[name]["properties"].items():
        if not any(each.get("type") in numbers for each in (kind, *kind.get("anyOf", ()))):
            continue
        bare = {"duration", "depth", "weight", "power", "memory", "size", "speed", "took", "age"}
        assert key not in bare, f"{name}.{key} has no unit ({', '.join(units)})"


CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SPELLED_OTHERWISE = {
    "tidak berlaku": "an answer on the paper's form, as histories have it",
    "rusak ringan": "a condition on the paper's form",
    "rusak berat": "a condition on the paper's form",
    "handed_over": "a key of the record",
    **dict.fromkeys(("B-B", "B-T", "B-LT", "B-LTA"), "a level of PAdES"),
    **dict.fromkeys(("DDR3", "DDR4", "DDR5"), "a kind of memory"),
}


def enumerated(schema: object) -> Iterator[str]:
    """Every text that a schema enumerates."""
    if isinstance(schema, dict):
        yield from (each for each in schema.get("enum", ()) if isinstance(each, str))
        for each in schema.values():
            yield from enumerated(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from enumerated(each)


def test_an_enumerated_value_is_a_code() -> None:
    values = {each for record in RECORDS.values() for each in enumerated(record) if not each.startswith("sopctl/")}
    assert len(values) > 100
    assert {each for each in values if each and not CODE.fullmatch(each)} == set(SPELLED_OTHERWISE)


TIMES = re.compile(r"(.*_)?(at|since|until|began|ended|came|left|due|opened|expires|date|day|time|next_run|last_run)")
"""Keys that say when something was or will be."""

WORDS = {
    ("Data", "left"): "what a configuration left on the server",
    ("Disks", "left"): "which disks are not accounted for",
    ("Done", "left"): "what a backup leaves out",
    ("EngineStatus", "last_run"): "a record, which has its times",
    ("InventorySummary", "not_due"): "ids of deposits",
    ("ShownFacts", "bios_date"): "as the firmware writes it",
    ("SiteUpdated", "left"): "files that stay as they are",
    ("Tally", "in_time"): "how many steps were",
}
"""Such keys that hold no time, and what they hold."""

AMOUNTS = re.compile(r"(.*_)?(seconds|days|minutes|mm|watts|kg|gib|mib|gb|bytes|mbps|percent|count|length|tries)")
"""Keys that say how many, or how much."""


def kinds(key: dict[str, Any]) -> set[str]:
    """What a key may hold: types, and formats of texts."""
    found = {key.get("format", key.get("type", "choice" if "enum" in key else ""))}
    return found.union(*map(kinds, key.get("anyOf", ())), *([kinds(key["items"])] if "items" in key else []))


@pytest.mark.parametrize("name", RECORDS)
def test_a_time_is_a_time_and_an_amount_is_a_number(name: str) -> None:
    for key, kind in RECORDS[name]["properties"].items():
        if TIMES.fullmatch(key) and (name, key) not in WORDS:
            assert kinds(kind) & {"date-time", "date"}, f"{name}.{key} holds {kinds(kind)}"
            assert "string" not in kinds(kind), f"{name}.{key} may hold any text"
        if AMOUNTS.fullmatch(key):
            assert "string" not in kinds(kind), f"{name}.{key} may hold any text"


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_that_was_found_is_a_key(name: str) -> None:
    assert RECORDS[name]["additionalProperties"] is False
    for kind in RECORDS[name]["properties"].values():
        assert "object" not in kinds(kind)


def test_no_exception_is_left_of_a_key_that_is_gone() -> None:
    assert not [(name, key) for name, key in WORDS if key not in RECORDS[name]["properties"]]


def test_a_record_with_data_as_keys_has_no_schema() -> None:
    class Bad(Struct):
        """Bad."""

        sums: dict[str, int]

    with pytest.raises(TypeError):
        printing.schema({Bad: ["sopctl/bad/1"]})


def test_two_records_of_one_name_are_told_apart() -> None:
    """By their modules' names; where that is another's name, there is no schema."""
    assert len(RECORDS) == len({*RECORDS})
    taken = type("RegistryBoard", (Struct,), {"__module__": __name__, "__doc__": "x"})
    first = type("Board", (Struct,), {"__module__": "one.first", "__doc__": "x"})
    second = type("Board", (Struct,), {"__module__": "two.registry", "__doc__": "x"})
    with pytest.raises(AssertionError, match="would be called"):
        printing.schema({taken: ["a"], first: ["b"], second: ["c"]})


def test_another_commands_record_is_refused() -> None:
    with pytest.raises(AssertionError):
        registry.document("list", board.Todo(steps=[], errors=[]))


@pytest.mark.parametrize(
    "printed",
    [
        '{"schema": "sopctl/list/1", "deposits": []}',
        '{"schema": "sopctl/list/1", "deposits": {}, "errors": []}',
        '{"schema": "sopctl/list/2", "deposits": [], "errors": []}',
        '{"schema": "sopctl/error/1", "error": "no"}',
    ],
)
def test_the_check_of_every_output_finds_what_is_wrong(printed: str) -> None:
    contract.hold('{"schema": "sopctl/list/1", "deposits": [], "errors": []}')
    with pytest.raises(AssertionError):
        contract.hold(printed)
