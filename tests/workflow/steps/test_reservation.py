"""Reservation, placement, and the waiting list in order of request."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sopctl.cli import terminal
from sopctl.errors import Action, InvalidRecord, NotNow, UsageError
from sopctl.model.inspection import Inspection
from sopctl.model.rack import Wish
from sopctl.store import dossiers, locks
from sopctl.store.across import identities
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.servers import reach
from sopctl.workflow.setup import validation
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from sopctl.workflow.steps import acts, correcting, handover, inspecting, letters, notifying, reservation
from sopctl.workflow.views import board, details
from tests.conftest import Clock, edit, give_back


def standing(desk: Desk, deposit: str) -> str:
    return board.show(desk, deposit)[0].standing


RACK_B = "name: B1\nroom: R\nunits: 2\ndepth_mm: 900\npower_watts: 2000\n"


def take_in_and_give_back(desk: Desk, deposit: str) -> StepDone:
    """From step 5 to the end of the return; the server was never configured, so access is taken back by hand."""
    from sopctl.workflow.steps import releasing

    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    give_back(desk, deposit)
    releasing.release(desk, deposit, by_hand="server mati")
    inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
    handover.handover(desk, deposit)
    releasing.release(desk, deposit)
    return releasing.release(desk, deposit)


def test_two_fit_and_the_third_waits(desk: Desk, until_space: Callable[..., str]) -> None:
    first, second, third = until_space(), until_space(), until_space()
    assert [standing(desk, each) for each in (first, second, third)] == ["penitipan 5", "penitipan 5", "penitipan 6"]
    places = [str(dossiers.read(desk.site, each).summary.place) for each in (first, second)]
    assert places == ["rack A1 U1–U2", "rack A1 U3–U4"]
    assert dossiers.read(desk.site, third).events[-1].note == "rak A1 tidak punya 2 unit kosong berurutan"
    notifying.notify(desk, third, via="phone")
    row = board.show(desk, third)[0]
    assert (row.standing, row.waiting, row.due) == ("penitipan 4", "space (1 of 1)", None)
    assert third not in [row.id for row in board.todo(desk).rows], "its clock is paused"


def test_looking_again_without_space_records_nothing(desk: Desk, until_space: Callable[..., str]) -> None:
    _, _, third = until_space(), until_space(), until_space()
    notifying.notify(desk, third, via="phone")
    before = dossiers.read(desk.site, third).events
    assert reservation.reserve(desk, third).answer is False
    assert dossiers.read(desk.site, third).events == before


def test_a_place_freed_goes_to_the_first_who_asked_by_itself(
    desk: Desk, until_space: Callable[..., str], clock: Clock
) -> None:
    ids = []
    for _ in range(4):
        ids.append(until_space())
        clock.now += timedelta(minutes=1)
    first, _, third, fourth = ids
    for each in (third, fourth):
        notifying.notify(desk, each, via="phone")
    done = take_in_and_give_back(desk, first)
    assert standing(desk, first) == "selesai"
    assert [(also.id, also.outcome, also.by) for also in done.also] == [(third, "tersedia", "sopctl")]
    assert standing(desk, third) == "penitipan 5"
    assert reservation.reserve(desk, fourth).answer is False


def test_a_later_request_that_never_waited_does_not_jump_the_queue(
    desk: Desk, until_space: Callable[..., str], clock: Clock
) -> None:
    first, _, third = until_space(), until_space(), until_space()
    clock.now += timedelta(minutes=1)
    assert acts.withdraw(desk, first, reason="tidak jadi").also == (), "the third has yet to be told that it waits"
    with pytest.raises(NotNow, match=f"{third} asked earlier") as caught:
        until_space()
    steps = (Action("notify", third, task="place-full"), Action("reserve", third))
    assert caught.value.remedy == ("Serve it first.", *steps)
    notifying.notify(desk, third, via="phone")
    with pytest.raises(NotNow, match=f"{third} asked earlier"):
        reservation.reserve(desk, "PS-2026-0004")
    assert reservation.reserve(desk, third).answer
    assert reservation.reserve(desk, "PS-2026-0004").answer is False


def test_why_there_is_no_space_may_be_told_of_some_racks(desk: Desk, until_space: Callable[..., str]) -> None:
    for name in ("B1", "C1", "D1"):
        text = f"name: {name}\nroom: R\nunits: 1\ndepth_mm: 900\npower_watts: 2000\n"
        (desk.site.root / "racks" / f"{name}.yml").write_text(text)
    for _ in range(4):
        deposit = until_space()
    for each in ("PS-2026-0003", deposit):
        notifying.notify(desk, each, via="phone")
    site = Site(desk.site.root)
    whole = reservation.queue(site)
    assert [str(each.why).count("rack ") for each in whole] == [4, 4]
    second = reservation.queue(site, reservation.line(site)[1:], most=2)
    assert [(each.number, each.id, each.why) for each in second] == [
        (2, deposit, "; ".join([*str(whole[1].why).split("; ")[:2], "+2"]))
    ]


def test_a_new_rack_serves_those_who_wait(desk: Desk, until_space: Callable[..., str], clock: Clock) -> None:
    _, _, third = until_space(), until_space(), until_space()
    notifying.notify(desk, third, via="phone")
    assert [(each.id, each.why) for each in reservation.queue(desk.site)] == [
        (third, "rack A1 has no 2 free units in a row")
    ]
    (desk.site.root / "racks" / "B1.yml").write_text(RACK_B)
    again = terminal.desk(Site(desk.site.root), user="root", clock=clock)
    assert [done.id for done in reservation.serve_waiting_list(again)] == [third]
    assert reservation.queue(again.site) == []


def test_who_is_passed_over_and_why_is_recorded(desk: Desk, until_space: Callable[..., str]) -> None:
    first, _ = until_space(), until_space()
    large = until_space({"height_units: 2": "height_units: 4"})
    notifying.notify(desk, large, via="phone")
    small = until_space()
    notifying.notify(desk, small, via="phone")
    (served,) = take_in_and_give_back(desk, first).also
    assert served.id == small
    assert served.data["passed_over"] == [{"id": large, "why": "rak A1 U3–U4 dipesan untuk PS-2026-0002"}]
    assert f"dilewati: {large}" in served.note


def test_a_priority_goes_first_and_has_a_reason(desk: Desk, until_space: Callable[..., str], clock: Clock) -> None:
    first, _ = until_space(), until_space()
    waiting = []
    for _ in range(2):
        clock.now += timedelta(minutes=1)
        waiting.append(until_space())
        notifying.notify(desk, waiting[-1], via="phone")
    head = desk.decided_by("kabid")
    with pytest.raises(UsageError, match="a priority needs a reason"):
        reservation.prioritise(head, waiting[1], priority=1, reason=" ")
    with pytest.raises(NotNow, match="belongs to kadis or kabid"):
        reservation.prioritise(desk.decided_by("staf"), waiting[1], priority=1, reason="x")
    reservation.prioritise(head, waiting[1], priority=1, reason="layanan darurat")
    assert [each.id for each in reservation.queue(desk.site)] == waiting[::-1]
    assert [also.id for also in take_in_and_give_back(desk, first).also] == [waiting[1]]


def test_an_offer_that_is_not_taken_up_goes_to_the_next(
    desk: Desk, until_space: Callable[..., str], clock: Clock
) -> None:
    first, second, third = until_space(), until_space(), until_space()
    notifying.notify(desk, third, via="phone")
    for each in (first, second):
        notifying.notify(desk, each, via="phone")
    handover.receive(desk, second)
    clock.now += timedelta(days=14)
    assert str(dossiers.read(desk.site, first).summary.place_until) == "2026-12-07", "ten working days"
    assert reservation.expire(desk) == []
    clock.now += timedelta(days=1)
    done = reservation.expire(desk)
    assert [(each.id, each.outcome) for each in done] == [(first, "tempat dilepas"), (third, "tersedia")]
    assert standing(desk, second) == "penitipan 8", "its server is in the house: its place is kept"
    with pytest.raises(NotNow, match=r"receive .* is not due"):
        handover.receive(desk, first)
    assert reservation.reserve(desk, first).answer is False
    assert [each.id for each in reservation.queue(desk.site)] == [first]


def test_bringing_the_server_too_late_finds_the_place_let_go(
    desk: Desk, until_space: Callable[..., str], clock: Clock
) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    clock.now += timedelta(days=30)
    with pytest.raises(NotNow, match=r"receive .* is waiting for space") as caught:
        handover.receive(desk, deposit)
    assert caught.value.remedy == ("To see the waiting list:", Action("queue list"))
    assert reservation.reserve(desk, deposit).answer, "nobody else wanted it"


def test_a_deposit_that_someone_works_on_is_left_for_the_next_time(
    desk: Desk, until_space: Callable[..., str], clock: Clock
) -> None:
    deposit = until_space()
    clock.now += timedelta(days=30)
    with locks.hold(desk.site.root / "var" / "locks" / deposit, deposit):
        assert reservation.expire(desk) == []
    assert [done.id for done in reservation.expire(desk)] == [deposit]


def test_a_rack_that_was_made_smaller_is_found(desk: Desk, until_space: Callable[..., str], clock: Clock) -> None:
    _, second = until_space(), until_space()
    path = desk.site.root / "racks" / "A1.yml"
    path.write_text(path.read_text().replace("units: 4", "units: 3"))
    errors = validation.validate(terminal.desk(Site(desk.site.root), user="root", clock=clock)).errors
    assert [error.where for error in errors] == [str(path)]
    assert f"{second} has rack A1 U3–U4, which is impossible: U3 to U4 is outside rack A1" in errors[0].message


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("B9", 1), "there is no rack 'B9'"),
        (("A1", 4), "U4 to U5 is outside rack A1"),
        (("A1", 2), "U1–U2 is reserved for"),
    ],
)
def test_a_wanted_place_is_refused_with_the_reason(
    desk: Desk,
    until_space: Callable[..., str],
    file_request: Callable[..., str],
    wanted: tuple[str, int],
    message: str,
) -> None:
    until_space()
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    letters.dispose(desk, deposit, instruction="x")
    with pytest.raises(UsageError, match=message):
        reservation.reserve(desk, deposit, wish=Wish(*wanted))
    assert standing(desk, deposit) == "penitipan 4"
    assert reservation.reserve(desk, deposit, wish=Wish("A1", 3)).answer


def give_out(desk: Desk, text: str) -> Desk:
    """The same desk, at a site that gives out these addresses."""
    path = desk.site.root / "networks" / "titipan.yml"
    path.write_text(f"name: titipan\nnetwork: 10.20.30.0/24\ngateway: 10.20.30.1\n{text}")
    return replace(desk, site=Site(desk.site.root))


def routed(office: Desk, deposit: str) -> str:
    for _ in range(2):
        letters.dispose(office, deposit, instruction="x")
    return deposit


def without_address(office: Desk, tmp_path: Path, number: int) -> str:
    """A letter that leaves its address to the office, as both heads have routed it."""
    text = re.sub(r"(?m)^  address: 192.*\n", "", EXAMPLE_REQUEST)
    for old, new in (("SN-0001", f"SN-9{number}"), ("web1", f"tanpa{number}"), ("090/1/2026", f"090/9{number}/2026")):
        text = text.replace(old, new)
    record = tmp_path / "tanpa.yml"
    record.write_text(text)
    return routed(office, letters.request(office, record).id)


def test_reserve_gives_the_next_free_address_and_writes_it_into_the_record(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    first = file_request({"192.0.2.10 ": "10.20.30.10 "})
    office = give_out(desk, "vlan: 30\nranges: [10.20.30.10-10.20.30.12]\nreserved: {10.20.30.11: pencetak}\n")
    second, third = (without_address(office, tmp_path, number) for number in (2, 3))
    with pytest.raises(UsageError, match="no network 'lain'"):
        reservation.reserve(office, second, network="lain")
    written = (office.site.root / "deposits" / second / "deposit.yml").read_text()
    done = reservation.reserve(office, second)
    assert done.data["address_given"] == "10.20.30.12", f"{first} has the first, the second is reserved"
    assert "alamat 10.20.30.12/24 (titipan), gerbang 10.20.30.1" in done.note
    dossier = dossiers.read(office.site, second)
    assert dossier.deposit.access.address == "10.20.30.12"
    assert (done.data["fields"], dossier.edited, dossier.found) == (["access.address"], False, dossier.record)
    assert dossier.found.decode().replace("  address: '10.20.30.12'\n", "") == written, "a line more, and nothing else"
    assert details.address_given(dossier) == ""
    with pytest.raises(NotNow, match="titipan has no free address"):
        reservation.reserve(office, third, network="titipan")
    assert dossiers.read(office.site, third).standing.place == "penitipan 4"
    with pytest.raises(InvalidRecord, match=f"the address 10.20.30.12:22 is that of {second}"):
        file_request({"192.0.2.10 ": "10.20.30.12 "})
    assert validation.validate(office).errors == []


def test_an_address_that_was_given_stays_given_whatever_the_record_says_later(desk: Desk, tmp_path: Path) -> None:
    office = give_out(desk, "ranges: [10.20.30.10-10.20.30.11]\n")
    first, second = (without_address(office, tmp_path, number) for number in (1, 2))
    assert reservation.reserve(office, first).data["address_given"] == "10.20.30.10"
    edit(office, first, "10.20.30.10", "10.20.30.99")
    assert identities.hosts(office.site) == {"10.20.30.10", "10.20.30.99"}
    assert reservation.reserve(office, second).data["address_given"] == "10.20.30.11"


def test_an_address_that_the_letter_has_stays(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit, office = file_request(), give_out(desk, "")
    routed(office, deposit)
    with pytest.raises(UsageError, match=r"the letter of .* has an address: 192\.0\.2\.10"):
        reservation.reserve(office, deposit, network="titipan")
    edit(office, deposit, "  address: 192.0.2.10\n", "")
    assert reservation.reserve(office, deposit, network="titipan").data["address_given"] == "10.20.30.2"


def test_where_there_are_several_networks_one_is_named(desk: Desk, tmp_path: Path) -> None:
    give_out(desk, "")
    (desk.site.root / "networks" / "dmz.yml").write_text("name: dmz\nnetwork: 10.20.40.0/24\n")
    office = replace(desk, site=Site(desk.site.root))
    deposit = without_address(office, tmp_path, 1)
    with pytest.raises(UsageError, match="nobody named the network"):
        reservation.reserve(office, deposit)
    assert reservation.reserve(office, deposit, network="dmz").data["address_given"] == "10.20.40.1"


def test_a_letter_without_an_address_needs_an_office_that_gives_one(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InvalidRecord, match="the office has none to give"):
        without_address(desk, tmp_path, 1)


def test_who_is_served_by_itself_gets_an_address_too(desk: Desk, tmp_path: Path, clock: Clock) -> None:
    office = give_out(desk, "")
    first, second, third = (without_address(office, tmp_path, number) for number in range(3))
    assert [reservation.reserve(office, each).answer for each in (first, second, third)] == [True, True, False]
    notifying.notify(office, third, via="phone")
    acts.withdraw(office, first, reason="batal")
    given = [dossiers.read(office.site, each).deposit.access.address for each in (second, third)]
    assert given[0] == "10.20.30.3"
    assert given[1] in ("10.20.30.2", "10.20.30.4")


def test_a_reservation_that_is_taken_back_takes_its_address_back(desk: Desk, tmp_path: Path) -> None:
    office = give_out(desk, "")
    deposit = without_address(office, tmp_path, 1)
    done = reservation.reserve(office, deposit)
    came_by = dossiers.read(office.site, deposit).standing.came_by
    correcting.undo(office.decided_by("staf"), deposit, number=came_by, reason="salah berkas")
    dossier = dossiers.read(office.site, deposit)
    assert (dossier.deposit.access.address, dossier.edited) == ("", False)
    again = reservation.reserve(office, deposit)
    assert again.data["address_given"] == done.data["address_given"]
    assert validation.validate(office).errors == []


def test_a_server_without_an_address_is_not_configured(desk: Desk, tmp_path: Path) -> None:
    office = give_out(desk, "")
    dossier = dossiers.read(office.site, without_address(office, tmp_path, 1))
    with pytest.raises(InvalidRecord, match="has no address yet"):
        reach.host(office.site, dossier.summary)


def test_validate_knows_what_nobody_may_have(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request({"192.0.2.10 ": "10.20.30.1 "})
    (error,) = validation.validate(give_out(desk, "")).errors
    assert error.message == f"{deposit}: 10.20.30.1 is the gateway of titipan"
    broken = validation.validate(give_out(desk, "vlan: 9999\n")).errors
    assert [str(each).partition(": ")[0].rpartition("/")[2] for each in broken] == ["titipan.yml:4:1"]
