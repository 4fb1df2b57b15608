"""Maintenance: planned, told, called off; and what it mutes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import NotNow, UsageError
from sopctl.model.availability import Policy, Sight
from sopctl.store import books
from sopctl.store.checks import Checks
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import maintenance
from sopctl.workflow.servers import checking
from sopctl.workflow.steps import handover, inspecting, notifying, reservation
from sopctl.workflow.views import house
from tests.conftest import NOW, Clock, Ran
from tests.workflow.papers.test_papers import text_of
from tests.workflow.steps.test_notifying import Mailbox, mailbox, with_mail

__all__ = ["mailbox"]

HOUR = timedelta(hours=1)
TIMES: dict[str, Any] = {"begin": NOW + HOUR, "end": NOW + 3 * HOUR, "reason": "ganti PDU"}


def at_port(desk: Desk, port: int) -> Desk:
    """The same desk, with its mail server at another port."""
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("port: 9,", f"port: {port},"))
    return replace(desk, site=type(desk.site)(desk.site.root))


def text_in(message: Message) -> str:
    content = message.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


@pytest.fixture
def two(desk: Desk, until_space: Callable[..., str]) -> list[str]:
    """Two servers of one owner, in rack A1."""
    ids = [until_space(), until_space({"name: web1": "name: web2", "SN-0001": "SN-0002", "192.0.2.10 ": "192.0.2.11 "})]
    for number, each in enumerate(ids, start=1):
        notifying.notify(desk, each, via="phone")
        handover.receive(desk, each)
        inspecting.inspect(desk, each, serial=f"SN-000{number}")
        handover.handover(desk, each)
        reservation.place(desk, each)
    return ids


def test_the_owner_of_a_rack_s_servers_gets_one_message(
    desk: Desk, two: list[str], mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    box, port = mailbox
    mine = with_mail(desk, port)
    done = maintenance.plan(mine, racks=["A1"], ids=[], **TIMES)
    assert done.everyone_told
    assert [(each.name, each.deposits) for each in done.told] == [("Administrator Sistem", tuple(two))]
    (message,) = box.messages
    text = text_in(message)
    for said in ("Yth. Administrator Sistem", "23 November 2026 pukul 10.30", "ganti PDU", *two, "web2.example.org"):
        assert said in text
    assert maintenance.tell(mine, done.window.id).told == (), "nobody is told twice"
    clock.now += 2 * HOUR
    off = maintenance.cancel(mine, done.window.id, reason="selesai lebih cepat")
    assert off.window.ended == clock.now
    assert "dibatalkan atau telah selesai lebih awal" in text_in(box.messages[1])
    with pytest.raises(NotNow, match="is over"):
        maintenance.cancel(mine, done.window.id, reason="x")


def test_who_could_not_be_told_is_told_later(desk: Desk, two: list[str], mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    done = maintenance.plan(with_mail(desk, 9), racks=["A1"], ids=[], **TIMES)
    assert not done.everyone_told
    assert done.told[0].problem
    again = maintenance.tell(at_port(desk, port), done.window.id)
    assert (again.everyone_told, len(again.told), len(box.messages)) == (True, 1, 1)


def test_who_was_not_told_of_it_is_not_told_that_it_is_off(
    desk: Desk, two: list[str], mailbox: tuple[Mailbox, int]
) -> None:
    done = maintenance.plan(with_mail(desk, 9), racks=["A1"], ids=[], **TIMES)
    assert maintenance.cancel(at_port(desk, mailbox[1]), done.window.id, reason="x").told == ()


def test_without_a_mail_server_there_is_a_letter(desk: Desk, two: list[str]) -> None:
    done = maintenance.plan(desk, racks=[], ids=[two[0]], **TIMES)
    (told,) = done.told
    assert (told.via, told.deposits) == ("letter", (two[0],))
    assert told.document
    said = text_of(desk.site.root / "house" / told.document.file)
    for part in ("Pemeliharaan pusat data", "Administrator Sistem", "Dinas Contoh", two[0], "ganti PDU"):
        assert part in said
    assert two[1] not in said


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"begin": NOW - HOUR}, "is not ahead"),
        ({"begin": NOW + timedelta(days=400), "end": NOW + timedelta(days=401)}, "is not ahead"),
        ({"end": NOW + HOUR}, "is not a time of 31 days"),
        ({"end": NOW + timedelta(days=40)}, "is not a time of 31 days"),
        ({"racks": ["Z9"]}, "no rack 'Z9'"),
        ({"racks": []}, "name a rack"),
        ({"ids": ["PS-2026-0009"]}, "no deposit PS-2026-0009"),
        ({"reason": " "}, "needs a reason"),
    ],
)
def test_what_cannot_be_planned(desk: Desk, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        maintenance.plan(desk, **{"racks": ["A1"], "ids": [], **TIMES, **changed})
    assert books.names(desk.site) == []


def test_what_is_planned_twice_has_two_numbers(desk: Desk, sopctl: Callable[..., Ran]) -> None:
    first = maintenance.plan(desk, racks=["A1"], ids=[], **TIMES)
    second = maintenance.plan(desk, racks=["A1"], ids=[], **TIMES)
    assert (first.window.id, second.window.id, first.told) == ("P-2026-0001", "P-2026-0002", ())
    assert [each.id for each in house.maintenance(desk, "2026-11")] == [first.window.id, second.window.id]
    assert house.maintenance(desk, "2026-12") == []
    maintenance.cancel(desk, "2", reason="x")
    assert [each.id for each in house.maintenance(desk, "2026-11")] == [first.window.id], "it never began"
    assert "P-2026-0001" in sopctl("maintenance", "list", "--month", "2026-11").out


def test_it_is_shown_with_each_server_concerned(desk: Desk, two: list[str], sopctl: Callable[..., Ran]) -> None:
    maintenance.plan(desk, racks=["A1"], ids=[], **TIMES)
    for each in two:
        assert "maintenance P-2026-0001 2026-11-23 10:30 until 2026-11-23 12:30: ganti PDU" in sopctl("show", each).out
    maintenance.cancel(desk, "1", reason="ditunda")
    said = "maintenance P-2026-0001 2026-11-23 10:30, called off on 2026-11-23 09:30: ganti PDU"
    assert said in " ".join(sopctl("show", two[0]).out.split())


def checked(desk: Desk, deposit: str, answers: str, every: timedelta) -> None:
    """Checks of a server from now on; the clock goes along."""
    clock = desk.clock
    assert isinstance(clock, Clock)
    with Checks(desk.site).recording(Policy(gap=7200)) as record:
        for answer in answers:
            record(deposit, Sight(int(clock.now.timestamp()), answer == "+", "" if answer == "+" else "timeout"))
            clock.now += every


def test_nobody_is_alarmed_and_the_time_is_counted_apart(desk: Desk, two: list[str]) -> None:
    done = maintenance.plan(desk, racks=["A1"], ids=[], **TIMES)
    assert checking.under_maintenance(desk) == {}
    checked(desk, two[0], "++++", timedelta(minutes=15))  # until it begins
    assert checking.under_maintenance(desk) == dict.fromkeys(two, done.window.id)
    checked(desk, two[0], "------", timedelta(minutes=15))
    history = Checks(desk.site)
    assert history.claim("kabid", checking.under_maintenance(desk)) == [], "it is down, and nobody is told"
    checked(desk, two[0], "--++++", timedelta(minutes=15))
    assert checking.under_maintenance(desk) == {}
    assert history.claim("kabid", checking.under_maintenance(desk)) == [], "it came back within the maintenance"
    (row,) = checking.report(desk, "2026-11").servers
    found = row.availability
    assert (found.percent, found.down, found.outages, found.maintenance) == (100, 0, (), 7200)
    assert found.observed == 3600 + 45 * 60


def test_who_is_still_down_afterwards_is_told_then(desk: Desk, two: list[str]) -> None:
    maintenance.plan(desk, racks=["A1"], ids=[], **TIMES)
    checked(desk, two[0], "++++", timedelta(minutes=15))
    checked(desk, two[0], "-" * 8, timedelta(minutes=15))
    history = Checks(desk.site)
    (change,) = history.claim("kabid", checking.under_maintenance(desk))
    assert (change.id, change.ended) == (two[0], None)


def test_a_server_under_maintenance_counts_for_nothing_in_a_check(
    desk: Desk, two: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintenance.plan(desk, racks=[], ids=[two[0]], **TIMES)
    clock.now += 2 * HOUR
    assert checking.under_maintenance(desk) == {two[0]: "P-2026-0001"}
    assert checking.under_maintenance(replace(desk, clock=lambda: NOW)) == {}


def test_a_broken_dossier_holds_up_nobody(desk: Desk, two: list[str], tmp_path: Path) -> None:
    history = desk.site.root / "deposits" / two[0] / "history.yml"
    kept = history.read_bytes()
    done = maintenance.plan(desk, racks=["A1"], ids=[], begin=NOW + HOUR, end=NOW + 2 * HOUR, reason="x")
    history.write_bytes(kept.replace(b"selesai", b"tersedia", 1))
    off = maintenance.cancel(desk, done.window.id, reason="x")
    assert [each.deposits for each in off.told] == [(two[1],)]
    assert desk.site.lagging
