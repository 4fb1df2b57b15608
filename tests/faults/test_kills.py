"""Commands are killed at random calls, thousands of times on one site, and a ledger says what was acknowledged."""

import shutil
from pathlib import Path
from random import Random

import pytest

from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from tests.faults import stages
from tests.faults.judging import heads, litter, unsound
from tests.faults.scale import figure, times
from tests.faults.server import Mode, Server

PARTS, KILLS = times(100, 1), times(100, 150)
"""10,000 in all, in parts: a run that is broken off goes on with the next."""
LOOKED_AT_WHOLE = 100
"""After so many kills the whole site is looked at; its last event after each."""
MOST_EVENTS = 400
"""Then the site starts anew: histories have an end, and kills belong to short ones as well."""


@pytest.mark.scaled
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_acknowledged_event_is_lost_to_a_kill(
    part: int, made: Path, server: Server, desk: Desk, tmp_path: Path
) -> None:
    random = Random(20261126 + part)
    site = tmp_path / "site-under-test"
    wrong: list[str] = []
    acknowledged, known, killed = 0, [""] * (MOST_EVENTS + 1), 0
    for number in range(KILLS):
        if len(known) > MOST_EVENTS:
            shutil.rmtree(site, ignore_errors=True)
            shutil.copytree(made / "disposed", site)
            known, held = heads(site)[stages.ID], False
            ended = server.run(site, ["hold", stages.ID, "--by", "staf", "--reason", "x"], Mode.COUNT)
            count, held, known = len(ended.calls), True, heads(site)[stages.ID]
        words = ["resume", stages.ID, "--by", "staf"] if held else ["hold", stages.ID, "--by", "staf", "--reason", "x"]
        call, mode = random.randint(1, count + 3), random.choice((Mode.KILL, Mode.TORN))
        ended = server.run(site, words, mode, call)
        now = heads(site)[stages.ID]
        where = f"kill {number} at call {call} of {count}, ended with {ended.code}"
        if now[: len(known)] != known:
            wrong.append(f"{where}: acknowledged events are gone")
        if len(now) - len(known) not in ((1,) if ended.code == 0 else (0, 1)) or ended.code not in (0, -9):
            wrong.append(f"{where}: {len(now) - len(known)} new events, {ended.err[-300:]}")
        acknowledged, killed = acknowledged + (ended.code == 0), killed + (ended.code == -9)
        held, known = (len(now) - len(known)) % 2 != held, now
        if number % LOOKED_AT_WHOLE == 0:
            wrong += [f"{where}: {each}" for each in unsound(Desk(Site(site), desk.deciding, desk.clock))]
        assert wrong == []
    server.run(site, ["resume" if held else "hold", stages.ID, "--by", "staf", *([] if held else ["--reason", "x"])])
    assert litter(site) == []
    assert unsound(Desk(Site(site), desk.deciding, desk.clock)) == []
    # How many calls a command makes depends on how long ago others wrote: on a busy machine, more end before theirs.
    assert killed > KILLS // 5, "too few were killed to prove anything"
    figure(
        "kills",
        "{tried} commands killed at a random call ({killed} before they ended): no acknowledged event lost",
        tried=KILLS,
        killed=killed,
    )
