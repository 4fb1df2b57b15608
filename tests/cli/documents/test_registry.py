"""The contract as a whole: what holds for every document."""

from collections.abc import Iterator
from typing import Any

import click
import pytest

from sopctl.cli.documents import board, registry
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
