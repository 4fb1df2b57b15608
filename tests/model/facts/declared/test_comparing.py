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


def test_the_sizes_of_the_disks_that_were_found() -> None:
    """Those of one size are counted, the smallest first."""
    disks = [{"name": f"sd{n}", "size_bytes": size} for n, size in enumerate((960197124096, *[480103981056] * 2))]
    facts = {"gathered_at": "2026-11-01T00:00:00+07:00", "hostname": "portal", "disks": disks}
    declared = Server(name="portal.example.org", brand_model="X", height_units=2, disks=("960 GB", "480 GB", "480 GB"))
    found = {line.subject: line.found for line in compare(declared, "", msgspec.convert(facts, ServerFacts))}
    assert found["Jumlah disk"] == "3"
    assert found["Ukuran disk"] == "2 × 480 GB; 960 GB"
