"""Anybody checks a paper's file, and learns what it is and nothing else."""

from collections.abc import Callable

import pytest

from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import handover, inspecting, notifying
from tests.page.conftest import Browser, hidden


@pytest.fixture
def issued(until_space: Callable[..., str], desk: Desk) -> bytes:
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
