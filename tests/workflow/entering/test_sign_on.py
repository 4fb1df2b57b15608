"""Logging in by an identity provider, a real one on loopback; and what does not open the page."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import httpx2 as httpx
import oidc_provider_mock
import pytest
from oidc_provider_mock import User

from sopctl.adapters import oidc
from sopctl.errors import NotNow, OutsideFailure
from sopctl.store.page import database, factors
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Pending
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import sign_on
from tests.conftest import Clock
from tests.page.conftest import URL, Browser, open_account, page_of

SECRET = "geheim"
USERS = [
    User(sub="ani", claims={"email": "kepala@example.org", "email_verified": True}),
    User(sub="budi", claims={"email": "kepala@example.org", "email_verified": False}),
    User(sub="citra", claims={"email": "lain@example.org", "email_verified": True}),
    User(sub="dewi", claims={"email": "gone@example.org", "email_verified": True}),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that is a program of its own kind, and demands a nonce."""
    with oidc_provider_mock.run_server_in_thread(user_claims=USERS, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def known(site_with_units: Site, issuer: str, clock: Clock) -> Site:
    """The site, whose page knows the provider; and kadis has an account."""
    settings = site_with_units.root / "sopctl.yml"
    people = '{"kepala@example.org": kadis, "gone@example.org": kabid}'
    given = f'page: {{url: "{URL}", oidc: {{issuer: "{issuer}", client: titipan, accounts: {people}}}}}'
    settings.write_text(settings.read_text().replace(f'page: {{url: "{URL}"}}', given))
    found = Site(site_with_units.root)
    Database(found).make()
    (found.root / "page" / database.CLIENT_SECRET).write_text(f"{SECRET}\n")
    (found.root / "page" / database.CLIENT_SECRET).chmod(0o640)
    accounts.invite(found, "kadis", clock())
    return found


@pytest.fixture
def visitor(known: Site, clock: Clock) -> Browser:
    return page_of(known, clock)


def at_the_provider(address: str, sub: str) -> str:
    """Log in there. Returns where it sends the browser, as a path of the page."""
    answer = httpx.post(address, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}" == URL
    return f"{there.path}?{there.query}"


def test_who_is_named_comes_in_as_who_they_are(visitor: Browser, known: Site) -> None:
    page = visitor.get("/masuk?lanjut=/berkas").text
    path = re.findall(r'href="(/masuk/penyedia[^"]*)"', page)[0]
    begun = visitor.get(path)
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{URL}/masuk/penyedia/kembali"]
    back = at_the_provider(begun.headers["location"], "ani")
    before = dict(visitor.cookies)
    came = visitor.get(back)
    assert (came.status_code, came.headers["location"]) == (303, "/berkas")
    assert dict(visitor.cookies) != before, "the session is a new one"
    assert "Kepala Dinas" in visitor.get("/").text
    assert visitor.get(back).status_code == 422, "an answer counts once"
    accounts.revoke(known, "kadis")
    assert visitor.get("/").status_code == 303


@pytest.mark.parametrize("sub", ["budi", "citra", "dewi", "nobody"])
def test_who_is_not_does_not(visitor: Browser, known: Site, sub: str) -> None:
    """An address that is not proved, one that sopctl.yml does not name, one whose account nobody opened."""
    begun = visitor.get("/masuk/penyedia")
    came = visitor.get(at_the_provider(begun.headers["location"], sub))
    assert came.status_code == 422
    assert visitor.get("/").status_code == 303
    assert [row[3] for row in accounts.sessions(known).refusals()] == ["login-refused"]


def test_the_answer_of_another_browser_logs_nobody_in(visitor: Browser, known: Site, clock: Clock) -> None:
    """Whoever sends somebody a link with an answer of their own does not log them in as themselves."""
    begun = visitor.get("/masuk/penyedia")
    back = at_the_provider(begun.headers["location"], "ani")
    other = page_of(known, clock)
    assert other.get(back).status_code == 422
    other.get("/masuk/penyedia")
    assert other.get(back).status_code == 422
    assert other.get("/").status_code == 303
    wrong = re.sub(r"state=[^&]+", "state=x", back)
    assert visitor.get(wrong).status_code == 422
    assert visitor.get(back).status_code == 422, "a wrong answer ends what was begun"


def test_what_was_typed_is_there_after_the_provider(visitor: Browser, known: Site, clock: Clock) -> None:
    open_account(known, "kadis", clock)
    sent = visitor.post("/permohonan", data={"server.name": "web7.example.org", "token": "x"})
    assert sent.status_code == 401
    path = re.findall(r'href="(/masuk/penyedia[^"]*)"', sent.text)[0].replace("&amp;", "&")
    back = at_the_provider(visitor.get(path).headers["location"], "ani")
    came = visitor.get(back)
    assert came.status_code == 403, "kadis files nothing: but it is the form that was answered"
    assert accounts.sessions(known).refusals()[0][4] == "/permohonan"


def test_a_token_for_another_login_counts_for_nothing(known: Site, issuer: str) -> None:
    provider = oidc.Provider(issuer, "titipan", SECRET, f"{URL}{sign_on.BACK}")
    begun = oidc.begin(provider)
    code = parse_qs(urlsplit(at_the_provider(begun.address, "ani")).query)["code"][0]
    with pytest.raises(NotNow, match="nonce"):
        oidc.finish(provider, oidc.Begun(begun.address, begun.state, "another", begun.verifier), code, "email")
    with pytest.raises(NotNow, match="does not say who this is"):
        oidc.finish(provider, begun, code, "email")
    claims = oidc.finish(
        provider, begun, parse_qs(urlsplit(at_the_provider(begun.address, "ani")).query)["code"][0], "zoneinfo"
    )
    assert claims["sub"] == "ani"


@pytest.mark.parametrize(
    ("name", "other"),
    [("issuer", "http://127.0.0.1:1"), ("issuer", "http://localhost:{port}/nothing"), ("client", "other")],
)
def test_another_provider_or_client(issuer: str, name: str, other: str) -> None:
    right = {"issuer": issuer, "client": "titipan", "secret": SECRET, "back": f"{URL}{sign_on.BACK}"}
    begun = oidc.begin(oidc.Provider(**right))
    code = parse_qs(urlsplit(at_the_provider(begun.address, "ani")).query)["code"][0]
    wrong = {**right, name: other.replace("{port}", issuer.rpartition(":")[2])}
    with pytest.raises((OutsideFailure, NotNow)):
        oidc.finish(oidc.Provider(**wrong), begun, code, "email")


def test_a_provider_that_calls_itself_otherwise_or_is_not_encrypted(issuer: str) -> None:
    with pytest.raises(OutsideFailure, match="another name"):
        oidc.begin(oidc.Provider(f"{issuer}/x/..", "titipan", SECRET, URL))
    with pytest.raises(ValueError, match="no encrypted address"):
        oidc._endpoint({"token_endpoint": "http://198.18.0.1/token"}, "token_endpoint")


def test_strangers_do_not_make_the_page_ask_the_provider(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visitor.get("/masuk/penyedia").status_code == 303
    monkeypatch.setattr(oidc, "_asked", lambda *_: pytest.fail("asked again"))
    for _ in range(3):
        assert visitor.get("/masuk/penyedia").status_code == 303
    monkeypatch.setattr(oidc, "METADATA_SECONDS", -1.0)
    with pytest.raises(pytest.fail.Exception):
        oidc.begin(oidc.Provider(next(iter(oidc._known)), "titipan", SECRET, URL))


def test_a_provider_that_is_away_is_said(visitor: Browser, known: Site, issuer: str, clock: Clock) -> None:
    settings = known.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace(issuer, "http://127.0.0.1:9"))
    answer = visitor.get("/masuk/penyedia?lanjut=" + quote("/"))
    assert answer.status_code == 503
    assert "tidak dapat dihubungi" in answer.text


def test_the_secret_of_the_client_is_closed(known: Site) -> None:
    (known.root / "page" / database.CLIENT_SECRET).chmod(0o644)
    with pytest.raises(OutsideFailure, match="read by others"):
        database.client_secret(known)


def test_strangers_fill_nothing_up(known: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "MOST_PENDING", 5)
    pending = Pending(Database(known))
    for number in range(20):
        pending.keep(f"s{number}", "oidc", "x", 1.0, 100.0)
    assert [pending.look(f"s{number}", "oidc", 2.0) for number in (0, 19)] == [None, "x"]
    assert pending.look("s19", "oidc", 101.0) is None
