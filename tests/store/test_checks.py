"""The history of access checks: kept, rolled up, and safe under several writers."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Timer

import msgspec
import pytest

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.availability import Outage, Policy, Sight, Span, State, Status
from sopctl.store import checks as checks_module
from sopctl.store.checks import DAY, HOUR, MIGRATIONS, Checks
from sopctl.store.settings import Retention
from sopctl.store.site import Site
from tests.patience import PATIENCE

WRITER = """
import sys
from pathlib import Path
from sopctl.model.availability import Policy, Sight
from sopctl.store.checks import Checks
from sopctl.store.site import Site
with Checks(Site(Path(sys.argv[1]))).recording(Policy()) as record:
    for n in range(40):
        record("shared", Sight(100 + 2 * n + int(sys.argv[2]), ok=True))
        record(sys.argv[2], Sight(n, ok=True))
"""


def note(checks: Checks, sights: Iterable[Sight], name: str = "PS-1") -> None:
    with checks.recording(Policy()) as record:
        for sight in sights:
            record(name, sight)


def play(checks: Checks, signs: str, first: int = 0) -> None:
    note(
        checks,
        [Sight(60 * minute, s == "+", "" if s == "+" else "refused", 0.5) for minute, s in enumerate(signs, first)],
    )


def test_keeps_state_outages_and_who_was_told(site: Site) -> None:
    checks = Checks(site)
    play(checks, "++---")
    assert checks.states()["PS-1"].status is Status.DOWN
    claimed = checks.claim("ops")
    assert [(one.id, one.began, one.ended, one.cause) for one in claimed] == [("PS-1", 120, None, "refused")]
    assert checks.claim("ops") == [], "neither another process nor a second run tells it again"
    checks.release("ops", claimed)
    assert checks.claim("ops") == claimed, "it was not taken after all"
    play(checks, "++", first=5)
    assert checks.seen(0, 1000)["PS-1"].outages == checks.outages("PS-1") == [Outage(120, 300, "refused")]
    back = checks.claim("ops")
    assert [(one.began, one.ended) for one in back] == [(120, 300)]
    assert checks.claim("ops") == []
    checks.release("ops", back)
    assert checks.claim("ops") == back
    assert checks.claim("head") == [], "who was never told that it is down is not told that it is back"


def test_an_outage_that_nobody_heard_of_is_not_told_when_it_is_over(site: Site) -> None:
    checks = Checks(site)
    play(checks, "++---++")
    assert checks.claim("ops") == []


def test_what_was_watched(site: Site) -> None:
    checks = Checks(site)
    for at in (0, 1000, 2800, 4601, 5000, 4700):  # the last one comes late
        note(checks, [Sight(at, ok=True)])
    assert checks.seen(0, 10_000)["PS-1"].watched == [Span(0, 2800), Span(4601, 5000)]
    assert checks.seen(2000, 3000)["PS-1"].watched == [Span(0, 2800)]
    assert [sorted(checks.seen(since, 7000)) for since in (5000, 5001, 6000)] == [["PS-1"], [], []]
    play(checks, "---", first=100)
    note(checks, [Sight(20_000, ok=False)])
    assert checks.seen(19_000, 21_000)["PS-1"].watched == [Span(4601, 6120), Span(20_000, 20_000)], "since it went down"


def test_rolls_up_and_forgets(site: Site) -> None:
    checks, keep = Checks(site), Retention(checks_days=1, hours_days=2, days_days=4)
    now = 100 * DAY
    ages = (0.5, 1.5, 1.5 + 1 / 1440, 2.5, 3.5, 10)
    note(checks, [Sight(int(now - age * DAY) + 600, ok=age != 2.5, seconds=1.0) for age in ages])
    # written newest first, as a late writer would: checks are kept, the state is not turned back
    assert checks.states()["PS-1"].checked == int(now - 0.5 * DAY) + 600
    for _ in range(2):  # a second run changes nothing
        checks.prune(now, keep)
        found = checks.counts("PS-1", 0, now + DAY)
        assert [(one.span, one.checks, one.ok) for one in found] == [
            (DAY, 1, 1), (DAY, 1, 0), (HOUR, 2, 2), (1, 1, 1)
        ]  # fmt: skip
        assert {one.seconds for one in found} == {1.0}


def test_a_backlog_is_rolled_up_in_steps_between_which_others_write(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checks(site)
    note(kept, [Sight(at, ok=at % 120 != 0, seconds=1.0) for at in range(0, 4 * HOUR, 60)])
    monkeypatch.setattr(checks_module, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(checks_module, "MOST_STEPS", 5)
    meanwhile: list[int] = []

    def other_writer(_seconds: float) -> None:
        meanwhile.append(len(kept.counts("PS-1", 0, DAY)))
        note(Checks(site), [Sight(20 * DAY + len(meanwhile), ok=True)], "PS-2")

    monkeypatch.setattr("sopctl.store.checks.time.sleep", other_writer)
    keep = Retention(checks_days=1, hours_days=5)
    kept.prune(3 * DAY, keep)
    assert len(meanwhile) == 5, "the rest is for the next run"
    assert meanwhile == sorted(meanwhile, reverse=True)
    while len(kept.counts("PS-1", 0, DAY)) > 4:
        before = len(meanwhile)
        kept.prune(3 * DAY, keep)
        assert len(meanwhile) > before
    assert [(one.span, one.checks, one.ok) for one in kept.counts("PS-1", 0, DAY)] == [(HOUR, 60, 30)] * 4
    assert len(kept.counts("PS-2", 0, 30 * DAY)) == len(meanwhile)


@pytest.fixture
def shared(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Checks, sqlite3.Connection]]:
    """A history with a check, which waits for nobody for long, and another's connection to it."""
    monkeypatch.setattr(checks_module, "BUSY_SECONDS", 0.1)
    kept = Checks(site)
    note(kept, [Sight(60, ok=True)])
    with closing(sqlite3.connect(site.root / "var" / "checks.sqlite3")) as other:
        yield kept, other


