"""How long steps took, and how well the time limits were kept (tests/cases/sla.yml)."""

from datetime import date, datetime
from typing import Any

import pytest

from sopctl.model.sop import sla
from sopctl.model.sop.history import Event
from sopctl.model.sop.workdays import Calendar
from sopctl.store.library import SHIPPED, Library
from tests.cases import rows

PROCEDURES = Library(SHIPPED).current
CALENDAR = Calendar(lambda _year: {})


def events(lines: list[str]) -> list[Event]:
    made = []
    for number, line in enumerate(lines, start=1):
        at, name, step, outcome = line.split(" ", 3)
        when = datetime.fromisoformat(f"{at}:00:00+07:00")
        made.append(Event(number, when, name, int(step), outcome, by="x", typed="x", prev=""))
    return made


def occurrences(row: dict[str, Any]) -> list[sla.Occurrence]:
    return list(sla.occurrences("PS-1", PROCEDURES, events(row["events"])))


@pytest.mark.parametrize("row", rows("sla"), ids=lambda row: row["name"])
def test_how_long_the_steps_took(row: dict[str, Any]) -> None:
    found: list[list[object]] = []
    for each in occurrences(row):
        place = f"{each.procedure} {each.step}"
        if each.ended is None:
            found.append([place, None, "open"])
            continue
        word = "late" if each.late(CALENDAR, each.ended.date()) else "in time"
        found.append([place, round(each.days(CALENDAR, each.ended), 2), word])
    assert found == row["took"]


def test_the_report_of_a_month_counts_what_ended_in_it_and_what_is_open() -> None:
    found = [occurrence for row in rows("sla")[:9] for occurrence in occurrences(row)]
    now = datetime.fromisoformat("2026-11-10T08:00:00+07:00")
    report = sla.report(found, CALENDAR, (date(2026, 11, 1), date(2026, 11, 30)), now)
    by_step = {(line.procedure, line.step): line.tally for line in report.steps}
    second = by_step["penitipan", 2]
    assert (second.done, second.in_time, second.late, second.open) == (5, 4, 1, 0)
    assert (second.median_days, second.worst_days) == (1.0, 3.0)
    third = by_step["penitipan", 3]
    assert (third.done, third.open, third.open_late) == (1, 4, 3), "one is due on the tenth itself"
    monthly = by_step["konfigurasi", 6]
    assert (monthly.done, monthly.late) == (1, 0), "October's is another month's"
    head = report.actors["Kadis Kominfo"]
    assert (head.done, head.in_time, head.late, head.open) == (5, 4, 1, 0), "the second step is the head's only one"
    assert report.total.done == sum(tally.done for tally in report.actors.values())
    assert report.total.open == sum(line.tally.open for line in report.steps)
