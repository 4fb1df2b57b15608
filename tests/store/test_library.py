"""The library of procedures: versions, a site's own, and what makes one sound (tests/cases/soundness.yml)."""

import re
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import InvalidRecord
from sopctl.store.library import SHIPPED, Library
from tests.cases import rows

SOUND = """\
name: mutasi
title: Prosedur Mutasi
version: "1"
source: SOP kantor lain
legal_basis: []
actors: {pemohon: Pemohon, juru: Juru}
begins: {during: konfigurasi}
acts: {hold: [juru]}
steps:
  - no: 2
    activity: Mendisposisi
    actor: juru
    verb: dispose
    outcomes:
      ya: {next: 3}
      selesai: {next: 3}
  - no: 3
    activity: Memberitahukan
    actor: juru
    verb: notify
    task: accessible
    outcomes: {selesai: {waits_for: month, next: 3}}
"""


def library(folder: Path, *texts: str) -> Library:
    for number, text in enumerate(texts):
        (folder / f"own{number}.yml").write_text(text)
    return Library(folder)


def next_version(name: str, version: str, *changes: tuple[str, str]) -> str:
    """The shipped procedure as another version, with changes of its text."""
    text = (SHIPPED / f"{name}.yml").read_text()
    for old, new in (('version: "1"', f'version: "{version}"'), *changes):
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_sites_own_procedure_joins_the_shipped_ones(tmp_path: Path) -> None:
    assert list(library(tmp_path, SOUND).current) == ["penitipan", "konfigurasi", "pengembalian", "mutasi"]


@pytest.mark.parametrize("row", rows("soundness"), ids=lambda row: row["name"])
def test_an_unsound_procedure_is_refused_at_its_line(tmp_path: Path, row: dict[str, Any]) -> None:
    text = SOUND
    for old, new in {row["replace"]: row["by"], **row.get("also", {})}.items():
        assert old in text
        text = text.replace(old, new)
    if "says" not in row:
        assert "mutasi" in library(tmp_path, text).current
        return
    with pytest.raises(InvalidRecord, match=re.escape(row["says"])) as caught:
        library(tmp_path, text)
    assert caught.value.where.rsplit(":", 2)[:2] == [str(tmp_path / "own0.yml"), str(row["line"])]
    assert caught.value.id == row["id"]


def test_only_the_requesting_unit_files_a_request(tmp_path: Path) -> None:
    step = "    actor: {}\n    verb: request"
    other = next_version("penitipan", "9", (step.format("pemohon"), step.format("kabid")))
    with pytest.raises(InvalidRecord, match="request is done by the requesting unit: its actor must be pemohon"):
        library(tmp_path, other)


def test_the_highest_version_is_in_force_and_dossiers_stay_with_theirs(tmp_path: Path) -> None:
    tenth, second = (
        next_version("penitipan", v, ("penitipan server\n", f"penitipan server v{v}\n")) for v in ("10", "2")
    )
    made = library(tmp_path, tenth, second)
    assert made.current["penitipan"].version == "10"
    assert [each.version for each in made.versions("penitipan")] == ["1", "2", "10"]
    pinned = made.pinned({"penitipan": "2", "konfigurasi": "1", "pengembalian": "1"})
    assert pinned["penitipan"].steps[0].activity.endswith("v2")
    with pytest.raises(InvalidRecord, match="pinned to version 3 of penitipan, which is not there"):
        made.pinned({"penitipan": "3"})


def test_a_dossier_s_versions_must_still_fit_together(tmp_path: Path) -> None:
    """The file of an older version may be replaced; the version in force is sound all the same."""
    text = next_version("konfigurasi", "1", ("begins: {after: penitipan}\n", ""))
    made = library(tmp_path, next_version("konfigurasi", "2"), text)
    made.pinned({"penitipan": "1", "konfigurasi": "2", "pengembalian": "1"})
    with pytest.raises(InvalidRecord, match=r"exactly one procedure begins .*: penitipan, konfigurasi") as caught:
        made.pinned({"penitipan": "1", "konfigurasi": "1", "pengembalian": "1"})
    assert caught.value.where == f"{tmp_path / 'own1.yml'}:2:1"


def test_procedures_that_follow_each_other_for_ever_are_refused(tmp_path: Path) -> None:
    step = "steps:\n  - {no: 1, activity: a, actor: pemohon, verb: notify, task: accessible, outcomes: {selesai: {}}}\n"
    head = "title: t\nversion: '1'\nsource: s\nlegal_basis: []\nactors: {pemohon: Pemohon}\n"
    one = f"name: satu\n{head}begins: {{during: konfigurasi, after: dua}}\n{step}"
    two = f"name: dua\n{head}begins: {{after: satu}}\n{step}"
    with pytest.raises(InvalidRecord, match="step 1 is in a loop"):
        library(tmp_path, one, two)
    assert "dua" in library(tmp_path, one.replace("notify, task: accessible", "receive"), two).current


def test_a_sites_file_of_the_same_version_takes_the_shipped_ones_place(tmp_path: Path) -> None:
    own = next_version(
        "penitipan", "1", ("actors:\n", "identity: {number: 065/01/2026, effective: 2026-01-05}\nactors:\n")
    )
    made = library(tmp_path, own)
    assert made.current["penitipan"].identity.number == "065/01/2026"
    assert [each.version for each in made.versions("penitipan")] == ["1"]


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecord, match=r"own0\.yml already has version 1"):
        library(tmp_path, SOUND, SOUND)
