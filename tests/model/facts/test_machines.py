"""Machines of many makers: what is read of them, and that no change is seen where there is none."""

import random
from typing import Any

import msgspec
import pytest

from sopctl.model.facts.changes import Weight, against_handover, differences, real
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.script import completed
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import MACHINES, answered, facts

NAMES = pytest.mark.parametrize("name", MACHINES)


def at(value: Any, path: str) -> Any:
    """What stands at a path: `disks.0.serial`, `disks.len`, `nics.*name`."""
    for step in path.split("."):
        if step == "len":
            value = len(value)
        elif step.startswith("*"):
            value = [getattr(each, step[1:]) for each in value]
        else:
            value = value[int(step)] if step.isdigit() else getattr(value, step)
    return list(value) if isinstance(value, tuple) else value


@NAMES
def test_what_is_read(name: str) -> None:
    found = facts(MACHINES[name])
    assert {path: at(found, path) for path in MACHINES[name]["facts"]} == MACHINES[name]["facts"]
    assert [str(each) for each in conditions(found)] == MACHINES[name].get("conditions", [])


@NAMES
def test_a_machine_does_not_differ_from_itself(name: str) -> None:
    for new in (True, False):
        found = facts(MACHINES[name], new=new)
        assert differences(found, found) == ()


@NAMES
def test_other_versions_of_the_tools_change_nothing(name: str) -> None:
    old, new = facts(MACHINES[name], new=False), facts(MACHINES[name])
    if MACHINES[name].get("old") == "differs":
        return
    assert real(differences(old, new)) == ()
    assert real(differences(new, old)) == ()


@NAMES
def test_setup_and_the_script_say_the_same(name: str) -> None:
    """Whichever reads a server in one month, and the other in the next."""
    script, setup = facts(MACHINES[name]), answered(MACHINES[name])
    if not any(card.get("function") for card in MACHINES[name].get("cards", {}).values()):
        assert real(differences(script, setup)) == ()
        assert real(differences(setup, script)) == ()
    both = completed(setup, script)
    assert real(differences(both, script)) == ()
    assert [len(both.disks), len(both.nics)] == [len(script.disks or setup.disks), len(script.nics or setup.nics)]


@NAMES
def test_what_an_earlier_version_kept_raises_no_alarm(name: str) -> None:
    """Its facts lack the fields of this one."""
    now = facts(MACHINES[name])
    plain = msgspec.to_builtins(now)
    for field in ("rules", "board_serial", "chassis_serial", "asset_tag", "empty_bays"):
        plain.pop(field)
    added = {"wwn", "controller", "failed", "activity", "plugged"}
    for field in ("disks", "drives", "raid", "power_supplies"):
        plain[field] = [{key: value for key, value in each.items() if key not in added} for each in plain[field]]
    before = msgspec.convert(plain, ServerFacts)
    assert real(differences(before, now)) == ()


@pytest.mark.parametrize("row", rows("months"), ids=lambda row: row["name"])
def test_what_changed_between_two_months(row: dict[str, Any]) -> None:
    found = differences(facts(row["before"]), facts(row["after"]))
    assert [str(change) for change in found] == row["changes"]
    assert any(change.weight is Weight.ALARM for change in found) == row.get("alarm", False)
    for month in ("before", "after"):
        assert differences(facts(row[month]), facts(row[month])) == ()


def test_forty_interfaces_of_containers_come_and_go() -> None:
    card = {"eno1": {"mac": "aa:bb:cc:00:00:01", "driver": "ixgbe", "ips": ["198.51.100.7/24"]}}

    def month(number: int) -> ServerFacts:
        guests = {f"if{number}n{n}": {"mac": f"fe:00:00:0{number}:00:{n:02x}"} for n in range(40)}
        return facts({"cards": card | guests})

    assert [nic.name for nic in month(1).nics] == ["eno1"]
    assert differences(month(1), month(2)) == ()


@pytest.mark.parametrize("said", ["Default string", "System Serial Number", "0123456789", "To be filled by O.E.M."])
def test_a_placeholder_is_no_other_serial_number(said: str) -> None:
    assert against_handover("SM-0042", facts({"dmi": ["ASUSTeK", "P5Q", said]})) == ()
    assert against_handover(said, facts({"dmi": ["ASUSTeK", "P5Q", "SM-0042"]})) == ()


def test_the_label_may_be_that_of_the_chassis_or_the_mainboard() -> None:
    node = facts({"dmi": ["Supermicro", "SYS-2029TP", "A263000X9", "VM188S01", "C217LK01"]})
    assert [against_handover(said, node) for said in ("a263000x9", "VM188S01", "C217LK01")] == [(), (), ()]
    assert against_handover("A263000X8", node) != ()


@NAMES
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_parts_means_nothing(name: str, seed: int) -> None:
    found = facts(MACHINES[name])
    mixed = random.Random(seed)
    lists = {
        field: tuple(mixed.sample(value, len(value)))
        for field in found.__struct_fields__
        if isinstance(value := getattr(found, field), tuple)
    }
    assert differences(found, msgspec.structs.replace(found, **lists)) == ()
