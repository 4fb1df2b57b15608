"""The month's report: what is in it, that it is issued once, registered and checked, and stays what it was."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import openpyxl
import pypdfium2
import pytest
from msgspec.structs import replace

from sopctl.adapters.documents.forms import MonthForm
from sopctl.errors import InvalidRecord, UsageError
from sopctl.model.facts.server import ServerFacts
from sopctl.model.house.visits import Visit
from sopctl.store import dossiers, issued
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import maintenance, tasks, visits
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.monthly import month_report
from sopctl.workflow.setup import journal
from sopctl.workflow.steps import acts, notifying
from tests.adapters.documents.samples import text
from tests.conftest import Clock
from tests.workflow.views.test_inventories import gather
from tests.workflow.views.test_months import configured, day, facts, leave, watch

__all__ = ["configured", "facts"]

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def october(
    desk: Desk,
    clock: Clock,
    configured: Callable[[str], str],
    until_space: Callable[..., str],
    facts: ServerFacts,
) -> Desk:
    """Two servers are here: one is gathered, one is missed; a third request waits; a step is late, with its reason."""
    clock.now = day(10, 1)
    configured("192.0.2.6")
    gathered = configured("192.0.2.7")
    waits = until_space({"192.0.2.10": "192.0.2.9", "SN-0001": "SN-0009"})
    notifying.notify(desk, waits, via="phone")
    clock.now = day(10, 5)
    gather(desk, gathered, replace(facts, gathered_at=clock.now.isoformat()))
    clock.now = day(10, 8)
    acts.late(desk, "PS-2026-0001", because="kunci rak hilang")
    watch(desk, gathered, datetime(2026, 10, 20, 8, tzinfo=ZONE), "+" * 20 + "-" * 6 + "+" * 40)
    clock.now = day(11, 2)
    return desk


def said(form: MonthForm) -> dict[str, dict[str, str]]:
    return {part.title: {field.label: field.value for field in part.fields} for part in form.figures}


def the_data(desk: Desk) -> MonthForm:
    last = issued.read(desk.site)[-1]
    return msgspec.json.decode((desk.site.root / last.files[-1].file).read_bytes(), type=MonthForm)


def test_the_head_reads_what_happened(october: Desk) -> None:
    made = month_report.issue(october, "2026-10")
    form = the_data(october)
    figures = said(form)
    assert figures["Server di tempat"] == {"Awal bulan": "0", "Masuk": "2", "Keluar": "0", "Akhir bulan": "2"}
    assert figures["Permohonan"] == {
        "Diterima": "3",
        "Tidak dilanjutkan": "0",
        "Menunggu tempat": "1",
        "Berkas terbuka": "3",
    }
    assert figures["Inventarisasi bulanan"] == {
        "Wajib didata": "2",
        "Didata": "1",
        "Setelah bulan berakhir": "0",
        "Tidak didata": "1",
    }
    assert figures["Ketersediaan"]["Gangguan"] == "1"
    tables = {table.title: table.rows for table in form.tables}
    assert [row[1] for row in tables["Server masuk dan keluar"]] == ["PS-2026-0001", "PS-2026-0002"]
    assert [row[1] for row in tables["Daftar tunggu pada akhir bulan"]] == ["PS-2026-0003"]
    assert [row[0] for row in tables["Server yang wajib didata dan tidak didata"]] == ["PS-2026-0001"]
    assert [row[0] for row in tables["Ketersediaan di bawah 100%"]] == ["PS-2026-0002"]
    reasons = {row[0]: row[6] for row in tables["Langkah yang terlambat"] if row[1] == "konfigurasi 6"}
    assert reasons["PS-2026-0001"] == "kunci rak hilang"
    pdf, xlsx = (Path(file) for file in made.files)
    words = text(pdf.read_bytes())
    assert "kuncirakhilang" in words, "text() leaves blanks out"
    assert made.number in words
    assert len(pypdfium2.PdfDocument(pdf.read_bytes())) <= 2
    book = openpyxl.load_workbook(io.BytesIO(xlsx.read_bytes()))
    assert len(book.sheetnames) == 1 + len(form.tables)
    assert book["Ringkasan"]["A2"].value == "Laporan Bulanan Penitipan Server, Oktober 2026"


def test_it_is_numbered_registered_and_checked(october: Desk, tmp_path: Path) -> None:
    made = month_report.issue(october, "2026-10")
    pdf = Path(made.files[0])
    assert integrity.check_file(october, pdf).verdict == "issued"
    assert integrity.check_file(october, pdf).number == made.number
    assert {each.state for each in integrity.documents(october, "LAPORAN-2026-10")} == {"intact"}
    assert {each.deposit for each in integrity.of_site(october)[0]} >= {"LAPORAN-2026-10", "PS-2026-0001"}
    copy = tmp_path / "laporan.pdf"
    copy.write_bytes(pdf.read_bytes().replace(b"%%EOF", b"%%EOF "))
    assert integrity.check_file(october, copy).verdict == "altered"
    found = journal.check(october)
    assert (found.gaps, found.lagging) == ([], [])
    pdf.write_bytes(b"x")
    assert "altered" in {each.state for each in integrity.documents(october, "LAPORAN-2026-10")}


def test_it_anchors_the_journal(october: Desk, tmp_path: Path) -> None:
    anchor = str(journal.anchor(october))
    pdf, data = (Path(month_report.issue(october, "2026-10").files[0]).with_suffix(each) for each in (".pdf", ".json"))
    alone = tmp_path / "jangkar.txt"
    alone.write_text(f"{anchor}\n")
    kept = [journal.anchor_of(october, str(each)) for each in (pdf, data, alone, anchor)]
    assert {str(each.anchor) for each in kept} == {anchor}
    assert ["LAPORAN-2026-10" in each.source for each in kept] == [True, True, False, False]
    assert not journal.check(october, kept[0]).gaps
    assert not journal.check(october, journal.anchor_of(october, anchor.partition(":")[2])).gaps
    with pytest.raises(InvalidRecord, match="does not continue from its anchor"):
        journal.check(october, journal.anchor_of(october, "0" * 64))
    for said in ("no anchor", "%PDF-1.7 broken"):
        other = tmp_path / "lain.txt"
        other.write_text(said)
        with pytest.raises(UsageError, match="no anchor"):
            journal.anchor_of(october, str(other))


def test_what_anybody_can_write_is_no_anchor(october: Desk, tmp_path: Path) -> None:
    anchor = str(journal.anchor(october))
    pdf = Path(month_report.issue(october, "2026-10").files[0])
    letter = tmp_path / "surat.txt"
    letter.write_text(f"Jurnal berakhir pada {anchor}, menurut kami.")
    altered = tmp_path / "laporan.pdf"
    altered.write_bytes(pdf.read_bytes() + b"\n% lain\n")
    for other, verdict in ((letter, "unknown"), (altered, "altered")):
        with pytest.raises(InvalidRecord, match=f"no paper that this site knows as sound: {verdict}") as refused:
            journal.anchor_of(october, str(other))
        assert anchor in str(refused.value.remedy), "the person may answer for it"


def test_the_journal_misses_a_paper_that_is_gone(october: Desk) -> None:
    pdf = Path(month_report.issue(october, "2026-10").files[0])
    pdf.unlink()
    assert any("which was issued, is missing" in gap for gap in journal.check(october).gaps)
    dossier = dossiers.read(october.site, "PS-2026-0001")
    paper = next(dossier.folder.rglob("*.pdf"))
    paper.unlink()
    assert any(f"{paper.name}, which event" in gap and "is missing" in gap for gap in journal.check(october).gaps)


def test_asked_for_again_it_is_the_same_and_what_is_new_makes_another(
    october: Desk, clock: Clock, configured: Callable[[str], str], facts: ServerFacts
) -> None:
    first = month_report.issue(october, "2026-10")
    contents = [Path(file).read_bytes() for file in first.files]
    clock.now = day(11, 4)
    leave(october, "PS-2026-0002", "SN-192.0.2.7-22")
    clock.now = day(12, 9)
    again = month_report.issue(october, "2026-10")
    assert (again.new, again.number, again.files) == (False, first.number, first.files)
    assert [Path(file).read_bytes() for file in again.files] == contents
    assert month_report.issue(october, "2026-11").new
    clock.now = day(11, 9)
    gather(october, "PS-2026-0001", replace(facts, gathered_at=clock.now.isoformat()), "2026-10")
    second = month_report.issue(october, "2026-10")
    assert second.new
    assert second.number != first.number
    assert f"Laporan ini menggantikan laporan nomor {first.number}." in the_data(october).opening
    assert said(the_data(october))["Inventarisasi bulanan"]["Setelah bulan berakhir"] == "1"
    assert [each.subject for each in issued.read(october.site)] == [
        "LAPORAN-2026-10",
        "LAPORAN-2026-11",
        "LAPORAN-2026-10",
    ]
    assert [Path(file).read_bytes() for file in first.files] == contents
    assert journal.check(october).gaps == []


def test_a_report_names_what_it_lacks_and_replaces_no_whole_one(october: Desk) -> None:
    history = october.site.root / "deposits" / "PS-2026-0001" / "history.yml"
    whole, first = history.read_bytes(), month_report.issue(october, "2026-10")
    assert first.errors == []
    history.write_bytes(whole[:-200])
    again = month_report.issue(october, "2026-10")
    assert (again.new, again.number) == (False, first.number)
    assert [error.where.partition("PS-")[2][:21] for error in again.errors] == ["2026-0001/history.yml"]
    lacking = month_report.issue(october, "2026-11")
    assert (lacking.new, len(lacking.errors)) == (True, 1)
    words = text(Path(lacking.files[0]).read_bytes())
    assert "Berkasyangtidakdapatdibaca" in words
    assert "PS-2026-0001tidaktermasukdalamlaporanini" in words
    assert not month_report.issue(october, "2026-11").new
    history.write_bytes(whole)
    mended = month_report.issue(october, "2026-11")
    assert (mended.new, mended.errors) == (True, [])
    assert "Berkas yang tidak dapat dibaca" not in {table.title for table in the_data(october).tables}


def test_what_else_happened_in_the_house_has_its_rows(october: Desk, clock: Clock) -> None:
    clock.now = day(10, 12)
    tasks.done(october, "PS-2026-0001", what="kabel diganti", asked_by="pemilik", minutes=20)
    visit = Visit(visitors=("Tamu",), purpose="melihat rak")
    visits.come_in(october, identity="KTP", escort="staf", carried=None, visit=visit)
    maintenance.plan(october, racks=["A1"], ids=[], begin=day(10, 13), end=day(10, 14), reason="ganti UPS")
    clock.now = day(11, 2)
    month_report.issue(october, "2026-10")
    tables = {table.title: table.rows for table in the_data(october).tables}
    ((_, deposit, what, *_),) = tables["Pekerjaan atas permintaan pemilik"]
    assert (deposit, what) == ("PS-2026-0001", "kabel diganti")
    assert [row[1:3] for row in tables["Kunjungan ke ruang server"]] == [("belum", "Tamu")]
    assert [row[3] for row in tables["Pemeliharaan"]] == ["ganti UPS"]


@pytest.mark.parametrize("damage", ["altered", "removed", "exchanged"])
def test_a_register_that_was_altered_is_found(october: Desk, damage: str) -> None:
    month_report.issue(october, "2026-10")
    month_report.issue(october, "2026-09")
    folder = october.site.root / "reports"
    first, second = folder / "0001.json", folder / "0002.json"
    if damage == "altered":
        second.write_text(second.read_text().replace("L0002", "L0009"))
        assert any(str(gap).startswith("reports: ") for gap in journal.check(october).gaps)
        return
    if damage == "removed":
        first.unlink()
    else:
        a, b = first.read_bytes(), second.read_bytes()
        first.write_bytes(b)
        second.write_bytes(a)
    with pytest.raises(InvalidRecord, match="register of reports was altered"):
        issued.read(october.site)
    assert journal.check(october).gaps


def test_the_last_record_cannot_be_taken_away_unseen(october: Desk) -> None:
    month_report.issue(october, "2026-10")
    (october.site.root / "reports/0001.json").unlink()
    assert journal.check(october).gaps == ["reports: event 1 is missing"]


def test_a_month_without_anything_has_a_report_too(desk: Desk, clock: Clock) -> None:
    clock.now += timedelta(days=20)
    made = month_report.issue(desk)
    assert "Nihil" in text(Path(made.files[0]).read_bytes())
