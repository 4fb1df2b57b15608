"""Extracts: what single questions need of every dossier is fast and may be lost; the dossiers say what is true."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from sopctl.store import dossiers, register
from sopctl.store.across import extracts, processes
from sopctl.store.across.extracts import Extract, extracted
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, letters
from tests.conftest import spoil
from tests.patience import PATIENCE


class Head(Struct):
    hash: str
    events: int


def head(dossier: Dossier) -> Head:
    read.append(dossier.id)
    return Head(dossier.head, len(dossier.events))


read: list[str] = []
HEADS: Extract[Head] = Extract("heads", Head, head)


def truth(site: Site) -> dict[str, Head]:
    return {each: head(dossiers.read(site, each)) for each in dossiers.ids(site)}


def asked(site: Site) -> tuple[dict[str, Head], list[str]]:
    """What is extracted, and whose dossiers were read for it."""
    read.clear()
    found = extracted(site, HEADS).found
    return found, list(read)


def settle(site: Site) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(register.stamps_of(site, dossiers.ids(site)).values()):
        assert time.monotonic() < deadline
        time.sleep(register.RACY_NS / 1e9 / 4)
    extracted(site, HEADS)


def path_of(site: Site) -> Path:
    return site.root / "var" / extracts.FILE_NAME


def test_only_what_changed_is_read_again(desk: Desk, file_request: Callable[..., str]) -> None:
    ids = [file_request() for _ in range(3)]
    settle(desk.site)
    assert asked(desk.site) == (truth(desk.site), [])
    letters.dispose(desk, ids[1], instruction="x")
    assert asked(desk.site)[1] == [ids[1]]
    assert asked(desk.site)[0] == truth(desk.site)
    settle(desk.site)
    (desk.site.root / "deposits" / ids[0]).rename(desk.site.root / "gone")
    assert asked(desk.site) == (truth(desk.site), [])
    with sqlite3.connect(path_of(desk.site)) as database:
        assert {name for (name,) in database.execute("SELECT name FROM kept")} == set(ids[1:])


def test_a_broken_dossier_is_told_as_reading_it_tells(desk: Desk, file_request: Callable[..., str]) -> None:
    broken, sound = file_request(), file_request()
    settle(desk.site)
    history = desk.site.root / "deposits" / broken / "history.yml"
    history.write_bytes(history.read_bytes()[:-20])
    found = extracted(desk.site, HEADS)
    assert list(found.found) == [sound]
    with pytest.raises(type(found.broken[broken])) as told:
        dossiers.read(desk.site, broken)
    assert str(told.value) == str(found.broken[broken])


HARMS = {
    "another stamp": "UPDATE kept SET stamp = 'x'",
    "another's content": "UPDATE kept SET content = (SELECT content FROM kept AS other WHERE other.name > kept.name)",
    "another's row": "UPDATE kept SET name = name || '0'",
    "another kind": "UPDATE kept SET kind = 'others'",
    "no text": "UPDATE kept SET stamp = x'00', hash = 5",
    "nothing": "UPDATE kept SET content = NULL",
    "no table": "DROP TABLE kept",
    "another table": "DROP TABLE kept; CREATE TABLE kept (x TEXT)",
    "another version": "UPDATE kept SET version = 'x'",
}


@pytest.mark.parametrize("harm", [*HARMS, "missing", "torn", "no database", "a folder", "not readable", "locked"])
def test_a_harmed_extract_costs_time_and_never_truth(desk: Desk, file_request: Callable[..., str], harm: str) -> None:
    for _ in range(2):
        file_request()
    settle(desk.site)
    path = path_of(desk.site)
    holder = sqlite3.connect(path, isolation_level=None)
    if harm in HARMS:
        holder.executescript(HARMS[harm])
    elif harm == "locked":
        holder.execute("BEGIN EXCLUSIVE")
    else:
        spoil(path, harm)
    for _ in range(2):
        assert asked(desk.site)[0] == truth(desk.site)
    holder.close()
    if harm not in ("a folder", "not readable", "locked"):
        settle(desk.site)
        assert asked(desk.site)[1] == [], "it healed by itself"


def test_a_row_of_a_file_that_changed_within_one_tick_is_not_kept(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    monkeypatch.setattr(register, "RACY_NS", 10**18)
    assert asked(desk.site)[1] == [deposit]
    assert asked(desk.site)[1] == [deposit]


def test_an_edit_by_hand_of_the_same_length_and_time_shows(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    settle(desk.site)
    path = desk.site.root / "deposits" / deposit / "history.yml"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"penitipan", b"penitipam"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert extracted(desk.site, HEADS).broken.keys() == {deposit}


def test_several_processes_say_what_one_says(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [file_request() for _ in range(3)]
    acts.hold(desk.decided_by("staf"), ids[0], reason="x")
    (desk.site.root / "deposits" / ids[1] / "history.yml").unlink()
    alone = extracted(desk.site, HEADS)
    path_of(desk.site).unlink(missing_ok=True)
    monkeypatch.setattr(processes, "MANY", 1)
    monkeypatch.setattr(processes, "AT_ONCE", 1)
    together = extracted(desk.site, HEADS)
    assert together.found == alone.found
    assert list(map(str, together.broken.values())) == list(map(str, alone.broken.values()))
