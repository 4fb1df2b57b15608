"""What is read: the board of each, lists, a dossier, its documents; and what a unit and a reader do not see of it."""

import html
import re
from collections.abc import Callable

import pytest

from sopctl.store import dossiers
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import acts, handover, inspecting, letters, notifying
from tests.conftest import Clock
from tests.page.conftest import Browser

Login = Callable[[str], Browser]
OTHERS = {"unit: Dinas Contoh": "unit: DINAS LAIN"}


def section(page: str, name: str) -> str:
    """What stands in one section of the board."""
    found = re.search(rf'aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def test_the_board_of_each(login: Login, file_request: Callable[..., str], desk: Desk, clock: Clock) -> None:
    mine, other = file_request(), file_request(OTHERS)
    kadis = login("kadis").get("/").text
    assert f'href="/berkas/{mine}/disposisi"' in section(kadis, "yours")
    assert f'href="/berkas/{other}/disposisi"' in section(kadis, "yours")
    unit = login("contoh").get("/").text
    assert "Tidak ada yang menunggu Anda" in section(unit, "yours")
    assert mine in section(unit, "others")
    staff = login("staf").get("/").text
    assert mine in section(staff, "others")
    letters.dispose(desk, mine, instruction="x")
    clock.now = clock.now.replace(day=30)  # kabid is late with `mine`, kadis with `other`
    kadis = login("kadis").get("/").text
    assert mine in section(kadis, "escalated")
    assert f"/berkas/{mine}/disposisi" not in kadis, "what came up to someone is not theirs to do"
    assert "terlambat" in section(kadis, "yours")
    kabid = login("kabid").get("/").text
    assert mine in section(kabid, "yours")
    assert other in section(kabid, "escalated")


def test_a_failed_inspection_waits_for_who_decides(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-OTHER")
    yours = section(login("kabid").get("/").text, "yours")
    assert f'href="/berkas/{deposit}/terima"' in yours
    assert deposit not in section(login("kadis").get("/").text, "yours")


@pytest.mark.parametrize(
    "path", ["/", "/berkas", "/berkas?cari=Lain", "/berkas?cari=web2", "/berkas?unit=lain", "/antrean"]
)
def test_a_unit_sees_its_own_alone(login: Login, file_request: Callable[..., str], path: str) -> None:
    mine, other = file_request(), file_request(OTHERS)
    page = login("contoh").get(path).text
    for foreign in (other, "DINAS LAIN", "web2.example.org", "SN-0002"):
        assert foreign not in re.sub(r'value="[^"]*"', "", page)
    assert "2 berkas" not in page
    assert mine in login("contoh").get("/berkas").text
    assert other in login("lain").get("/berkas").text, "by whatever name the letter calls it"
    assert other in login("kadis").get("/berkas").text


def test_a_foreign_and_an_absent_dossier_are_the_same(
    login: Login, file_request: Callable[..., str], desk: Desk
) -> None:
    mine, other = file_request(), file_request(OTHERS)
    unit = login("contoh")
    assert unit.get(f"/berkas/{mine}").status_code == 200
    absent = other[:-1] + "9"
    for rest in ("", "/disposisi", "/nothing", f"/dokumen/{'0' * 64}"):
        for_other, for_none = unit.get(f"/berkas/{other}{rest}"), unit.get(f"/berkas/{absent}{rest}")
        assert for_other.status_code == for_none.status_code == 404
        assert for_other.text.replace(other, "ID") == for_none.text.replace(absent, "ID")
    assert {each[3] for each in accounts.sessions(desk.site).refusals()} == {"not-to-be-seen"}
    data = {"token": "", "reason": "x"}
    assert unit.post(f"/berkas/{other}/cabut", data=data).status_code == 404


def test_what_people_wrote_is_shown_as_text(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    script = "<script>alert(1)</script>"
    deposit = file_request({"Portal Contoh    #": f'"{script}"  #', "Kepala Subbagian Umum": script})
    acts.hold(desk.decided_by("staf"), deposit, reason=f'{script}<img src=x onerror="x">')
    kadis = login("kadis")
    for path in ("/", "/berkas", f"/berkas/{deposit}", f"/berkas/{deposit}/lanjut", f"/berkas?cari={script}"):
        page = kadis.get(path).text
        assert "<script" not in page
        assert "<img" not in page
    assert "&lt;script&gt;" in kadis.get(f"/berkas/{deposit}").text


def test_personal_data_is_masked_for_who_only_reads(login: Login, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    assert "umum@example.org" in login("staf").get(f"/berkas/{deposit}").text
    assert "umum@example.org" in login("contoh").get(f"/berkas/{deposit}").text
    page = login("inspektorat").get(f"/berkas/{deposit}").text
    assert "umum@example.org" not in page
    assert "u•••@example.org" in page
    assert "192.0.2.10" not in page


def test_documents_by_their_hash_in_the_history(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    paper = next(each for each in integrity.documents(desk, deposit) if each.file.endswith(".pdf"))
    path = f"/berkas/{deposit}/dokumen/{paper.sha256}"
    for name in ("contoh", "kadis"):
        browser = login(name)
        assert path in browser.get(f"/berkas/{deposit}").text
        got = browser.get(path)
        assert got.status_code == 200
        assert got.content.startswith(b"%PDF-")
        assert got.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["x-content-type-options"] == "nosniff"
    for wrong in ("0" * 64, "..%2Fdeposit.yml", "deposit.yml", "0009-serah-terima.pdf"):
        assert login("kadis").get(f"/berkas/{deposit}/dokumen/{wrong}").status_code == 404
    assert login("lain").get(path).status_code == 404
    assert login("inspektorat").get(path).status_code == 403
    dossier = dossiers.read(desk.site, deposit)
    own = next(event for event in dossier.events if "filed" in event.data).data["filed"]["sha256"]
    assert login("kadis").get(f"/berkas/{deposit}/dokumen/{own}").status_code == 404, (
        "the tool's own files are no papers"
    )
    file = desk.site.root / "deposits" / deposit / "documents"
    changed = next(file.glob("*.pdf"))
    changed.write_bytes(changed.read_bytes() + b"x")
    digest = next(each.sha256 for each in integrity.documents(desk, deposit) if each.file == str(changed))
    assert login("kadis").get(f"/berkas/{deposit}/dokumen/{digest}").status_code == 404, (
        "what was altered is not given out"
    )


def test_a_broken_dossier_holds_up_nobody(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    broken, sound = file_request(OTHERS), file_request()
    (desk.site.root / "deposits" / broken / "history.yml").write_text("- broken")
    assert sound in login("kadis").get("/").text
    board = login("kadis").get("/").text
    assert "Tidak dapat dibaca" in board
    assert f'<a href="/berkas/{broken}">' in board, "it is named"
    page = login("contoh").get("/").text
    assert sound in page
    assert broken not in page, "a unit learns nothing of others, errors included"
    answer = login("kadis").get(f"/berkas/{broken}")
    assert answer.status_code == 422
    assert "beri tahu pengelola sistem" in answer.text


def test_in_english(login: Login, file_request: Callable[..., str]) -> None:
    deposit, kadis = file_request(), login("kadis")
    page = kadis.get("/?bahasa=en")
    assert '<html lang="en">' in page.text
    assert "Waiting for you" in page.text
    assert "History" in kadis.get(f"/berkas/{deposit}").text, "the choice is kept"


def test_where_a_server_stands_is_said_in_the_readers_language(login: Login, until_space: Callable[..., str]) -> None:
    deposit, kadis = until_space(), login("kadis")
    said = {language: kadis.get(f"/berkas/{deposit}?bahasa={language}").text for language in ("id", "en")}
    assert "<dt>Tempat</dt><dd>rak A1 U1" in said["id"]
    assert re.search(r"<dt>\w+</dt><dd>rack A1 U1", said["en"])


def test_pages_of_a_list(login: Login, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sopctl.page.handlers.reading.A_PAGE", 1)
    first, second = file_request(), file_request()
    kadis = login("kadis")
    assert first in kadis.get("/berkas").text
    assert second in kadis.get("/berkas?halaman=2").text
    for odd in ("0", "-1", "99999", "x", "²"):
        assert kadis.get(f"/berkas?halaman={odd}").status_code == 200


def test_a_board_shows_some_and_leads_to_all(
    login: Login, file_request: Callable[..., str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sopctl.page.handlers.reading.ON_BOARD", 1)
    first, second, disposed = file_request(), file_request(), file_request()
    kadis = login("kadis")
    letters.dispose(desk, disposed, instruction="x")
    yours = section(kadis.get("/").text, "yours")
    assert (yours.count('class="card"'), '<span class="count">2</span>' in yours) == (1, True)
    there = html.unescape(re.findall(r'<a href="(/berkas\?[^"]+)"', yours)[0])
    found = kadis.get(there).text
    assert {first, second} == set(re.findall(r'scope="row"><a href="/berkas/([^"]+)"', found))
    assert '<option value="yours" selected>' in found
    assert disposed in kadis.get("/berkas?giliran=others").text
    assert "0 berkas" in kadis.get("/berkas?giliran=others&cari=nothing").text
    assert "3 berkas" in kadis.get("/berkas?giliran=nobody").text


def test_the_waiting_list_by_the_page(
    login: Login, until_space: Callable[..., str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sopctl.page.handlers.reading.A_PAGE", 1)
    ids = [until_space({"height_units: 2": "height_units: 50"}) for _ in range(2)]
    for each in ids:
        notifying.notify(desk, each, via="phone")
    staff = login("staf")
    for number, deposit in enumerate(ids, start=1):
        page = staff.get(f"/antrean?halaman={number}").text
        assert re.findall(r"<tr><td[^>]*>(\d)</td>.*?/berkas/([^\"]+)\"", page) == [(str(number), deposit)]
        assert f"halaman {number} dari 2" in page
    assert "Tidak ada yang menunggu" in staff.get("/antrean?halaman=9").text


def test_staff_see_what_is_done_at_the_terminal(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit = until_space()
    assert f"<code>sopctl notify {deposit}</code>" in login("staf").get(f"/berkas/{deposit}").text
    for name in ("kadis", "contoh", "inspektorat"):
        assert "<code>" not in login(name).get(f"/berkas/{deposit}").text
