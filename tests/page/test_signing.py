"""The hand-over on a screen, and papers that come back signed: what the page, the paper and the record say of each."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from httpx2 import Response
from PIL import Image

from sopctl.adapters.documents import places
from sopctl.adapters.documents.forms import HandoverForm
from sopctl.model.as_json import from_json
from sopctl.model.sop.entries import AgreedOnScreen, HandoverIssued, Signed
from sopctl.page import signing
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.integrity import documents
from sopctl.workflow.steps import handover, inspecting, notifying
from tests.adapters.documents.samples import squeezed, text
from tests.adapters.signing.test_examining import _overlay
from tests.adapters.test_pictures import saved
from tests.conftest import edit
from tests.page.conftest import Browser
from tests.workflow.house.test_signing import Office

Login = Callable[[str], Browser]
NO_CERTIFICATE = "bukan tanda tangan elektronik bersertifikat"


def drawing() -> bytes:
    picture = Image.new("RGBA", (720, 240))
    picture.paste("black", (100, 100, 600, 110))
    return saved(picture, "PNG")


def drawn() -> str:
    return "data:image/png;base64," + b64encode(drawing()).decode()


@pytest.fixture
def inspected(desk: Desk, until_space: Callable[..., str]) -> str:
    """A deposit whose hand-over is due."""
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    return deposit


def issued(desk: Desk, deposit: str) -> tuple[bytes, HandoverForm]:
    dossier = dossiers.read(desk.site, deposit)
    form = dossier.newest(HandoverIssued)
    assert form is not None
    assert form.document.data is not None
    data = from_json((dossier.folder / form.document.data.file).read_bytes(), HandoverForm)
    return (dossier.folder / form.document.file).read_bytes(), data


def test_what_is_drawn_on_the_screen(login: Login, inspected: str, desk: Desk) -> None:
    """The page says before, and the paper after, that it is no certificate; and the paper still lacks signatures."""
    staff = login("staf")
    path = f"/berkas/{inspected}/serah-terima"
    page = staff.get(path)
    assert NO_CERTIFICATE in page.text
    assert "SN-0001" in page.text, "what is agreed to is seen before"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    form = staff.form(path, **{"first-drawn": drawn(), "second-name": "Petugas <i>"})
    answer = staff.post(path, data=form)
    assert answer.status_code == 303, answer.text
    dossier = dossiers.read(desk.site, inspected)
    entry = dossier.newest(AgreedOnScreen)
    assert entry is not None
    first, second = entry.agreed_on_screen
    assert (first.box, first.name) == ("first", dossier.deposit.contacts.administrative.name)
    assert (second.box, second.name, second.drawing) == ("second", "Petugas <i>", None)
    assert first.drawing is not None
    assert hashlib.sha256((dossier.folder / first.drawing.file).read_bytes()).hexdigest() == first.drawing.sha256
    assert first.drawing.sha256 in {each.sha256 for each in documents(desk, inspected)}
    content, data = issued(desk, inspected)
    said = text(content)
    assert squeezed(f"Digores di layar oleh {first.name}; {NO_CERTIFICATE}") in said
    assert squeezed(f"Disetujui di layar oleh Petugas <i>, tanpa goresan; {NO_CERTIFICATE}") in said
    assert "tanpa sertifikat" in dossier.events[-1].note
    assert dossier.summary.unsigned[0].boxes == ("first", "second", "acknowledged")
    assert len(places(data)) == 3, "it is typeset again, and may still be signed"


def test_without_a_script_a_picture_is_handed_in(login: Login, inspected: str, desk: Desk) -> None:
    staff = login("staf")
    path = f"/berkas/{inspected}/serah-terima"
    files = {"first": ("paraf.png", drawing(), "image/png")}
    assert staff.post(path, data=staff.form(path), files=files).status_code == 303
    _, data = issued(desk, inspected)
    assert [(each.box, bool(each.picture)) for each in data.agreed] == [("first", True)]


def test_nothing_drawn_leaves_the_form_for_ink(login: Login, inspected: str, desk: Desk) -> None:
    assert login("staf").fill(f"/berkas/{inspected}/serah-terima", place="Ruang server").status_code == 303
    content, data = issued(desk, inspected)
    assert (data.agreed, data.place) == ((), "Ruang server")
    assert squeezed(NO_CERTIFICATE) not in text(content)
    assert dossiers.read(desk.site, inspected).newest(AgreedOnScreen) is None


@pytest.mark.parametrize(
    "typed",
    [
        {"first-drawn": "data:image/png;base64,AAAA"},
        {"first-drawn": "data:image/svg+xml;base64,PHN2Zz4="},
        {"first-drawn": "https://example.org/x.png"},
        {"first-drawn": "data:image/png;base64," + b64encode(saved(Image.new("RGBA", (720, 240)), "PNG")).decode()},
        {"first-name": "x" * 5000},
        {"second-name": "satu\ndua"},
    ],
)
def test_what_is_no_drawing_and_no_name(login: Login, inspected: str, desk: Desk, typed: dict[str, str]) -> None:
    answer = login("staf").fill(f"/berkas/{inspected}/serah-terima", place="Ruang <1>", **typed)
    assert answer.status_code == 422
    assert "Ruang &lt;1&gt;" in answer.text
    assert dossiers.read(desk.site, inspected).newest(HandoverIssued) is None


def test_no_other_page_has_a_script(login: Login, inspected: str) -> None:
    staff = login("staf")
    for path in ("/", f"/berkas/{inspected}", f"/berkas/{inspected}/tunda", "/berkas"):
        page = staff.get(path)
        assert "script" not in page.headers["content-security-policy"]
        assert "<script" not in page.text


def test_a_scan_of_ink_comes_back(login: Login, inspected: str, desk: Desk) -> None:
    handover.handover(desk, inspected)
    staff = login("staf")
    path = f"/berkas/{inspected}/tanda-tangan"
    page = staff.get(path).text
    assert "sopctl document sign" in page, "what needs a key is the terminal's"
    assert "/tanda-tangan" in staff.get(f"/berkas/{inspected}").text
    files = {"paper": ("pindaian.pdf", b"%PDF-1.4 tinta", "application/pdf")}
    nobody = staff.post(path, data=staff.form(path, how=signing.BY_INK), files=files)
    assert nobody.status_code == 422
    assert "siapa yang sudah menandatangani" in nobody.text
    said = staff.form(path, **{"how": signing.BY_INK, "ink-first": "Pemilik", "ink-second": "Petugas"})
    assert staff.post(path, data=said, files=files).status_code == 303
    dossier = dossiers.read(desk.site, inspected)
    signed = dossier.newest(Signed)
    assert signed is not None
    assert [(each.box, each.name) for each in signed.signed.by] == [("first", "Pemilik"), ("second", "Petugas")]
    assert dossier.summary.unsigned[0].boxes == ("acknowledged",)


def test_a_certified_pdf_comes_back(login: Login, inspected: str, desk: Desk, tmp_path: Path) -> None:
    """Each party's after the other's, once; a stranger's, an altered one and an older revision are not filed."""
    handover.handover(desk, inspected)
    office, staff, path = Office(desk, inspected, tmp_path), login("staf"), f"/berkas/{inspected}/tanda-tangan"

    def send(paper: Path) -> Response:
        files = {"paper": ("dari surel.pdf", paper.read_bytes(), "application/pdf")}
        return staff.post(path, data=staff.form(path, how=signing.BY_CERTIFICATE), files=files)

    issued_first = office.newest()
    assert send(office.signed("stranger")).status_code in (409, 422)
    altered = office.signed("first", name="altered.pdf")
    altered.write_bytes(_overlay(altered.read_bytes()))
    assert send(altered).status_code in (409, 422)
    assert dossiers.read(desk.site, inspected).newest(Signed) is None
    first = office.signed("first")
    assert send(first).status_code == 303
    assert send(first).status_code == 409, "it is there already"
    assert send(office.signed("second", issued_first, "older.pdf")).status_code == 409, "of the revision before"
    assert send(office.signed("second")).status_code == 303
    dossier = dossiers.read(desk.site, inspected)
    signed = dossier.newest(Signed)
    assert signed is not None
    assert [(each.box, each.certificate) for each in signed.signed.by] == [
        (box, office.people[box].sha256) for box in ("first", "second")
    ]
    assert (dossier.events[-1].by, dossier.events[-1].typed) == ("staf", "page:staf")
    assert dossier.summary.unsigned[0].boxes == ("acknowledged",)


