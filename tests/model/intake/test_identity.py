"""Who has the same address, number, name, key or letter: meaning counts, not spelling."""

from datetime import date
from typing import Any

import pytest
from msgspec import convert

from sopctl.model import unit
from sopctl.model.deposit import Adoption
from sopctl.model.intake import identity
from sopctl.model.intake.identity import Holder, Mark
from sopctl.model.unit import Unit
from tests.cases import rows
from tests.keys import public_key

UNITS = {"dinkes": Unit("Dinas Kesehatan", ("DINKES",))}
CONTACT = {"name": "Administrator Sistem"}


def holder(id: str, said: dict[str, Any], n: int) -> Holder:
    """A deposit of which everything that is not said is its own."""
    record: dict[str, Any] = {
        "unit": said.get("unit", "Dinas Contoh"),
        "letter": {"number": said.get("letter", f"090/{n}/2025"), "date": date(2026, 11, 2)},
        "contacts": {"administrative": CONTACT, "technical": CONTACT},
        "server": {
            "name": said.get("name", f"own{n}.example.org"),
            "brand_model": "Contoh R200",
            "height_units": 2,
            "serial": said.get("serial", f"OWN-{n}{n}"),
        },
        "access": {"address": said.get("address", f"198.18.0.{n}"), "port": said.get("port", 22)},
    }
    if "bmc" in said:
        record["bmc"] = {"address": said["bmc"], "port": said.get("bmc_port", 443)}
    if "key" in said:
        line = f"{public_key(str(said['key']))} {said.get('comment', '')}".strip()
        record["access"]["accounts"] = [{"name": "webadmin", "keys": [line]}]
    found = identity.marks(convert(record, Adoption), UNITS, serial=said.get("read"), host_key=said.get("host_key", ""))
    return Holder(id, found, f"unit {n}", unit=unit.identity(UNITS, record["unit"]))


@pytest.mark.parametrize("row", rows("identities"), ids=lambda row: row["name"])
def test_what_two_records_share(row: dict[str, Any]) -> None:
    one, two = holder("PS-1", row["one"], 1), holder("PS-2", row["two"], 2)
    found = identity.clashes([two], [one])
    assert sorted(each.mark.kind for each in found) == row["shares"]
    assert all(each.others == (one,) for each in found)
    assert sorted(each.mark.kind for each in identity.clashes([one, two])) == row["shares"], "and within one list"
    without, with_reason = identity.shared([one, two])
    assert (sorted(each.mark.kind for each in without), with_reason) == (row["shares"], [])


def test_a_clash_says_what_and_whose() -> None:
    one, two = holder("PS-1", {"serial": "SN-1"}, 1), holder("row 2", {"serial": "sn1"}, 2)
    assert [str(each) for each in identity.clashes([two], [one])] == ["the serial number sn1 is that of PS-1 (unit 1)"]


def test_a_reason_excuses_the_one_who_gave_it_and_nobody_who_comes_later() -> None:
    mark = Mark("serial", "sn1")
    one, two, three = (Holder(f"PS-{n}", {mark: "SN-1"}) for n in (1, 2, 3))
    two = Holder(two.id, two.marks, excused=frozenset([mark]))
    assert identity.clashes([two], [one]) == []
    without, with_reason = identity.shared([one, two])
    assert (without, [(each.id, each.others) for each in with_reason]) == ([], [("PS-2", (one,))])
    assert [each.id for each in identity.clashes([three], [one, two])] == ["PS-3"], "a third has no reason yet"
    assert [(each.id, each.others) for each in identity.shared([one, two, three])[0]] == [("PS-3", (one,))]


def test_many_with_one_mark_are_counted_and_a_few_named() -> None:
    mark = Mark("letter", "x: 1")
    many = [Holder(f"PS-{n:04}", {mark: "1"}) for n in range(2_000)]
    found = identity.clashes(many)
    assert (len(found), max(len(each.others) for each in found)) == (1_999, identity.NAMED)
    assert len(identity.shared(many)[0]) == 1_999


@pytest.mark.parametrize("written", ["", "None", "To Be Filled By O.E.M.", "0000000", "-"])
def test_what_only_stands_for_a_serial_number_is_an_empty_text(written: str) -> None:
    """Not None: what is compared and kept is text."""
    assert identity.serial_number(written) == ""
