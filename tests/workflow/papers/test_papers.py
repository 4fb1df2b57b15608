"""The office's papers: in both languages, as copies, and a request letter that comes back as a spreadsheet."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pypdfium2
import pytest

from sopctl.adapters.documents import HandoverForm
from sopctl.adapters.documents.english import ENGLISH, Language
from sopctl.errors import InvalidRecord
from sopctl.model.inspection import Answer, Inspection
from sopctl.model.sop.entries import Disposed
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import export, request_letter
from sopctl.workflow.papers.integrity import check_file
from sopctl.workflow.setup import init
from sopctl.workflow.steps import (
    acts,
    correcting,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reservation,
)
from sopctl.workflow.steps.mending import leaving, moving, reissuing
from tests.conftest import Clock, Ran, edit, give_back

WORDS = {text for text in ENGLISH if len(text) > 5 and "{" not in text and ENGLISH[text] != text}


def text_of(pdf: Path) -> str:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf.read_bytes())]
    return re.sub(r"\s+", " ", " ".join(pages))


def indonesian_in(text: str) -> set[str]:
    """The catalogue's Indonesian texts that stand in an English paper as whole words."""
    return {word for word in WORDS if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)}


def newest_pdf(desk: Desk, deposit: str) -> Path:
    return max((dossiers.read(desk.site, deposit).folder / "documents").glob("*.pdf"))


@pytest.fixture
def two(desk: Desk, until_space: Callable[..., str]) -> list[str]:
    """Two servers of one letter, inspected and handed over on one form in the server room."""
    ids = [until_space(), until_space()]
    edit(desk.knowing("satu surat"), ids[1], "number: 090/2/2026", "number: 090/1/2026", "kabid")
    for number, each in enumerate(ids, start=1):
        notifying.notify(desk, each, via="phone")
        handover.receive(desk, each)
        found = Inspection(accessories=("rel", "kabel daya"), rest_ok=True)
        inspecting.inspect(desk, each, serial=f"SN-000{number}", found=found)
    handover.handover(desk, *ids, place="Ruang Server")
    return ids


@pytest.mark.parametrize("number", [0, 1])
def test_a_copy_says_what_was_issued(desk: Desk, two: list[str], tmp_path: Path, number: int, clock: Clock) -> None:
    issued = text_of(newest_pdf(desk, two[number]))
    reservation.place(desk, two[number])  # what happens later changes no copy
    clock.now = clock.now.replace(month=12)
    copy = export.handover_copy(desk, two[number], kind="pdf", output=tmp_path / "salinan.pdf")
    said = text_of(copy).replace(" (salinan)", "")
    assert said == issued
    assert "Ruang Server" in said
    assert {"SN-0001", "SN-0002", "web1.example.org", "web2.example.org"} <= set(re.split(r"[\s,]+", said))
    assert check_file(desk, copy).verdict == "unknown", "a copy is no forgery"
    book = export.handover_copy(desk, two[number], kind="xlsx", output=tmp_path / "salinan.xlsx")
    cells = {str(cell.value) for row in openpyxl.load_workbook(book).worksheets[0].iter_rows() for cell in row}
    assert {"SN-0001", "SN-0002", f"Hasil pemeriksaan: {two[0]} web1.example.org"} <= cells


def test_a_copy_is_refused_when_what_was_issued_was_altered(desk: Desk, two: list[str], tmp_path: Path) -> None:
    kept = max((dossiers.read(desk.site, two[0]).folder / "documents").glob("*serah-terima.json"))
    kept.write_bytes(kept.read_bytes().replace(b"SN-0001", b"SN-0009"))
    with pytest.raises(InvalidRecord, match="has been altered"):
        export.handover_copy(desk, two[0], kind="pdf", output=tmp_path / "salinan.pdf")


def test_an_english_hand_over_has_no_indonesian_words(desk: Desk, two: list[str], tmp_path: Path) -> None:
    said = text_of(export.handover_copy(desk, two[0], kind="pdf", output=tmp_path / "copy.pdf", language="en"))
    assert indonesian_in(said) == set()
    assert "Monday, 23 November 2026" in said
    assert "555/0001.8/KOMINFO/2026 (copy)" in said
    page = export.handover_copy(desk, two[0], kind="html", output=tmp_path / "copy.html", language="en").read_text()
    assert '<html lang="en">' in page
    assert indonesian_in(page) == set()