def test_what_is_no_signed_paper_of_ours(login: Login, inspected: str, desk: Desk) -> None:
    handover.handover(desk, inspected)
    staff = login("staf")
    path = f"/berkas/{inspected}/tanda-tangan"
    for name, content in (("x.pdf", b"%PDF-1.4 x"), ("x.png", b"\x89PNG"), ("x.txt", b"x"), ("", b"")):
        files = {"paper": (name, content, "application/pdf")}
        answer = staff.post(path, data=staff.form(path, how=signing.BY_CERTIFICATE), files=files)
        assert answer.status_code == 422, name
    assert dossiers.read(desk.site, inspected).newest(Signed) is None


def test_one_form_of_several_servers(
    login: Login, until_space: Callable[..., str], desk: Desk, site_with_units: Site
) -> None:
    """What is filed for one is in the other's dossier too, and a broken one is no reason against it."""
    pair = [until_space(), until_space()]
    edit(desk.knowing("satu surat"), pair[1], "number: 090/2/2026", "number: 090/1/2026", "kabid")
    for deposit in pair:
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
    broken = until_space({"unit: Dinas Contoh": "unit: Dinas Lain"})
    for deposit, serial in zip(pair, ("SN-0001", "SN-0002"), strict=True):
        inspecting.inspect(desk, deposit, serial=serial)
    handover.handover(desk, *pair)
    (site_with_units.root / "deposits" / broken / "history.yml").write_text("x: [")
    staff = login("staf")
    path = f"/berkas/{pair[1]}/tanda-tangan"
    files = {"paper": ("pindaian.pdf", b"%PDF-1.4 tinta", "application/pdf")}
    answer = staff.post(path, data=staff.form(path, **{"how": signing.BY_INK, "ink-first": "Pemilik"}), files=files)
    assert answer.status_code == 303, re.sub("<[^>]+>", "", answer.text)
    assert all(dossiers.read(desk.site, each).newest(Signed) for each in pair)
