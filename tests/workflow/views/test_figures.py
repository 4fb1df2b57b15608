"""The office's own figures are what its lists show."""

from collections.abc import Callable
from datetime import timedelta

from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import notifying
from sopctl.workflow.views.figures import figures
from tests.conftest import Clock


def test_what_is_late_due_and_waiting(desk: Desk, clock: Clock, file_request: Callable[..., str]) -> None:
    file_request()
    assert figures(desk).late_steps == {"pemohon": 0, "kadis": 0, "kabid": 0, "pelaksana": 0}
    clock.now += timedelta(days=30)
    assert figures(desk).late_steps["kadis"] == 1


def test_who_waits_for_space(desk: Desk, until_space: Callable[..., str]) -> None:
    """The rack takes two."""
    deposits = [until_space() for _ in range(3)]
    notifying.notify(desk, deposits[2], via="phone")
    found = figures(desk)
    assert (found.waiting, found.inventories_due, found.unreadable) == (1, 0, 0)
    (desk.site.root / "deposits" / deposits[0] / "history.yml").write_text("no")
    assert figures(desk).unreadable == 1
