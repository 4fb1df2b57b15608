"""A controller whose clock is wrong: nothing happens that cannot be undone, until a person says that it is right."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from sopctl.errors import OutsideFailure
from sopctl.model.availability import Policy, Sight
from sopctl.store import dossiers
from sopctl.store.across import clock as clocks
from sopctl.store.checks import Checks
from sopctl.store.journal import Journal
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import checking
from sopctl.workflow.steps import acts, advancing, collecting, reminding, reservation
from tests.conftest import NOW, Clock

DAY = timedelta(days=1)
YEARS = NOW + 1826 * DAY


def strict(desk: Desk) -> Desk:
    """The desk of a timer: nobody vouches for the clock."""
    return desk.knowing(clock_is_right=False)


IRREVERSIBLE: dict[str, Callable[[Desk, str], object]] = {
    "the queue": lambda desk, _: reservation.run_queue(desk),
    "reminders": lambda desk, _: reminding.remind(desk),
    "the check of the fleet": lambda desk, _: list(checking.run(desk, [], errors=[])),
    "the month's inventory": collecting.collect,
    "what goes on by itself": advancing.advance,
}


@pytest.mark.parametrize("what", IRREVERSIBLE)
@pytest.mark.parametrize("kept", [True, False], ids=["the last time is kept", "the newest record counts"])
def test_years_ahead_nothing_irreversible_is_done(
    desk: Desk, clock: Clock, until_space: Callable[..., str], what: str, kept: bool
) -> None:
    deposit, mine = until_space(), strict(desk)
    events = dossiers.read(desk.site, deposit).events
    file = desk.site.root / "var" / "clock"
    if not kept:
        file.unlink()
    clock.now = YEARS
    for _ in range(2):  # the first try leaves no proof for the second
        with pytest.raises(OutsideFailure, match="1826 days after the last that is known: 2026-11-23"):
            IRREVERSIBLE[what](mine, deposit)
    assert dossiers.read(desk.site, deposit).events == events
    assert not Checks(desk.site).begun


def test_what_is_recorded_at_a_wrong_time_is_told_and_is_no_proof_of_it(
    desk: Desk, clock: Clock, until_space: Callable[..., str]
) -> None:
    deposit, mine = until_space(), strict(desk)
    (desk.site.root / "var" / "clock").unlink()
    clock.now = YEARS
    acts.hold(mine.decided_by("staf"), deposit, reason="x")
    assert [error.id for error in desk.site.lagging] == ["clock-far-ahead"]
    acts.resume(mine.decided_by("staf"), deposit)
    assert len(desk.site.lagging) == 1, "once a command"
    with pytest.raises(OutsideFailure, match="1826 days after"):
        reservation.run_queue(mine)


def test_a_reservation_outlives_a_wrong_clock_and_ends_in_time(
    desk: Desk, clock: Clock, until_space: Callable[..., str]
) -> None:
    first, mine = until_space(), strict(desk)
    clock.now = YEARS
    assert reservation.expire(mine) == [], "also on the way of another step"
    clock.now = NOW + 30 * DAY
    assert reservation.run_queue(mine)[0].id == first


def test_a_person_who_says_that_the_clock_is_right_is_believed_once_for_all(
    desk: Desk, clock: Clock, until_space: Callable[..., str]
) -> None:
    first = until_space()
    clock.now = YEARS
    assert reservation.run_queue(desk.knowing(clock_is_right=True))[0].id == first
    clock.now += DAY
    assert reservation.run_queue(strict(desk)) == []
    clock.now = NOW + DAY
    reservation.run_queue(strict(desk))
    assert [error.id for error in desk.site.lagging] == ["clock-behind"], "and back again is told"


def test_a_site_in_use_is_never_in_doubt(desk: Desk, clock: Clock, file_request: Callable[..., str]) -> None:
    file_request()
    for _ in range(20):
        clock.now += 40 * DAY
        reminding.remind(strict(desk))
    assert desk.site.lagging == []


def test_a_new_site_believes_its_clock(site: Site) -> None:
    assert clocks.doubt(site, YEARS) is None


@pytest.mark.parametrize("content", [b"", b"never", b"2026-11-23T09:30:00", b"9" * 500, b"\xff\xfe"])
def test_a_broken_note_of_the_time_is_none(desk: Desk, file_request: Callable[..., str], content: bytes) -> None:
    file_request()
    (desk.site.root / "var" / "clock").write_bytes(content)
    found = clocks.doubt(desk.site, YEARS)
    assert found
    assert found.ahead


def test_the_newest_event_is_a_dossier_s(desk: Desk, file_request: Callable[..., str]) -> None:
    """Whatever else the journal has noted since."""
    deposit, journal = file_request(), Journal(desk.site.root)
    with desk.site.alone():
        for name in ("=", "-", "visits-2026"):
            with journal.adding() as writer:
                writer.add_hash(name, 1, "0" * 64)
    assert journal.newest() == deposit
    (desk.site.root / "var" / "clock").unlink()
    found = clocks.doubt(desk.site, YEARS)
    assert found
    assert found.ahead


def test_the_newest_check_counts_too(site: Site) -> None:
    with Checks(site).recording(Policy()) as record:
        record("PS-1", Sight(int(NOW.timestamp()), ok=True))
    found = clocks.doubt(site, YEARS)
    assert found
    assert found.ahead
    assert clocks.doubt(site, NOW + DAY) is None


def test_the_time_is_kept_once_an_hour(site: Site) -> None:
    note = site.root / "var" / "clock"
    kept = []
    for minutes in (0, 59, 60, 61, 120):
        assert clocks.doubt(site, NOW + timedelta(minutes=minutes)) is None
        kept.append(note.read_text())
    assert [kept.index(each) for each in kept] == [0, 0, 2, 2, 4]


def test_two_controllers_may_differ_by_minutes(site: Site) -> None:
    assert clocks.doubt(site, NOW) is None
    assert clocks.doubt(site, NOW - timedelta(minutes=5)) is None
    found = clocks.doubt(site, NOW - timedelta(hours=2))
    assert found
    assert (found.error.id, found.ahead) == ("clock-behind", False)
    assert clocks.doubt(site, NOW.astimezone(UTC)) is None
