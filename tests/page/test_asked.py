"""The page's own addresses, asked for as JSON: as the API has them, by a token alone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from sopctl.page import asked
from sopctl.page.app import ROUTES
from sopctl.page.handlers.api import OPERATIONS, TWINS
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import tokens
from tests.conftest import Clock
from tests.page.conftest import Browser, page_of

JSON = "application/json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("Application/JSON ; q=0.5", True),
        ("application/json, text/plain, */*", True),
        ("application/json;q=0.9, text/html;q=0.8", True),
        ("application/json;charset=utf-8", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("application/json;q=0.1, text/html;q=0.2", False),
        ("application/json;q=0", False),
        ("application/json;q=nan", False),
        ("application/json;q=1e9", False),
        ("application/jsonx", False),
        ("*/*", False),
        ("application/*", False),
        ("", False),
        (",;,;q=,", False),
        ("," * 100_000 + "application/json", False),
    ],
)
def test_json_where_it_is_liked_better(accept: str, expected: bool) -> None:
    assert asked.prefers_json(accept) is expected


def test_each_twin_is_an_address_of_both() -> None:
    pages = {(method, re.sub(r"\{\w+\}", "{}", path)) for path, methods, _ in ROUTES for method in methods}
    programs = {(each.method, re.sub(r"\{\w+\}", "{}", each.path)) for each in OPERATIONS}
    for method, own, there in TWINS:
        assert (method, own) in pages
        assert (method, there) in programs
    assert {there for _, _, there in TWINS} == {there for _, there in programs}, "and all of the API has one"


def test_the_same_documents(site_with_units: Site, file_request: Callable[..., str], clock: Clock) -> None:
    ids = [file_request(), file_request()]
    accounts.invite(site_with_units, "kadis", clock())
    made = tokens.create(site_with_units, "kadis", "", "act", timedelta(days=1), clock())
    client = page_of(site_with_units, clock)
    client.headers |= {"authorization": f"Bearer {made.secret}", "accept": JSON}
    for own, there in (
        ("/", "/api/board"),
        ("/akun", "/api/me"),
        ("/antrean?halaman=1", "/api/queue?page=1"),
        ("/rak", "/api/racks"),
        ("/berkas", "/api/deposits"),
        ("/berkas?cari=web&keadaan=all&giliran=yours", "/api/deposits?search=web&state=all&turn=yours"),
        ("/berkas?keadaan=none", "/api/deposits?state=none"),
        (f"/berkas/{ids[0]}", f"/api/deposits/{ids[0]}"),
        ("/berkas/PS-2026-9999", "/api/deposits/PS-2026-9999"),
        ("/berkas/%C3%A9%7B0%7D", "/api/deposits/%C3%A9%7B0%7D"),
        (f"/berkas/{ids[0]}/dokumen/{'0' * 64}", f"/api/deposits/{ids[0]}/documents/{'0' * 64}"),
    ):
        here, api = client.get(own), client.get(there)
        assert (here.status_code, here.headers["content-type"]) == (api.status_code, JSON), own
        assert here.json() == api.json(), own
    head = client.get(f"/berkas/{ids[1]}").json()["head"]
    sent = {"head": head, "fields": {"instruction": "Mohon ditindaklanjuti"}}
    done = client.post(f"/berkas/{ids[1]}/disposisi", json=sent, headers={"idempotency-key": "k"})
    assert (done.status_code, done.json()["events"]) == (200, 2)
    assert client.get("/", headers={"accept": "text/html"}).status_code == 303, "a token logs nobody in"


def test_a_cookie_counts_for_nothing_there(login: Callable[[str], Browser], file_request: Callable[..., str]) -> None:
    deposit, browser = file_request(), login("kadis")
    for path in ("/", "/berkas", f"/berkas/{deposit}"):
        answer = browser.get(path, headers={"accept": JSON})
        assert (answer.status_code, deposit in answer.text) == (401, False)
        assert browser.get(path).status_code == 200
    form = browser.form(f"/berkas/{deposit}/disposisi", instruction="x")
    assert browser.post(f"/berkas/{deposit}/disposisi", data=form, headers={"accept": JSON}).status_code == 401
    assert browser.get("/periksa", headers={"accept": JSON}).headers["content-type"].startswith("text/html")
