"""`validate`: every record is read, by as many processes as there are processors, and all that is wrong is told."""

import json
from collections.abc import Callable

import pytest

from sopctl.store.across import processes
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import validation
from tests.conftest import Ran


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


def test_all_that_is_wrong_with_a_file_is_told(desk: Desk, sopctl: Callable[..., Ran]) -> None:
    """Of each rack's file, and of sopctl.yml, without which nothing else is known."""
    racks = desk.site.root / "racks"
    for name in ("B1", "B2"):
        (racks / f"{name}.yml").write_text(f"name: {name}\nroom: R\nunits: many\ndepth: 800\npower_watts: -1\n")
    ran = sopctl("validate", "--json")
    assert ran.code == 3
    told = [each["where"].partition("racks/")[2] for each in json.loads(ran.out)["errors"]]
    for name in ("B1", "B2"):
        assert sum(each.startswith(name) for each in told) >= 3, told
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + "language: fr\ncolour: red\nvalidity_reminder_days: soon\n")
    ran = sopctl("validate")
    assert (ran.code, "Traceback" in ran.err) == (3, False)
    for part in ("language", "colour", "validity_reminder_days"):
        assert part in ran.err
