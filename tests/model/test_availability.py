"""State with hysteresis (tests/cases/hysteresis.yml), and what outages make of a month (tests/cases/outages.yml)."""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.availability import (
    Outage,
    Policy,
    Sight,
    Span,
    State,
    Status,
    availability,
    follow,
    joins,
    turn,
)
from tests.cases import rows

POLICY = Policy(gap=5 * 60)


def sights(checks: str) -> list[Sight]:
    return [
        Sight(at=60 * n, ok=sign == "+", cause="" if sign == "+" else "refused")
        for n, sign in enumerate(checks)
        if sign != "."
    ]


def outages(sights: Iterable[Sight], policy: Policy) -> list[Outage]:
    """The outages in a row of checks, oldest first."""
    found: list[Outage] = []
    state: State | None = None
    for sight in sights:
        before, state = state, follow(state, sight, policy)
        found = turn(found, before, state)
    return found


def watched(sights: Iterable[Sight], policy: Policy) -> list[Span]:
    """The times in which a row of checks watched a server, oldest first."""
    spans: list[Span] = []
    for sight in sights:
        if spans and joins(spans[-1].ended, sight.at, policy):
            spans[-1] = replace(spans[-1], ended=sight.at)
        else:
            spans.append(Span(sight.at, sight.at))
    return spans


@pytest.mark.parametrize("row", rows("hysteresis"), ids=lambda row: row["name"])
def test_state(row: dict[str, Any]) -> None:
    state: State | None = None
    for sight in sights(row["checks"]):
        state = follow(state, sight, Policy())
    assert state is not None
    assert state.status == row["status"]
    assert state.flapping == (row.get("flapping") == "yes")
    if "since" in row:
        assert state.since == 60 * (int(row["since"]) - 1)
    if state.status is Status.DOWN:
        assert state.cause == "refused"


@pytest.mark.parametrize("row", rows("outages"), ids=lambda row: row["name"])
def test_outages(row: dict[str, Any]) -> None:
    seen = sights(row["checks"])
    found, spans = outages(seen, POLICY), watched(seen, POLICY)
    minutes = [[one.began // 60, one.ended // 60 if one.ended is not None else None] for one in found]
    assert minutes == row["outages"]
    if "watched" in row:
        assert [[one.began // 60, one.ended // 60] for one in spans] == row["watched"]
    month = availability(found, spans, seen[0].at, seen[-1].at)
    assert month.observed == sum(one.ended - one.began for one in spans)
    assert (month.percent if month.percent is None else round(month.percent, 1)) == row["percent"]
    assert month.longest == 60 * row["longest"]
    assert (month.repair if month.repair is None else month.repair / 60) == row["repair"]


def test_a_check_that_comes_late_changes_nothing() -> None:
    state = follow(None, Sight(100, ok=True), Policy())
    assert follow(state, Sight(100, ok=False), Policy()) == state
    assert follow(state, Sight(40, ok=False), Policy()) == state


def test_an_outage_over_the_month_s_end_counts_in_both() -> None:
    outage = Outage(50, 150, "refused")
    spans = [Span(0, 200)]
    assert availability([outage], spans, 0, 100).down == 50
    assert availability([outage], spans, 100, 200).down == 50
    assert availability([outage], spans, 0, 100).repair is None
    assert availability([outage], spans, 100, 200).repair == 100, "with what lay before"
    assert [availability([outage], spans, *month).outages for month in ((0, 50), (150, 200))] == [(), ()], (
        "it only touches"
    )


@pytest.mark.parametrize("row", rows("maintenance"), ids=lambda row: row["name"])
def test_maintenance_counts_apart(row: dict[str, Any]) -> None:
    def spans(pairs: list[list[int]]) -> list[Span]:
        return [Span(3600 * began, 3600 * ended) for began, ended in pairs]

    seen = [
        Outage(3600 * began, None if ended is None else 3600 * ended, "timeout")
        for began, ended in row.get("outages", [])
    ]
    found = availability(seen, spans(row.get("watched", [[0, 100]])), 0, 360_000, spans(row.get("windows", [])))
    assert found.percent == (None if row["percent"] is None else pytest.approx(row["percent"], abs=0.01))
    assert (found.down, found.maintenance) == (3600 * row["down"], 3600 * row["maintenance"])
    assert len(found.outages) == row["outages_left"]
    if found.percent is not None:
        assert found.observed + found.maintenance == sum(
            one.ended - one.began for one in spans(row.get("watched", [[0, 100]]))
        )