def test_who_holds_the_history_too_long_is_named_as_the_cause(shared: tuple[Checks, sqlite3.Connection]) -> None:
    kept, other = shared
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutsideFailure, match="another process has held the history of checks"):
        note(kept, [Sight(120, ok=True)])


def test_who_holds_a_new_history_is_waited_for_and_then_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no journal of its own yet, so that readers have to wait too."""
    monkeypatch.setattr(checks_module, "BUSY_SECONDS", 0.2)
    path = site.root / "var" / "checks.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutsideFailure) as refused:
            Checks(site).states()
        assert refused.value.id == "checks-held"
        monkeypatch.setattr(checks_module, "BUSY_SECONDS", PATIENCE)
        ends = Timer(0.2, other.rollback)
        ends.start()
        assert Checks(site).states() == {}
        ends.join()


def test_who_reads_holds_nobody_up(shared: tuple[Checks, sqlite3.Connection]) -> None:
    kept, other = shared
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM checks").fetchone() == (1,)
    note(kept, [Sight(120, ok=True)])
    assert kept.states()["PS-1"].checked == 120
    assert other.execute("SELECT count(*) FROM checks").fetchone() == (1,), "what it began to read"


def test_what_cannot_be_kept_leaves_nothing_and_the_next_check_is_kept(site: Site) -> None:
    kept = Checks(site)
    with kept.recording(Policy()) as record:
        with pytest.raises(UnicodeEncodeError):
            record("PS-1", Sight(60, ok=False, cause="\udc80"))
        record("PS-1", Sight(120, ok=True))
    assert [one.at for one in kept.counts("PS-1", 0, 1000)] == [120]
    assert kept.seen(0, 1000)["PS-1"].watched == [Span(120, 120)]


def test_a_history_begins_with_the_first_check_and_is_for_nobody_else(site: Site) -> None:
    kept = Checks(site)
    begun = [kept.begun]
    before = os.umask(0)
    try:
        note(kept, [Sight(60, ok=True)])
    finally:
        os.umask(before)
    begun.append(kept.begun)
    assert begun == [False, True]
    assert stat.S_IMODE((site.root / "var" / "checks.sqlite3").stat().st_mode) == 0o640


def test_many_checks_of_one_moment_are_rolled_up_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than of one step, whose end cannot be in their midst."""
    monkeypatch.setattr(checks_module, "ROWS_AT_ONCE", 2)
    kept = Checks(site)
    for n in range(5):
        note(kept, [Sight(60, ok=True)], f"PS-{n}")
    kept.prune(3 * DAY, Retention(checks_days=1))
    assert [[one.span for one in kept.counts(f"PS-{n}", 0, DAY)] for n in range(5)] == [[HOUR]] * 5


