"""The same for programs: what a token may see and do, once, and what a stranger learns."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest

from sopctl.page.visit import COOKIE
from sopctl.store import dossiers
from sopctl.store.page.tokens import Scope
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import tokens
from tests.conftest import Clock
from tests.page.conftest import Browser, page_of
from tests.page.handlers.test_requesting import typed

OTHERS = {"unit: Dinas Contoh": "unit: DINAS LAIN"}
Program = Callable[..., Browser]


@pytest.fixture
def program(site_with_units: Site, clock: Clock) -> Program:
    """A program with a token of an account."""

    def make(name: str, scope: Scope = "act") -> Browser:
        accounts.invite(site_with_units, name, clock(), "auditor" if name == "inspektorat" else None)
        made = tokens.create(site_with_units, name, "", scope, timedelta(days=1), clock())
        client = page_of(site_with_units, clock)
        client.headers["authorization"] = f"Bearer {made.secret}"
        return client

    return make


def act(client: Browser, deposit: str, name: str, key: str = "k1", **more: Any) -> httpx.Response:
    """Ask for an act, at the head that the deposit has now."""
    head = more.pop("head", None) or client.get(f"/api/deposits/{deposit}").json()["head"]
    body = json.dumps({"head": head, "fields": more})
    return client.post(f"/api/deposits/{deposit}/{name}", content=body, headers={"idempotency-key": key})


def test_what_is_read(program: Program, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    kadis = program("kadis", "read")
    assert kadis.get("/api/me").json() == {"account": "kadis", "kind": "person", "roles": ["kadis"], "scope": "read"}
    assert [each["id"] for each in kadis.get("/api/board").json()["yours"]] == [deposit]
    found = kadis.get("/api/deposits?search=web").json()
    assert (found["total"], found["deposits"][0]["standing"]) == (
        1,
        kadis.get("/api/board").json()["yours"][0]["standing"],
    )
    detail = kadis.get(f"/api/deposits/{deposit}").json()
    assert detail["acts"][0]["act"] == "disposisi"
    assert detail["events"][0]["outcome"] == "selesai"
    assert kadis.get("/api/queue").json() == {"waiting": [], "total": 0}
    racks = kadis.get("/api/racks").json()
    assert (racks["racks"][0]["name"], racks["total"]) == ("A1", 1)
    assert kadis.get("/api/racks?page=2").json() == {"racks": [], "total": 1}
    assert kadis.get("/api/me", headers={"authorization": kadis.headers["authorization"].lower()}).status_code == 401
    scheme = {"authorization": kadis.headers["authorization"].replace("Bearer", "bearer")}
    assert kadis.get("/api/me", headers=scheme).status_code == 200
    for odd in ("state=x", "page=0", "page=x", "page=99999999", "page=²"):
        assert kadis.get(f"/api/deposits?{odd}").status_code == 422
    assert kadis.get("/api/deposits?page=9").json() == {"deposits": [], "total": 1}


def test_an_act_is_done_once(program: Program, file_request: Callable[..., str], site_with_units: Site) -> None:
    deposit, kadis = file_request(), program("kadis")
    first = act(kadis, deposit, "disposisi", instruction="Mohon ditindaklanjuti")
    assert first.status_code == 200, first.text
    assert first.json()["events"] == 2
    again = act(kadis, deposit, "disposisi", head="x", instruction="Mohon ditindaklanjuti")
    assert again.json() == first.json(), "the same key, whatever else"
    event = dossiers.read(site_with_units, deposit).events[1]
    assert (event.by, event.typed) == ("kadis", "page:kadis")
    assert act(kadis, deposit, "disposisi", "k2", instruction="x").status_code == 403, "kabid's step"
    kabid = program("kabid")
    assert act(kabid, deposit, "disposisi", "k1", instruction="x").status_code == 200, "a key is its account's own"
    stale = act(kabid, deposit, "tunda", "k3", head="0" * 64, reason="x")
    assert (stale.status_code, stale.json()["error"]) == (409, "history-moved")


def test_what_is_not_understood(program: Program, file_request: Callable[..., str], site_with_units: Site) -> None:
    deposit, kadis = file_request(), program("kadis")
    path = f"/api/deposits/{deposit}/disposisi"
    assert act(kadis, deposit, "disposisi").json()["error"] == "field-missing"
    assert act(kadis, deposit, "disposisi", key="", instruction="x").json()["error"] == "idempotency-key-missing"
    key = {"idempotency-key": "k"}
    for body in (
        b"",
        b"[]",
        b"{",
        b"[" * 50_000,
        b"\xff",
        b'{"head": 1}',
        b'{"head": "x", "more": 1}',
        b'{"fields": {}}',
    ):
        assert kadis.post(path, content=body, headers=key).status_code == 422
    assert kadis.post(path, content=b"x" * (1024 * 1024 + 1), headers=key).status_code == 413
    assert kadis.get(path).status_code in (404, 405)
    assert act(kadis, deposit, "serah-terima").status_code == 404, "what needs a signature is done on the page"
    for missing in (
        "/api/nothing",
        "/api/deposits/PS-2026-9999",
        "/api/deposits/..%2Fx",
        f"/api/deposits/{deposit}/nothing/x",
    ):
        answer = kadis.get(missing)
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/json"
    assert len(dossiers.read(site_with_units, deposit).events) == 1


def test_a_token_that_reads_does_not_act(
    program: Program, file_request: Callable[..., str], site_with_units: Site
) -> None:
    deposit = file_request()
    answer = act(program("kadis", "read"), deposit, "disposisi", instruction="x")
    assert (answer.status_code, answer.json()["error"]) == (403, "token-reads-only")
    assert len(dossiers.read(site_with_units, deposit).events) == 1


def test_a_unit_and_an_auditor_see_what_the_page_shows_them(
    program: Program, file_request: Callable[..., str], site_with_units: Site
) -> None:
    mine, other = file_request(), file_request(OTHERS)
    unit = program("contoh")
    assert [each["id"] for each in unit.get("/api/deposits?state=all").json()["deposits"]] == [mine]
    assert other not in unit.get("/api/board").text
    foreign, absent = unit.get(f"/api/deposits/{other}"), unit.get(f"/api/deposits/{other[:-1]}9")
    assert (foreign.status_code, foreign.text) == (absent.status_code, absent.text) == (404, absent.text)
    assert unit.get("/api/racks").status_code == 403
    assert act(unit, mine, "disposisi", instruction="x").status_code == 403
    assert "umum@example.org" in unit.get(f"/api/deposits/{mine}").text
    reader = program("inspektorat")
    page = reader.get(f"/api/deposits/{mine}")
    assert "umum@example.org" not in page.text
    assert "192.0.2.10" not in page.text
    assert page.json()["documents"] == []
    kinds = {row[3] for row in accounts.sessions(site_with_units).refusals()}
    assert {"not-to-be-seen", "racks-not-for-units"} < kinds


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sopctl_x", "Basic eDp5", "Bearer " + "x" * 9000])
def test_without_a_good_token_there_is_nothing(
    site_with_units: Site, file_request: Callable[..., str], clock: Clock, header: str
) -> None:
    deposit, client = file_request(), page_of(site_with_units, clock)
    for path in ("/api/me", "/api/board", "/api/deposits", f"/api/deposits/{deposit}", "/api/queue", "/api/racks"):
        answer = client.get(path, headers={"authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert deposit not in answer.text
        assert "set-cookie" not in answer.headers
    answer = client.post(f"/api/deposits/{deposit}/disposisi", content=b"{}", headers={"authorization": header or "x"})
    assert answer.status_code == 401


def test_a_cookie_is_no_token_and_a_token_no_cookie(
    login: Callable[[str], Browser], program: Program, file_request: Callable[..., str]
) -> None:
    """No other site can make a browser act by the API: what a browser sends by itself counts for nothing there."""
    deposit, browser = file_request(), login("kadis")
    assert browser.get("/api/me").status_code == 401
    body = json.dumps({"head": "x", "fields": {"instruction": "x"}})
    sent = browser.post(f"/api/deposits/{deposit}/disposisi", content=body, headers={"idempotency-key": "k"})
    assert sent.status_code == 401
    client = program("kabid")
    assert client.get("/").status_code == 303
    assert client.get("/api/me").status_code == 200
    assert COOKIE not in client.get("/api/me").headers.get("set-cookie", "")


def test_it_ends_with_token_account_and_person(program: Program, site_with_units: Site, clock: Clock) -> None:
    kadis, kabid, staff = program("kadis"), program("kabid"), program("staf")
    tokens.revoke(site_with_units, tokens.kept(site_with_units).all()[1].id)
    accounts.revoke(site_with_units, "kabid")
    settings = site_with_units.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("  staf: {role", "  pengganti: {role"))
    assert [each.get("/api/me").status_code for each in (kadis, kabid, staff)] == [401, 401, 401]


def test_documents(program: Program, until_space: Callable[..., str], desk: Any) -> None:
    deposit = until_space()
    client = program("kadis")
    papers = client.get(f"/api/deposits/{deposit}").json()["documents"]
    for each in papers:
        got = client.get(f"/api/deposits/{deposit}/documents/{each['sha256']}")
        assert got.status_code == 200
        assert "attachment" in got.headers["content-disposition"]
    assert client.get(f"/api/deposits/{deposit}/documents/{'0' * 64}").status_code == 404


def test_lists_come_by_the_page(
    program: Program, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sopctl.page.handlers.reading.A_PAGE", 2)
    ids = [file_request() for _ in range(3)]
    kadis = program("kadis", "read")
    found = [kadis.get(f"/api/board?page={page}").json() for page in (1, 2, 3)]
    assert [[each["id"] for each in page["yours"]] for page in found] == [ids[:2], ids[2:], []]
    assert [page["total"] for page in found] == [{"yours": 3, "escalated": 0, "others": 0}] * 3
    for path in ("/api/board", "/api/queue", "/api/deposits"):
        assert kadis.get(f"{path}?page=0").json()["error"] == "query-not-understood"


SCAN = ("surat.pdf", b"%PDF-1.4 x", "application/pdf")


def filed(client: Browser, fields: dict[str, str], key: str = "k1", **files: Any) -> httpx.Response:
    """File a request; with files, as a form."""
    record, headers = json.dumps({"fields": fields}), {"idempotency-key": key}
    if files:
        return client.post("/api/requests", data={"record": record}, files=files, headers=headers)
    return client.post("/api/requests", content=record, headers=headers)


def test_a_request_is_filed_by_the_letters_rules(program: Program, desk: Any) -> None:
    unit = program("contoh")
    letter = unit.get("/api/requests").json()
    assert letter["unit"] == "Dinas Contoh"
    assert {each["path"] for each in letter["fields"]} >= {each for each in typed() if typed()[each]}
    answer = filed(unit, typed(unit="Dinas Lain"), scan=SCAN)
    assert answer.status_code == 200, answer.text
    assert filed(unit, typed(), scan=SCAN).json() == answer.json(), "the same key"
    (deposit,) = dossiers.ids(desk.site)
    dossier = dossiers.read(desk.site, deposit)
    assert (answer.json()["deposit"], answer.json()["head"]) == (deposit, dossier.head)
    assert (dossier.deposit.unit, dossier.events[0].typed) == ("Dinas Contoh", "page:contoh")
    assert "surat.pdf" in str(dossier.events[0].data)
    again = filed(unit, typed(), "k2")
    assert (again.status_code, again.json()["error"]) == (422, "identity-taken")


def test_a_request_that_is_none(program: Program, desk: Any) -> None:
    unit = program("contoh")
    for number, (path, said, error) in enumerate(
        (
            ("access.address", "bukan alamat", "letter-field-invalid"),
            ("server.height_units", "99", "letter-field-invalid"),
            ("access.accounts", "webadmin", "account-without-key"),
            ("server.colour", "merah", "no-such-field"),
            ("__class__", "x", "no-such-field"),
            ("access.address", "169.254.169.254", "not-admitted"),
        )
    ):
        answer = filed(unit, {**typed(), path: said}, f"k{number}")
        assert (answer.status_code, answer.json()["error"]) == (422, error), path
    assert filed(unit, typed(), scan=("x.exe", b"MZ", "x/y")).json()["error"] == "not-a-scan"
    assert filed(unit, typed(), "").json()["error"] == "idempotency-key-missing"
    for name in ("kadis", "inspektorat"):
        assert filed(program(name), typed()).json()["error"] == "may-not-file"
    assert filed(program("lain", "read"), typed()).json()["error"] == "token-reads-only"
    assert dossiers.ids(desk.site) == []


def test_an_act_with_a_file(program: Program, file_request: Callable[..., str], desk: Any) -> None:
    deposit, kadis = file_request(), program("kadis")
    detail = kadis.get(f"/api/deposits/{deposit}").json()
    for fields, files in (
        ({"reason": "x", "note": "y"}, {}),
        ({"reason": "x", "letter": "y"}, {}),
        ({"reason": "x"}, {"surat": SCAN}),
    ):
        odd = json.dumps({"head": detail["head"], "fields": fields})
        path, once = f"/api/deposits/{deposit}/tolak", {"idempotency-key": "k0"}
        told = (
            kadis.post(path, data={"record": odd}, files=files, headers=once)
            if files
            else kadis.post(path, content=odd, headers=once)
        )
        assert (told.status_code, told.json()["error"]) == (422, "no-such-field"), "what was meant would be missing"
    refuse = next(each for each in detail["acts"] if each["act"] == "tolak")
    assert [each["kind"] for each in refuse["fields"]] == ["area", "file"]
    record = json.dumps({"head": detail["head"], "fields": {"reason": "di luar kewenangan"}})
    for key, files, status in (
        ("k1", {"letter": ("x.png", b"\x89PNG broken", "image/png")}, 422),
        ("k2", {"letter": SCAN}, 200),
    ):
        sent = kadis.post(
            f"/api/deposits/{deposit}/tolak", data={"record": record}, files=files, headers={"idempotency-key": key}
        )
        assert sent.status_code == status, sent.text
    papers = kadis.get(f"/api/deposits/{deposit}").json()["documents"]
    assert any(each["name"].endswith(".pdf") for each in papers)
