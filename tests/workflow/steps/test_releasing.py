"""The release of a server that does not answer any more; servers of the lab show those that do."""

from collections.abc import Callable

import paramiko
import pytest

from sopctl.cli import wording
from sopctl.errors import OutsideFailure
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import releasing
from tests.conftest import give_back
from tests.workflow.servers.test_checking import pin


def test_what_stands_in_the_way_names_how_it_is_done_by_people(desk: Desk, placed: Callable[..., str]) -> None:
    deposit = placed("127.0.0.1", 1, pin(paramiko.ECDSAKey.generate()))
    give_back(desk, deposit, "SN-127.0.0.1-1")
    with pytest.raises(OutsideFailure) as caught:
        releasing.release(desk, deposit)
    assert f"sopctl release {deposit} --by-hand <" in wording.advice(caught.value.remedy)
    assert releasing.release(desk, deposit, by_hand="dicabut di rak").answer
