"""Servers that stood in the racks before the register began: one by one, and as a list."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sopctl.errors import InvalidRecord, NotNow
from sopctl.model.sop.entries import Despite
from sopctl.store import dossiers, filing, register
from sopctl.store.durable import write_atomic
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.steps import adopting, configuring, letters
from sopctl.workflow.views import board
from tests.cases import rows
from tests.conftest import Ran

RACK_B = "name: B1\nroom: R\nunits: 4\ndepth_mm: 900\npower_watts: 2000\n"
SPARSE = """\
unit: Dinas Contoh
contacts: {administrative: {name: Kepala}, technical: {name: Admin}}
server: {name: lama.example.org, brand_model: Contoh R100, height_units: 2}
access: {address: 192.0.2.20}
"""
ROW = {
    "unit": "Dinas Contoh",
    "name": "web1.example.org",
    "brand_model": "Contoh R200",
    "serial": "SN-1",
    "height_units": "2",
    "depth_mm": "700",
    "power_watts": "400",
    "address": "192.0.2.10",
    "contact": "Admin",
    "email": "admin@example.org",
    "letter_number": "090/1",
    "letter_date": "2025-03-04",
    "rack": "A1",
    "rack_unit": "1",
}
SECOND = {
    **ROW,
    "name": "web2.example.org",
    "serial": "SN-2",
    "address": "192.0.2.11",
    "letter_number": "090/2",
    "rack_unit": "3",
}


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """A list of rows as a file, CSV or XLSX."""

    def write(*lines: dict[str, str], kind: str = "csv") -> Path:
        path = tmp_path / f"daftar.{kind}"
        columns = list(adopting.COLUMNS)
        if kind == "xlsx":
            book = openpyxl.Workbook()
            book.active.append(columns)
            for line in lines:
                book.active.append([int(v) if (v := line.get(c, "")).isdigit() else v for c in columns])
            book.save(path)
        else:
            text = io.StringIO()
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(lines)
            path.write_text(text.getvalue())
        return path

    return write


def test_an_adopted_server_is_due_for_configuration_and_says_what_is_unknown(desk: Desk, tmp_path: Path) -> None:
    record = tmp_path / "server.yml"
    record.write_text(SPARSE)
    adopted = adopting.adopt(desk, record, adopting.Where("A1", 3, note="berdiri sejak 2019"))
    assert str(adopted.place) == "rack A1 U3–U4"
    assert adopted.unknown[:2] == ("letter", "server.serial")
    row, dossier = board.show(desk, adopted.id)
    assert (row.standing, str(row.place)) == ("konfigurasi 1", "rack A1 U3–U4")
    assert dossier.events[0].data["unknown"][0] == "letter"
    with pytest.raises(InvalidRecord, match="no first contact is known") as caught:
        configuring.configure(desk, adopted.id, host_key="SHA256:" + "A" * 43)
    assert f"sopctl edit {adopted.id}" in str(caught.value)
    letters.ask_back(desk, adopted.id, letter_number="090/9/2026")
    assert journal.check(desk).lines == 3, "two events, and the first roster"


def test_a_request_still_needs_all_of_it(desk: Desk, tmp_path: Path) -> None:
    record = tmp_path / "server.yml"
    record.write_text(SPARSE)
    with pytest.raises(InvalidRecord, match="missing required field `serial`"):
        letters.request(desk, record)


def test_a_place_that_is_taken_is_refused(desk: Desk, until_space: Callable[..., str], tmp_path: Path) -> None:
    deposit = until_space()
    record = tmp_path / "server.yml"
    record.write_text(SPARSE)
    with pytest.raises(InvalidRecord, match=f"rack A1 U1–U2 is reserved for {deposit}"):
        adopting.adopt(desk, record, adopting.Where("A1", 2))
    with pytest.raises(NotNow, match="adoption belongs to pelaksana"):
        adopting.adopt(desk.decided_by("kadis"), record, adopting.Where("A1", 3))
    assert dossiers.ids(desk.site) == [deposit]


@pytest.mark.parametrize("row", rows("import_rows"), ids=lambda row: row["name"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_read_row_by_row(desk: Desk, sheet: Callable[..., Path], row: dict[str, Any], kind: str) -> None:
    file = sheet({**ROW, **row.get("cells", {})}, SECOND, kind=kind)
    if "says" in row:
        with pytest.raises(InvalidRecord) as caught:
            adopting.import_list(desk, file, dry_run=False)
        assert row["says"] in caught.value.message
        assert dossiers.ids(desk.site) == [], "all of them or none"
        return
    assert [each.id for each in adopting.import_list(desk, file, dry_run=True)] == ["", ""]
    assert dossiers.ids(desk.site) == []
    made = adopting.import_list(desk, file, dry_run=False)
    assert [each.id for each in made] == dossiers.ids(desk.site) == ["PS-2026-0001", "PS-2026-0002"]
    assert [str(each.place) for each in register.summaries(desk.site)] == ["rack A1 U1–U2", "rack A1 U3–U4"]


def test_every_wrong_row_is_named(desk: Desk, sheet: Callable[..., Path]) -> None:
    file = sheet(ROW, {**ROW, "height_units": "x"}, {**ROW, "address": ""})
    with pytest.raises(InvalidRecord) as caught:
        adopting.import_list(desk, file, dry_run=False)
    assert caught.value.sentence == "nothing was imported, because of 2 wrong cells:"
    assert [str(line).partition(": ")[0] for line in caught.value.lines] == ["row 3, height_units", "row 4, address"]


def test_every_wrong_cell_of_a_row_is_named_on_a_line_of_its_own(
    desk: Desk, sheet: Callable[..., Path], sopctl: Callable[..., Ran]
) -> None:
    bad = {"unit": "", "height_units": "x", "address": "-o", "valid_until": "soon", "phone": "81234567890", "port": "0"}
    file = sheet({**ROW, **bad, "note": "a\nb"})
    with pytest.raises(InvalidRecord) as caught:
        adopting.import_list(desk, file, dry_run=False)
    assert sorted(str(line).partition(":")[0].removeprefix("row 2, ") for line in caught.value.lines) == sorted(bad)
    told = sopctl("import", str(file)).err.splitlines()
    assert len([line for line in told if line.startswith("  row 2, ")]) == len(bad), told


def test_two_rows_for_one_place_or_one_server_are_refused_all_at_once(desk: Desk, sheet: Callable[..., Path]) -> None:
    with pytest.raises(InvalidRecord) as caught:
        adopting.import_list(desk, sheet(ROW, {**SECOND, "rack_unit": "1"}, {**SECOND, "serial": "sn 1"}), dry_run=True)
    assert list(caught.value.lines) == [
        "row 4: the address 192.0.2.11:22 is that of row 3 (Dinas Contoh: web2.example.org)",
        "row 4: the host name web2.example.org is that of row 3 (Dinas Contoh: web2.example.org)",
        "row 4: the serial number sn 1 is that of row 2 (Dinas Contoh: web1.example.org)",
        "row 4: the letter 090/2 of Dinas Contoh is that of row 3 (Dinas Contoh: web2.example.org)",
        "row 3: rack A1 U1–U2 is placed for row 2",
    ]


def test_one_letter_for_a_whole_list_is_recorded_with_its_reason(desk: Desk, sheet: Callable[..., Path]) -> None:
    file = sheet(ROW, {**SECOND, "letter_number": "090/1"})
    with pytest.raises(InvalidRecord, match="row 3: the letter 090/1 of Dinas Contoh is that of row 2"):
        adopting.import_list(desk, file, dry_run=False)
    made = adopting.import_list(desk.knowing("satu surat untuk dua server"), file, dry_run=False)
    first, second = (dossiers.read(desk.site, each.id) for each in made)
    assert first.newest(Despite) is None, "the first has nothing in common with those before it"
    kept = second.newest(Despite)
    assert kept is not None
    assert (kept.despite, [each.kind for each in kept.shares]) == ("satu surat untuk dua server", ["letter"])


def test_each_row_may_have_a_reason_of_its_own(desk: Desk, sheet: Callable[..., Path]) -> None:
    third = {**SECOND, "name": "web3.example.org", "serial": "SN-3", "rack": "B1", "rack_unit": "1"}
    (desk.site.root / "racks" / "B1.yml").write_text(RACK_B)
    one_letter = {**SECOND, "letter_number": "090/1", "despite": "satu surat untuk dua server"}
    file = sheet(ROW, one_letter, {**third, "address": "192.0.2.10", "letter_number": "090/3"})
    with pytest.raises(InvalidRecord) as caught:
        adopting.import_list(desk, file, dry_run=False)
    assert [str(line).partition(" is that of")[0] for line in caught.value.lines] == [
        "row 4: the address 192.0.2.10:22"
    ]
    file = sheet(ROW, one_letter, {**third, "address": "192.0.2.10", "letter_number": "090/3", "despite": "NAT"})
    made = [dossiers.read(desk.site, each.id) for each in adopting.import_list(desk, file, dry_run=False)]
    assert [each.newest(Despite) and each.newest(Despite).despite for each in made] == [  # type: ignore[union-attr]
        None,
        "satu surat untuk dua server",
        "NAT",
    ]
    assert validation.validate(desk).errors == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"unit,name\n", "the column 'brand_model' is missing"),
        (b"unit,nama\n", "there is no column 'nama'"),
        ("unit,name\nDinas,x\n".encode("utf-16"), "saved as Unicode text"),
        ("unit,name\nDinas,x\n".encode("utf-16-be"), "saved as Unicode text"),
        (
            "unit;name\nDinas Séni;x\n".encode("cp1252"),
            "encoding of Windows .cp1252., in which it is .*Dinas Séni",
        ),
        (b"PK\x03\x04 not a zip", "not a spreadsheet"),
        (b"", "the column 'unit' is missing"),
    ],
)
def test_what_is_no_list_is_one_clear_error(desk: Desk, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "daftar.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidRecord, match=says):
        adopting.import_list(desk, path, dry_run=False)


def test_the_template_can_be_imported(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "daftar.csv"
    path.write_text(adopting.template().replace(",20,", ",1,"))
    assert len(adopting.import_list(desk, path, dry_run=False)) == 1


class Killed(BaseException):
    """The process is killed here: nothing of ours runs after it."""


@pytest.mark.parametrize("moment", range(1, 9))
def test_an_import_that_is_killed_leaves_all_or_none(
    desk: Desk, sheet: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Killed at each write in turn, without any cleaning up; what the next command sees is all or nothing."""
    file = sheet(ROW, SECOND)
    writes = 0

    def killing(path: Path, content: bytes, *, mode: int = 0o640) -> None:
        nonlocal writes
        writes += 1
        if writes == moment:
            raise Killed
        write_atomic(path, content, mode=mode)

    for module in (dossiers, filing):
        monkeypatch.setattr(module, "write_atomic", killing)
    monkeypatch.setattr(filing, "_undo", lambda *_: None)
    if moment == 8:
        monkeypatch.setattr(os, "rename", _killed)
    with pytest.raises(Killed):
        adopting.import_list(desk, file, dry_run=False)
    monkeypatch.undo()
    found = dossiers.ids(desk.site)
    assert found == ([] if moment < 8 else ["PS-2026-0001", "PS-2026-0002"])
    if not found:
        assert len(adopting.import_list(desk, file, dry_run=False)) == 2
    assert [path.name for path in (desk.site.root / "deposits").iterdir() if path.name.startswith(".")] == []
    assert journal.check(desk).gaps == []


def _killed(*_: object) -> None:
    raise Killed
