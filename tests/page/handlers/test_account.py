"""The second factor: enrolled, asked for at each login, each code once, recovered, bounded in guesses."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from sopctl.page.visit import COOKIE
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import second_factor
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, Browser, hidden, page_of

Login = Callable[[str], Browser]


def secret_of(browser: Browser) -> str:
    """The secret that the page proposes."""
    (shown,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", browser.get("/akun/kode").text)
    return str(shown).replace(" ", "")


def enrol(browser: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Set a second factor up. Returns its secret and the recovery codes."""
    secret = secret_of(browser)
    answer = browser.fill("/akun/kode", code=pyotp.TOTP(secret).at(clock()))
    assert answer.status_code == 200, answer.text
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)
    assert len(codes) == second_factor.RECOVERY_CODES
    clock.now += timedelta(seconds=30)
    return secret, codes


def half(site: Site, clock: Clock) -> Browser:
    """A browser that has given the password."""
    browser = page_of(site, clock)
    answer = browser.fill("/masuk", name="kadis", password=PASSWORD)
    assert answer.status_code == 200
    assert "Enam angka" in answer.text
    browser.half = answer.text  # type: ignore[attr-defined]
    return browser


def send(browser: Browser, code: str) -> int:
    """Send a code from the page that asked for one."""
    answer = browser.post("/masuk/kode", data={**hidden(browser.half), "code": code})  # type: ignore[attr-defined]
    if answer.status_code == 422:
        browser.half = answer.text  # type: ignore[attr-defined]
    return answer.status_code


def test_from_enrolment_to_each_login(login: Login, site_with_units: Site, clock: Clock) -> None:
    kadis = login("kadis")
    other = page_of(site_with_units, clock)
    assert other.fill("/masuk", name="kadis", password=PASSWORD).status_code == 303
    assert 'href="/akun"' in kadis.get("/").text
    assert secret_of(kadis) == secret_of(kadis), "looking again proposes the same"
    assert "<svg" in kadis.get("/akun/kode").text
    assert kadis.fill("/akun/kode", code="000000").status_code == 422
    secret, _ = enrol(kadis, clock)
    assert kadis.get("/").status_code == 200, "who set it up goes on"
    assert other.get("/").status_code == 303, "other sessions end"
    assert secret not in kadis.get("/akun").text
    assert kadis.get("/akun/kode").headers["location"] == "/akun", "the secret is never shown again"
    browser = half(site_with_units, clock)
    assert browser.get("/").status_code == 303, "the password alone opens nothing"
    before = browser.cookies[COOKIE]
    code = pyotp.TOTP(secret).at(clock())
    assert send(browser, f"{code[:3]} {code[3:]}") == 303
    assert browser.cookies[COOKIE] != before
    assert browser.get("/").status_code == 200


def test_a_code_counts_once_and_only_now(login: Login, site_with_units: Site, clock: Clock) -> None:
    secret, _ = enrol(login("kadis"), clock)
    made = pyotp.TOTP(secret)
    first, second = half(site_with_units, clock), half(site_with_units, clock)
    assert send(first, made.at(clock())) == 303
    assert send(second, made.at(clock())) == 422, "whoever looked over the shoulder is too late"
    assert send(second, made.at(clock(), counter_offset=-1)) == 422, "nor do older ones"
    assert send(second, made.at(clock(), counter_offset=5)) == 422
    assert send(second, made.at(clock(), counter_offset=1)) == 303, "a clock that is half a minute fast"
    third = half(site_with_units, clock)
    clock.now += timedelta(minutes=6)
    assert send(third, made.at(clock())) == 422, "begun too long ago"
    assert third.get("/").status_code == 303


@pytest.mark.parametrize("odd", ["", "12345", "1234567", "٠١٢٣٤٥", "x" * 10_000, "-", "null"])
def test_odd_codes(login: Login, site_with_units: Site, clock: Clock, odd: str) -> None:
    enrol(login("kadis"), clock)
    assert send(half(site_with_units, clock), odd) == 422


def test_recovery_codes_count_once(login: Login, site_with_units: Site, clock: Clock) -> None:
    _, codes = enrol(login("kadis"), clock)
    browser = half(site_with_units, clock)
    assert send(browser, codes[0].upper().replace("-", " ")) == 303
    assert "tersisa: 9" in browser.get("/akun").text
    assert send(half(site_with_units, clock), codes[0]) == 422
    assert browser.fill("/akun/kode/hapus", code=codes[0]).status_code in (405, 422)
    form = browser.form("/akun", code=codes[1])
    assert browser.post("/akun/kode/hapus", data=form).status_code == 303
    assert page_of(site_with_units, clock).fill("/masuk", name="kadis", password=PASSWORD).status_code == 303


def test_guessing_codes_is_bounded_from_wherever(login: Login, site_with_units: Site, clock: Clock) -> None:
    secret, _ = enrol(login("kadis"), clock)
    for number in range(second_factor.FAILURES_OF_CODE):
        browser = half(site_with_units, clock)
        with pytest.raises(Exception, match="not right"):
            second_factor.complete(site_with_units, browser.cookies[COOKIE], "000000", f"198.18.0.{number}", clock())
    assert send(half(site_with_units, clock), pyotp.TOTP(secret).at(clock())) == 429
    kinds = [row[3] for row in accounts.sessions(site_with_units).refusals()]
    assert kinds.count("code-refused") == second_factor.FAILURES_OF_CODE
    assert kinds[0] == "too-many-failures"
    clock.now += timedelta(minutes=16)
    assert send(half(site_with_units, clock), pyotp.TOTP(secret).at(clock())) == 303


def test_a_new_password_takes_no_second_factor_away(login: Login, site_with_units: Site, clock: Clock) -> None:
    enrol(login("kadis"), clock)
    made = accounts.invite(site_with_units, "kadis", clock())
    accounts.accept(site_with_units, made.secret, PASSWORD, clock())
    half(site_with_units, clock)
    second_factor.forget(site_with_units, "kadis")
    assert page_of(site_with_units, clock).fill("/masuk", name="kadis", password=PASSWORD).status_code == 303


def test_what_was_typed_survives_both_steps(login: Login, site_with_units: Site, clock: Clock) -> None:
    enrol(login("kadis"), clock)
    browser = page_of(site_with_units, clock)
    sent = browser.post("/berkas/PS-2026-0001/tunda", data={"reason": "menunggu surat asli", "token": "x"})
    assert sent.status_code == 401
    fields = {key: html.unescape(value) for key, value in hidden(sent.text).items()}
    step = browser.post("/masuk", data={**fields, "name": "kadis", "password": PASSWORD})
    assert html.unescape(hidden(step.text)["kept"]) == fields["kept"]


@pytest.mark.parametrize("path", ["/akun/kode", "/akun/kode/hapus"])
def test_forms_of_others_change_nothing(login: Login, path: str) -> None:
    assert login("kadis").post(path, data={"code": "000000", "token": "x"}).status_code == 403


def test_nobody_sees_an_account_without_a_login(stranger: Browser) -> None:
    for path in ("/akun", "/akun/kode"):
        assert stranger.get(path).status_code == 303
    assert stranger.post("/akun/kode/hapus", data={}).status_code == 401
    assert stranger.get("/masuk/kode").status_code == 303
