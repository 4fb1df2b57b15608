"""What BMCs say of power supplies."""

import time
from typing import Any

import pytest

from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.readers import supplies
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("supplies")
SECTIONS = ("fru", "supply", "powerunit")
KEYS = ("Location", "Serial Number", "Max Power Capacity", "Status", "Plugged")
LINES = sorted({line for row in ROWS for section in SECTIONS for line in row.get(section, "").splitlines()})


def read(row: dict[str, Any]) -> ServerFacts:
    made = {section: row[section] for section in SECTIONS if section in row}
    made["dmidecode"] = "\n".join(
        f"Handle 0x27{at:02X}, DMI type 39, 22 bytes\nSystem Power Supply\n"
        + "\n".join(f"\t{key}: {value}" for key, value in zip(KEYS, record, strict=True))
        for at, record in enumerate(row.get("smbios", ()))
    )
    return from_script(framed(made), gathered_at=AT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_supplies(row: dict[str, Any]) -> None:
    facts = read(row)
    found = [(p.name, p.model, p.serial, p.state, p.watts, p.plugged) for p in facts.power_supplies]
    assert [" | ".join(map(str, each)) for each in found] == row["supplies"]
    assert facts.power_redundancy == row.get("redundancy")
    assert [f"{each.severity} {each}" for each in conditions(facts)] == row.get("conditions", [])
    assert differences(facts, facts) == ()


def test_a_month_in_which_the_bmc_says_nothing_is_no_change() -> None:
    """A server always has a supply: none means that none was read. So an upgrade of sopctl is no change either."""
    dell, silent = read(ROWS[0]), read({"smbios": []})
    assert [str(each) for each in differences(silent, dell)] == []
    assert {each.weight for each in differences(dell, silent)} == {"unread"}


def test_a_cord_that_is_pulled_out_is_an_alarm() -> None:
    supply = "PS1 Status | C8h | ok | 10.1 | Presence detected\nPS2 Status | C9h | ok | 10.2 | Presence detected"
    before, after = read({"supply": supply}), read({"supply": f"{supply}, Power Supply AC lost"})
    assert [(each.weight, str(each)) for each in differences(before, after)] == [
        ("alarm", "Keadaan catu daya PSU 2: Presence detected menjadi Power Supply AC lost")
    ]


@pytest.mark.parametrize("line", [*LINES[::5], "|" * 4000, "Power Supply " * 300, "Presence detected, " * 200])
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    supplies.supplies([line] * 20_000, [line] * 20_000)
    supplies.redundancy([line] * 20_000)
    assert time.process_time() - begin < 5, "a reader that is not linear"
