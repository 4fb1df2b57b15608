"""The addresses that the office gives out."""

from typing import Any

import msgspec
import pytest

from sopctl.model.intake import addresses
from sopctl.model.intake.addresses import Network
from tests.cases import rows


def network(said: dict[str, Any]) -> Network:
    return msgspec.convert({"name": "titipan", **said}, Network)


@pytest.mark.parametrize("row", rows("networks"), ids=lambda row: row["name"])
def test_a_network(row: dict[str, Any]) -> None:
    if "refused" in row:
        with pytest.raises(msgspec.ValidationError, match=row["refused"]):
            network(row["is"])
        return
    found = network(row["is"])
    assert found.free(row["taken"]) == row["free"]
    for address, why in row.get("doubts", {}).items():
        said = addresses.doubt([found], address)
        assert (why in said) if why else said == ""


def test_an_address_belongs_to_the_smallest_network_and_its_vlan() -> None:
    wide = network({"name": "wide", "network": "10.20.0.0/16", "vlan": 20})
    small = network({"name": "small", "network": "10.20.30.0/24", "vlan": 30})
    assert addresses.network_of([wide, small], "10.20.30.9") is small
    assert addresses.doubt([wide, small], "10.20.30.9", 30) == ""
    assert addresses.doubt([wide, small], "10.20.30.9", 20, (30,)) == "", "it is tagged there"
    said = addresses.doubt([wide, small], "10.20.30.9", 20)
    assert said == "10.20.30.9 is of small, which is in VLAN 30; the port is in VLAN 20"
    assert addresses.doubt([wide, small], "web.example.org", 20) == "", "a name is of no network"
