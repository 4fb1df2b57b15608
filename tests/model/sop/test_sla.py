"""How long steps took, and how well the time limits were kept (tests/cases/sla.yml)."""

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sopctl.model.month import month_in
from sopctl.model.sop import sla
from sopctl.model.sop.history import Event
from sopctl.model.sop.workdays import Calendar
from sopctl.store.library import SHIPPED, Library
from tests.cases import rows

PROCEDURES = Library(SHIPPED).current
CALENDAR = Calendar(lambda _year: {})
ZONE = timezone(timedelta(hours=7))
EVER = datetime(2026, 11, 30, 23, tzinfo=ZONE)
NOVEMBER = month_in("2026-11", ZONE)


def events(lines: list[str]) -> list[Event]:
    made = []
    for number, line in enumerate(lines, start=1):
        at, name, step, outcome = line.split(" ", 3)
        when = datetime.fromisoformat(f"{at}:00:00+07:00")
        made.append(Event(number, when, name, int(step), outcome, by="x", typed="x", prev=""))
    return made


def occurrences(row: dict[str, Any], until: datetime = EVER) -> list[sla.Occurrence]:
    return list(sla.occurrences("PS-1", PROCEDURES, events(row["events"]), until))


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


def test_the_report_of_a_month_counts_what_ended_in_it_and_what_was_open() -> None:
    now = datetime.fromisoformat("2026-11-10T08:00:00+07:00")
    found = [each for row in rows("sla")[:9] for each in occurrences(row, now)]
    report = sla.report(found, CALENDAR, NOVEMBER, NOVEMBER.until(now))
    by_step = {(line.procedure, line.step): line.tally for line in report.steps}
    second = by_step["penitipan", 2]
    assert (second.done, second.in_time, second.late, second.open) == (5, 4, 1, 0)
    assert (second.median_days, second.worst_days) == (1.0, 3.0)
    third = by_step["penitipan", 3]
    assert (third.done, third.open, third.open_late) == (1, 4, 3), "one is due on the tenth itself"
    monthly = by_step["konfigurasi", 6]
    assert (monthly.done, monthly.late) == (1, 0), "October's is another month's"
    assert (monthly.open, monthly.open_late) == (1, 1), "due since the first, and not taken"
    head = report.actors["Kadis Kominfo"]
    assert (head.done, head.in_time, head.late, head.open) == (5, 4, 1, 0), "the second step is the head's only one"
    assert report.total.done == sum(tally.done for tally in report.actors.values())
    assert report.total.open == sum(line.tally.open for line in report.steps)
    assert len(report.late) == report.total.late + report.total.open_late
    assert {each.actor for each in report.late} >= {"Kadis Kominfo"}


def test_a_month_that_has_passed_is_reported_as_it_was_at_its_end() -> None:
    """What happens in December changes nothing of November."""
    row = {"events": ["2026-11-02T08 penitipan 1 selesai", "2026-11-26T08 penitipan 2 selesai"]}
    later = {"events": [*row["events"], "2026-12-03T08 penitipan 3 selesai", "2026-12-03T09 penitipan 4 tersedia"]}
    reports = []
    for each, now in ((row, "2026-12-01T00:00:00+07:00"), (later, "2027-02-01T00:00:00+07:00")):
        until = NOVEMBER.until(datetime.fromisoformat(now))
        reports.append(sla.report(occurrences(each, until), CALENDAR, NOVEMBER, until))
    assert reports[0] == reports[1]
    assert reports[0].total.open_late == 1
    assert [(each.step, each.ended is None, each.late_days) for each in reports[0].late] == [
        (2, False, 17),
        (3, True, 1),
    ]


def test_what_is_on_hold_is_not_late_and_a_reason_goes_with_its_step() -> None:
    lines = ["2026-11-02T08 penitipan 1 selesai", "2026-11-05T08 penitipan 2 alasan terlambat"]
    lines += ["2026-11-06T08 penitipan 2 selesai", "2026-11-12T08 penitipan 3 selesai"]
    made = events(lines)
    made[1] = replace(made[1], data={"late_because": "kadis dinas luar"})
    made[3] = replace(made[3], data={"late_because": "kabid sakit"})
    found = list(sla.occurrences("PS-1", PROCEDURES, made, EVER))
    late = sla.late_steps(found, CALENDAR, EVER.date())
    assert [(each.step, each.reason) for each in late] == [(4, ""), (2, "kadis dinas luar"), (3, "kabid sakit")]
    assert [(each.by, each.role) for each in late] == [("", "pelaksana"), ("x", "kadis"), ("x", "kabid")]
    held = events(["2026-11-02T08 penitipan 1 selesai", "2026-11-03T08 penitipan 2 ditahan"])
    assert sla.late_steps(list(sla.occurrences("PS-1", PROCEDURES, held, EVER)), CALENDAR, EVER.date()) == []


@pytest.mark.parametrize("row", rows("sla"), ids=lambda row: row["name"])
def test_a_course_that_was_kept_says_what_the_history_says(row: dict[str, Any]) -> None:
    """Of any moment after the newest event; of any other it says that the history must be read."""
    made = events(row["events"])
    kept = msgspec.json.decode(msgspec.json.encode(sla.course("PS-1", PROCEDURES, made)), type=sla.Course)
    months = [datetime(2026, month, 1, tzinfo=ZONE) for month in (9, 10, 11, 12)]
    moments = [*months, EVER, *(event.at + timedelta(seconds=second) for event in made for second in (-1, 0, 1))]
    for until in moments:
        said = kept.until(until)
        assert said is None if made[-1].at >= until else said == occurrences(row, until)
    assert any(kept.until(until) is not None for until in moments)
