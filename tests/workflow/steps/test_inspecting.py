"""The machine against the papers (tests/cases/inspection.yml), decisions on what differs, and the way back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from sopctl.errors import InvalidRecord, NotNow, UsageError
from sopctl.model.inspection import Answer, Inspection
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.papers import elements, integrity
from sopctl.workflow.steps import acts, handover, inspecting, letters, notifying, releasing, reservation
from tests.cases import rows
from tests.conftest import edit, give_back

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def brought(desk: Desk, until_space: Callable[..., str]) -> str:
    """A deposit whose server has been brought: its inspection is due."""
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    return deposit


@pytest.mark.parametrize("row", rows("inspection"), ids=lambda row: row["name"])
def test_what_an_inspection_finds(desk: Desk, brought: str, row: dict[str, Any]) -> None:
    found = convert({key: row[key] for key in ("answers", "measured") if key in row}, Inspection, strict=False)
    done = inspecting.inspect(desk, brought, serial=row["serial"], found=found)
    assert done.answer == ("differs" not in row)
    if done.answer:
        assert (done.next, done.note.partition(";")[0]) == ("penitipan 9", "nomor seri sesuai")
        return
    assert done.note.partition("; belum diperiksa")[0] == "berbeda: " + ", ".join(row["differs"])
    assert (done.next, done.waiting) == ("penitipan 8", "decision")


def test_a_failed_inspection_is_accepted_with_a_note_by_a_head(desk: Desk, brought: str) -> None:
    with pytest.raises(UsageError, match="has not failed an inspection"):
        inspecting.accept(desk.decided_by("kabid"), brought, note="x")
    inspecting.inspect(desk, brought, serial="SN-0002")
    with pytest.raises(NotNow, match=r"handover .* is not due"):
        handover.handover(desk, brought)
    with pytest.raises(NotNow, match="belongs to kabid"):
        inspecting.accept(desk.decided_by("staf"), brought, note="x")
    with pytest.raises(UsageError, match="needs a note"):
        inspecting.accept(desk.decided_by("kabid"), brought, note=" ")
    done = inspecting.accept(desk.decided_by("kabid"), brought, note="surat ralat menyusul")
    assert (done.outcome, done.next) == ("diterima dengan catatan", "penitipan 9")
    form = handover.handover(desk, brought)
    assert dossiers.read(desk.site, brought).summary.serial == "SN-0002"
    assert form.documents[0].endswith("serah-terima.pdf")


def test_what_was_mended_is_inspected_again(desk: Desk, brought: str) -> None:
    inspecting.inspect(
        desk, brought, serial="SN-0001", found=convert({"answers": {3: {"result": "tidak"}}}, Inspection, strict=False)
    )
    assert inspecting.inspect(desk, brought, serial="SN-0001").next == "penitipan 9"


def test_photos_are_kept_and_answer_their_question(desk: Desk, brought: str, tmp_path: Path) -> None:
    photo = tmp_path / "depan.png"
    photo.write_bytes(PNG)
    with pytest.raises(InvalidRecord, match="a scan is a PDF, PNG or JPEG file"):
        inspecting.inspect(desk, brought, serial="SN-0001", photos=[photo, _text(tmp_path)])
    done = inspecting.inspect(desk, brought, serial="SN-0001", photos=[photo])
    assert done.data["checklist"][-1] == {"item": "Foto terlampir", "result": "ok", "note": ""}
    assert [each.state for each in integrity.documents(desk, brought)][-1] == "intact"


def _text(folder: Path) -> Path:
    path = folder / "surat.txt"
    path.write_text("x")
    return path


def test_a_file_of_answers_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "jawaban.yml"
    path.write_text("answers:\n  6: {result: mungkin}\n")
    with pytest.raises(InvalidRecord) as caught:
        inspecting.read_answers(path)
    assert caught.value.where.startswith(f"{path}:2:")


def test_the_way_back_compares_with_the_hand_over(desk: Desk, brought: str, tmp_path: Path) -> None:
    authority = tmp_path / "kuasa.pdf"
    authority.write_bytes(b"%PDF-1.7\n")
    inspecting.inspect(desk, brought, serial="SN-0001", found=Inspection(accessories=("rel", "kabel daya")))
    handover.handover(desk, brought)
    reservation.place(desk, brought)
    letters.ask_back(desk, brought, letter_number="090/9/2026")
    letters.dispose(desk, brought, instruction="x")
    letters.dispose(desk, brought, instruction="x")
    wrong = inspecting.inspect(desk, brought, serial="SN-9")
    assert (wrong.outcome, wrong.next, wrong.waiting) == ("tidak cocok", "pengembalian 4", "decision")
    taken = inspecting.inspect(desk, brought, serial="SN-0001", taken_by="Kepala Seksi TI", authority=authority)
    assert taken.data["taken_by"] == "Kepala Seksi TI"
    letters.confirm_data_saved(desk, brought, wipe=False)
    releasing.release(desk, brought, by_hand="server mati")
    with pytest.raises(UsageError, match="'monitor' was not handed over") as caught:
        inspecting.inspect(desk, brought, missing=["monitor"])
    assert caught.value.remedy == ("Accessories at hand-over: rel, kabel daya",)
    done = inspecting.inspect(desk, brought, missing=["rel"])
    assert (done.outcome, done.next) == ("tidak sesuai", "pengembalian 8"), "a difference does not block"
    with turn(desk, brought, "handover") as mine:
        form = handover.handover_form(desk.site, [mine.dossier], mine.procedure, by=mine.by, stamp=elements.stamp(mine))
    assert form.returning
    assert form.items[0].completeness == "kurang: rel; belum diperiksa: kabel daya"
    assert form.first.office == desk.site.settings.office.name, "the parties are reversed"


def test_several_servers_of_one_letter_stand_on_one_form(desk: Desk, until_space: Callable[..., str]) -> None:
    ids = [until_space(), until_space()]
    edit(desk.knowing("satu surat"), ids[1], "number: 090/2/2026", "number: 090/1/2026", "kabid")
    other = until_space({"unit: Dinas Contoh": "unit: Dinas Lain"})
    assert dossiers.read(desk.site, other).standing.place == "penitipan 6"
    for number, each in enumerate(ids, start=1):
        notifying.notify(desk, each, via="phone")
        handover.receive(desk, each)
        inspecting.inspect(desk, each, serial=f"SN-000{number}")
    done = handover.handover(desk, *ids)
    assert [done.id, *(also.id for also in done.also)] == ids
    papers = [integrity.documents(desk, each)[-2] for each in ids]  # the last is what it says, as data
    assert papers[0].sha256 == papers[1].sha256
    assert papers[0].number == papers[1].number == "555/0001.8/KOMINFO/2026"


def test_servers_of_two_letters_do_not_stand_on_one_form(desk: Desk, until_space: Callable[..., str]) -> None:
    ids = [until_space(), until_space()]
    for number, each in enumerate(ids, start=1):
        notifying.notify(desk, each, via="phone")
        handover.receive(desk, each)
        inspecting.inspect(desk, each, serial=f"SN-000{number}")
    before = [dossiers.read(desk.site, each).events for each in ids]
    with pytest.raises(UsageError, match="PS-2026-0002 is not in the same letter as PS-2026-0001"):
        handover.handover(desk, *ids)
    assert [dossiers.read(desk.site, each).events for each in ids] == before


def test_a_disposition_is_a_record(desk: Desk, file_request: Callable[..., str], tmp_path: Path) -> None:
    deposit = file_request()
    sheet = tmp_path / "disposisi.png"
    sheet.write_bytes(PNG)
    done = letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti", letter_number="D-7", letter=sheet)
    kept = done.data["disposition"]
    assert {key: kept[key] for key in ("from", "to", "instruction", "letter", "number", "date")} == {
        "from": "kadis",
        "to": "kabid",
        "instruction": "Mohon ditindaklanjuti",
        "letter": "090/1/2026",
        "number": "D-7",
        "date": "2026-11-23",
    }
    assert [each.state for each in integrity.documents(desk, deposit)] == ["intact", "intact"]
    with pytest.raises(UsageError, match="a disposition needs an instruction"):
        letters.dispose(desk, deposit, instruction=" ")


def test_a_server_refused_after_inspection_goes_home(desk: Desk, brought: str) -> None:
    inspecting.inspect(desk, brought, serial="SN-0002")
    assert acts.refuse(desk.decided_by("kabid"), brought, reason="bukan server yang dimohonkan").next == "ditolak"


def test_what_nobody_answered_stays_open_on_the_form(desk: Desk, brought: str) -> None:
    done = inspecting.inspect(desk, brought, serial="SN-0001", found=Inspection())
    assert [each["result"] for each in done.data["checklist"]] == ["ok", *[""] * 9, "tidak berlaku"]
    with turn(desk, brought, "handover") as mine:
        form = handover.handover_form(desk.site, [mine.dossier], mine.procedure, by=mine.by, stamp=elements.stamp(mine))
    assert [(row.result, row.note) for row in form.checklist][1:-1] == [("", "belum diperiksa")] * 9
    assert (form.items[0].condition, form.items[0].completeness) == ("belum diperiksa", "belum diperiksa")


def test_the_rest_is_ok_when_someone_says_so(desk: Desk, brought: str) -> None:
    done = inspecting.inspect(desk, brought, serial="SN-0001", found=Inspection(rest_ok=True))
    assert {each["result"] for each in done.data["checklist"][:-1]} == {"ok"}
    assert done.data["condition"] == "baik"


def test_a_return_that_nobody_looked_at_is_not_complete(desk: Desk, brought: str) -> None:
    inspecting.inspect(desk, brought, serial="SN-0001")
    handover.handover(desk, brought)
    reservation.place(desk, brought)
    give_back(desk, brought)
    releasing.release(desk, brought, by_hand="server mati")
    with pytest.raises(UsageError, match="nothing was looked at"):
        inspecting.inspect(desk, brought)
    done = inspecting.inspect(desk, brought, found=Inspection(answers={6: Answer("ok")}))
    assert done.note == "sejauh diperiksa sesuai; belum diperiksa: 8 pertanyaan"
