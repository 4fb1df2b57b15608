"""What a file is: the index says where to look first, and the histories decide."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.store import dossiers, register
from sopctl.store.across import extracts
from sopctl.store.across.extracts import Kept
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity


def wrong_rows(site: Site, of: dict[str, bytes]) -> None:
    """Rows as someone would write them who knows how: each with its hash."""
    path = site.root / "var" / extracts.FILE_NAME
    with sqlite3.connect(path) as database:
        ((version, kind),) = database.execute("SELECT DISTINCT version, kind FROM kept").fetchall()
    stamps = register.stamps_of(site, dossiers.ids(site))
    Kept(site.root, kind, version).keep([(name, stamps[name].hex(), content) for name, content in of.items()])


def test_a_wrong_row_costs_a_whole_reading_and_never_a_wrong_verdict(
    desk: Desk, until_space: Callable[..., str], reads: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "RACY_NS", -(10**12))
    ids = [until_space() for _ in range(2)]
    filed = next((desk.site.root / "deposits" / ids[1] / "documents").glob("*.yml"))
    (content, altered) = tmp_path / "berkas.yml", tmp_path / "lain.yml"
    content.write_bytes(filed.read_bytes())
    altered.write_bytes(filed.read_bytes() + b" ")

    def verdicts() -> list[tuple[str, str]]:
        reads.clear()
        found, errors = integrity.check_files(desk, [content, altered, content])
        assert not errors
        return [(each.verdict, each.deposit) for each in found]

    right = [("issued", ids[1]), ("unknown", ""), ("issued", ids[1])]
    assert verdicts() == right
    assert integrity.check_file(desk, content).good
    reads.clear()
    assert integrity.check_file(desk, content).deposit == ids[1]
    assert set(reads) == {ids[1]}, "the other's history is not read"
    (hash_,) = {each.sha256 for each in integrity.documents(desk, ids[1]) if each.file == str(filed)}
    for rows in (
        {ids[1]: b"[]"},
        {ids[0]: f'["{hash_}"]'.encode(), ids[1]: b"[]"},
        {ids[0]: f'["{hash_}"]'.encode()},
        {ids[1]: b"{}"},
        {ids[1]: b"\xff"},
    ):
        wrong_rows(desk.site, rows)
        assert verdicts() == right
    (desk.site.root / "var" / extracts.FILE_NAME).unlink()
    assert verdicts() == right


def test_a_file_of_a_dossier_that_cannot_be_read_is_unknown_and_that_is_told(
    desk: Desk, until_space: Callable[..., str], tmp_path: Path
) -> None:
    deposit = until_space()
    folder = desk.site.root / "deposits" / deposit
    copy = tmp_path / "berkas.yml"
    copy.write_bytes(next((folder / "documents").glob("*.yml")).read_bytes())
    assert integrity.check_file(desk, copy).good
    assert not desk.site.lagging
    history = folder / "history.yml"
    history.write_bytes(history.read_bytes()[:-20])
    assert integrity.check_file(desk, copy).verdict == "unknown"
    assert [each.where.partition(":")[0] for each in desk.site.lagging] == [str(history)]
