"""What a command keeps on its way is gone again if nothing is recorded of it: when it is refused, when it is killed."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sopctl.store.journal import MAX_LINE
from tests.cases import rows
from tests.faults import stages
from tests.faults.judging import files, heads, litter
from tests.faults.server import Mode, Server

TABLE = [row for row in rows("writing_commands") if "words" in row]


def named(row: dict[str, Any]) -> str:
    return f"{row['words'][0]}-{row['stage']}"


def copied(made: Path, row: dict[str, Any], into: Path) -> Path:
    shutil.copytree(made / row["stage"], into)
    return into


@pytest.mark.parametrize("row", TABLE, ids=named)
def test_who_is_refused_at_the_last_moment_leaves_all_as_it_was(
    row: dict[str, Any], made: Path, server: Server, tmp_path: Path
) -> None:
    """A journal that goes on with more than a torn line lets nothing be recorded, which shows when all else is done."""
    site = copied(made, row, tmp_path / "site")
    journal = site / "journal.jsonl"
    journal.write_bytes((journal.read_bytes() if journal.exists() else b"") + b"x" * (MAX_LINE + 1))
    before = files(site)
    ended = server.run(site, stages.filled(row["words"], made / "inputs"))
    assert ended.code not in (0, 70), (ended.code, ended.out, ended.err)
    after = files(site)
    assert {name for name in {**before, **after} if before.get(name) != after.get(name)} == set()


@pytest.mark.parametrize("row", TABLE, ids=named)
def test_what_a_killed_command_had_kept_is_swept(
    row: dict[str, Any], made: Path, server: Server, tmp_path: Path
) -> None:
    words = stages.filled(row["words"], made / "inputs")
    server.run(copied(made, row, tmp_path / "first"), words)  # which may keep what the next ones need not make
    for attempt, other in enumerate((0, 0, -1, 1, -2, 2)):  # with the time of day, a run makes some calls more or less
        calls = server.run(copied(made, row, tmp_path / f"count{attempt}"), words, Mode.COUNT).calls
        kept = [number for number, call in enumerate(calls, start=1) if call == "link"]
        if not kept:
            return
        moved = [number for number, call in enumerate(calls, start=1) if call == "rename" and number > kept[-1]]
        commit = moved[1]  # the first puts the paper into its place
        site = copied(made, row, tmp_path / f"site{attempt}")
        before = heads(site)
        code = server.run(site, words, Mode.KILL, commit + other).code
        assert code in (-9, 0), "it was killed, or had done all with fewer calls than were counted"
        if code == -9 and litter(site):
            break
    assert code == -9
    assert row.get("several") or heads(site) == before
    assert litter(site), "it was killed with a paper in its hands"
    server.run(site, words)
    assert litter(site) == []
