"""Pictures with a table beside each: where a dossier stands, how a server could be reached, what an inventory found."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from sopctl.model.availability import Policy, Sight
from sopctl.store.checks import Checks
from sopctl.workflow.desk import Desk
from tests.page.conftest import Browser

Login = Callable[[str], Browser]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(content: bytes) -> list[str]:
    """The texts of a picture that browsers can read."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(content).iter(f"{SVG}text")]


def test_where_a_dossier_stands(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit, staff = until_space(), login("staf")
    assert f'href="/berkas/{deposit}/alur"' in staff.get(f"/berkas/{deposit}").text
    page = staff.get(f"/berkas/{deposit}/alur").text
    here = page[page.index('<tr class="here">') :].partition("</tr>")[0]
    assert '<th scope="row">5</th>' in here
    assert "di sini" in here
    assert page.count("dilalui") == 4
    picture = staff.get(f"/berkas/{deposit}/alur/gambar.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    said = drawn(picture.content)
    assert [each for each in said if each.endswith("●")]
    assert sum(each.endswith("✓") for each in said) == 4
    other = staff.get(f"/berkas/{deposit}/alur?sop=konfigurasi").text
    assert '<tr class="here">' not in other
    assert "Berkas kini berada di: penitipan 5" in other
    for wrong in ("x", "../penitipan", ""):
        assert staff.get(f"/berkas/{deposit}/alur", params={"sop": wrong}).status_code == 404


@pytest.mark.parametrize("name", ["penitipan", "konfigurasi", "pengembalian"])
def test_each_procedure_is_drawn(login: Login, file_request: Callable[..., str], desk: Desk, name: str) -> None:
    file_request()
    unit = login("contoh")
    assert "<h1>" in unit.get(f"/sop/{name}").text
    said = " ".join(drawn(unit.get(f"/sop/{name}/gambar.svg").content))
    for step in desk.site.procedures[name].steps:
        assert f"{step.no}. {step.activity[:12]}" in said
    assert unit.get("/sop/x").status_code == unit.get("/sop/x/gambar.svg").status_code == 404


def test_ninety_days(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit, unit = until_space(), login("contoh")
    assert "belum pernah diperiksa" in unit.get(f"/berkas/{deposit}/ketersediaan").text
    now = int(desk.now().timestamp())
    with Checks(desk.site).recording(Policy(down_after=1, up_after=1)) as note:
        for minute in range(-600, 1, 10):
            note(deposit, Sight(now + 60 * minute, not -300 <= minute < -240, "connect-timeout"))
            note("PS-2026-0999", Sight(now + 60 * minute, ok=False))
    page = unit.get(f"/berkas/{deposit}/ketersediaan").text
    assert "90.00 %" in page
    assert "connect-timeout" in page
    assert "23 Nov 2026 04.30" in page
    assert page.count('<th scope="row">') == 3
    said = drawn(unit.get(f"/berkas/{deposit}/ketersediaan/gambar.svg").content)
    assert "90.00%" in said


def test_pictures_of_others_are_not_there(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    deposit, other = until_space(), login("lain")
    for path in ("alur", "alur/gambar.svg", "ketersediaan", "ketersediaan/gambar.svg"):
        foreign, absent = other.get(f"/berkas/{deposit}/{path}"), other.get(f"/berkas/PS-2026-0999/{path}")
        assert foreign.status_code == absent.status_code == 404
        assert foreign.text.replace(deposit, "X") == absent.text.replace("PS-2026-0999", "X")
    assert deposit not in other.get("/inventaris").text


def test_the_inventory_of_a_month(login: Login, until_space: Callable[..., str], desk: Desk) -> None:
    until_space()
    staff = login("staf")
    assert 'href="/inventaris"' in staff.get("/").text
    assert "0 berubah, 0 tetap sama" in staff.get("/inventaris").text
    assert "2026-11" in staff.get("/inventaris?bulan=2026-11").text
    for odd in ("2026-13", "x", "<script>"):
        answer = staff.get("/inventaris", params={"bulan": odd})
        assert answer.status_code == 404
        assert "<script>" not in answer.text
