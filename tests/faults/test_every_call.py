"""A fault at the calls of every writing command: all of it is done, or nothing; and what the command says is so.

`make test` takes some calls of each command; with SOPCTL_BATTERY=1 every call is taken, in every mode.
"""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from sopctl.cli.main import cli
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from tests.cases import rows
from tests.copies import Original
from tests.faults import stages
from tests.faults.judging import everything, heads, litter, unsound
from tests.faults.scale import WHOLE, figure
from tests.faults.server import Ended, Mode, Server
from tests.faults.test_broken_dossier import commands

FAULTS = [
    (Mode.KILL, 0),
    (Mode.TORN, 0),
    (Mode.SHORT, 0),
    (Mode.ERROR, errno.ENOSPC),
    (Mode.ERROR, errno.EIO),
    *([(Mode.ERROR, each) for each in (errno.EDQUOT, errno.EMFILE, errno.EACCES)] if WHOLE else []),
]
STRIDE = 1 if WHOLE else 59
"""In a bounded run, each fault is tried at every 59th call, each at others."""


SWEEPING = (
    ["request", "{folder}/other0.yml"],
    ["edit", "{id}", "--accept", "--note", "x"],
    ["document", "make", "report", "--month", "2026-10", "--by", "staf"],
)
"""What records something in each place where a file may have been left half-way, and sweeps there."""


TABLE = rows("writing_commands")


def lengths(of: dict[str, list[str]]) -> dict[str, int]:
    return {name: len(events) for name, events in of.items()}


@pytest.mark.scaled
@pytest.mark.parametrize(
    "row", [row for row in TABLE if "words" in row], ids=lambda row: f"{row['words'][0]}-{row['stage']}"
)
@pytest.mark.timeout(7200)
def test_done_or_not_done_and_told_as_it_is(
    row: dict[str, Any], made: Path, server: Server, tmp_path: Path, desk: Desk
) -> None:
    words = stages.filled(row["words"], made / "inputs")
    site = tmp_path / "site-under-test"

    original = Original(made / row["stage"])

    def fresh() -> Path:
        shutil.rmtree(site, ignore_errors=True)
        return original.copy(site)

    fresh()
    before, old = heads(site), everything(site)
    normal = server.run(site, words, Mode.COUNT)
    assert normal.code == 0, normal.err
    new = lengths(heads(site))
    assert new != lengths(before), "the command records something"
    wrong, tried = [], 0
    for number, (mode, code) in enumerate(FAULTS):
        for call in range(1 + number, len(normal.calls) + 1, STRIDE):
            if mode in (Mode.SHORT, Mode.TORN) and normal.calls[call - 1] not in ("write", "pwrite"):
                continue
            tried += 1
            fresh()
            ended = server.run(site, words, mode, call, code)
            where = (
                f"{normal.calls[call - 1]} #{call} of {len(normal.calls)}, {mode.name} {code and errno.errorcode[code]}"
            )
            faults = _judge(ended, mode, site, before, new, old, several=row.get("several", False))
            again = server.run(site, words)
            if again.code not in (0, 2, 3, 4) or "Traceback" in again.err:
                faults.append(f"the next run ends with {again.code}: {again.err[-300:]}")
            faults += unsound(Desk(Site(site), desk.deciding, desk.clock))
            for sweeping in SWEEPING:
                if litter(site):  # the next run recorded nothing, and so swept nothing
                    server.run(site, stages.filled(sweeping, made / "inputs"))
            faults += [f"litter: {each}" for each in litter(site)]
            wrong += [f"{where}: {each}" for each in faults]
    assert wrong == []
    figure(
        "every call",
        "{commands} commands, {calls} calls, {tried} faults: each done or not done, as it says",
        commands=1,
        calls=len(normal.calls),
        tried=tried,
    )


def _judge(
    ended: Ended,
    mode: Mode,
    site: Path,
    before: dict[str, list[str]],
    new: dict[str, int],
    old: dict[str, bytes],
    *,
    several: bool,
) -> list[str]:
    """What is wrong with how a command ended under a fault."""
    now = lengths(heads(site))
    part = several and all(len(before.get(name, ())) <= now.get(name, 0) <= end for name, end in new.items())
    if not part and now not in (lengths(before), new):
        return [f"neither old nor new: {now}"]
    faults = []
    if mode in (Mode.KILL, Mode.TORN):
        return [] if ended.code in (-9, 0) else [f"ended with {ended.code}"]
    if "Traceback" in ended.err or ended.code in (70, 99):
        faults.append(f"code {ended.code}: {ended.err[-400:]}")
    done = now == new
    if done != (ended.code == 0):
        faults.append(f"code {ended.code}, but {'done' if done else 'not done'}: {ended.err[-400:]}")
    if now == lengths(before) and ended.code:
        there = everything(site)
        changed = [name for name in {**old, **there} if old.get(name) != there.get(name)]
        faults += [f"changed though not done: {name}" for name in changed]
    for untrue in ("nothing was changed", "run the command again") if done else ():
        faults += [f"says {untrue!r}: {ended.err[-300:]}"] if untrue in ended.err else []
    return faults


def test_every_command_that_writes_is_broken_somewhere() -> None:
    reading = {" ".join(row["words"]) for row in rows("reading_commands") if "words" in row}
    showing = {name for row in rows("reading_commands") for name in row.get("commands", ()) if row["about"] == "one"}
    tried = {" ".join(row["words"]) for row in TABLE if "words" in row}
    said = [name for row in TABLE for name in row.get("commands", ())]

    def there(name: str, lines: set[str]) -> bool:
        return any(f"{line} ".startswith(f"{name} ") for line in lines)

    every = set(commands(cli))
    assert {name for name in every if not there(name, tried | reading)} - showing == set(said) - showing
    assert sorted(said) == sorted({name for name in said if name in every and not there(name, tried)})
