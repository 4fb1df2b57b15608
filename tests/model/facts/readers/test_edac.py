"""The memory errors that the kernel counted."""

import time
from typing import Any

import pytest

from sopctl.model.facts import shown
from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.readers import edac
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("edac")


def read(said: str) -> ServerFacts:
    return from_script(framed({"edac": said.replace("mc/mc", "/sys/devices/system/edac/mc/mc")}), gathered_at=AT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_memory_errors(row: dict[str, Any]) -> None:
    facts = read(row["said"])
    assert [f"{e.module} | {e.corrected} | {e.uncorrected}" for e in facts.memory_errors] == row["errors"]
    assert [f"{each.severity} {each}" for each in conditions(facts)] == row.get("conditions", [])


def test_more_errors_are_no_change() -> None:
    said = ROWS[0]["said"]
    assert differences(read(said), read(said.replace("1842", "2044"))) == ()


def test_the_form_names_the_modules_that_err() -> None:
    assert shown.memory_errors(read(ROWS[0]["said"]).memory_errors) == (
        "CPU_SrcID#0_MC#0_Chan#1_DIMM#0: 1842 terkoreksi, 0 tidak terkoreksi"
    )
    assert shown.memory_errors(read(ROWS[4]["said"]).memory_errors) == (
        "tidak ada (1 modul diamati sejak server dinyalakan)"
    )
    assert shown.memory_errors(()) is None


@pytest.mark.parametrize("line", ["/mc0" * 1000, "/" * 4000, "/mc0/dimm0/dimm_label:" + "x" * 4000])
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    edac.memory_errors([line] * 20_000)
    assert time.process_time() - begin < 5, "a reader that is not linear"
