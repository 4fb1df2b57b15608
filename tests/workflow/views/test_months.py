"""A month's reports are the same whenever they are asked for, whatever happened since."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import json, to_builtins
from msgspec.structs import replace

from sopctl.adapters.documents import render
from sopctl.errors import NotNow
from sopctl.model.availability import Policy, Sight
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.inspection import Inspection
from sopctl.model.sop.entries import SwitchedOff
from sopctl.store import dossiers, register
from sopctl.store.checks import Checks
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.papers.monthly.summary_form import summary_form
from sopctl.workflow.servers import checking
from sopctl.workflow.steps import (
    acts,
    collecting,
    correcting,
    handover,
    inspecting,
    notifying,
    releasing,
    reservation,
)
from sopctl.workflow.views import inventories
from sopctl.workflow.views.months import month_of, then
from sopctl.workflow.views.sla_report import late_steps, sla_report
from tests.conftest import Clock, edit, give_back
from tests.workflow.views.test_inventories import RACK, gather

ZONE = ZoneInfo("Asia/Jakarta")


def day(month: int, number: int, hour: int = 9) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=ZONE)


@pytest.fixture
def configured(desk: Desk, placed: Callable[..., str]) -> Callable[[str], str]:
    """A server at an address, taken in and configured, whose inventory is due."""

    def come(address: str) -> str:
        deposit = placed(address, 22, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"})
        for verb, outcome in (
            ("configure", "selesai"),
            ("notify", "selesai"),
            ("verify", "bisa"),
            ("notify", "selesai"),
        ):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
        return deposit

    return come


@pytest.fixture
def facts(clock: Clock) -> ServerFacts:
    return replace(from_script(RACK, gathered_at=clock.now.isoformat()), serial="SN-192.0.2.7-22")


def leave(desk: Desk, deposit: str, serial: str) -> None:
    """Give a server back, from its letter to the record that it left."""
    give_back(desk, deposit, serial)
    with turn(desk, deposit, "release") as mine:
        mine.record("selesai", SwitchedOff(switched_off=True))
    inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
    handover.handover(desk, deposit)
    for _ in range(2):
        releasing.release(desk, deposit)


def reports(desk: Desk, month: str) -> dict[str, Any]:
    """Everything that answers a question about a month, down to the bytes of its papers."""
    summary = inventories.summary(desk, month)
    form = summary_form(desk, summary)
    return {
        "summary": json.encode(summary, order="deterministic"),
        "csv": inventories.as_csv(summary),
        "pdf": render(form),
        "form": form,
        "sla": to_builtins(sla_report(desk, month)),
        "availability": to_builtins(checking.report(desk, month)),
        "who": [
            (each.now.id, each.deposit, each.presence and each.presence.inventory_due)
            for each in then(desk, month_of(desk, month), register.read(desk.site).summaries)
        ],
    }


def watch(desk: Desk, deposit: str, begin: datetime, results: str) -> None:
    """Checks every five minutes from `begin` on: + good, - not."""
    with Checks(desk.site).recording(Policy()) as record:
        for number, sign in enumerate(results):
            record(deposit, Sight(int(begin.timestamp()) + 300 * number, sign == "+"))


def test_october_stays_october(
    desk: Desk,
    clock: Clock,
    configured: Callable[[str], str],
    file_request: Callable[..., str],
    facts: ServerFacts,
) -> None:
    clock.now = day(9, 28)
    missed, gathered = configured("192.0.2.6"), configured("192.0.2.7")
    clock.now = day(10, 5)
    gather(desk, gathered, facts)
    watch(desk, gathered, datetime(2026, 10, 31, 23, 0, tzinfo=ZONE), "+++++------" + "---+++")
    clock.now = day(11, 2)
    asked = {month: reports(desk, month) for month in ("2026-09", "2026-10")}
    october = inventories.summary(desk, "2026-10")
    assert october.not_gathered == (missed,)
    assert [each.deposit.id for each in october.servers] == [gathered]
    assert sla_report(desk, "2026-10").found.total.open_late >= 1, "the inventory that was missed"

    edit(desk, gathered, "name: web2.example.org", "name: web99.example.org")
    leave(desk, missed, "SN-192.0.2.6-22")
    assert {month: reports(desk, month) for month in asked} == asked
    clock.now = day(11, 20)
    came = configured("192.0.2.8")
    acts.hold(desk.decided_by("kabid"), gathered, reason="pindah ruang")
    file_request()
    clock.now = day(12, 20)
    acts.resume(desk.decided_by("kabid"), gathered)
    gather(desk, gathered, replace(facts, kernel="9.9"))
    watch(desk, gathered, clock.now, "+++")
    (desk.site.root / "racks/B1.yml").write_text("name: B1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 2000\n")
    fresh = replace_site(desk)
    assert {month: reports(fresh, month) for month in asked} == asked
    for month in ("2020-01", "2026-08"):
        nothing = inventories.summary(fresh, month)
        assert (nothing.servers, nothing.missing, nothing.not_due, nothing.used_units) == ((), (), (), {})
    november = inventories.summary(fresh, "2026-11")
    assert set(november.not_gathered) == {missed, gathered, came}, "it was due until the server was asked back"


def replace_site(desk: Desk) -> Desk:
    """The same desk, reading the site's files anew."""
    return Desk(type(desk.site)(desk.site.root), desk.deciding, desk.clock)


