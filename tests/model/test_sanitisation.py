"""Which disks are accounted for (tests/cases/sanitisation.yml)."""

from datetime import date
from typing import Any

import pytest
from msgspec import convert

from sopctl.model.sanitisation import DiskRow, Listed, Missing, Wanted, missing
from tests.cases import rows

PLAIN = {"method": "purge", "result": "ok", "by": "Staf", "on": date(2026, 11, 23), "tool": "nvme format"}


@pytest.mark.parametrize("row", rows("sanitisation"), ids=lambda row: row["name"])
def test_what_is_left(row: dict[str, Any]) -> None:
    wanted = Wanted(tuple(map(Listed, row["listed"])), row["count"])
    done = [convert({**PLAIN, **each}, DiskRow) for each in row["rows"]]
    left = missing(wanted, done)
    assert left == Missing(tuple(row.get("left", ())), row.get("more", 0))
    assert bool(left) == bool(row.get("left") or row.get("more"))
