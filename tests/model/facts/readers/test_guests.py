"""Virtual machines and containers on a host."""

import time
from typing import Any

import pytest

from sopctl.model.facts import shown
from sopctl.model.facts.changes import differences
from sopctl.model.facts.readers import guests
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("guests")
LINES = sorted({line for row in ROWS for section in guests.SECTIONS for line in row.get(section, "").splitlines()})


def read(row: dict[str, Any]) -> ServerFacts:
    return from_script(
        framed({name: said for name, said in row.items() if name not in ("name", "guests")}), gathered_at=AT
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_guests(row: dict[str, Any]) -> None:
    found = read(row).guests
    assert [f"{each.kind} {each.name}{' *' if each.running else ''}" for each in found] == row["guests"]


def test_that_they_come_and_go_is_no_change() -> None:
    months = [read(row) for row in ROWS]
    assert all(differences(before, after) == () for before in months for after in months)


def test_the_form_counts_them_and_names_some() -> None:
    few, many = read(ROWS[1]).guests, read({"docker": "\n".join(f"c{at:02}|Up 1 hour" for at in range(40))}).guests
    assert shown.machines(few) == "2, 1 di antaranya berjalan: template, web"
    assert (shown.containers(many) or "").endswith("c10, c11, dan 28 lainnya")
    assert shown.machines(many) is None


@pytest.mark.parametrize(
    "line", [*LINES, "1 " + "a " * 2000, "-" + " " * 4000, "|" * 4000, "100 running" + " a" * 2000]
)
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    guests.guests(dict.fromkeys(guests.SECTIONS, [line] * 20_000), {"siti": [{"names": [line]}] * 20_000})
    assert time.process_time() - begin < 5, "a reader that is not linear"
