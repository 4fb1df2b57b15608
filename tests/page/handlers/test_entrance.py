"""Coming in: the session, its cookie, the limits of failing, one-time links, no way to elsewhere."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from sopctl.page.handlers.entrance import KEPT_BYTES, local, packed, unpacked
from sopctl.page.visit import COOKIE
from sopctl.store.page.database import Database
from sopctl.store.page.sessions import Sessions
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import second_factor
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, Browser, cheap_hashes, hidden, open_account, page_of

Login = Callable[[str], Browser]


def test_a_session_is_new_at_login(stranger: Browser, site_with_units: Site, clock: Clock) -> None:
    open_account(site_with_units, "kadis", clock)
    stranger.get("/masuk")
    before = stranger.cookies[COOKIE]
    answer = stranger.fill("/masuk", name="kadis", password=PASSWORD)
    assert answer.status_code == 303
    assert stranger.cookies[COOKIE] != before
    set_cookie = answer.headers["set-cookie"]
    assert set_cookie.startswith("__Host-")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert attribute in set_cookie
    assert "Domain" not in set_cookie
    after = stranger.cookies[COOKIE]
    stranger.cookies.clear()
    stranger.cookies.set(COOKIE, before, domain="titipan.example.org")
    assert stranger.get("/").status_code == 303, "who knew the old secret is nobody"
    stranger.cookies.clear()
    stranger.cookies.set(COOKIE, after, domain="titipan.example.org")
    assert stranger.get("/").status_code == 200
    assert after not in Database(site_with_units).path.read_bytes().decode("latin-1"), "only its hash is kept"


def test_without_a_login_there_is_nothing(stranger: Browser, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    for path in ("/", "/berkas", f"/berkas/{deposit}", "/antrean", f"/berkas/{deposit}/disposisi"):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/masuk?lanjut=%2F")
        assert deposit not in answer.text


def test_logging_out_ends_the_session(login: Login) -> None:
    kadis = login("kadis")
    secret = kadis.cookies[COOKIE]
    assert kadis.post("/keluar", data={"token": "x"}).status_code == 403
    assert kadis.get("/").status_code == 200
    assert kadis.post("/keluar", data=kadis.form("/")).status_code == 303
    kadis.cookies.set(COOKIE, secret, domain="titipan.example.org")
    assert kadis.get("/").status_code == 303


def test_a_session_ends_by_itself(login: Login, clock: Clock) -> None:
    kadis = login("kadis")
    clock.now += timedelta(hours=7)
    assert kadis.get("/").status_code == 200
    clock.now += timedelta(hours=7)
    assert kadis.get("/").status_code == 200, "it was used in between"
    clock.now += timedelta(hours=9)
    assert kadis.get("/").status_code == 303
    staff = login("staf")
    for _ in range(5):
        clock.now += timedelta(hours=5)
        last = staff.get("/").status_code
    assert last == 303, "a day is the most"


def test_a_session_ends_with_its_person(login: Login, site_with_units: Site) -> None:
    kadis, unit = login("kadis"), login("lain")
    settings = site_with_units.root / "sopctl.yml"
    text = settings.read_text()
    settings.write_text(
        text.replace("  kadis: {role: kadis", "  pengganti: {role: kadis").replace("  lain: {", "  baru: {")
    )
    assert kadis.get("/").status_code == 303
    assert unit.get("/").status_code == 303
    settings.write_text(text.replace("role: kadis, name: Kepala Dinas", "role: pelaksana, name: Kepala Dinas"))
    assert "disposisi" not in kadis.get("/").text, "another role counts at once"


def test_a_revoked_account_is_out_at_once(login: Login, site_with_units: Site) -> None:
    kadis = login("kadis")
    accounts.revoke(site_with_units, "kadis")
    assert kadis.get("/").status_code == 303


def test_failures_are_counted_by_account_and_address(
    stranger: Browser, site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody locks kadis out from elsewhere, nobody guesses for ever, and no answer says which accounts there are."""
    cheap_hashes(monkeypatch)
    open_account(site_with_units, "kadis", clock)
    open_account(site_with_units, "kabid", clock)
    wrong = stranger.fill("/masuk", name="kadis", password="x")
    unknown = stranger.fill("/masuk", name="nobody", password="x")
    assert wrong.status_code == unknown.status_code == 422
    assert "tidak benar" in wrong.text
    for _ in range(4):
        stranger.fill("/masuk", name="kadis", password="x")
    assert stranger.fill("/masuk", name="kadis", password=PASSWORD).status_code == 429
    assert stranger.fill("/masuk", name="kabid", password=PASSWORD).status_code == 303
    now = clock()
    assert accounts.log_in(site_with_units, "kadis", PASSWORD, "198.18.0.9", now), "from elsewhere it goes on"
    for number in range(40):
        Sessions(Database(site_with_units)).failed(f"a{number}", "198.18.0.1", now.timestamp())
    with pytest.raises(Exception, match="too many"):
        accounts.log_in(site_with_units, "kabid", PASSWORD, "198.18.0.1", now)
    clock.now += timedelta(minutes=16)
    stranger.cookies.clear()
    assert stranger.fill("/masuk", name="kadis", password=PASSWORD).status_code == 303
    kinds = {each[3] for each in accounts.sessions(site_with_units).refusals()}
    assert {"login-refused", "too-many-failures"} <= kinds


