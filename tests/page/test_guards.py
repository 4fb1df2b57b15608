"""What must hold on the page, each line with a guard of its own: tests/cases/page_guards.yml. Each probe passes as the
page is, and fails when its guard is taken out."""

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pyotp
import pytest

from sopctl.model.principal import Principal
from sopctl.page.visit import COOKIE
from sopctl.store import dossiers
from sopctl.store.page.database import Database
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.entering import second_factor
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import handover, inspecting, notifying, reservation
from tests.cases import rows
from tests.conftest import Clock
from tests.guards import take_out, twice
from tests.page.conftest import PASSWORD, URL, Browser, cheap_hashes, hidden, open_account, page_of

ROWS = rows("page_guards")
OTHERS = {"unit: Dinas Contoh": "unit: DINAS LAIN"}
SCRIPT = "<script>alert(1)</script>"


class Everything(frozenset[str]):
    """A set that has all names in it."""

    def __contains__(self, _name: object) -> bool:
        return True


def by_name(desk: Any, deposit: str, name: str) -> integrity.Content | None:
    """What a page would give out that took a document's name: whatever is called so."""
    path = desk.site.root / "deposits" / deposit / name
    return integrity.Content(f"{path}.pdf", path.read_bytes()) if path.is_file() else None


def keeping_sessions(original: Any) -> Any:
    """`accounts.accept`, after which the sessions are there again."""

    def accept(site: Site, secret: str, password: str, now: Any) -> Any:
        with Database(site).reading() as found:
            before = found.execute("SELECT * FROM sessions").fetchall()
        done = original(site, secret, password, now)
        with Database(site).open() as change:
            change.executemany("INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?)", before)
        return done

    return accept


NAMES = {
    "Everything": Everything,
    "by_name": by_name,
    "Principal": Principal,
    "keeping_sessions": keeping_sessions,
    "traceback": traceback,
}
"""What the table's expressions may name."""


@dataclass
class World:
    """The page's site, and what happens to it."""

    site: Site
    clock: Clock
    file: Callable[..., str]
    until_space: Callable[..., str]
    desk: Desk

    def placed(self) -> str:
        """A deposit whose server stands in a rack."""
        deposit = self.until_space()
        notifying.notify(self.desk, deposit, via="phone")
        handover.receive(self.desk, deposit)
        inspecting.inspect(self.desk, deposit, serial=dossiers.read(self.site, deposit).summary.serial)
        handover.handover(self.desk, deposit)
        reservation.place(self.desk, deposit)
        return deposit

    def stranger(self) -> Browser:
        return page_of(Site(self.site.root), self.clock)

    def login(self, name: str = "kadis") -> Browser:
        open_account(Site(self.site.root), name, self.clock)
        browser = self.stranger()
        answer = browser.fill("/masuk", name=name, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser

    def refusals(self) -> list[tuple[float, str, str, str, str]]:
        return accounts.sessions(self.site).refusals()


@pytest.fixture
def world(
    site_with_units: Site,
    clock: Clock,
    file_request: Callable[..., str],
    until_space: Callable[..., str],
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    cheap_hashes(monkeypatch)
    return World(site_with_units, clock, file_request, until_space, desk)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["line"])
def test_each_line_holds(world: World, row: dict[str, str]) -> None:
    globals()[row["probe"]](world)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["line"])
