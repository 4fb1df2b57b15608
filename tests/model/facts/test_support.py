"""Until when an operating system is supported."""

from datetime import date
from typing import Any

import msgspec
import pytest

from sopctl.adapters.documents import Section
from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.support import Support, support
from tests.cases import rows


@pytest.mark.parametrize("row", rows("support"), ids=lambda row: row["said"])
def test_a_system(row: dict[str, Any]) -> None:
    found = support(row["said"])
    assert (found and found.end) == row["end"]


def said(facts: dict[str, Any], letter: str = "") -> list[tuple[str, str]]:
    """What the form says of the support, and from where."""
    always = {"gathered_at": "2026-11-01T00:00:00+07:00", "hostname": "portal"}
    server = msgspec.convert(always | facts, ServerFacts)
    sections = sections_of(server, {"os": letter} if letter else {}, {})
    fields = next(each.fields for each in sections if isinstance(each, Section) and each.title == "Sistem")
    return [(field.value, field.source) for field in fields if field.label == "Dukungan sistem operasi"]


def test_the_form_says_who_says_so_and_when_that_was() -> None:
    debian = {"os_name": "Debian", "os_version": "12.5"}
    assert said(debian) == [("berakhir 30 Juni 2028, menurut endoflife.date/debian per 22 Agustus 2026", "gathered")]
    assert said({}, "Windows Server 2022")[0][1] == "declared"
    assert said(debian | {"packages": {"pve-manager": "8.2.2"}})[0][0].startswith("berakhir 31 Agustus 2026")
    assert said({"os_name": "Arch"}) == []


@pytest.mark.parametrize(
    ("day", "count"), [("2028-06-30", 0), ("2028-07-01", 1)], ids=["the last day", "the day after"]
)
def test_the_end_is_a_warning(day: str, count: int) -> None:
    facts = ServerFacts(gathered_at=f"{day}T08:00:00+07:00", hostname="x", os_name="Debian", os_version="12.5")
    found = [f"{each.severity} {each}" for each in conditions(facts)]
    end = "dukungan berakhir 30 Juni 2028, menurut endoflife.date/debian per 22 Agustus 2026"
    assert found == [f"warning Sistem operasi Debian 12.5: {end}"] * count


MONTHS = {
    1: "Januari",
    2: "Februari",
    3: "Maret",
    4: "April",
    5: "Mei",
    6: "Juni",
    7: "Juli",
    8: "Agustus",
    9: "September",
    10: "Oktober",
    11: "November",
    12: "Desember",
}


@pytest.mark.parametrize("month", MONTHS)
def test_a_day_is_written_as_on_papers(month: int) -> None:
    said = str(Support("debian", (12,), date(2028, month, 1), "example.org", date(2026, month, 28)))
    assert said == f"berakhir 1 {MONTHS[month]} 2028, menurut example.org per 28 {MONTHS[month]} 2026"
