"""What each record refuses by itself, and what just beside that is right (tests/cases/refusals.yml)."""

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, ValidationError, convert

import sopctl
from tests.cases import rows

ROWS = rows("refusals")
WRONG = [(row["record"], row["right"], wrong["change"], wrong["says"]) for row in ROWS for wrong in row["wrong"]]
RIGHT = [(row["record"], row["right"], change) for row in ROWS for change in ({}, *row.get("also", ()))]


def made(record: str, right: dict[str, Any], change: dict[str, Any]) -> Struct:
    """As a file is read, whose scalars are text."""
    module, _, name = record.rpartition(".")
    said = {key: value for key, value in {**right, **change}.items() if value is not None}
    kind: type[Struct] = getattr(importlib.import_module(f"sopctl.{module}"), name)
    return convert(said, kind, strict=False)


@pytest.mark.parametrize(("record", "right", "change"), RIGHT)
def test_a_record_takes(record: str, right: dict[str, Any], change: dict[str, Any]) -> None:
    assert made(record, right, change)


@pytest.mark.parametrize(("record", "right", "change", "says"), WRONG)
def test_a_record_refuses(record: str, right: dict[str, Any], change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        made(record, right, change)
    assert str(refused.value).startswith(says)


def sentences() -> set[str]:
    """Those with which the modules of the table refuse, each up to its first place."""
    found = set()
    for module in {row["record"].rpartition(".")[0] for row in ROWS}:
        path = Path(sopctl.__file__).parent / f"{module.replace('.', '/')}.py"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and node.exc and ast.unparse(node.exc).startswith("ValueError("):
                said = next(each.value for each in ast.walk(node.exc) if isinstance(each, ast.Constant))
                found.add(str(said))
    return found


def test_every_refusal_is_in_the_table() -> None:
    said = [says for *_, says in WRONG]
    assert len(sentences()) > 25, "they were found"
    assert [each for each in sentences() if not any(each in says for says in said)] == []