def test_a_link_sets_a_password_once(
    stranger: Browser, site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap_hashes(monkeypatch)
    made = accounts.invite(site_with_units, "kadis", clock())
    path = f"/undangan/{made.secret}"
    for _ in range(3):
        assert stranger.get(path).status_code == 200, "looking uses nothing up"
    assert stranger.post(path, data={"token": "x", "password": PASSWORD, "repeated": PASSWORD}).status_code == 422
    assert stranger.fill(path, password="short", repeated="short").status_code == 422
    assert stranger.fill(path, password=PASSWORD, repeated=PASSWORD + "x").status_code == 422
    assert stranger.fill(path, password=PASSWORD, repeated=PASSWORD).status_code == 303
    assert stranger.get(path).status_code == 410
    Database(Site(site_with_units.root))  # a restart: what is used up stays used up
    assert stranger.post(path, data={"password": PASSWORD}).status_code == 410
    assert stranger.fill("/masuk", name="kadis", password=PASSWORD).status_code == 303
    old, new = accounts.invite(site_with_units, "kadis", clock()), accounts.invite(site_with_units, "kadis", clock())
    assert stranger.get(f"/undangan/{old.secret}").status_code == 410, "a newer link makes it void"
    clock.now += timedelta(days=8)
    assert stranger.get(f"/undangan/{new.secret}").status_code == 410


@pytest.mark.parametrize(
    "there",
    ["//example.org", "https://example.org", "/\\example.org", "\\\\example.org", "javascript:alert(1)", "", "/\n/x"],
)
def test_no_way_leads_elsewhere(login: Login, stranger: Browser, there: str) -> None:
    login("kadis")
    answer = stranger.fill("/masuk", name="kadis", password=PASSWORD, lanjut=there)
    assert answer.headers["location"] == "/"
    assert local("/berkas?cari=x") == "/berkas?cari=x"


def test_a_form_of_others_logs_nobody_in(login: Login, stranger: Browser) -> None:
    login("kadis")
    data = {"token": "0" * 64, "name": "kadis", "password": PASSWORD}
    assert stranger.post("/masuk", data=data).status_code == 403
    assert stranger.get("/").status_code == 303


def test_what_a_login_carries_is_bounded() -> None:
    assert unpacked(packed({"reason": "x", "password": "y", "token": "z"})) == {"reason": "x"}
    assert packed({"reason": "x" * KEPT_BYTES}) == ""
    for odd in ("[" * 10_000, '{"a": 1}', "[1]", "x", '"x"', "null"):
        assert unpacked(odd) == {}


def test_a_double_click_comes_in_all_the_same(
    site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first click begins a new session, and the second is of the one before: neither is an error."""
    cheap_hashes(monkeypatch)
    made = accounts.invite(site_with_units, "kadis", clock())
    browser, link = page_of(site_with_units, clock), f"/undangan/{made.secret}"
    form = browser.form(link, password=PASSWORD, repeated=PASSWORD)
    answers = [browser.post(link, data=form) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == ["/masuk", "/masuk"]
    form = browser.form("/masuk?lanjut=/rak", name="kadis", password=PASSWORD)
    answers = [browser.post("/masuk", data=form) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == ["/rak", "/rak"]
    secret = second_factor.proposal(site_with_units, "kadis").secret
    form = browser.form("/akun/kode", code=pyotp.TOTP(secret).at(clock()))
    first, second = (browser.post("/akun/kode", data=form) for _ in range(2))
    assert (first.status_code, second.headers.get("location")) == (200, "/akun")
    clock.now += timedelta(seconds=60)
    other = page_of(site_with_units, clock)
    form = other.form("/masuk", name="kadis", password=PASSWORD)
    first, second = (other.post("/masuk", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    form = {**hidden(second.text), "code": pyotp.TOTP(secret).at(clock())}
    answers = [other.post("/masuk/kode", data=form) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == ["/", "/"]
    assert other.get("/").status_code == 200
