"""What lists need to know of a deposit, from its record and its history."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.access.target import HostKey
from sopctl.model.deposit import Bmc, Deposit
from sopctl.model.rack import Need, Place
from sopctl.model.sop import entries, procedure, summary, verbs
from sopctl.model.sop.entries import Entry, to_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.summary import Pause, Summary
from sopctl.store.library import SHIPPED, Library
from tests.model.sop.test_procedure import BROUGHT, PLACED, events
from tests.model.test_admission import RECORD

PROCEDURES = Library(SHIPPED).current
PLACE, KEY = Place("A1", 3, 2), HostKey("ssh-ed25519", "AAAA", "SHA256:x")


def made(*lines: str | tuple[str, Entry], deposit: Deposit = RECORD) -> Summary:
    """Of a history of these lines, some of which establish something."""
    said = [line if isinstance(line, tuple) else (line, None) for line in lines]
    history: list[Event] = [
        replace(event, data=to_data([entry]) if entry else {})
        for event, (_, entry) in zip(events(*(line for line, _ in said)), said, strict=True)
    ]
    return summary.summarise(deposit, PROCEDURES, history, procedure.stand(PROCEDURES, history))


def with_entry(lines: list[str], at: str, entry: Entry) -> list[str | tuple[str, Entry]]:
    return [(line, entry) if line == at else line for line in lines]


def test_of_a_letter_that_was_filed() -> None:
    found = made("penitipan 1 selesai")
    start = events("penitipan 1 selesai")[0].at
    assert (found.id, found.unit, found.server, found.serial) == (
        RECORD.id,
        "Dinas Contoh",
        "web1.example.org",
        "SN-0001",
    )
    assert (found.letter, found.contact, found.address) == ("090/1/2026", "Administrator Sistem", "192.0.2.10")
    assert (found.stands, found.verb, found.task, found.actor) == ("penitipan 2", "dispose", "", "kadis")
    assert (found.since, found.opened, found.queued) == (start, start, start)
    assert (found.need, found.place, found.valid_until) == (Need(2, 700, 400), None, date(2027, 12, 31))
    assert (found.closed, found.held, found.placed, found.managed, found.let_in) == (False,) * 5
    assert (found.application, found.description) == (RECORD.server.application, RECORD.server.description)
    assert (found.priority, found.tries, found.pauses, found.begins) == (0, 0, (), {})
    assert found.asides == ("refuse", "withdraw")
    assert (found.route.port, found.route.host_key, found.route.settled, found.route.account) == (22, None, False, "")
    assert found.route.first_contact == RECORD.access.first_contact
    assert found.checkable


def test_of_a_record_that_says_little() -> None:
    server = replace(RECORD.server, depth_mm=None, power_watts=None)
    plain = replace(
        RECORD,
        letter=None,
        server=server,
        valid_until=None,
        access=replace(RECORD.access, management_account="ours", network="dmz"),
    )
    found = made("penitipan 1 diadopsi", deposit=plain)
    assert (found.letter, found.need, found.valid_until) == ("", Need(2, 0, 0), None)
    assert (found.route.account, found.route.network) == ("ours", "dmz")


def test_of_one_that_ended() -> None:
    found = made("penitipan 1 selesai", "penitipan 2 ditolak")
    assert (found.closed, found.step, found.verb, found.activity, found.asides) == (True, None, "", "", ())
    assert found.stands == found.end == "ditolak"


def test_its_place_is_the_newest_until_it_is_released() -> None:
    reserved = with_entry(BROUGHT[:4], "penitipan 4 tersedia", entries.Reserved(place=PLACE))
    offered = with_entry(BROUGHT[4:5], "penitipan 5 selesai", entries.OfferedUntil(place_until=date(2026, 12, 1)))
    assert (made(*reserved).place, made(*reserved).place_until) == (PLACE, None)
    found = made(*reserved, *offered)
    assert (found.place, found.place_until, found.stands) == (PLACE, date(2026, 12, 1), "penitipan 7")
    let_go = made(*reserved, *offered, "penitipan 7 tempat dilepas")
    assert (let_go.place, let_go.place_until, let_go.waiting, let_go.waits_on(date(2026, 12, 1))) == (
        None,
        None,
        "space",
        "space",
    )
    assert let_go.queued == let_go.opened + timedelta(minutes=5)
    again = made(*reserved, *offered, "penitipan 7 tempat dilepas", *reserved[3:])
    assert (again.place, again.queued) == (PLACE, let_go.queued)
    assert made(*reserved, *offered, *BROUGHT[5:]).place_until is None


def test_a_server_that_stands_in_its_rack() -> None:
    lines = with_entry(PLACED, PLACED[-1], entries.Placed(placed=True))
    found = made(*lines)
    assert (found.placed, found.in_our_hands, found.managed, found.let_in) == (True, True, False, False)
    assert found.begins == {"return": "letter"}
    configured = made(*lines, ("konfigurasi 1 selesai", entries.Configured(changed=3, account="ours")))
    assert (configured.managed, configured.let_in, configured.route.settled, configured.route.account) == (
        True,
        True,
        True,
        "ours",
    )
    appliance = replace(RECORD, kind="appliance", platform="cisco_ios", access=replace(RECORD.access, accounts=()))
    found = made(*lines, ("konfigurasi 1 selesai", entries.Configured(changed=0)), deposit=appliance)
    assert (found.managed, found.let_in, found.platform, found.kind) == (False, False, "cisco_ios", "appliance")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (entries.WayIn(way_in="first"), {"let_in": True, "managed": False}),
        (
            entries.OfficeKey(office_key="SHA256:a", key_leaving="SHA256:b"),
            {"office_key": "SHA256:a", "key_leaving": "SHA256:b"},
        ),
        (entries.OfficeKey(office_key="SHA256:a"), {"office_key": "SHA256:a", "key_leaving": ""}),
        (entries.SudoRight(sudo="inventory"), {"reduced": True}),
        (entries.SudoRight(sudo="full"), {"reduced": False}),
        (entries.Prioritised(priority=3, reason="x"), {"priority": 3}),
        (entries.ValidUntil(valid_until=date(2030, 1, 1)), {"valid_until": date(2030, 1, 1)}),
    ],
)
def test_what_its_history_established(entry: Entry, said: dict[str, Any]) -> None:
    """By an act that may establish it, wherever the deposit stands."""
    act = next(verb for verb in verbs.VERBS if verb.kind == "act" and verbs.may_write(verb, type(entry)))
    found = made(*PLACED, (f"konfigurasi 1 {act.outcome}", entry))
    assert {name: getattr(found, name) for name in said} == said


def test_how_it_is_reached() -> None:
    pinned = ("konfigurasi 1 kunci host", entries.HostKeyPinned(host_key=KEY))
    assert made(*PLACED, pinned).route.host_key == KEY


def test_the_time_on_hold_is_no_time_of_the_step() -> None:
    start = events("penitipan 1 selesai")[0].at
    minute = timedelta(minutes=1)
    held = made("penitipan 1 selesai", "penitipan 2 ditahan")
    assert (held.held, held.pauses, held.waits_on(date.min)) == (True, (Pause(start + minute, None),), "hold")
    assert not held.goes_on(date.max)
    assert held.asides == ("refuse", "withdraw")
    again = ("penitipan 1 selesai", "penitipan 2 ditahan", "penitipan 2 diubah", "penitipan 2 dilanjutkan")
    resumed = made(*again)
    assert (resumed.held, resumed.pauses) == (False, (Pause(start + minute, start + 3 * minute),))
    assert made(*again, "penitipan 2 selesai").pauses == ()
    twice = made(*again, "penitipan 2 ditahan", "penitipan 2 dilanjutkan")
    assert twice.pauses == (Pause(start + minute, start + 3 * minute), Pause(start + 4 * minute, start + 5 * minute))


def test_what_must_be_done_by_hand() -> None:
    other = replace(RECORD, kind="other", access=replace(RECORD.access, accounts=(), first_contact=None, ports=()))
    assert [made(*PLACED, deposit=each).by_hand for each in (RECORD, other)] == [False, True]
    assert [made(*BROUGHT, deposit=each).by_hand for each in (RECORD, other)] == [False, False]
    assert [
        made(*PLACED, deposit=each).checkable
        for each in (RECORD, other, replace(other, access=replace(other.access, ports=(443,))))
    ] == [True, False, True]
    with_bmc = replace(other, bmc=Bmc("192.0.2.110"))
    assert made(*PLACED, deposit=with_bmc).by_hand


@pytest.mark.parametrize(
    ("changed", "day", "waits", "goes_on"),
    [
        ({}, date(2026, 12, 1), "", True),
        ({"step": None, "end": "x"}, date(2026, 12, 1), "", False),
        ({"tries": 3}, date(2026, 12, 1), "", False),
        ({"by_hand": True}, date(2026, 12, 1), "", False),
        ({"held": True}, date(2026, 12, 1), "hold", False),
        ({"waiting": "space"}, date(2026, 12, 1), "space", False),
        ({"waiting": "space", "held": True}, date(2026, 12, 1), "hold", False),
        ({"waiting": "month", "month_due": date(2026, 12, 1)}, date(2026, 11, 30), "month", False),
        ({"waiting": "month", "month_due": date(2026, 12, 1)}, date(2026, 12, 1), "", True),
        ({"waiting": "decision"}, date(2026, 12, 1), "", False),
    ],
)
def test_whose_turn_it_is(changed: dict[str, Any], day: date, waits: str, goes_on: bool) -> None:
    found = replace(made("penitipan 1 selesai"), **changed)
    assert (found.waits_on(day), found.goes_on(day)) == (waits, goes_on)


@pytest.mark.parametrize(
    ("changed", "ours"),
    [({}, True), ({"placed": False}, False), ({"step": None}, False), ({"switched_off": True}, False)],
)
def test_when_a_server_is_in_our_hands(changed: dict[str, Any], ours: bool) -> None:
    assert replace(made("penitipan 1 selesai"), **{"placed": True, **changed}).in_our_hands is ours


LOOP = ["konfigurasi 1 selesai", "konfigurasi 2 selesai", "konfigurasi 3 tidak bisa"]


def test_used_up_tries_stop_what_would_go_on_by_itself() -> None:
    assert [made(*PLACED, *LOOP * n).tries for n in (2, 3)] == [0, 3]
