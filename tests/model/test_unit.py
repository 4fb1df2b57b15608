"""Units: letters spell them as they like."""

from typing import Any

import pytest

from sopctl.model.unit import Unit, called, identity, label
from tests.cases import rows

UNITS = {"dinkes": Unit("Dinas Kesehatan", ("DINKES", "Dinas Kesehatan Kab. Contoh"))}


@pytest.mark.parametrize("row", rows("units"), ids=lambda row: f"{row['one']} {row['two']}")
def test_spellings(row: dict[str, Any]) -> None:
    assert (identity(UNITS, row["one"]) == identity(UNITS, row["two"])) is row["same"]


def test_lists_use_the_site_s_name() -> None:
    assert label(UNITS, "DINKES") == "Dinas Kesehatan"
    assert label(UNITS, "DINAS CONTOH") == "DINAS CONTOH"
    assert called(UNITS, "DINKES", "kesehatan")
    assert not called(UNITS, "Dinas Contoh", "kesehatan")
