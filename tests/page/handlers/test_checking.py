"""Anybody checks a paper's file, and learns what it is and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters.documents.forms import HandoverForm
from sopctl.model.as_json import from_json
from sopctl.model.sop.entries import HandoverIssued, Signed
from sopctl.page.handlers import checking
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import signing
from sopctl.workflow.papers import elements, integrity
from sopctl.workflow.steps import handover, inspecting, notifying
from sopctl.workflow.steps.mending import reissuing
from tests.adapters.documents.samples import text
from tests.page.conftest import Browser, hidden


@pytest.fixture
def issued(site_with_units: Site, until_space: Callable[..., str], desk: Desk) -> bytes:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    paper = next(each for each in integrity.documents(desk, deposit) if each.file.endswith(".pdf"))
    found = integrity.content(desk, deposit, paper.sha256)
    assert found
    return found.content


def test_what_a_paper_is(issued: bytes, stranger: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(content: bytes) -> str:
        form = hidden(stranger.get("/periksa").text)
        answer = stranger.post("/periksa", data=form, files={"paper": ("x.pdf", content, "application/pdf")})
        assert answer.status_code == 200
        for secret in ("Dinas Contoh", "SN-0001", "web1", "PS-2026-0001"):
            assert secret not in answer.text
        return answer.text

    assert "Diterbitkan" in ask(issued)
    assert "Berubah" in ask(issued + b"x")
    read: list[str] = []
    real = dossiers.read

    def noted(site: Site, each: str) -> dossiers.Dossier:
        read.append(each)
        return real(site, each)

    monkeypatch.setattr(dossiers, "read", noted)
    assert "Tidak dikenal" in ask(b"%PDF-1.4 of others")
    assert read == [], "a stranger's file has no history read that it does not name"


def test_what_is_refused(stranger: Browser) -> None:
    form = hidden(stranger.get("/periksa").text)
    assert stranger.post("/periksa", data=form).status_code == 422
    files = {"paper": ("x.pdf", b"x", "application/pdf")}
    assert stranger.post("/periksa", data={"token": "x"}, files=files).status_code == 403


def by_number(stranger: Browser, number: str) -> str:
    answer = stranger.get("/periksa", params={"nomor": number})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def test_a_number_is_enough_to_ask(issued: bytes, stranger: Browser, desk: Desk, tmp_path: Path) -> None:
    """As a paper's QR code does: issued, signed by which parties, superseded, altered; no name, and nothing of whose
    it is."""
    number = "555/0001.8/KOMINFO/2026"
    assert number in [each.number for each in integrity.documents(desk, "PS-2026-0001")]
    assert f"{number}</strong>: diterbitkan kantor ini pada 23 Nov 2026." in by_number(stranger, number)
    scan = tmp_path / "pindaian.pdf"
    scan.write_bytes(b"%PDF-1.4 x")
    signing.file_scan(desk, scan, deposit_id="PS-2026-0001", signed_by={"first": "Orang Rahasia"})
    signed = by_number(stranger, number)
    assert "dan ditandatangani. Sudah menandatangani: pihak pertama. Belum menandatangani: pihak kedua" in signed
    newest = dossiers.read(desk.site, "PS-2026-0001").newest(Signed)
    assert newest is not None
    (desk.site.root / "deposits" / "PS-2026-0001" / newest.signed.file).write_bytes(b"%PDF-1.4 y")
    altered = by_number(stranger, number)
    assert "salinan kantor sendiri berubah" in altered
    for page in (signed, altered):
        for secret in ("Dinas Contoh", "SN-0001", "web1", "PS-2026-0001", "Orang Rahasia"):
            assert secret not in page
    reissuing.reissue(desk.decided_by("kabid"), "PS-2026-0001", reason="salah ketik")
    assert "salinan kantor sendiri berubah" in by_number(stranger, number)
    (desk.site.root / "deposits" / "PS-2026-0001" / newest.signed.file).write_bytes(b"%PDF-1.4 x")
    assert "diganti, diperbaiki atau dibatalkan" in by_number(stranger, number)


@pytest.mark.parametrize(
    "number",
    [
        "555/0001.1/KOMINFO/2026",
        "555/0001.9/KOMINFO/2027",
        "555/9999.9/KOMINFO/2026",
        "PS-2026-0001",
        "LAPORAN-2026-11",
        "x" * 5000,
        "../" * 30,
        "<script>",
        "555/" + "1" * 60 + ".1/x",
        "\x00",
        "a/" * 60 + "0001.8/" + "b/" * 30,
    ],
)
def test_unknown_numbers_are_all_alike(
    issued: bytes, stranger: Browser, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, in shape, and in time: whatever is looked up takes no longer to answer."""
    paused: list[float] = []
    monkeypatch.setattr("sopctl.page.handlers.checking.sleep", paused.append)
    clock = iter(range(100))
    monkeypatch.setattr("sopctl.page.handlers.checking.monotonic", lambda: next(clock) / 100)
    known, found = by_number(stranger, "555/0001.8/KOMINFO/2026"), by_number(stranger, number)
    assert "diterbitkan" in known
    assert "tidak dikenal" in found
    plain = by_number(stranger, "1/0000.0/x/1")
    shape = [re.sub(r"<strong>.*?</strong>|value=\"[^\"]*\"", "", each) for each in (plain, found)]
    tokens = [re.sub(r"[0-9a-f]{64}", "", each) for each in shape]
    assert tokens[0] == tokens[1]
    assert paused == [pytest.approx(checking.AT_LEAST - 0.01)] * 3, "each answer waits until the same time is over"


def test_the_qr_code_leads_to_the_page(issued: bytes, desk: Desk, site: Site) -> None:
    """Where the settings name its address; else it carries a command, as before."""
    stamp = next(dossiers.read(desk.site, "PS-2026-0001").established(HandoverIssued))[1]
    assert stamp.document.data is not None
    folder = desk.site.root / "deposits" / "PS-2026-0001"
    made = from_json((folder / stamp.document.data.file).read_bytes(), HandoverForm)
    assert made.stamp.check_command == "https://titipan.example.org/periksa?nomor=555/0001.8/KOMINFO/2026"
    assert "titipan.example.org/periksa" in text(issued)
    without = Site(site.root)
    (site.root / "sopctl.yml").write_text((site.root / "sopctl.yml").read_text().replace("page: {url", "#"))
    assert elements.check(without, "sopctl document verify X", "1") == "sopctl document verify X"
