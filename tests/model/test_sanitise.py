"""Values from foreign programs, made short, safe and typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.sanitise import mac, size
from tests.cases import rows


@pytest.mark.parametrize("row", rows("sizes"), ids=lambda row: str(row["said"]))
def test_there_is_one_way_to_read_a_size(row: dict[str, Any]) -> None:
    assert size(row["said"], row.get("base", 1024)) == row["bytes"]


@given(st.text(max_size=100), st.sampled_from([1000, 1024]))
def test_any_text_is_a_size_or_none(said: str, base: int) -> None:
    found = size(said, base)
    assert found is None or 0 <= found <= 2**60


def test_hardware_addresses() -> None:
    assert mac(" AA:BB:CC:00:00:01\n") == "aa:bb:cc:00:00:01"
    infiniband = "80:00:02:08:fe:80:00:00:00:00:00:00:0c:42:a1:03:00:7d:2b:1e"
    assert mac(infiniband) == infiniband
    assert [mac(said) for said in ("00:00:00:00:00:00", "aa:bb", "", None, "00:" * 19 + "00")] == [None] * 5
