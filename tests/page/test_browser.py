"""The page in Debian's chromium: each role's board, an act once, however it is sent, without JavaScript,
by keyboard alone, on a phone; no fault of accessibility, and no violation of its own policy."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from sopctl.page.app import application
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import letters
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, cheap_hashes, open_account

CHROMIUM = "/usr/bin/chromium"
PICTURES = os.environ.get("SOPCTL_PICTURES", "")
"""Where screenshots go, for docs/; without it none are made."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    yield started
    started.close()


@pytest.fixture
def address(site_with_units: Site, clock: Clock) -> Iterator[str]:
    """The page, served on a port of loopback by uvicorn in a thread."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        app = application(site_with_units.root, hosts=frozenset({host}), clock=clock)
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://{host}"
        server.should_exit = True
        thread.join(timeout=30)


class Person:
    """Someone at a browser. `complaints`: what the browser said of the page (violations of its policy among it)."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        self.watch(page)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def log_in(self, name: str) -> None:
        self.page.goto(f"{self.address}/masuk")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.address}/")
        assert self.page.url == f"{self.address}/", self.page.content()

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


Enter = Callable[..., Person]


@pytest.fixture
def enter(
    chromium: Browser, address: str, site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Enter]:
    """A browser of one's own, logged in as someone. `javascript` as the browser has it; `phone`: 390 px wide."""
    cheap_hashes(monkeypatch)
    people: list[Person] = []

    def make(name: str, *, javascript: bool = False, phone: bool = False) -> Person:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = chromium.new_context(java_script_enabled=javascript, viewport=size, locale="id-ID")  # type: ignore[arg-type]
        person = Person(context.new_page(), address)
        people.append(person)
        open_account(site_with_units, name, clock)
        person.log_in(name)
        return person

    yield make
    for person in people:
        person.page.context.close()
    assert [each for person in people for each in person.complaints] == []


def events(desk: Desk, deposit: str) -> list[str]:
    return [each.outcome for each in dossiers.read(desk.site, deposit).events]


def test_an_act_is_done_once_however_it_is_sent(enter: Enter, file_request: Callable[..., str], desk: Desk) -> None:
    """A double click, a stale second tab, a form after the session has gone."""
    deposit = file_request()
    kadis = enter("kadis")
    page = kadis.page
    kadis.picture("board-kadis")
    page.click(f'section[aria-labelledby="yours"] a[href="/berkas/{deposit}/disposisi"]')
    page.fill("#instruction", "Mohon ditindaklanjuti")
    stale = page.context.new_page()
    stale.goto(f"{kadis.address}/berkas/{deposit}/tunda")
    stale.fill("#reason", "menunggu surat asli")
    kadis.picture("act-dispose")
    page.dblclick("form.act button")
    page.wait_for_url("**selesai=disposisi")
    assert events(desk, deposit) == ["selesai", "selesai"]
    kadis.picture("dossier-kadis")
    with stale.expect_navigation():
        stale.click("form.act button")
    assert "sudah berubah" in stale.inner_text(".problem")
    assert stale.input_value("#reason") == "menunggu surat asli"
    page.context.clear_cookies()
    with stale.expect_navigation():
        stale.click("form.act button")
    stale.fill("#name", "kadis")
    stale.fill("#password", PASSWORD)
    with stale.expect_navigation():
        stale.click("main button")
    assert stale.input_value("#reason") == "menunggu surat asli"
    assert events(desk, deposit) == ["selesai", "selesai"]
    with stale.expect_navigation():
        stale.click("form.act button")
    assert events(desk, deposit) == ["selesai", "selesai", "ditahan"]


def test_by_keyboard_alone(enter: Enter, file_request: Callable[..., str], desk: Desk) -> None:
    deposit = file_request()
    kadis = enter("kadis", javascript=True)
    page = kadis.page

    def tab_to(what: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(f"{what} is not reached")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(f'a[href="/berkas/{deposit}/disposisi"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/disposisi")
    tab_to("#instruction")
    page.keyboard.type("Siapkan tempat")
    tab_to("form.act button")
    page.keyboard.press("Enter")
    page.wait_for_url("**selesai=disposisi")
    assert events(desk, deposit) == ["selesai", "selesai"]


@pytest.mark.parametrize("name", ["kadis", "kabid", "staf", "contoh", "inspektorat"])
def test_each_role_on_a_phone_and_accessible(
    enter: Enter, file_request: Callable[..., str], desk: Desk, clock: Clock, name: str
) -> None:
    """In both languages: axe-core finds nothing, nothing is wider than the phone, and the due date is in sight."""
    first, second = file_request(), file_request({"unit: Dinas Contoh": "unit: Dinas Lain"})
    letters.dispose(desk, first, instruction="Mohon ditindaklanjuti oleh bidang")
    clock.now = clock.now.replace(day=27)
    person = enter(name, javascript=True, phone=True)
    page = person.page
    script = AXE_FILE_PATH.read_text()
    paths = [
        "/",
        "/rak/A1",
        "/periksa",
        "/permohonan",
        "/akun",
        "/akun/kode",
        "/berkas?keadaan=all",
        f"/berkas/{first}",
        "/antrean",
        f"/berkas/{first}/tunda",
        f"/berkas/{second}",
    ]
    for language in ("id", "en"):
        page.goto(f"{person.address}/?bahasa={language}")
        for path in paths:
            page.goto(f"{person.address}{path}")
            assert page.get_attribute("html", "lang") == language
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            page.evaluate(script)
            found = page.evaluate(
                "axe.run(document).then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"
            )
            assert found == [], path
            person.picture(f"phone-{name}-{language}-{path.strip('/').partition('?')[0].replace('/', '-') or 'board'}")
    person.complaints[:] = [
        each for each in person.complaints if "status of 40" not in each
    ]  # the browser's word for a 404
    page.goto(f"{person.address}/")
    if name == "kabid":
        due = page.locator(".card .when").first.bounding_box()
        assert due is not None
        assert due["y"] + due["height"] < 844
