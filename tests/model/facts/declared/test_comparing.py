"""What was declared, beside what the machine says."""

from typing import Any

import msgspec
import pytest

from sopctl.model.deposit import Server
from sopctl.model.facts.declared import compare
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows

ROWS = rows("declared")
AGREES = {"nothing": None, True: True, False: False}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_declared_and_found(row: dict[str, Any]) -> None:
    server = {"name": "portal.example.org", "brand_model": "X", "height_units": 2, **row.get("server", {})}
    facts = {"gathered_at": "2026-11-01T00:00:00+07:00", "hostname": "portal", **row["facts"]}
    found = compare(msgspec.convert(server, Server), row.get("serial", ""), msgspec.convert(facts, ServerFacts))
    expected = {key: AGREES[value] for key, value in row.items() if key not in ("name", "server", "serial", "facts")}
    assert {line.subject: line.agrees for line in found} == expected
