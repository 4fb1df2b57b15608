"""What stands for no name and no serial number, and what only looks as if."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.parts import Disk, PowerSupply
from sopctl.model.facts.server import ServerFacts
from sopctl.model.placeholders import name, serial, stands_for_nothing, without
from tests.cases import rows

SAID = [(said, row["nothing"]) for row in rows("placeholders") for said in row["said"]]


@pytest.mark.parametrize(("said", "nothing"), SAID, ids=[repr(said) for said, _ in SAID])
def test_what_stands_for_nothing(said: str, nothing: bool) -> None:
    assert stands_for_nothing(said) == nothing
    assert (serial(said) is None) == nothing
    for other in (said.lower(), said.upper(), f" {said} "):
        assert (name(other) is None) == nothing, other


@given(st.text(max_size=80))
def test_the_gate_takes_anything(said: str) -> None:
    found = name(said)
    assert found is None or found.isprintable()


def test_the_gate_reaches_every_part_and_leaves_the_rest() -> None:
    facts = ServerFacts(
        "2026-11-01T00:00:00+07:00",
        "none",
        product="System Product Name",
        disks=(Disk("sda", 1, serial="0123456789"),),
        power_supplies=(PowerSupply("Unknown", serial="P1"),),
    )
    cleaned = without(facts)
    assert (cleaned.hostname, cleaned.product, cleaned.disks[0].serial) == ("none", None, None)
    assert cleaned.power_supplies == facts.power_supplies
    assert without(cleaned) is cleaned