def test_a_placing_that_is_taken_back_later_was_one_in_its_month(
    desk: Desk, clock: Clock, until_space: Callable[..., str]
) -> None:
    clock.now = day(10, 20)
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    clock.now = day(11, 2)
    asked = reports(desk, "2026-10")
    assert [each.id for each in inventories.summary(desk, "2026-10").not_due] == [deposit]
    number = len(dossiers.read(desk.site, deposit).events)
    correcting.undo(desk.decided_by("kabid"), deposit, number=number, reason="berkas yang salah")
    assert reports(desk, "2026-10") == asked
    assert inventories.summary(desk, "2026-11").not_due == ()


def test_a_summary_says_what_stood_in_the_record_then(
    desk: Desk, clock: Clock, configured: Callable[[str], str], facts: ServerFacts
) -> None:
    deposit = configured("192.0.2.7")
    gather(desk, deposit, facts)
    clock.now = day(12, 10)
    edit(desk, deposit, "unit: ", "unit: Baru ", by="kabid")
    (row,) = inventories.summary(desk, "2026-11").servers
    now = dossiers.read(desk.site, deposit)
    assert now.deposit.unit == f"Baru {row.deposit.unit}"
    before = dossiers.as_it_stood(now, day(12, 1, 0))
    assert before is not None
    assert before.deposit.unit == row.deposit.unit
    assert dossiers.as_it_stood(now, day(1, 1)) is None
    assert dossiers.as_it_stood(now, clock.now + timedelta(days=1)) is now


def test_an_inventory_that_is_taken_late_is_the_months_and_says_so(
    desk: Desk, clock: Clock, configured: Callable[[str], str], facts: ServerFacts
) -> None:
    deposit = configured("192.0.2.7")
    clock.now = day(12, 3)
    assert inventories.summary(desk, "2026-11").not_gathered == (deposit,)
    gather(desk, deposit, replace(facts, gathered_at=clock.now.isoformat()), "2026-11")
    found = inventories.summary(desk, "2026-11")
    assert (found.not_gathered, len(found.servers)) == ((), 1)
    notes = summary_form(desk, found).notes
    assert f"Didata setelah bulan berakhir: {deposit} (3 Desember 2026)." in notes


def test_nothing_is_gathered_for_a_month_before_the_server_came(
    desk: Desk, clock: Clock, configured: Callable[[str], str]
) -> None:
    clock.now = day(11, 3)
    deposit = configured("192.0.2.7")
    assert collecting.due(desk) == [deposit]
    assert collecting.due(desk, "2026-10") == []
    with pytest.raises(NotNow, match=f"{deposit} was not here in 2026-10"):
        collecting.collect_all(desk, [deposit], month="2026-10").only()


def test_a_late_step_has_the_reason_that_was_given(desk: Desk, clock: Clock, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with pytest.raises(NotNow, match=r"nothing of .* is late"):
        acts.late(desk, deposit, because="x")
    clock.now += timedelta(days=7)
    acts.late(desk, deposit, because="kadis dinas luar")
    (late,) = late_steps(desk, dossiers.read(desk.site, deposit))
    assert (late.ended, late.reason, late.role) == (None, "kadis dinas luar", "kadis")
    with turn(desk.saying_why_late("surat tercecer"), deposit, "dispose") as mine:
        mine.record("selesai")
    (late,) = late_steps(desk, dossiers.read(desk.site, deposit))
    assert (late.by, late.reason) == ("kadis", "surat tercecer"), "the newest counts"
    assert [each.reason for each in sla_report(desk).found.late] == ["surat tercecer"]
