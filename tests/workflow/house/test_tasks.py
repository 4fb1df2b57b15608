"""Work on request (remote hands): an act of the dossier, with its photos."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import InvalidRecord, NotNow, UsageError
from sopctl.model.sop.entries import TaskDone
from sopctl.store import dossiers
from sopctl.store.journal import Journal
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import tasks
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import acts
from sopctl.workflow.views import house
from tests.conftest import NOW, Ran

GOOD: dict[str, Any] = {"what": "kabel diganti", "asked_by": "Administrator Sistem", "minutes": 15}


def test_it_is_recorded_with_its_photo_and_moves_nothing(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    before = dossiers.read(desk.site, deposit).standing
    photo = tmp_path / "foto.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    done = tasks.done(desk.decided_by("staf"), deposit, **GOOD, files=[photo])
    after = dossiers.read(desk.site, deposit)
    assert (after.standing.place, after.standing.since) == (before.place, before.since)
    assert after.events[-1].note == ("kabel diganti; diminta Administrator Sistem, dikerjakan staf, 15 menit")
    entry = after.newest(TaskDone)
    assert entry
    assert (entry.task.what, entry.task.asked_by, entry.task.done_by, entry.task.minutes) == (
        "kabel diganti",
        "Administrator Sistem",
        "staf",
        15,
    )
    assert [each.task for each in house.tasks(after, NOW.date(), NOW.date())] == [entry.task]
    assert list(house.tasks(after, date(2026, 12, 1), date(2026, 12, 31))) == []
    assert [each.state for each in integrity.documents(desk, deposit)][-1] == "intact"
    assert done.documents[0].endswith("pekerjaan-1.png")
    assert Journal(desk.site.root).lines()[-1].hash == after.events[-1].hash


@pytest.mark.parametrize("wrong", [{"what": " "}, {"asked_by": ""}, {"minutes": 0}, {"minutes": 1441}], ids=str)
def test_what_says_too_little_is_refused(desk: Desk, file_request: Callable[..., str], wrong: dict[str, Any]) -> None:
    deposit = file_request()
    with pytest.raises(UsageError):
        tasks.done(desk, deposit, **{**GOOD, **wrong})
    assert len(dossiers.read(desk.site, deposit).events) == 1


def test_a_file_that_is_no_photo_is_refused_before_anything(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    photo = tmp_path / "foto.png"
    photo.write_text("not a picture")
    with pytest.raises(InvalidRecord, match="a scan is"):
        tasks.done(desk, deposit, **GOOD, files=[photo])
    assert len(dossiers.read(desk.site, deposit).events) == 1


def test_a_closed_deposit_has_no_tasks(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    acts.withdraw(desk, deposit, reason="x")
    with pytest.raises(NotNow, match="is closed"):
        tasks.done(desk, deposit, **GOOD)


def test_the_command_shows_it(desk: Desk, file_request: Callable[..., str], sopctl: Callable[..., Ran]) -> None:
    deposit = file_request()
    words = ["--what", "disk ditukar", "--asked-by", "Kasubbag Umum", "--minutes", "30", "--by", "staf"]
    assert sopctl("task", deposit, *words).code == 0
    assert "disk ditukar; diminta Kasubbag Umum" in sopctl("show", deposit, "--json").out
