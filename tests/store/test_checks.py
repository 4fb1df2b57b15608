"""The history of access checks: kept, rolled up, and safe under several writers."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from sopctl.errors import InvalidRecord
from sopctl.model.availability import Policy, Sight, Status
from sopctl.store.checks import DAY, HOUR, Checks
from sopctl.store.settings import Retention
from sopctl.store.site import Site

WRITER = """
import sys
from pathlib import Path
from sopctl.model.availability import Policy, Sight
from sopctl.store.checks import Checks
from sopctl.store.site import Site
checks = Checks(Site(Path(sys.argv[1])))
for n in range(40):
    checks.record({"shared": Sight(100 + 2 * n + int(sys.argv[2]), ok=True), sys.argv[2]: Sight(n, ok=True)}, Policy())
"""


def play(checks: Checks, signs: str) -> None:
    for minute, sign in enumerate(signs):
        checks.record({"PS-1": Sight(60 * minute, sign == "+", "" if sign == "+" else "refused", 0.5)}, Policy())


def test_keeps_state_and_outages(site: Site) -> None:
    checks = Checks(site)
    play(checks, "++---")
    assert checks.states()["PS-1"].status is Status.DOWN
    assert [(one.id, one.began, one.ended, one.cause) for one in checks.untold()] == [("PS-1", 120, None, "refused")]
    checks.tell(checks.untold())
    assert checks.untold() == []
    for minute in (5, 6):
        checks.record({"PS-1": Sight(60 * minute, ok=True)}, Policy())
    assert [(one.began, one.ended) for one in checks.outages("PS-1")] == [(120, 300)]
    assert [one.status for one in checks.untold()] == [Status.UP]


def test_an_outage_that_nobody_heard_of_is_not_told_when_it_is_over(site: Site) -> None:
    checks = Checks(site)
    play(checks, "++---++")
    assert checks.untold() == []


def test_rolls_up_and_forgets(site: Site) -> None:
    checks, keep = Checks(site), Retention(checks_days=1, hours_days=2, days_days=4)
    now = 100 * DAY
    for age in (0.5, 1.5, 1.5 + 1 / 1440, 2.5, 3.5, 10):
        checks.record({"PS-1": Sight(int(now - age * DAY) + 600, ok=age != 2.5, seconds=1.0)}, Policy())
    # written newest first, as a late writer would: checks are kept, the state is not turned back
    assert checks.states()["PS-1"].checked == int(now - 0.5 * DAY) + 600
    for _ in range(2):  # a second run changes nothing
        checks.prune(now, keep)
        found = checks.counts("PS-1", 0, now + DAY)
        assert [(one.span, one.checks, one.ok) for one in found] == [
            (DAY, 1, 1), (DAY, 1, 0), (HOUR, 2, 2), (1, 1, 1)
        ]  # fmt: skip
        assert {one.seconds for one in found} == {1.0}


def test_two_processes_lose_nothing(site: Site) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, site.root, str(n)]) for n in range(2)]
    assert [one.wait(60) for one in writers] == [0, 0]
    assert len(Checks(site).counts("shared", 0, 10_000)) == 80
    assert set(Checks(site).states()) == {"shared", "0", "1"}


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
