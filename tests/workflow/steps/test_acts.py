"""Beside the paper: hold, resume, extend, refuse, withdraw (tests/cases/acts.yml)."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import Action, NotNow, UsageError
from sopctl.store import dossiers
from sopctl.workflow.deciding import Behalf
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import acts, handover, inspecting, letters, notifying, reservation
from tests.cases import rows
from tests.conftest import Clock

PDF = b"%PDF-1.7\n%%EOF\n"
WAY: tuple[tuple[str, Callable[[Desk, str], object]], ...] = (
    ("filed", lambda desk, deposit: None),
    ("seen by kadis", lambda desk, deposit: letters.dispose(desk, deposit, instruction="x")),
    ("routed", lambda desk, deposit: letters.dispose(desk, deposit, instruction="x")),
    ("reserved", reservation.reserve),
    ("told", lambda desk, deposit: notifying.notify(desk, deposit, via="phone")),
    ("brought", handover.receive),
    ("inspected", lambda desk, deposit: inspecting.inspect(desk, deposit, serial="SN-0001")),
    ("handed over", handover.handover),
    ("placed", reservation.place),
)
ASIDE: dict[str, tuple[str, Callable[[Desk, str], object]]] = {
    "held": ("filed", lambda desk, deposit: acts.hold(desk.decided_by("staf"), deposit, reason="x")),
    "failed inspection": ("brought", lambda desk, deposit: inspecting.inspect(desk, deposit, serial="other")),
    "withdrawn": ("filed", lambda desk, deposit: acts.withdraw(desk, deposit, reason="x")),
}
VERBS: dict[str, Callable[[Desk, str], object]] = {
    "hold": lambda desk, deposit: acts.hold(desk, deposit, reason="menunggu rel"),
    "resume": acts.resume,
    "extend": lambda desk, deposit: acts.extend(desk, deposit, until=date(2029, 1, 1)),
    "refuse": lambda desk, deposit: acts.refuse(desk, deposit, reason="di luar kewenangan"),
    "withdraw": lambda desk, deposit: acts.withdraw(desk, deposit, reason="tidak jadi"),
}


def go(desk: Desk, deposit: str, until: str) -> None:
    """Take a filed deposit to the point that a row of the table names."""
    way, aside = (ASIDE[until][0], ASIDE[until][1]) if until in ASIDE else (until, None)
    for name, verb in WAY:
        verb(desk, deposit)
        if name == way:
            break
    if aside:
        aside(desk, deposit)


@pytest.mark.parametrize("row", rows("acts"), ids=lambda row: row["name"])
def test_beside_the_paper(desk: Desk, file_request: Callable[..., str], row: dict[str, Any]) -> None:
    deposit = file_request()
    go(desk, deposit, row["after"])
    before = dossiers.read(desk.site, deposit)
    mine = desk.decided_by(row.get("by"))
    if "refused" in row:
        with pytest.raises(NotNow, match=row["refused"]):
            VERBS[row["verb"]](mine, deposit)
        assert dossiers.read(desk.site, deposit).events == before.events
        return
    VERBS[row["verb"]](mine, deposit)
    after = dossiers.read(desk.site, deposit)
    assert after.standing.place == row["stands"]
    assert (after.standing.held is not None) == row.get("held", False)
    assert after.events[-1].by == row.get("by", "pemohon")
    assert after.events[-1].typed == desk.typed
    if after.standing.step == before.standing.step:
        assert after.standing.since == before.standing.since, "an act never restarts a clock"


def test_what_is_on_hold_can_only_be_resumed_or_ended(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    go(desk, deposit, "held")
    with pytest.raises(NotNow, match="is on hold since 2026-11-23 \\(staf\\): x") as caught:
        letters.dispose(desk, deposit, instruction="x")
    ends = tuple(Action(verb, deposit, needs=("reason",)) for verb in ("refuse", "withdraw"))
    assert caught.value.remedy == (Action("resume", deposit, alternatives=ends),)


def test_a_withdrawn_request_gives_its_place_back(desk: Desk, until_space: Callable[..., str]) -> None:
    first, second = until_space(), until_space()
    acts.withdraw(desk, first, reason="tidak jadi")
    third = until_space()
    assert dossiers.read(desk.site, third).summary.place == dossiers.read(desk.site, first).summary.place
    assert dossiers.read(desk.site, second).summary.place != dossiers.read(desk.site, third).summary.place


def test_an_extension_is_later_than_what_holds(desk: Desk, until_space: Callable[..., str], tmp_path: Path) -> None:
    deposit = until_space()
    scan = tmp_path / "surat.pdf"
    scan.write_bytes(PDF)
    head = desk.decided_by("kabid")
    with pytest.raises(UsageError, match="valid until 2027-12-31; 2027-12-31 is no extension"):
        acts.extend(head, deposit, until=date(2027, 12, 31))
    acts.extend(head, deposit, until=date(2028, 6, 30), letter_number="090/7/2027", letter=scan)
    assert dossiers.read(desk.site, deposit).summary.valid_until == date(2028, 6, 30)
    assert dossiers.read(desk.site, deposit).deposit.valid_until == date(2027, 12, 31), "the request stays as filed"
    assert [filed.state for filed in integrity.documents(desk, deposit)][-1] == "intact"


def test_someone_without_the_role_decides_with_a_letter_of_authority(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    scan = tmp_path / "surat-tugas.pdf"
    scan.write_bytes(PDF)
    with pytest.raises(NotNow, match="belongs to kadis; kabid is kabid") as caught:
        letters.dispose(desk.decided_by("kabid"), deposit, instruction="x")
    assert "--on-behalf-of kadis --document FILE" in str(caught.value)
    done = letters.dispose(desk.decided_by("kabid", Behalf("kadis", scan)), deposit, instruction="x")
    event = dossiers.read(desk.site, deposit).events[-1]
    assert (event.by, event.typed, event.data["on_behalf_of"]["person"]) == ("kabid", desk.typed, "kadis")
    assert done.documents[0].endswith("0002-atas-nama.pdf")
    with pytest.raises(NotNow, match="which kadis does not hold"):
        letters.dispose(desk.decided_by("staf", Behalf("kadis", scan)), deposit, instruction="x")


def test_time_on_hold_is_a_pause(desk: Desk, file_request: Callable[..., str], clock: Clock) -> None:
    deposit = file_request()
    clock.now += timedelta(hours=1)
    go(desk, deposit, "held")
    clock.now += timedelta(days=3)
    acts.resume(desk.decided_by("staf"), deposit)
    (pause,) = dossiers.read(desk.site, deposit).summary.pauses
    assert pause.until is not None
    assert pause.until - pause.since == timedelta(days=3)


def test_dates_that_cannot_be_meant_are_refused(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with pytest.raises(UsageError, match="2099-12-31 is more than 15 years away"):
        acts.extend(desk.decided_by("kabid"), deposit, until=date(2099, 12, 31))
    for day in (date(2027, 1, 1), date(1889, 12, 31)):
        with pytest.raises(UsageError, match=f"the letter is of {day}"):
            letters.dispose(desk, deposit, instruction="x", letter_date=day)
    assert len(dossiers.read(desk.site, deposit).events) == 1
