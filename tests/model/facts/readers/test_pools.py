"""Arrays of ZFS, btrfs and LVM, and volumes with several paths."""

import time
from typing import Any

import pytest

from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.readers import pools
from sopctl.model.facts.script import from_script
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("pools")
SECTIONS = ("zpool", "btrfs", "btrfsshow", "dm")
LINES = sorted({line for row in ROWS for section in SECTIONS for line in row.get(section, "").splitlines()})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_an_array(row: dict[str, Any]) -> None:
    facts = from_script(framed({section: row[section] for section in SECTIONS if section in row}), gathered_at=AT)
    found = [(v.name, v.level, v.state, v.size, ", ".join(v.failed), v.activity) for v in facts.raid]
    assert [" | ".join(map(str, each)) for each in found] == row["volumes"]
    assert [f"{each.severity} {each}" for each in conditions(facts)] == row["conditions"]
    assert differences(facts, facts) == ()


@pytest.mark.parametrize("line", [*LINES[::5], "\t" + "a" * 400, "  pool: " * 30, " 8:16 A" * 300])
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    lines = ["  pool: tank", *[line] * 20_000]
    for found in (pools.zfs(lines), pools.btrfs(lines, lines), pools.device_mapper(lines)):
        assert len(list(found)) <= len(lines)
    assert time.process_time() - begin < 5, "a reader that is not linear"