BEFALLS: dict[str, tuple[str, str, Callable[..., object]]] = {
    "move": (
        "Berita Acara Pemindahan Server",
        "Record of a Server's Move",
        lambda desk, deposit, language: moving.relocate(
            desk, deposit, to=moving.To(unit=3), told=moving.Told("too hot", language=language)
        ),
    ),
    "loss": (
        "Berita Acara Server Keluar Tanpa Pengembalian",
        "Record of a Server that Left without a Return",
        lambda desk, deposit, language: leaving.write_off(
            desk, deposit, lost="dicuri", reason="burglary", language=language
        ),
    ),
    "addendum": (
        "Adendum Formulir Serah Terima",
        "Addendum to the Hand-over Form",
        lambda desk, deposit, language: reissuing.addendum(
            desk, deposit, text="two power supplies", reason="overlooked", language=language
        ),
    ),
}
"""Of each record of what befalls a server: its title in both languages, and how it comes to be."""


@pytest.mark.parametrize("what", BEFALLS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_what_befalls_a_server_is_recorded_in_both_languages(
    desk: Desk, until_space: Callable[..., str], what: str, language: Language
) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001", found=Inspection(rest_ok=True))
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    correcting.serial(desk.decided_by("staf"), deposit, serial="SN-0009", reason="misread")
    indonesian, english, make = BEFALLS[what]
    make(desk.decided_by("kabid" if what == "loss" else "staf"), deposit, language)
    said = text_of(newest_pdf(desk, deposit))
    assert (english if language == "en" else indonesian).upper() in said
    assert all(word in said for word in ("SN-0009", "SN-0001", "web1.example.org", "misread")), said
    assert (indonesian_in(said) == set()) == (language == "en")


def test_the_first_form_says_what_became_of_it(sopctl: Callable[..., Ran], desk: Desk, two: list[str]) -> None:
    """In the words of `document verify`; both forms are as issued."""
    staff, documents = desk.decided_by("staf"), dossiers.read(desk.site, two[0]).folder / "documents"
    (first,) = documents.glob("*-serah-terima.pdf")
    reissuing.reissue(staff, two[0], reason="nama penerima salah")
    second = newest_pdf(desk, two[0])
    ran = sopctl("document", "verify", str(first), str(second))
    issued, since, newer = ran.out.splitlines()
    assert (ran.code, issued.split()[0], newer.split()[0]) == (0, "issued", "issued")
    assert sopctl("document", "verify", "1").out == sopctl("document", "verify", two[0]).out
    assert since == f"  replaced on {desk.now():%Y-%m-%d} by event 9: nama penerima salah"
    reissuing.addendum(staff, two[0], text="dua catu daya", reason="terlewat")
    ran = sopctl("document", "verify", str(second))
    assert ran.out.splitlines()[1] == f"  amended on {desk.now():%Y-%m-%d} by event 10: terlewat"
    (checked,) = json.loads(sopctl("document", "verify", str(first), "--json").out)["files"]
    replaced = {"how": "replaced", "at": desk.now().isoformat(), "event": 9, "because": "nama penerima salah"}
    assert (checked["became"], checked["signed"]) == (replaced, None)
    second.write_bytes(second.read_bytes() + b" ")
    ran = sopctl("document", "verify", str(second))
    assert (ran.code, ran.out.split()[0]) == (1, "altered")


def test_a_file_that_cannot_be_read_holds_up_no_others(
    sopctl: Callable[..., Ran], desk: Desk, two: list[str], tmp_path: Path
) -> None:
    form, other = (newest_pdf(desk, each) for each in two)
    gone, large = tmp_path / "hilang.pdf", tmp_path / "besar.pdf"
    with large.open("wb") as file:
        file.truncate(51 * 1024 * 1024)
    ran = sopctl("document", "verify", str(gone), str(form), str(large), str(other))
    assert (ran.code, [line.split()[0] for line in ran.out.splitlines()]) == (6, ["issued", "issued"])
    assert all(str(each) in ran.err for each in (gone, large))
    said = json.loads(sopctl("document", "verify", "--json", str(form), str(gone)).out)
    assert ([each["verdict"] for each in said["files"]], said["errors"][0]["where"]) == (["issued"], str(gone))
    assert sopctl("document", "verify", str(large)).code == 3


@pytest.mark.parametrize(("language", "subject"), [("id", "Tempat untuk server sudah siap"), ("en", "is ready")])
def test_the_announcement_is_a_letter(desk: Desk, until_space: Callable[..., str], language: str, subject: str) -> None:
    (desk.site.root / "sopctl.yml").write_text(
        (desk.site.root / "sopctl.yml").read_text().replace("  unit: KOMINFO", "  unit: KOMINFO\n  city: Contoh")
    )
    fresh = replace(desk, site=type(desk.site)(desk.site.root))
    deposit = until_space({"email: admin@example.org": f"email: admin@example.org, language: {language}"})
    notifying.notify(fresh, deposit, via="letter")
    said = text_of(newest_pdf(fresh, deposit))
    assert "Contoh, 23 November 2026" in said
    for part in (subject, "Administrator Sistem", "Dinas Contoh", "090/1/2026"):
        assert part in said
    assert (indonesian_in(said) == set()) == (language == "en")


def returning(desk: Desk, deposit: str, *, wipe: bool) -> None:
    """Bring a deposit to pengembalian 7."""
    reservation.place(desk, deposit)
    give_back(desk, deposit, wipe=wipe)
    releasing.release(desk, deposit, by_hand="server mati")


@pytest.mark.parametrize(
    ("found", "said", "complete"),
    [
        ({"condition": "baik"}, {}, "belum diperiksa: rel, kabel daya"),
        ({"rest_ok": True}, {}, "sesuai serah terima"),
        ({"rest_ok": True}, {"missing": ["rel"]}, "kurang: rel"),
        ({}, {"returned": ["rel"]}, "belum diperiksa: kabel daya"),
        ({}, {"returned": ["rel"], "missing": ["kabel daya"]}, "kurang: kabel daya"),
    ],
)
def test_only_what_was_looked_at_counts_as_returned(
    desk: Desk, two: list[str], found: dict[str, Any], said: dict[str, Any], complete: str
) -> None:
    returning(desk, two[0], wipe=False)
    inspecting.inspect(desk, two[0], found=Inspection(**found), **said)
    handover.handover(desk, two[0])
    assert complete in text_of(newest_pdf(desk, two[0]))


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        ({"condition": "baik"}, "belum diperiksa"),
        ({"rest_ok": True}, "sesuai serah terima"),
        ({"answers": {3: Answer("tidak berlaku")}}, "tanpa kelengkapan"),
        ({"answers": {3: Answer("tidak")}}, "kurang"),
    ],
)
def test_a_server_that_came_without_accessories_is_not_complete_unlooked(
    desk: Desk, until_space: Callable[..., str], found: dict[str, Any], complete: str
) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    returning(desk, deposit, wipe=False)
    inspecting.inspect(desk, deposit, found=Inspection(**found))
    handover.handover(desk, deposit)
    kept = max((dossiers.read(desk.site, deposit).folder / "documents").glob("*serah-terima.json"))
    form = msgspec.json.decode(kept.read_bytes(), type=HandoverForm)
    assert form.items[0].completeness == complete
    left = text_of(Path(releasing.release(desk, deposit).documents[0]))
    assert ("sesuai serah terima" in left) == (complete == "sesuai serah terima")
    assert "telah dicabut" in left
    assert re.search(r"Mengetahui.* Kepala Dinas Kominfo", left), "the head countersigns what leaves"


