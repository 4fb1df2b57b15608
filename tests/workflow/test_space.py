"""Reservation, placement, and the waiting list in order of request."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sopctl.errors import NotNow, UsageError
from sopctl.store import dossiers
from sopctl.workflow import handing, informing, letters, reading, space
from sopctl.workflow.desk import Desk
from tests.conftest import Clock


def standing(desk: Desk, deposit: str) -> str:
    return reading.show(desk, deposit)[0].standing


def take_in_and_give_back(desk: Desk, deposit: str) -> None:
    """From step 5 to the end of the return; the server was never configured, so access is taken back by hand."""
    from sopctl.workflow import releasing

    informing.notify(desk, deposit, via="phone")
    handing.receive(desk, deposit)
    handing.inspect(desk, deposit, serial="SN-0001")
    handing.handover(desk, deposit)
    space.place(desk, deposit)
    letters.ask_back(desk, deposit, letter_number="090/9/2026")
    letters.dispose(desk, deposit, instruction="x")
    letters.dispose(desk, deposit, instruction="x")
    handing.inspect(desk, deposit, serial="SN-0001")
    letters.confirm_data_saved(desk, deposit, wipe=False)
    for _ in range(1):
        releasing.release(desk, deposit, by_hand="server mati")
    handing.inspect(desk, deposit)
    handing.handover(desk, deposit)
    releasing.release(desk, deposit)
    releasing.release(desk, deposit)


def test_two_fit_and_the_third_waits(desk: Desk, until_space: Callable[..., str]) -> None:
    first, second, third = until_space(), until_space(), until_space()
    assert [standing(desk, each) for each in (first, second, third)] == ["penitipan 5", "penitipan 5", "penitipan 6"]
    places = [str(dossiers.read(desk.site, each).summary.place) for each in (first, second)]
    assert places == ["rack A1 U1-U2", "rack A1 U3-U4"]
    informing.notify(desk, third, via="phone")
    row = reading.show(desk, third)[0]
    assert (row.standing, row.waiting, row.due) == ("penitipan 4", "space (1 of 1)", None)
    assert third not in [row.id for row in reading.todo(desk).rows], "its clock is paused"


def test_looking_again_without_space_records_nothing(desk: Desk, until_space: Callable[..., str]) -> None:
    _, _, third = until_space(), until_space(), until_space()
    informing.notify(desk, third, via="phone")
    before = dossiers.read(desk.site, third).events
    assert space.reserve(desk, third).answer is False
    assert dossiers.read(desk.site, third).events == before


def test_a_place_freed_goes_to_the_first_who_asked(desk: Desk, until_space: Callable[..., str], clock: Clock) -> None:
    ids = []
    for _ in range(4):
        ids.append(until_space())
        clock.now += timedelta(minutes=1)
    first, _, third, fourth = ids
    for each in (third, fourth):
        informing.notify(desk, each, via="phone")
    take_in_and_give_back(desk, first)
    assert standing(desk, first) == "selesai"
    note = dossiers.read(desk.site, first).events[-1].note
    assert note == f"tempat bebas: rack A1 U1-U2; daftar tunggu: {third} (sopctl reserve {third})"
    with pytest.raises(NotNow, match=f"{third} asked earlier, waits for space and fits now"):
        space.reserve(desk, fourth)
    assert space.reserve(desk, third).answer
    assert space.reserve(desk, fourth).answer is False


def test_a_later_request_that_never_waited_does_not_jump_the_queue(
    desk: Desk, until_space: Callable[..., str], file_request: Callable[..., str]
) -> None:
    first, _, third = until_space(), until_space(), until_space()
    informing.notify(desk, third, via="phone")
    take_in_and_give_back(desk, first)
    late = file_request()
    letters.dispose(desk, late, instruction="x")
    letters.dispose(desk, late, instruction="x")
    with pytest.raises(NotNow, match=f"{third} asked earlier"):
        space.reserve(desk, late)


def test_an_earlier_request_too_large_for_the_place_is_passed_over(desk: Desk, until_space: Callable[..., str]) -> None:
    first, _ = until_space(), until_space()
    large = until_space({"height_units: 2": "height_units: 4"})
    informing.notify(desk, large, via="phone")
    small = until_space()
    informing.notify(desk, small, via="phone")
    take_in_and_give_back(desk, first)
    assert space.reserve(desk, small).answer


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("B9", 1), "there is no rack 'B9'"),
        (("A1", 4), "U4 to U5 is outside rack A1"),
        (("A1", 2), "U1-U2 is reserved for"),
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
        space.reserve(desk, deposit, wanted=wanted)
    assert standing(desk, deposit) == "penitipan 4"
    assert space.reserve(desk, deposit, wanted=("A1", 3)).answer
