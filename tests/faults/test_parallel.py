"""Many commands at once, on one dossier and on several: each is done once or says why not, and none is lost."""

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from tests.faults import stages
from tests.faults.judging import litter, unsound
from tests.faults.scale import figure, times
from tests.faults.server import Server

PROCESSES = times(16, 4)
COMMANDS = times(200, 8)
"""Of each process."""
NOT_NOW, CONFLICT = 4, 5


class Ran(NamedTuple):
    """One command and how it ended."""

    mark: str
    code: int
    err: str


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_of_many_commands_at_once_each_is_done_once_or_not(
    made: Path, server: Server, shim: Path, desk: Desk, tmp_path: Path
) -> None:
    site = tmp_path / "site-under-test"
    shutil.copytree(made / "placed", site)
    others = []
    for number in range(3):
        filed = server.run(site, ["request", str(made / "inputs" / f"other{number}.yml"), "--json"])
        assert filed.code == 0, filed.err
        others.append(json.loads(filed.out)["steps"][0]["id"])

    def commands(process: int) -> list[Ran]:
        random, ran = Random(process), []
        with Server(shim) as mine:
            for number in range(COMMANDS):
                mark = f"oleh-{process}-{number}"
                deposit = stages.ID if random.random() < 0.5 else random.choice(others)
                words = random.choice((["hold", deposit, "--reason", mark], ["resume", deposit, "--note", mark]))
                ended = mine.run(site, [*words, "--by", "staf"])
                ran.append(Ran(mark, ended.code, ended.err))
        return ran

    with ThreadPoolExecutor(PROCESSES) as pool:
        ran = [each for of in pool.map(commands, range(PROCESSES)) for each in of]
    here = Site(site)
    events = [event for name in dossiers.ids(here) for event in dossiers.read(here, name).events]
    marks = Counter(event.data.get("reason") or event.note for event in events)
    done = {each.mark for each in ran if each.code == 0}
    assert {each for each in marks if each.startswith("oleh-")} == done, "what was acknowledged is recorded"
    assert all(marks[each] == 1 for each in done), "once"
    refused = [each for each in ran if each.code != 0]
    assert [each for each in refused if each.code not in (NOT_NOW, CONFLICT)] == [], (
        "the others say that it is not its turn"
    )
    assert unsound(Desk(here, desk.deciding, desk.clock)) == []
    assert litter(site) == []
    assert done
    conflicts = sum(each.code == CONFLICT for each in refused)
    figure(
        "parallel commands",
        f"{PROCESSES} processes with {COMMANDS} commands each: {len(done)} done, {len(refused)} refused "
        f"({conflicts} conflicts), none lost, none twice",
    )