def test_photos_of_the_return_are_kept(desk: Desk, two: list[str], tmp_path: Path) -> None:
    photo = tmp_path / "belakang.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    returning(desk, two[0], wipe=False)
    done = inspecting.inspect(desk, two[0], photos=[photo])
    assert done.data["checklist_back"][-1]["result"] == "ok"
    assert done.note == "sejauh diperiksa sesuai; belum diperiksa: 9 pertanyaan"
    assert done.documents[0].endswith("foto-1.png")


def test_a_letter_of_an_extension_is_not_the_letter_of_the_return(desk: Desk, two: list[str]) -> None:
    deposit = two[0]
    reservation.place(desk, deposit)
    letters.ask_back(desk, deposit, letter_number="090/R")
    acts.extend(desk.decided_by("kabid"), deposit, until=date(2028, 1, 31), letter_number="777/E")
    letters.dispose(desk, deposit, instruction="Setuju")
    letters.dispose(desk, deposit, instruction="Laksanakan")
    routed = [each.disposition.letter for _, each in dossiers.read(desk.site, deposit).established(Disposed)]
    assert routed[:2] == ["090/R", "090/R"]
    inspecting.inspect(desk, deposit, serial="SN-0001")
    letters.confirm_data_saved(desk, deposit, wipe=False)
    releasing.release(desk, deposit, by_hand="server mati")
    inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
    handover.handover(desk, deposit)
    releasing.release(desk, deposit)
    said = text_of(newest_pdf(desk, deposit))
    assert "090/R" in said
    assert "777/E" not in said


def test_a_letter_with_the_older_label_of_the_application_is_read(desk: Desk, tmp_path: Path) -> None:
    letter = filled_letter(desk, tmp_path)
    book = openpyxl.load_workbook(letter)
    sheet = book.worksheets[0]
    label = next(cell for cell in sheet["A"] if cell.value == "Aplikasi")
    label.value = "Aplikasi dan deskripsi"
    sheet.delete_cols(10)
    book.save(letter)
    server = request_letter.read(desk.site, letter).server
    assert (server.application, server.description) == ("Portal Contoh", "Layanan informasi untuk warga")


def filled_letter(desk: Desk, folder: Path, language: Any = "id") -> Path:
    record = folder / "permohonan.yml"
    record.write_text(init.EXAMPLE_REQUEST.replace("  memory_gib", "  disks: [SSD 480 GB, HDD 4 TB]\n  memory_gib"))
    return export.letter(desk, kind="xlsx", output=folder / "surat.xlsx", language=language, filled=record)


