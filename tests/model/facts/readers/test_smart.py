"""What smartctl says of a disk."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.parts import Wear
from sopctl.model.facts.readers import smart
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("smart")
LINES = sorted({line for row in ROWS for line in row.get("said", "").splitlines()})


def read(row: dict[str, Any]) -> ServerFacts:
    said = json.dumps(row["json"]) if "json" in row else row["said"]
    listed = 'NAME="sda" TYPE="disk" SIZE="600127266816" MODEL="" SERIAL="" ROTA="1"'
    return from_script(framed({"lsblk": listed, "smart sda": said}), gathered_at=AT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_disk(row: dict[str, Any]) -> None:
    facts = read(row)
    (disk,) = facts.disks
    wear = disk.wear or Wear()
    counts = (wear.hours, wear.reallocated, wear.pending, wear.uncorrectable, wear.defects, wear.used)
    assert " | ".join(map(str, (disk.serial, disk.health, *counts))) == row["wear"]
    assert (disk.wear is None) == (set(counts) == {None}), "of a disk that counts nothing, there is nothing to say"
    assert [f"{each.severity} {each}" for each in conditions(facts)] == row.get("conditions", [])
    assert differences(facts, facts) == ()


def test_what_a_disk_counts_is_no_change() -> None:
    """It grows every month; what is too much is a condition."""
    seagate = ROWS[0]["said"]
    assert differences(read({"said": seagate}), read({"said": seagate.replace("36125", "36845")})) == ()


def test_a_disk_that_counts_nothing_or_everything() -> None:
    assert read({"said": "Serial Number: S1\n"}).disks[0].wear is None
    every = {"hours": 1, "reallocated": 2, "pending": 3, "uncorrectable": 4, "defects": 5, "used": 6}
    assert smart._wear(**every) == Wear(**every)
    assert smart._wear(**dict.fromkeys(every)) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["table", "raw", "string", "hours", "passed"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_document_raises(inner: object) -> None:
    for key in ("ata_smart_attributes", "power_on_time", "smart_status", "scsi_error_counter_log", "endurance_used"):
        smart.document({key: inner, "nvme_smart_health_information_log": inner})


@pytest.mark.parametrize("line", [*LINES[::3], "5 " + "A" * 4000, "read:" + " 1" * 2000, ":" * 4000])
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    smart.lines([line] * 20_000)
    assert time.process_time() - begin < 5, "a reader that is not linear"
