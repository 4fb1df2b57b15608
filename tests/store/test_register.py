"""The register: the index is fast and may be lost; what it says is always what the dossiers say."""

import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers, facts, register
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, editing, letters
from tests.conftest import spoil
from tests.patience import PATIENCE


def truth(site: Site) -> list[Summary]:
    return [dossier.summary for dossier in map(partial(dossiers.read, site), dossiers.ids(site))]


def settle(site: Site) -> None:
    """Wait until the newest files are old enough to be trusted, and have them indexed."""
    deadline = time.monotonic() + PATIENCE
    while any(not stamp for stamp in register.stamps_of(site, dossiers.ids(site)).values()):
        assert time.monotonic() < deadline
        time.sleep(register.RACY_NS / 1e9 / 4)
    register.read(site)


def test_what_did_not_change_is_not_read_again(desk: Desk, file_request: Callable[..., str], reads: list[str]) -> None:
    ids = [file_request() for _ in range(3)]
    settle(desk.site)
    reads.clear()
    kept = register.summaries(desk.site)
    assert reads == []
    assert [each.id for each in kept] == ids
    assert msgspec.json.encode(kept) == msgspec.json.encode(truth(desk.site)), "to the last offset of a time"
    letters.dispose(desk, ids[1], instruction="x")
    reads.clear()
    assert [each.step for each in register.summaries(desk.site)] == [2, 3, 2]
    assert set(reads) == {ids[1]}


def test_an_edit_by_hand_counts_once_it_is_accepted(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    settle(desk.site)
    path = dossiers.read(desk.site, deposit).folder / "deposit.yml"
    before = path.stat()
    path.write_text(path.read_text().replace("unit: Dinas Contoh", "unit: Dinas Baruuu"))  # of the same length
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [each.unit for each in register.summaries(desk.site)] == ["Dinas Contoh"]
    editing.accept(desk.decided_by("kabid"), deposit, note="ralat")
    assert [each.unit for each in register.summaries(desk.site)] == ["Dinas Baruuu"]


@pytest.mark.parametrize(
    "harm",
    ["missing", "torn", "no database", "another version", "another row", "another type", "a folder", "not readable"],
)
def test_a_harmed_index_costs_time_and_never_truth(
    desk: Desk, file_request: Callable[..., str], reads: list[str], harm: str
) -> None:
    for _ in range(2):
        file_request()
    settle(desk.site)
    path = desk.site.root / "var" / register.FILE_NAME
    if harm == "another version":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE about SET value = 'x'")
            database.execute("UPDATE deposits SET summary = x'00'")
    elif harm == "another row":
        with sqlite3.connect(path) as database:
            text = "CAST(replace(CAST(summary AS TEXT), 'Dinas Contoh', 'Dinas Lain') AS BLOB)"
            assert database.execute(f"UPDATE deposits SET summary = {text}").rowcount == 2
    elif harm == "another type":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE deposits SET stamp = 'x'")
    else:
        spoil(path, harm)
    for _ in range(2):
        assert register.summaries(desk.site) == truth(desk.site)
    reads.clear()
    register.summaries(desk.site)
    if harm not in ("a folder", "not readable"):
        assert reads == [], "it was made again, once"


def test_an_index_that_another_process_writes_is_done_without(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    settle(desk.site)
    letters.dispose(desk, deposit, instruction="x")
    with sqlite3.connect(desk.site.root / "var" / register.FILE_NAME, isolation_level=None) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert register.summaries(desk.site) == truth(desk.site)
        database.execute("ROLLBACK")


def test_a_dossier_that_is_gone_is_forgotten(desk: Desk, file_request: Callable[..., str], tmp_path: Path) -> None:
    first, second = file_request(), file_request()
    settle(desk.site)
    (desk.site.root / "deposits" / first).rename(tmp_path / "elsewhere")
    assert [each.id for each in register.summaries(desk.site)] == [second]


def test_a_broken_dossier_is_named_beside_the_sound_ones(desk: Desk, file_request: Callable[..., str]) -> None:
    broken, sound = file_request(), file_request()
    settle(desk.site)
    path = dossiers.read(desk.site, broken).history_file
    path.write_text(path.read_text().replace("surat 090", "surat 091"))
    acts.hold(desk.decided_by("staf"), sound, reason="x")
    path.write_text(path.read_text() + "- x\n")
    reading = register.read(desk.site)
    assert [each.id for each in reading.summaries] == [sound]
    assert [error.where.rpartition("/")[2].partition(":")[0] for error in reading.errors] == ["history.yml"]
    assert [each.id for each in register.summaries(desk.site)] == [sound]
    assert [error.where for error in desk.site.lagging] == [error.where for error in reading.errors], "and it is told"
    assert [each.id for each in register.standing(desk.site)] == [sound, broken], "as it was when it could be read"


def test_who_was_never_known_is_not_known_when_it_is_broken(desk: Desk, file_request: Callable[..., str]) -> None:
    broken = file_request()
    dossiers.read(desk.site, broken).history_file.write_text("- x\n")
    assert (register.read(desk.site).last_known, list(register.read(desk.site).broken)) == ([], [broken])


def test_what_was_gathered_is_kept_too_and_read_on_request(
    desk: Desk, file_request: Callable[..., str], reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    months = {"2026-11": facts.Kept("2026-11", 1, "facts/2026-11.json", "0" * 64)}
    monkeypatch.setattr(facts, "months", lambda _dossier: months)
    assert register.read(desk.site, gathered=True).gathered == {deposit: months}
    settle(desk.site)
    reads.clear()
    assert register.read(desk.site, gathered=True).gathered == {deposit: months}
    assert register.read(desk.site).gathered == {}
    assert reads == []


def test_for_a_decision_about_places_who_stands_there_is_read_from_the_history(
    desk: Desk, until_space: Callable[..., str], reads: list[str]
) -> None:
    until_space()
    settle(desk.site)
    for racks, read in ((), []), (["A1"], ["PS-2026-0001"]), (["B1"], []):
        reads.clear()
        found = register.standing(desk.site, racks)
        assert reads == read
        assert found == truth(desk.site)