def edited(letter: Path, change: Callable[[Any], None]) -> Path:
    """The letter after an office worked on it with a spreadsheet program."""
    book = openpyxl.load_workbook(letter)
    change(book.worksheets[0])
    book.save(letter)
    return letter


def value_cell(sheet: Any, key: str) -> Any:
    row = next(cell.row for cell in sheet["J"] if cell.value == key)
    return sheet.cell(row, 2)


def drop_keys(sheet: Any) -> None:
    sheet.delete_cols(10)


def insert_rows(sheet: Any) -> None:
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))
    sheet.insert_rows(1, 3)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("change", [lambda _sheet: None, drop_keys, insert_rows], ids=["as made", "keys lost", "moved"])
def test_a_letter_that_was_filled_in_comes_back(
    desk: Desk, tmp_path: Path, language: str, change: Callable[[Any], None]
) -> None:
    letter = edited(filled_letter(desk, tmp_path, language), change)
    done = letters.request(desk, letter)
    assert done.next == "penitipan 2"
    deposit = dossiers.read(desk.site, done.id).deposit
    assert deposit.server.disks == ("SSD 480 GB", "HDD 4 TB")
    assert deposit.access.ports == (80, 443)
    assert deposit.access.first_contact
    assert deposit.access.first_contact.key == "owner"
    written = msgspec.to_builtins(request_letter.read(desk.site, letter))
    asked = msgspec.to_builtins(deposit)
    assert asked.pop("platform") is None, "a server"
    del asked["id"]
    assert written == asked


@pytest.mark.parametrize("written", ["19850202 201001 2 002", "198502022010012002", "19850202.201001.2.002", ""])
def test_a_number_is_read_as_cards_have_it(desk: Desk, tmp_path: Path, written: str) -> None:
    def fill(sheet: Any) -> None:
        value_cell(sheet, "contacts.technical.nip").value = written
        value_cell(sheet, "contacts.technical.rank").value = "Penata (III/c)"

    contact = request_letter.read(desk.site, edited(filled_letter(desk, tmp_path), fill)).contacts.technical
    assert (contact.nip, contact.rank) == ("198502022010012002" if written else "", "Penata (III/c)")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("server.height_units", "dua", "Server: Tinggi (U): "),
        ("server.height_units", None, "Server: Tinggi (U): is empty"),
        ("contacts.technical.email", "bukan alamat", "Penanggung jawab teknis: E-mail: "),
        ("access.accounts", "webadmin", "'webadmin' is not an account with its key"),
        ("access.ports", "80, banyak", "Jaringan dan akses: Port layanan: "),
        ("access.sources", "jaringan kami", "Jaringan dan akses: Hanya dari alamat atau jaringan: "),
        ("letter.date", "kemarin", "Surat: Tanggal: "),
        ("server.name", "=HYPERLINK(1)", "Server: Nama server (host name): "),
        ("access.accounts", "root: ssh-ed25519 AAAA", "Jaringan dan akses: Akun: kunci publik: "),
    ],
)
def test_what_is_wrong_in_a_letter_is_named(desk: Desk, tmp_path: Path, key: str, value: Any, message: str) -> None:
    def spoil(sheet: Any) -> None:
        value_cell(sheet, key).value = value

    letter = edited(filled_letter(desk, tmp_path), spoil)
    with pytest.raises(InvalidRecord) as caught:
        letters.request(desk, letter)
    assert message in str(caught.value), caught.value
    assert str(letter) in caught.value.where
    assert dossiers.ids(desk.site) == []


def test_any_other_spreadsheet_is_no_letter(desk: Desk, tmp_path: Path) -> None:
    book, content = openpyxl.Workbook(), BytesIO()
    book.worksheets[0].append(["Nomor", "1"])
    book.save(content)
    other = tmp_path / "lain.xlsx"
    for wrong in (content.getvalue(), b"PK\x03\x04", b"PK"):
        other.write_bytes(wrong)
        with pytest.raises(InvalidRecord):
            letters.request(desk, other)


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_letter_fits_one_page(desk: Desk, tmp_path: Path, language: Any) -> None:
    letter = export.letter(desk, kind="pdf", output=tmp_path / "surat.pdf", language=language)
    assert len(pypdfium2.PdfDocument(letter.read_bytes())) == 1
    assert (indonesian_in(text_of(letter)) == set()) == (language == "en")


def test_every_field_of_a_request_stands_in_the_letter() -> None:
    keys = {key for _, fields in request_letter.FIELDS for _, key in fields if key}
    assert "valid_until" in keys
    needed = {"unit", "letter.number", "letter.date", "server.name", "server.serial", "server.height_units"}
    assert needed <= keys
