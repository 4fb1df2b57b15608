"""Racks: what is free, a picture and a table that say the same; never for a unit."""

from collections.abc import Callable

import pytest

from sopctl.workflow.desk import Desk
from tests.page.conftest import Browser


def test_a_rack(login: Callable[[str], Browser], until_space: Callable[..., str], desk: Desk) -> None:
    deposit = until_space()
    kadis = login("kadis")
    assert 'href="/rak/A1"' in kadis.get("/rak").text
    page = kadis.get("/rak/A1").text
    assert f'href="/berkas/{deposit}"' in page
    assert "dipesan" in page
    drawn = kadis.get("/rak/A1/gambar.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.count(deposit) == 2, "from the front, and from the rear"
    assert "Depan" in drawn.text
    assert "Belakang" in drawn.text
    for wrong in ("/rak/Z9", "/rak/Z9/gambar.svg", "/rak/..%2FA1"):
        assert kadis.get(wrong).status_code == 404


def test_racks_by_the_page(login: Callable[[str], Browser], desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sopctl.page.handlers.racks.A_PAGE", 2)
    one = (desk.site.root / "racks" / "A1.yml").read_text()
    for name in ("A2", "A3"):
        (desk.site.root / "racks" / f"{name}.yml").write_text(one.replace("A1", name))
    kadis = login("kadis")
    first, second = kadis.get("/rak").text, kadis.get("/rak?halaman=2").text
    assert [f'"/rak/{name}"' in first for name in ("A1", "A2", "A3")] == [True, True, False]
    assert [f'"/rak/{name}"' in second for name in ("A1", "A2", "A3")] == [False, False, True]
    assert 'href="/rak?halaman=2"' in first
    assert "halaman 2 dari 2" in second


def test_racks_are_not_for_units(login: Callable[[str], Browser], until_space: Callable[..., str]) -> None:
    until_space()
    unit = login("contoh")
    assert 'href="/rak"' not in unit.get("/").text
    for path in ("/rak", "/rak/A1", "/rak/A1/gambar.svg", "/rak/Z9"):
        assert unit.get(path).status_code == 403
