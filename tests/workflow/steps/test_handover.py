"""A server that is brought is received, inspected, handed over and placed in one go, each an event of its own."""

from collections.abc import Callable

import pytest

from sopctl.errors import NotNow
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.steps import inspecting, notifying
from sopctl.workflow.steps.handover import take_in


def inspect(desk: Desk, deposit: str) -> StepDone:
    return inspecting.inspect(desk, deposit, serial="SN-0001")


def test_each_is_an_event_of_its_own_and_whoever_decides_is_of_the_staff(
    desk: Desk, until_space: Callable[..., str]
) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    head = dossiers.read(desk.site, deposit).head
    steps: list[StepDone] = []
    seen = desk.decided_by("staf").having_seen({deposit: head})
    assert take_in(seen, deposit, inspect, on_step=steps.append)
    events = dossiers.read(desk.site, deposit).events[-4:]
    assert [(event.step, event.by) for event in events] == [(7, "pemohon"), (8, "staf"), (9, "staf"), (10, "staf")]
    assert [done.step for done in steps] == [7, 8, 9, 10]


def test_where_none_of_it_is_due_the_error_says_what_is(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    with pytest.raises(NotNow, match=r"receive \(penitipan 7\) is not due .*; what is due is penitipan 5"):
        take_in(desk, deposit, inspect, on_step=lambda _done: None)
