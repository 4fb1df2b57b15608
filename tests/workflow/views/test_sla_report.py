"""`report sla` reads the histories that have events since the month's end, and says what reading all of them says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import to_builtins

from sopctl.store import dossiers, register
from sopctl.store.across import extracts
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, letters
from sopctl.workflow.views.sla_report import sla_report
from tests.conftest import Clock


def report(desk: Desk, month: str) -> object:
    found = sla_report(desk, month)
    return to_builtins(found.found), {deposit: str(error) for deposit, error in found.broken.items()}


def test_it_says_what_reading_every_history_says(
    desk: Desk, clock: Clock, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "RACY_NS", -(10**12))
    ids = [file_request() for _ in range(3)]
    first = f"{clock.now:%Y-%m}"
    letters.dispose(desk, ids[0], instruction="x")
    acts.hold(desk.decided_by("staf"), ids[2], reason="x")
    report(desk, first)
    clock.now += timedelta(days=40)
    second = f"{clock.now:%Y-%m}"
    letters.dispose(desk, ids[1], instruction="x")
    broken = file_request()
    history = desk.site.root / "deposits" / broken / "history.yml"
    history.write_bytes(history.read_bytes()[:-20])
    report(desk, second)
    read: list[str] = []
    real = dossiers.read

    def reading(site: Site, deposit_id: str) -> dossiers.Dossier:
        read.append(deposit_id)
        return real(site, deposit_id)

    monkeypatch.setattr(dossiers, "read", reading)
    kept = [report(desk, first), report(desk, second)]
    assert set(read) == {ids[1], broken}, "one has an event since the first month, one cannot be read"
    index = desk.site.root / "var" / extracts.FILE_NAME
    index.unlink()
    index.mkdir()
    assert [report(desk, first), report(desk, second)] == kept
    assert set(read) == {*ids, broken}
