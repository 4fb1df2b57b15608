"""What stands for no name and no serial number, and what only looks as if."""

from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from sopctl.model.facts.parts import Cpu, Disk, MemoryModule, Nic, PowerSupply
from sopctl.model.facts.server import ServerFacts
from sopctl.model.placeholders import name, serial, stands_for_nothing, without
from tests.cases import rows

AT = "2026-11-01T00:00:00+07:00"
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
        AT,
        "none",
        product="System Product Name",
        disks=(Disk("sda", 1, serial="0123456789"),),
        power_supplies=(PowerSupply("Unknown", serial="P1"),),
    )
    cleaned = without(facts)
    assert (cleaned.hostname, cleaned.product, cleaned.disks[0].serial) == ("none", None, None)
    assert cleaned.power_supplies == facts.power_supplies
    assert without(cleaned) is cleaned


@pytest.mark.parametrize(
    ("part", "gated"),
    [
        (ServerFacts(AT, "none"), ["vendor", "product", "serial", "board_serial", "chassis_serial", "asset_tag"]),
        (Cpu(), ["model"]),
        (Disk("none", 1), ["model", "serial", "wwn"]),
        (MemoryModule("none", 1), ["kind", "maker", "part", "serial"]),
        (Nic("none"), []),
    ],
)
def test_names_and_serial_numbers_are_gated_wherever_they_stand(part: Struct, gated: list[str]) -> None:
    said = [name for name, kind in get_type_hints(type(part)).items() if kind == str | None]
    found = without(structs.replace(part, **dict.fromkeys(said, "none")))
    assert sorted(each for each in said if getattr(found, each) is None) == sorted(gated)


def test_a_part_that_is_there_once_is_gated_too() -> None:
    facts = ServerFacts(AT, "web1", cpu=Cpu("To Be Filled By O.E.M.", 2))
    assert without(facts).cpu == Cpu(None, 2)
