"""Whose a MAC address is: a table, and that nobody can take one from whom the letter names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.ports.addresses import Known, of_others, settled
from tests.cases import rows

CLAIMS = st.dictionaries(st.sampled_from("ABC"), st.dictionaries(st.sampled_from(("aa", "bb")), st.sampled_from(Known)))


@pytest.mark.parametrize("row", rows("addresses"), ids=lambda row: str(row["name"]))
def test_whose_an_address_is(row: dict[str, Any]) -> None:
    claims = {
        deposit: {mac: Known[how.upper()] for mac, how in known.items()} for deposit, known in row["claims"].items()
    }
    owned = settled(claims)
    assert {deposit: list(macs) for deposit, macs in owned.items()} == row["own"]


@given(CLAIMS)
def test_what_a_letter_names_is_its_servers(claims: dict[str, dict[str, Known]]) -> None:
    owned = settled(claims)
    for deposit, known in claims.items():
        assert {mac for mac, how in known.items() if how is Known.NAMED} <= set(owned[deposit])
        assert not set(of_others(owned, deposit)) & set(owned[deposit])
