"""The inspections by form: what a person at the machine answers, measures and photographs is what is recorded."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from sopctl.model.sop.entries import CompletenessInspected, ConditionInspected, Taker
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, handover, letters, notifying, releasing, reservation
from tests.adapters.test_pictures import phone_photo
from tests.page.conftest import Browser

Login = Callable[[str], Browser]


@pytest.fixture
def brought(desk: Desk, until_space: Callable[..., str]) -> str:
    """A deposit whose server has been brought: its inspection is due."""
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    return deposit


def test_the_machine_with_a_phone_in_hand(login: Login, brought: str, desk: Desk) -> None:
    staff = login("staf")
    assert f'href="/berkas/{brought}/pemeriksaan"' in staff.get("/").text, "it is due, on the board"
    typed = {"serial": "SN-0001", "q2": "ok", "q6": "tidak", "q6-note": "bezel retak", "condition": "rusak ringan"}
    measured = {"height_units": "2", "disks": "", "accessories": "rel\n\nkabel daya <2>\n", "note": "dari depan"}
    form = staff.form(f"/berkas/{brought}/pemeriksaan", **typed, **measured)
    photos = [("photos", (f"{n}.jpg", phone_photo(400, 300), "image/jpeg")) for n in range(3)]
    answer = staff.post(f"/berkas/{brought}/pemeriksaan", data=form, files=photos)
    assert answer.status_code == 303, answer.text
    dossier = dossiers.read(desk.site, brought)
    found = dossier.newest(ConditionInspected)
    assert found is not None
    said = {each.item: (each.result, each.note) for each in found.checklist}
    assert said["Tidak ada kerusakan yang terlihat"] == ("tidak", "bezel retak")
    assert said["Foto terlampir"][0] == said["Nomor seri sesuai surat"][0] == "ok"
    assert said["Port jaringan sesuai surat"] == ("", ""), "nobody has looked"
    assert found.accessories == ("rel", "kabel daya <2>")
    assert (found.measured.height_units, found.measured.disks, found.condition) == (2, None, "rusak ringan")
    event = dossier.events[-1]
    assert (event.by, event.typed) == ("staf", "page:staf")
    assert "bezel retak" in event.note
    assert len(found.photos) == 3
    for kept in found.photos:
        content = (dossier.folder / kept.file).read_bytes()
        assert b"Telepon" not in content
        shown = staff.get(f"/berkas/{brought}/dokumen/{kept.sha256}")
        assert (shown.content, shown.headers["content-type"]) == (content, "image/jpeg")
    assert f'href="/berkas/{brought}/terima"' in login("kabid").get("/").text, "a fault waits for who decides"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"serial": ""}, "belum diisi"),
        ({"q6": "mungkin"}, "bukan jawaban"),
        ({"q6-note": "bezel retak"}, "belum dijawab"),
        ({"q6": "ok", "q6-note": "x" * 5000}, "tidak dapat dicatat"),
        ({"height_units": "-1"}, "bukan bilangan"),
        ({"height_units": "999"}, "tidak dapat dicatat"),
        ({"condition": "hancur"}, "bukan jawaban"),
        ({"accessories": "x" * 5000}, "tidak dapat dicatat"),
    ],
)
def test_what_cannot_be_meant(login: Login, brought: str, desk: Desk, typed: dict[str, str], said: str) -> None:
    staff = login("staf")
    filled = {"serial": "SN-0001", "q2": "ok", "q2-note": "pas <b>", **typed}
    answer = staff.fill(f"/berkas/{brought}/pemeriksaan", **filled)
    assert answer.status_code == 422
    assert said in answer.text
    assert "pas &lt;b&gt;" in answer.text, "what was typed is still there"
    assert dossiers.read(desk.site, brought).summary.step == 8


def test_what_is_no_photograph(login: Login, brought: str, desk: Desk) -> None:
    staff = login("staf")
    form = staff.form(f"/berkas/{brought}/pemeriksaan", serial="SN-0001")
    handed = [("photos", ("a.jpg", phone_photo(40, 30), "")), ("photos", ("b.jpg", b"\xff\xd8\xff<svg>", ""))]
    answer = staff.post(f"/berkas/{brought}/pemeriksaan", data=form, files=handed)
    assert answer.status_code == 422
    assert "gambar itu tidak dapat dibaca" in answer.text.lower()
    assert not list((desk.site.root / "deposits" / brought / "documents").glob("*foto*")), "all of them, or none"


def test_a_scan_that_is_no_picture(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    """A picture is read to its end, whichever form it is handed in by."""
    deposit, unit = file_request(), login("contoh")
    form = unit.form(f"/berkas/{deposit}/cabut", reason="x")
    spoiled = unit.post(f"/berkas/{deposit}/cabut", data=form, files={"letter": ("surat.png", b"\x89PNG<script>", "")})
    assert spoiled.status_code == 422
    whole = BytesIO()
    Image.new("L", (30, 40), 255).save(whole, "PNG")
    form = unit.form(f"/berkas/{deposit}/cabut", reason="x")
    done = unit.post(f"/berkas/{deposit}/cabut", data=form, files={"letter": ("surat.png", whole.getvalue(), "")})
    assert done.status_code == 303, done.text


def test_a_return_is_inspected_twice(login: Login, brought: str, desk: Desk) -> None:
    staff = login("staf")
    staff.fill(f"/berkas/{brought}/pemeriksaan", serial="SN-0001", accessories="rel\nkabel")
    handover.handover(desk, brought)
    reservation.place(desk, brought)
    letters.ask_back(desk, brought, letter_number="090/9/2026")
    for _ in range(2):
        letters.dispose(desk, brought, instruction="x")
    assert "/pencocokan" in staff.get(f"/berkas/{brought}").text
    other = staff.fill(f"/berkas/{brought}/pencocokan", serial="SN-9999")
    assert other.status_code == 303, "a difference is recorded, and does not go on"
    done = staff.fill(f"/berkas/{brought}/pencocokan", serial="SN-0001", taken_by="Pengambil")
    assert done.status_code == 303, done.text
    taker = dossiers.read(desk.site, brought).newest(Taker)
    assert taker is not None
    assert taker.taken_by == "Pengambil"
    letters.confirm_data_saved(desk, brought, wipe=False)
    releasing.release(desk, brought, by_hand="dimatikan")
    path = f"/berkas/{brought}/kelengkapan"
    form = staff.get(path).text
    names = re.findall(r'<legend lang="id">(rel|kabel)</legend>', form)
    assert names == ["rel", "kabel"]
    nothing = staff.fill(path)
    assert nothing.status_code == 422
    assert "belum ada yang dijawab" in nothing.text.lower()
    answer = staff.fill(path, **{"accessory-0": "yes", "accessory-1": "no", "q6": "ok"})
    assert answer.status_code == 303, answer.text
    back = dossiers.read(desk.site, brought).newest(CompletenessInspected)
    assert back is not None
    assert [(each.item, each.returned) for each in back.accessories_back] == [("rel", "true"), ("kabel", "false")]


@pytest.mark.parametrize("name", ["kadis", "contoh", "inspektorat"])
def test_nobody_else_inspects(login: Login, brought: str, desk: Desk, name: str) -> None:
    browser = login(name)
    assert "/pemeriksaan" not in browser.get(f"/berkas/{brought}").text
    form = {**browser.form("/"), "serial": "SN-0001", "head": dossiers.read(desk.site, brought).head}
    assert browser.post(f"/berkas/{brought}/pemeriksaan", data=form).status_code == 403
    acts.hold(desk.decided_by("staf"), brought, reason="x")  # nothing was recorded: the head is still that one
