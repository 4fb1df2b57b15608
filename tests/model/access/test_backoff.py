"""How long to wait before a server is tried again."""

from itertools import pairwise

import pytest

from sopctl.model.access.backoff import wait
from sopctl.model.access.causes import Cause

PASSING = [cause for cause in Cause if cause.first_wait is not None]


@pytest.mark.parametrize("cause", PASSING)
def test_the_wait_doubles_up_to_two_minutes(cause: Cause) -> None:
    waits = [wait(cause, tried, 0) for tried in range(1, 12)]
    assert waits[0] == cause.first_wait
    assert all(later == min(2 * (before or 0), 120) for before, later in pairwise(waits))
    assert waits[-1] == 120
    assert [wait(cause, 11, chance) for chance in (0, 0.5, 1)] == [120, 135, 150], "up to a quarter more"


@pytest.mark.parametrize("cause", [*(each for each in Cause if each.first_wait is None), "nothing known"])
def test_what_does_not_go_away_by_itself_is_not_tried_again(cause: Cause | str) -> None:
    assert wait(cause, 1, 0) is None


def test_an_older_cause_by_its_name() -> None:
    assert wait(str(PASSING[0]), 1, 0) == PASSING[0].first_wait
