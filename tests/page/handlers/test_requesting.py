"""A request by form: the letter's own rules, once, by the unit's account for its own unit; and a draft."""

import html
import re
from collections.abc import Callable

import msgspec
import pytest

from sopctl.model.deposit import Request
from sopctl.store import codec, dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import request_letter
from sopctl.workflow.setup import init
from tests.page.conftest import Browser, hidden

Login = Callable[[str], Browser]


def typed(**other: str) -> dict[str, str]:
    """The example request, as someone types it."""
    request = codec.parse(init.EXAMPLE_REQUEST.encode(), Request, where="")
    values = {path: said for path, said in request_letter._values(request).items() if path != "unit"}
    return {**values, **{path.replace("__", "."): said for path, said in other.items()}}


def test_a_request_by_its_unit(login: Login, desk: Desk) -> None:
    unit = login("contoh")
    assert 'href="/permohonan"' in unit.get("/").text
    form = unit.form("/permohonan", **typed(unit="Dinas Lain"))
    files = {"scan": ("surat.pdf", b"%PDF-1.4 x", "application/pdf")}
    answer = unit.post("/permohonan", data=form, files=files)
    assert answer.status_code == 303, answer.text
    again = unit.post("/permohonan", data=form, files=files)
    assert again.headers["location"] == answer.headers["location"]
    (deposit,) = dossiers.ids(desk.site)
    dossier = dossiers.read(desk.site, deposit)
    assert dossier.deposit.unit == "Dinas Contoh", "for its own unit, whatever the form claims"
    wanted = msgspec.to_builtins(codec.parse(init.EXAMPLE_REQUEST.encode(), Request, where=""))
    found = msgspec.to_builtins(dossier.deposit)
    assert {key: found[key] for key in wanted} == wanted
    assert (dossier.events[0].by, dossier.events[0].typed) == ("pemohon", "page:contoh")
    assert "surat.pdf" in str(dossier.events[0].data)


def test_the_letters_rules(login: Login, desk: Desk) -> None:
    unit = login("contoh")
    for path, said in (
        ("access.address", "bukan alamat"),
        ("server.height_units", "99"),
        ("access.accounts", "root: ssh-ed25519 x"),
        ("access.accounts", "webadmin"),
        ("letter.date", "2030-01-01"),
        ("server.name", ""),
        ("access.address", "169.254.169.254"),
    ):
        answer = unit.fill("/permohonan", **{**typed(), path: said})
        assert answer.status_code == 422, path
        assert 'class="problem"' in answer.text
        assert html.escape(said) in answer.text
        assert 'value="Contoh R200"' in answer.text, "the rest is still there"
    assert dossiers.ids(desk.site) == []
    assert unit.fill("/permohonan", **typed()).status_code == 303
    twice = unit.fill("/permohonan", **typed())
    assert twice.status_code == 422, "the same letter again"
    assert "Sudah milik titipan lain" in twice.text


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_another_unit_has_is_not_told_whose_it_is(login: Login, desk: Desk, language: str) -> None:
    first, second = login("contoh"), login("lain")
    deposit = first.fill("/permohonan", **typed()).headers["location"].split("/")[2].partition("?")[0]
    second.get(f"/?bahasa={language}")
    answer = second.fill("/permohonan", **typed())
    assert answer.status_code == 422
    assert "192.0.2.10" in answer.text
    assert deposit not in answer.text
    assert "Dinas Contoh" not in answer.text


def test_a_draft_is_kept_for_one_alone(login: Login, desk: Desk) -> None:
    unit = login("contoh")
    kept = unit.fill("/permohonan", **{"server.name": "web1.example.org", "draft": "1"})
    assert kept.status_code == 200
    assert "Draf disimpan" in kept.text
    assert 'value="web1.example.org"' in unit.get("/permohonan").text
    assert 'value="web1.example.org"' not in login("lain").get("/permohonan").text
    assert unit.fill("/permohonan", **typed()).status_code == 303
    assert 'value="web1.example.org"' not in unit.get("/permohonan").text


@pytest.mark.parametrize("name", ["kadis", "staf", "inspektorat"])
def test_nobody_else_files(login: Login, desk: Desk, name: str) -> None:
    browser = login(name)
    assert 'href="/permohonan"' not in browser.get("/").text
    assert browser.get("/permohonan").status_code == 403
    data = {**hidden(browser.get("/").text), **typed(), "unit": "Dinas Contoh"}
    assert browser.post("/permohonan", data=data).status_code == 403
    assert dossiers.ids(desk.site) == []


def test_staff_whom_the_site_lists_file_for_a_unit(login: Login, site_with_units: Site, desk: Desk) -> None:
    settings = site_with_units.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("clerks: everyone", "clerks: ['page:staf']"))
    staff = login("staf")
    answer = staff.fill("/permohonan", **typed(), unit="Dinas Lain")
    assert answer.status_code == 303, answer.text
    dossier = dossiers.read(desk.site, re.findall(r"PS-\d{4}-\d{4}", answer.headers["location"])[0])
    assert (dossier.events[0].by, dossier.events[0].typed) == ("pemohon", "page:staf")