def test_no_line_holds_without_its_guard(world: World, row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(row, monkeypatch, NAMES)
    with pytest.raises(AssertionError):
        globals()[row["probe"]](world)


def test_no_guard_has_two_rows() -> None:
    assert twice(ROWS) == []


def seen(browser: Browser, path: str) -> str:
    """What a page shows that is there."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


# The probes. -----------------------------------------------------------------------------------------------------


def new_session_at_login(world: World) -> None:
    kadis, other = world.login(), world.login("kabid")
    assert kadis.cookies[COOKIE] != other.cookies[COOKIE]


def form_token(world: World) -> None:
    deposit = world.file()
    answer = world.login().post(f"/berkas/{deposit}/disposisi", data={"instruction": "x", "token": "y", "key": "z"})
    assert answer.status_code == 403


def foreign_origin(world: World) -> None:
    kadis = world.login()
    kadis.headers["origin"] = "https://example.org"
    assert kadis.post("/keluar", data=kadis.form("/")).status_code == 403


def fetch_metadata(world: World) -> None:
    kadis = world.login()
    assert kadis.get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code == 403


def foreign_host(world: World) -> None:
    assert world.stranger().get("/sehat", headers={"host": "example.org"}).status_code == 421


def no_frame(world: World) -> None:
    headers = world.stranger().get("/masuk").headers
    assert headers.get("x-frame-options") == "DENY"
    assert "frame-ancestors 'none'" in headers.get("content-security-policy", "")


def no_store(world: World) -> None:
    assert world.login().get("/").headers.get("cache-control") == "no-store"


def no_sniffing(world: World) -> None:
    assert world.stranger().get("/masuk").headers.get("x-content-type-options") == "nosniff"


def no_scripts(world: World) -> None:
    policy = world.stranger().get("/masuk").headers.get("content-security-policy", "")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def always_encrypted(world: World) -> None:
    assert "strict-transport-security" in world.stranger().get("/masuk").headers


def large_form(world: World) -> None:
    assert world.stranger().post("/masuk", content=b"x" * (1024 * 1024 + 1)).status_code == 413


def too_often(world: World) -> None:
    stranger = world.stranger()
    with patch("sopctl.page.guard.PER_SECOND", 0.0):  # none gathers anew while a busy machine answers
        assert 429 in {stranger.get("/sehat").status_code for _ in range(400)}


def open_redirect(world: World) -> None:
    open_account(world.site, "kadis", world.clock)
    answer = world.stranger().fill("/masuk", name="kadis", password=PASSWORD, lanjut="//example.org")
    assert answer.headers["location"] == "/"


def stored_script(world: World) -> None:
    deposit = world.file({"Portal Contoh    #": f'"{SCRIPT}"  #'})
    assert SCRIPT not in seen(world.login(), f"/berkas/{deposit}")


def document_by_name(world: World) -> None:
    deposit = world.file()
    assert world.login().get(f"/berkas/{deposit}/dokumen/deposit.yml").status_code == 404


def document_that_runs(world: World) -> None:
    kadis, deposit = world.login(), world.placed()
    (paper, *_) = re.findall(r'href="(/berkas/[^"]*/dokumen/[0-9a-f]{64})"', seen(kadis, f"/berkas/{deposit}"))
    headers = kadis.get(paper).headers
    assert headers.get("content-disposition", "").startswith("attachment")
    assert headers.get("content-security-policy", "").startswith("sandbox")


def name_in_a_header(world: World) -> None:
    claims = ("remote-user", "x-remote-user", "x-forwarded-user", "x-auth-request-user", "x-forwarded-email")
    assert world.stranger().get("/", headers=dict.fromkeys(claims, "kadis")).status_code == 303


def used_link(world: World) -> None:
    path = accounts.link(world.site, world.placed(), world.clock()).removeprefix(URL)
    assert world.stranger().get(path).status_code == 200, "looking at it uses nothing up"
    assert world.stranger().fill(path, answer="no", note="x").status_code == 200
    assert world.stranger().get(path).status_code == 410, "of another application: as after a restart"


def foreign_dossier(world: World) -> None:
    deposit, unit = world.file(OTHERS), world.login("contoh")
    absent = deposit[:-1] + "9"
    there, not_there = unit.get(f"/berkas/{deposit}"), unit.get(f"/berkas/{absent}")
    assert there.status_code == not_there.status_code
    assert there.text.replace(deposit, "ID") == not_there.text.replace(absent, "ID")


def foreign_row(world: World) -> None:
    deposit = world.file(OTHERS)
    assert deposit not in seen(world.login("contoh"), "/berkas")


def racks_of_others(world: World) -> None:
    assert world.login("contoh").get("/rak/A1").status_code == 403


def masked(world: World) -> None:
    deposit = world.file()
    assert "umum@example.org" not in seen(world.login("inspektorat"), f"/berkas/{deposit}")


def another_role(world: World) -> None:
    deposit, staff = world.file(), world.login("staf")
    head = hidden(world.login().get(f"/berkas/{deposit}/disposisi").text)["head"]
    typed = {**staff.form("/"), "instruction": "x", "key": "y", "head": head}
    assert staff.post(f"/berkas/{deposit}/disposisi", data=typed).status_code == 403
    assert len(dossiers.read(world.site, deposit).events) == 1


def password_guesses(world: World) -> None:
    open_account(world.site, "kadis", world.clock)
    stranger = world.stranger()
    for _ in range(6):
        stranger.fill("/masuk", name="kadis", password="x")
    assert stranger.fill("/masuk", name="kadis", password=PASSWORD).status_code == 429


def locked_out(world: World) -> None:
    for number in range(60):
        accounts.sessions(world.site).failed("kadis", f"198.18.0.{number}", world.clock().timestamp())
    open_account(world.site, "kadis", world.clock)
    assert world.stranger().fill("/masuk", name="kadis", password=PASSWORD).status_code == 303


def host_cookie(world: World) -> None:
    cookie = world.stranger().get("/masuk").headers["set-cookie"]
    assert cookie.startswith("__Host-")


def used_invitation(world: World) -> None:
    made = accounts.invite(world.site, "kadis", world.clock())
    stranger = world.stranger()
    path = f"/undangan/{made.secret}"
    assert stranger.fill(path, password=PASSWORD, repeated=PASSWORD).status_code == 303
    assert stranger.get(path).status_code == 410


def forwarded(world: World) -> None:
    open_account(world.site, "kadis", world.clock)
    stranger = world.stranger()
    stranger.headers["x-forwarded-for"] = "203.0.113.9"
    stranger.fill("/masuk", name="kadis", password="x")
    assert world.refusals()[0][2] == "testclient"


def lost_person(world: World) -> None:
    kadis = world.login()
    settings = world.site.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("  kadis: {role: kadis", "  pengganti: {role: kadis"))
    assert kadis.get("/akun").status_code == 303


def old_session(world: World) -> None:
    kadis = world.login()
    world.clock.now += timedelta(hours=9)
    assert kadis.get("/").status_code == 303


def logged_out(world: World) -> None:
    kadis = world.login()
    kadis.post("/keluar", data=kadis.form("/"))
    assert kadis.get("/").status_code == 303


def new_password(world: World) -> None:
    kadis = world.login()
    open_account(world.site, "kadis", world.clock)
    assert kadis.get("/").status_code == 303


def audited(world: World) -> None:
    deposit, unit = world.file(OTHERS), world.login("contoh")
    unit.get(f"/berkas/{deposit}")
    unit.get("/rak")
    unit.post("/keluar", data={"token": "x"})
    assert [row[3] for row in world.refusals()] == ["form-of-another-session", "racks-not-for-units", "not-to-be-seen"]


def text_after_session(world: World) -> None:
    deposit, kadis = world.file(), world.login()
    form = kadis.form(f"/berkas/{deposit}/tunda", reason="menunggu surat asli")
    kadis.cookies.clear()
    asked = kadis.post(f"/berkas/{deposit}/tunda", data=form)
    assert asked.status_code == 401
    assert "menunggu surat asli" in asked.text


def text_after_fault(world: World) -> None:
    deposit, kadis = world.file(), world.login()
    answer = kadis.fill(f"/berkas/{deposit}/prioritas", priority="banyak", reason=f"x {SCRIPT}")
    assert answer.status_code == 422, answer.status_code
    assert "x &lt;script&gt;" in answer.text


def text_after_change(world: World) -> None:
    deposit, kadis = world.file(), world.login()
    form = kadis.form(f"/berkas/{deposit}/tunda", reason=f"x {SCRIPT}")
    kadis.fill(f"/berkas/{deposit}/disposisi", instruction="x")
    answer = kadis.post(f"/berkas/{deposit}/tunda", data=form)
    assert answer.status_code == 409
    assert "x &lt;script&gt;" in answer.text


def sent_twice(world: World) -> None:
    deposit, kadis = world.file(), world.login()
    form = kadis.form(f"/berkas/{deposit}/disposisi", instruction="x")
    codes = [kadis.post(f"/berkas/{deposit}/disposisi", data=form).status_code for _ in range(2)]
    assert codes == [303, 303]


def stale_form(world: World) -> None:
    deposit, kadis = world.file(), world.login()
    form = kadis.form(f"/berkas/{deposit}/tunda", reason="x")
    kadis.fill(f"/berkas/{deposit}/disposisi", instruction="x")
    assert kadis.post(f"/berkas/{deposit}/tunda", data=form).status_code == 409


def enrolled(world: World) -> str:
    """The secret of kadis, who has set a second factor up."""
    open_account(world.site, "kadis", world.clock)
    made = second_factor.proposal(world.site, "kadis")
    code = pyotp.TOTP(made.secret).at(world.clock())
    second_factor.confirm(world.site, "kadis", code, "", world.clock())
    world.clock.now += timedelta(seconds=60)
    return made.secret


def password_alone(world: World) -> None:
    enrolled(world)
    stranger = world.stranger()
    stranger.fill("/masuk", name="kadis", password=PASSWORD)
    assert stranger.get("/").status_code == 303


def code_twice(world: World) -> None:
    code = pyotp.TOTP(enrolled(world)).at(world.clock())
    codes = []
    for _ in range(2):
        stranger = world.stranger()
        asked = stranger.fill("/masuk", name="kadis", password=PASSWORD)
        codes.append(stranger.post("/masuk/kode", data={**hidden(asked.text), "code": code}).status_code)
    assert codes == [303, 422]


def hashed(world: World) -> None:
    secret = world.login().cookies[COOKIE]
    assert secret not in Database(world.site).path.read_bytes().decode("latin-1")


def error_tells(world: World) -> None:
    (world.site.root / "sopctl.yml").write_text("secret: [")
    answer = page_of_broken(world).get("/masuk")
    assert answer.status_code == 503
    assert not re.search(r"Traceback|sopctl\.yml|secret", answer.text)


def page_of_broken(world: World) -> Browser:
    """A browser at a page whose site became unreadable since."""
    return Browser(page_of(world.site, world.clock).app, base_url=URL, follow_redirects=False)
