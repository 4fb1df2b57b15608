"""Sessions of the page and failures to log in: for how long each counts."""

import pytest

from sopctl.store.page.database import Database
from sopctl.store.page.sessions import Sessions
from sopctl.store.site import Site

HOUR = 3600.0


@pytest.fixture
def sessions(site: Site) -> Sessions:
    return Sessions(Database(site))


def test_a_session_lasts_a_working_day_from_when_it_was_used(sessions: Sessions) -> None:
    sessions.begin("s", "kadis", 0.0)
    assert sessions.account("s", 8 * HOUR) == "kadis"
    assert sessions.account("s", 16 * HOUR) == "kadis"
    assert sessions.account("s", 24 * HOUR + 1) is None, "a day is the most"
    sessions.begin("t", "staf", 0.0)
    assert sessions.account("t", 8 * HOUR + 1) is None


def test_a_session_that_is_over_is_forgotten_at_the_next_login(site: Site, sessions: Sessions) -> None:
    sessions.begin("old", "kadis", 0.0)
    sessions.begin("still", "staf", HOUR)
    sessions.begin("new", "kabid", 8 * HOUR + 1)
    with Database(site).reading() as found:
        kept = {row[0] for row in found.execute("SELECT account FROM sessions")}
    assert kept == {"staf", "kabid"}


def test_failures_count_for_a_quarter_of_an_hour(sessions: Sessions) -> None:
    sessions.failed("kadis", "198.18.0.1", 0.0)
    sessions.failed("kadis", "198.18.0.2", 0.0)
    sessions.failed("kabid", "198.18.0.1", 0.0)
    within, over = 15 * 60 - 1, 15 * 60
    assert sessions.failures("kadis", "198.18.0.1", within) == (1, 2)
    assert sessions.failures_anywhere("kadis", within) == 2
    assert sessions.failures("kadis", "198.18.0.1", over) == (0, 0)
    assert sessions.failures_anywhere("kadis", over) == 0


def test_who_was_refused_is_told_newest_first(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sopctl.store.page.sessions.MOST_REFUSALS", 2)
    for number in range(3):
        sessions.refused(float(number), "kadis", "198.18.0.1", "not-to-be-seen", "/berkas/" + "x" * 400)
    told = sessions.refusals()
    assert [each[0] for each in told] == [2.0, 1.0], "the oldest makes room"
    assert told[0][1:4] == ("kadis", "198.18.0.1", "not-to-be-seen")
    assert len(told[0][4]) == 300
