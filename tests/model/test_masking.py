"""Personal data is masked (tests/cases/masking.yml)."""

from typing import Any

import pytest

from sopctl.model import masking
from tests.cases import rows


@pytest.mark.parametrize("row", rows("masking"), ids=lambda row: f"{row['kind']} {row['text']}")
def test_personal_data_is_masked(row: dict[str, Any]) -> None:
    assert getattr(masking, row["kind"])(row["text"]) == row["shown"]
