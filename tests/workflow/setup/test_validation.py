"""`validate`: every record is read, by as many processes as there are processors, and all that is wrong is told."""

from collections.abc import Callable

import pytest

from sopctl.store.across import processes
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import validation


def test_several_processes_say_what_one_says(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is broken, edited by hand, only lagging, shared with a reason and without one."""
    ids = [file_request() for _ in range(6)]
    folder = desk.site.root / "deposits"
    history = folder / ids[1] / "history.yml"
    history.write_bytes(history.read_bytes()[:-20])
    (folder / ids[2] / "history.yml").unlink()
    edited = folder / ids[3] / "deposit.yml"
    edited.write_bytes(edited.read_bytes() + b"# by hand\n")
    (folder / ids[4] / "deposit.yml").unlink()
    alone = validation.validate(desk)
    lagging = list(map(str, desk.site.lagging))
    assert len(lagging) == 1
    assert ids[4] in lagging[0]
    assert len(alone.errors) >= 3
    desk.site.lagging.clear()
    monkeypatch.setattr(processes, "MANY", 1)
    monkeypatch.setattr(processes, "AT_ONCE", 1)
    together = validation.validate(desk)
    assert list(map(str, desk.site.lagging)) == lagging
    assert (together.deposits, together.exceptions) == (alone.deposits, alone.exceptions)
    assert [(type(each), str(each), each.id) for each in together.errors] == [
        (type(each), str(each), each.id) for each in alone.errors
    ]
