"""What the makers' tools say of RAID controllers."""

import time
from typing import Any

import pytest

from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.readers import controllers, storcli2
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows

ROWS = rows("controllers")
TEXT = ("ssacli", "megacli", "arcconf", "storcli")
SECTIONS = {tool: tool for tool in (*TEXT, "raid", "storcli2", "drives2")} | {"all_drives": "drives"}
"""By the key of a row; its `drives` are what is expected."""
LINES = sorted({line for row in ROWS for tool in TEXT for line in row.get(tool, "").splitlines()})


def read(row: dict[str, Any]) -> ServerFacts:
    said = ""
    for key, section in SECTIONS.items():
        if key in row:
            said += f"={section} ok\n" + "".join(f" {line}\n" for line in row[key].splitlines() if line)
    return from_script(f"{said}=end ok\n", gathered_at="2026-11-23T09:30:00+07:00")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_controller(row: dict[str, Any]) -> None:
    facts = read(row)
    controllers = [(c.name, c.model, c.serial, c.firmware, c.battery, c.state) for c in facts.controllers]
    volumes = [(v.name, v.level, v.state, v.size, v.controller) for v in facts.raid]
    drives = [(d.name, d.size_bytes, d.model, d.serial, d.rotational, d.health) for d in facts.drives]
    for name, found in (("controllers", controllers), ("volumes", volumes), ("drives", drives)):
        assert [" | ".join(map(str, each)) for each in found] == row[name], name
    said = [f"{each.severity} {each}" for each in conditions(facts)]
    assert len(said) == len(row["conditions"]), said
    assert all(each.startswith(begin) for each, begin in zip(said, row["conditions"], strict=True)), said
    assert differences(facts, facts) == ()


@pytest.mark.parametrize("tool", TEXT)
@pytest.mark.parametrize(
    "line", [*LINES[::7], "a" * 400, "Logical Drive: " * 30, " in Slot 1" * 40, "PD: 1 Information"]
)
def test_any_line_many_times_ends_in_time(tool: str, line: str) -> None:
    begin = time.process_time()
    lines = [line] * 20_000
    if tool == "storcli":
        controllers.storcli(lines)
    else:
        controllers.READERS[tool](lines)
    assert time.process_time() - begin < 5, "a reader that is not linear"


@pytest.mark.parametrize(("digits", "names"), [(16, [f"c0/e252/s{'1' * 16}"]), (17, [])])
def test_a_slot_that_no_enclosure_has_is_none(digits: int, names: list[str]) -> None:
    drive = {"EID:Slt": "252:" + "1" * digits, "State": "Onln", "Size": "1.000 TB", "Med": "SSD"}
    assert [disk.name for disk in storcli2._drive("0", drive, {})] == names
