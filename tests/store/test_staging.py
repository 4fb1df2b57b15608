"""What a killed command left of new dossiers: what was ready gets its place, and the rest is swept away."""

import os
from collections.abc import Callable

import pytest
from msgspec import json

from sopctl.store import dossiers, staging
from sopctl.workflow.desk import Desk


def test_what_was_half_made_is_swept_away(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    deposits = desk.site.root / "deposits"
    half = deposits / f"{staging.PREFIX}x"
    (half / "PS-2026-0002").mkdir(parents=True)
    assert not staging.unfinished(os.scandir(deposits))
    staging.finish(desk.site)
    assert sorted(path.name for path in deposits.iterdir()) == [deposit]


def test_what_was_ready_gets_its_place_and_its_line_in_the_journal(
    desk: Desk, file_request: Callable[..., str]
) -> None:
    deposit = file_request()
    deposits, journal = desk.site.root / "deposits", desk.site.root / "journal.jsonl"
    line = json.decode(journal.read_bytes().splitlines()[0])
    ready = deposits / f"{staging.PREFIX}x"
    ready.mkdir()
    os.rename(deposits / deposit, ready / deposit)
    journal.unlink()
    (ready / staging.READY).write_bytes(json.encode([[deposit, line["hash"]]]))
    assert staging.unfinished(os.scandir(deposits))
    assert [path.name for path in staging.made_in(ready)] == [deposit]
    staging.finish(desk.site)
    assert dossiers.ids(desk.site) == [deposit]
    assert [json.decode(each) for each in journal.read_bytes().splitlines()] == [line]
    assert not ready.exists()


@pytest.mark.parametrize("damage", [b"", b"x", b"{}"])
def test_those_whose_list_was_damaged_get_their_places_all_the_same(
    desk: Desk, file_request: Callable[..., str], damage: bytes
) -> None:
    """What the journal lacks of them is told by its check."""
    deposit = file_request()
    deposits, journal = desk.site.root / "deposits", desk.site.root / "journal.jsonl"
    ready = deposits / f"{staging.PREFIX}x"
    ready.mkdir()
    os.rename(deposits / deposit, ready / deposit)
    (ready / staging.READY).write_bytes(damage)
    before = journal.read_bytes()
    staging.finish(desk.site)
    assert [path.name for path in deposits.iterdir()] == [deposit]
    assert journal.read_bytes() == before


def test_what_the_journal_has_already_is_not_noted_twice(desk: Desk, file_request: Callable[..., str]) -> None:
    """It was cut off after the last line, and before the folder was gone."""
    deposit = file_request()
    journal = desk.site.root / "journal.jsonl"
    before = journal.read_bytes()
    ready = desk.site.root / "deposits" / f"{staging.PREFIX}x"
    ready.mkdir()
    (ready / staging.READY).write_bytes(json.encode([[deposit, json.decode(before.splitlines()[0])["hash"]]]))
    staging.finish(desk.site)
    assert (journal.read_bytes(), ready.exists()) == (before, False)


def test_a_folder_of_another_name_is_nobodys_to_finish(desk: Desk) -> None:
    other = desk.site.root / "deposits" / "new-x"
    other.mkdir()
    (other / staging.READY).write_bytes(b"[]")
    assert not staging.unfinished(os.scandir(other.parent))
    staging.finish(desk.site)
    assert other.exists()
