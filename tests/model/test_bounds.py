"""How much and how many of a thing each record takes (tests/cases/bounds.yml): a site has records up to these bounds,
and readers rely on them."""

import importlib
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Meta, Struct

from tests.cases import rows

ROWS = rows("bounds")


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