def everything(checks: Checks) -> list[object]:
    with closing(sqlite3.connect(checks._path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(name, database.execute(f"SELECT * FROM {name}").fetchall()) for name in tables]


@pytest.mark.parametrize("span", [1, HOUR, DAY])
def test_the_same_answers_again_change_nothing(site: Site, span: int) -> None:
    """However often, in whichever order, and also when their single rows are rolled up."""
    checks = Checks(site)
    play(checks, "++-+---++")
    if span > 1:
        checks.prune(20 * DAY, Retention(checks_days=14, hours_days=90 if span == HOUR else 17))
    assert checks.counts("PS-1", 0, 20 * DAY)[0].span == span
    before = everything(checks)
    play(checks, "++-+---++")
    note(checks, [Sight(120, ok=False, cause="refused")] * 3)
    for minute in (8, 3, 0):
        play(checks, "++-+---++"[minute], first=minute)
    assert everything(checks) == before


def test_one_failed_answer_that_comes_three_times_is_one(site: Site) -> None:
    checks = Checks(site)
    note(checks, [Sight(60, ok=True), Sight(120, ok=True), *[Sight(180, ok=False, cause="silent")] * 3])
    assert (checks.states()["PS-1"].status, checks.outages("PS-1")) == (Status.UP, [])


def test_an_answer_that_was_overtaken_is_counted_and_turns_nothing(site: Site) -> None:
    checks = Checks(site)
    play(checks, "++-")
    state = checks.states()
    note(checks, [Sight(90, ok=False, cause="silent")])
    assert checks.states() == state
    assert [one.at for one in checks.counts("PS-1", 0, 1000)] == [0, 60, 90, 120]


def test_a_server_that_is_long_gone_leaves_nothing(site: Site) -> None:
    checks, keep = Checks(site), Retention(days_days=4)
    play(checks, "++---", first=0)
    checks.claim("ops")
    later = 30 * DAY
    note(checks, [Sight(later, ok=True)], "PS-2")
    checks.prune(later, keep)
    assert set(checks.states()) == set(checks.seen(0, later + 1)) == {"PS-2"}
    with closing(sqlite3.connect(site.root / "var" / "checks.sqlite3")) as database:
        for table in ("checks", "rolled", "outages", "told", "watched", "state"):
            rows = database.execute(f"SELECT id FROM {table}").fetchall()
            assert set(rows) <= {("PS-2",)}, table


def test_two_processes_lose_nothing(site: Site) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, site.root, str(n)]) for n in range(2)]
    assert [one.wait(PATIENCE) for one in writers] == [0, 0]
    assert len(Checks(site).counts("shared", 0, 10_000)) == 80
    assert set(Checks(site).states()) == {"shared", "0", "1"}


def test_a_history_of_the_first_version_goes_on(site: Site) -> None:
    path = site.root / "var" / "checks.sqlite3"
    path.parent.mkdir(exist_ok=True)
    state = State(first_seen=60, checked=600, status=Status.DOWN, since=300, cause="refused")
    with closing(sqlite3.connect(path)) as database:
        database.executescript(MIGRATIONS[0])
        database.execute("INSERT INTO state VALUES ('PS-1', ?)", (msgspec.json.encode(state),))
        database.execute("INSERT INTO outages VALUES ('PS-1', 300, NULL, 'refused', 1)")
        database.execute("PRAGMA user_version = 1")
        database.commit()
    checks = Checks(site)
    assert checks.states() == {"PS-1": state}
    assert checks.seen(0, 1000)["PS-1"].watched == [Span(60, 600)]
    play(checks, "++", first=11)
    assert checks.outages("PS-1") == [Outage(300, 660, "refused")]


def test_says_what_it_cannot_read(site: Site) -> None:
    path = site.root / "var" / "checks.sqlite3"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"this is no database, and never was one" * 40)
    with pytest.raises(InvalidRecord, match="broken"):
        Checks(site).states()
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(InvalidRecord, match="newer"):
        Checks(site).states()
    path.unlink()
    note(Checks(site), [Sight(60, ok=True)])
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE state")
    with pytest.raises(OutsideFailure, match="cannot be used: no such table: state") as refused:
        Checks(site).states()
    assert refused.value.id == "checks-unusable"


def test_many_who_tell_at_once_tell_each_change_once(site: Site) -> None:
    for n in range(20):
        note(Checks(site), [Sight(60 * minute, ok=False, cause="refused") for minute in range(3)], f"PS-{n}")
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: Checks(site).claim("ops"), range(16)))
    assert sorted(one.id for claimed in claims for one in claimed) == sorted(f"PS-{n}" for n in range(20))
