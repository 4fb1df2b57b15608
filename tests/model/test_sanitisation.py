"""Which disks are accounted for (tests/cases/sanitisation.yml)."""

from datetime import date
from typing import Any

import pytest
from msgspec import convert

from sopctl.model.sanitisation import DiskRow, Listed, Missing, Wanted, missing
from tests.cases import rows

PLAIN = {"method": "purge", "result": "ok", "by": "Staf", "on": date(2026, 11, 23), "tool": "nvme format"}


@pytest.mark.parametrize("method", ["clear", "purge", "destroy", "returned"])
@pytest.mark.parametrize("result", ["ok", "failed"])
def test_what_records_may_say_was_done(method: str, result: str) -> None:
    """These words stand in records, which stay."""
    row = convert({**PLAIN, "disk": "S1", "method": method, "result": result}, DiskRow)
    assert (row.method, row.result) == (method, result)
    assert row.accounts_for_it == (result == "ok")


@pytest.mark.parametrize("row", rows("sanitisation"), ids=lambda row: row["name"])
def test_what_is_left(row: dict[str, Any]) -> None:
    wanted = Wanted(tuple(map(Listed, row["listed"])), row["count"])
    done = [convert({**PLAIN, **each}, DiskRow) for each in row["rows"]]
    left = missing(wanted, done)
    assert left == Missing(tuple(row.get("left", ())), row.get("more", 0))
    assert bool(left) == bool(row.get("left") or row.get("more"))
