"""What a person can do next, as data: for every verb of the table, however it stands."""

from collections.abc import Callable
from typing import get_args

import pytest
from msgspec.structs import replace

from sopctl.cli import wording
from sopctl.errors import Action
from sopctl.model.sop import verbs
from sopctl.model.sop.summary import Summary
from sopctl.model.sop.verbs import Verb, Waiting
from sopctl.store import dossiers
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, handover, inspecting, notifying

STEPS = [verb for verb in verbs.VERBS if verb.kind == "step"]


@pytest.fixture
def filed(desk: Desk, file_request: Callable[..., str]) -> Summary:
    return dossiers.read(desk.site, file_request()).summary


@pytest.mark.parametrize("verb", STEPS, ids=lambda verb: f"{verb.name} {verb.task}")
def test_there_is_an_action_for_every_step_however_it_stands(filed: Summary, verb: Verb) -> None:
    for waiting in get_args(Waiting):
        for held in (False, True):
            each = replace(filed, verb=verb.name, task=verb.task, waiting=waiting, held=held)
            action = actions.due(each)
            assert action is not None
            assert (action.verb, action.id) == ("resume" if held else verb.name, filed.id)
            assert wording.line(action).startswith(f"sopctl {'resume' if held else verb.command or verb.name} ")


def test_nothing_is_to_be_done_for_a_closed_dossier(filed: Summary) -> None:
    closed = replace(filed, step=None, verb="", end="selesai")
    assert actions.due(closed) is None


def test_a_failed_inspection_is_decided(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    done = inspecting.inspect(desk, deposit, serial="lain")
    action = done.next_action
    assert action is not None
    assert (action.verb, action.task, action.needs) == ("inspect", "condition", ("serial",))
    assert action.alternatives == (
        Action("accept", deposit, needs=("accept",)),
        Action("refuse", deposit, needs=("reason",)),
        Action("withdraw", deposit, needs=("reason",)),
        Action("hold", deposit, needs=("reason",)),
    )
    held = acts.hold(desk.decided_by("staf"), deposit, reason="x").next_action
    assert held is not None
    assert held.verb == "resume"
    assert [each.verb for each in held.alternatives] == ["refuse", "withdraw"], "on hold nothing else is possible"


def test_an_appliance_is_released_by_hand(filed: Summary) -> None:
    each = replace(filed, verb="release", task="access")
    assert actions.due(each) == Action("release", filed.id, "access")
    appliance = replace(each, platform="cisco_ios")
    assert actions.due(appliance) == Action("release", filed.id, "access", ("by_hand",))


def test_a_server_is_asked_back_where_the_procedures_know_a_return(filed: Summary) -> None:
    back = Action("return", filed.id, "letter", ("letter_number",))
    assert actions.extension(filed).alternatives == ()
    assert actions.extension(replace(filed, begins={"return": "letter"})).alternatives == (back,)
