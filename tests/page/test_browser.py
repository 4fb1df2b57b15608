"""The page in Debian's chromium: each role's board, each act once, however it is sent, without JavaScript, by keyboard
alone; each page on a phone and on paper; coming in, in each way; no fault of accessibility, and no violation of the
page's own policy."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import oidc_provider_mock
import pyotp
import pytest
import uvicorn
from axe_playwright_python.base import AXE_FILE_PATH
from oidc_provider_mock import User
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from sopctl.model.sop.entries import AgreedOnScreen, ConditionInspected
from sopctl.page import acts
from sopctl.page.app import ROUTES, application
from sopctl.store import dossiers
from sopctl.store.page import database
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from tests.adapters.test_pictures import phone_photo
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, URL, cheap_hashes, open_account
from tests.page.handlers.test_requesting import typed as typed_request
from tests.page.house import INK, PAGES, House, acts_of
from tests.patience import PATIENCE

CHROMIUM = "/usr/bin/chromium"
PHONE, PAPER = 390, 794
"""Pixels: a phone's width, and that of A4."""
PICTURES = os.environ.get("SOPCTL_PICTURES", "")
"""Where the screenshots of the docs are kept (`make pictures`); without it they are only taken."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu"]
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=PATIENCE * 1000)
    yield started
    started.close()


def new_context(chromium: Browser, javascript: bool, size: dict[str, int]) -> BrowserContext:
    """The windows of one person, who waits as long as a busy machine takes."""
    context = chromium.new_context(java_script_enabled=javascript, viewport=size, locale="id-ID")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    return context


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
        thread.join(timeout=PATIENCE)


def arrived(page: Page, end: str) -> None:
    """Wait until a page has been loaded whose address ends so. `Page.wait_for_url` would fail where it sees the request
    of a first click aborted by a second, which test_patience.py forbids therefore."""
    expect(page).to_have_url(re.compile(f"{re.escape(end)}$"), timeout=PATIENCE * 1000)
    page.wait_for_load_state()


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
        arrived(self.page, f"{self.address}/")
        assert self.page.url == f"{self.address}/", self.page.content()

    def picture(self, name: str, *, whole: bool = True) -> None:
        """A screenshot of few colours: a tenth of the bytes."""
        seen = Image.open(BytesIO(self.page.screenshot(full_page=whole))).convert("RGB").quantize(64)
        if PICTURES:
            seen.save(Path(PICTURES) / f"{name}.png", optimize=True)


Enter = Callable[..., Person]


@pytest.fixture
def enter(
    chromium: Browser, address: str, site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Enter]:
    """A browser of one's own, logged in as someone (`""`: as nobody). `javascript` as the browser has it; `phone`: as
    narrow as one."""
    cheap_hashes(monkeypatch)
    people: list[Person] = []

    def make(name: str, *, javascript: bool = False, phone: bool = False) -> Person:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = new_context(chromium, javascript, size)
        person = Person(context.new_page(), address)
        people.append(person)
        if name:
            open_account(site_with_units, name, clock)
            person.log_in(name)
        return person

    yield make
    for person in people:
        person.page.context.close()
    assert [each for person in people for each in person.complaints] == []


UNNAMED_CELLS = """[...document.querySelectorAll(".cards-when-narrow tbody tr")].flatMap(row => {
  const heads = [...row.closest("table").querySelectorAll("thead th")].map(head => head.innerText);
  return [...row.cells].filter((cell, at) => cell.localName == "td" && cell.colSpan == 1 && cell.innerText.trim()
    && cell.dataset.of != heads[at]).map(cell => cell.innerText)})"""
"""Of tables whose rows are cards on a phone, where the heads are not seen: cells that do not say what they are."""


def looked_at(person: Person, what: str = "") -> None:
    """As every page has to be on a phone and on paper: axe-core finds nothing, nothing is wider than either, and what
    is for the screen alone is not printed."""
    page, what = person.page, what or person.page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, what
    page.evaluate(AXE_FILE_PATH.read_text())
    found = page.evaluate(
        "axe.run(document).then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"
    )
    assert found == [], what
    assert page.evaluate(UNNAMED_CELLS) == [], what
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1123})
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER, what
    for hidden in page.locator("header nav, .who, footer, .skip, .acts").all():
        assert not hidden.is_visible(), what
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": PHONE, "height": 844})


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
    page.dblclick("form.act button.send")
    arrived(page, "selesai=disposisi")
    assert events(desk, deposit) == ["selesai", "selesai"]
    kadis.picture("dossier-kadis")
    with stale.expect_navigation():
        stale.click("form.act button.send")
    assert "sudah berubah" in stale.inner_text(".problem")
    assert stale.input_value("#reason") == "menunggu surat asli"
    page.context.clear_cookies()
    with stale.expect_navigation():
        stale.click("form.act button.send")
    stale.fill("#name", "kadis")
    stale.fill("#password", PASSWORD)
    with stale.expect_navigation():
        stale.click("main button")
    assert stale.input_value("#reason") == "menunggu surat asli"
    assert events(desk, deposit) == ["selesai", "selesai"]
    with stale.expect_navigation():
        stale.click("form.act button.send")
    assert events(desk, deposit) == ["selesai", "selesai", "ditahan"]


class Keys:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, what: str) -> None:
        """Go on to what can be reached by the tab key alone."""
        for _ in range(150):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(f"{what} is not reached on {self.page.url}")

    def follow(self, address: str) -> None:
        """Follow a link."""
        self.to(f'a[href="{address}"]')
        self.page.keyboard.press("Enter")
        arrived(self.page, f"{address}")

    def fill(self, typed: dict[str, str]) -> None:
        """Fill in a form."""
        for field, said in typed.items():
            self.to(f"[name='{field}']")
            keyboard, kind = self.page.keyboard, self.page.evaluate("document.activeElement.type")
            if kind == "file":
                self.page.set_input_files(f"[name='{field}']", INK)  # type: ignore[arg-type] # as the browser's own window
            elif kind == "radio":
                keyboard.press("Space")
                while self.page.evaluate("document.activeElement.value") != said:
                    keyboard.press("ArrowDown")
            else:
                keyboard.type(f"{date.fromisoformat(said):%m%d%Y}" if kind == "date" else said)

    def send(self, button: str) -> None:
        """Send it: twice, as an impatient person does."""
        self.to(button)
        for _ in range(2):
            self.page.keyboard.press("Enter")


def test_every_act_by_keyboard_alone(enter: Enter, house: House, desk: Desk) -> None:
    """From the login to each act's end, without a mouse; and a contact person's answer."""
    contact, people = enter("", javascript=True), dict[str, Person]()
    contact.page.goto(f"{contact.address}{house.link}")
    Keys(contact.page).fill({"answer": "no", "note": "port 443 tertutup"})
    Keys(contact.page).send("form.act button")
    contact.page.wait_for_selector("text=Jawaban Anda tercatat")
    for name, deposit, path, to_type in acts_of(house):
        if name not in people:
            people[name] = person = enter("", javascript=True)
            open_account(desk.site, name, desk.clock)
            person.page.goto(f"{person.address}/masuk")
            person.page.keyboard.press("Tab")
            assert person.page.evaluate("document.activeElement.className") == "skip"
            keys = Keys(person.page)
            keys.fill({"name": name, "password": PASSWORD})
            keys.send("main button")
            arrived(person.page, f"{person.address}/")
        page, serial = people[name].page, dossiers.read(desk.site, deposit).summary.serial
        keys, before = Keys(page), len(events(desk, deposit))
        page.goto(f"{people[name].address}/berkas/{deposit}")
        keys.follow(f"/berkas/{deposit}/{path}")
        keys.fill({field: said.format(serial=serial) for field, said in to_type.items()})
        keys.send("form.act button.send")
        arrived(page, f"selesai={path}")
        assert len(events(desk, deposit)) == before + 1, path


def test_a_request_by_keyboard_alone(enter: Enter, site_with_units: Site) -> None:
    unit = enter("contoh", javascript=True)
    keys = Keys(unit.page)
    keys.follow("/permohonan")
    keys.fill({path: said for path, said in typed_request().items() if said})
    keys.fill({"scan": ""})
    keys.send("form.act button:not([name])")
    arrived(unit.page, "selesai=permohonan")
    assert len(dossiers.ids(site_with_units)) == 1


def test_a_violation_of_the_policy_is_noticed(enter: Enter) -> None:
    """`enter` asks of every visit that there was none."""
    person = enter("", javascript=True)
    person.page.goto(f"{person.address}/masuk")
    person.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
    person.page.wait_for_timeout(0)
    assert "Content Security Policy" in person.complaints.pop()


NO_PAGES = re.compile(r".*\.(css|js|svg|json)|/sehat|.*/dokumen/.*")
LOOKED_AT_BEHIND_FORMS = {"/masuk/kode", "/masuk/penyedia", "/masuk/penyedia/kembali"}
"""By the tests of coming in, below."""


def test_every_page_has_somebody_who_looks_at_it() -> None:
    places = {"link": "/tautan/x", "invitation": "/undangan/x"}
    nowhere = {each.name: places.get(each.name, each.name) for each in fields(House)}
    seen = {path.partition("?")[0] for paths in PAGES.values() for path in paths.format(**nowhere).split()}
    own = {path for path, _, _ in ROUTES if "{" not in path}
    for path, methods, _ in ROUTES:
        if "GET" in methods and not NO_PAGES.fullmatch(path) and path not in LOOKED_AT_BEHIND_FORMS:
            shape = re.sub(r"\{\w+\}", "[^/]+", path)
            assert any(re.fullmatch(shape, each) and (each == path or each not in own) for each in seen), path
    acted = {path.rpartition("/")[2] for path in seen if path.count("/") == 3}
    assert {form.path for form in acts.FORMS} <= acted


@pytest.mark.parametrize("name", PAGES)
def test_each_page_on_a_phone_on_paper_and_accessible(enter: Enter, house: House, clock: Clock, name: str) -> None:
    """In both languages; and the due date is in sight."""
    clock.now = clock.now.replace(day=27)
    person = enter(name, javascript=True, phone=True)
    page = person.page
    for language in ("id", "en"):
        page.goto(f"{person.address}/masuk?bahasa={language}")
        for path in PAGES[name].format(**asdict(house)).split():
            page.goto(f"{person.address}{path}")
            assert page.get_attribute("html", "lang") == language
            looked_at(person, path)
            person.picture(f"phone-{name}-{language}-{path.strip('/').replace('/', '-').replace('?', '-') or 'board'}")
    # the browser's word for what is not there
    person.complaints[:] = [each for each in person.complaints if "status of 4" not in each]
    page.goto(f"{person.address}/")
    if name == "kabid":
        due = page.locator(".card .when").first.bounding_box()
        assert due is not None
        assert due["y"] + due["height"] < 844


@pytest.mark.parametrize(("name", "language"), [("kadis", "id"), ("contoh", "en")])
def test_coming_in_for_the_first_time(
    enter: Enter, site_with_units: Site, clock: Clock, name: str, language: str
) -> None:
    """A person and a unit: by the link of an invitation, to a password, a second factor and its recovery codes."""
    person = enter("", javascript=True, phone=True)
    page, link = person.page, accounts.invite(site_with_units, name, clock()).secret

    def send() -> None:
        looked_at(person)
        with page.expect_navigation():
            page.click("main form button")

    page.goto(f"{person.address}/undangan/{link}?bahasa={language}")
    page.fill("#password", PASSWORD)
    page.fill("#repeated", PASSWORD[::-1])
    send()
    looked_at(person)
    assert page.locator(".problem").inner_text()
    page.fill("#password", PASSWORD)
    page.fill("#repeated", PASSWORD)
    send()
    assert page.url == f"{person.address}/masuk"
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    send()
    page.goto(f"{person.address}/akun")
    page.click("main a.button")
    secret = page.inner_text("main code").replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).at(clock()))
    send()
    recovery = page.locator("main li code").all_inner_texts()
    assert len(recovery) == 10
    looked_at(person)
    for code in (pyotp.TOTP(secret).at(clock() + timedelta(seconds=60)), recovery[0]):
        clock.now += timedelta(seconds=60)
        page.goto(f"{person.address}/akun")
        looked_at(person)
        page.click("header form button")
        arrived(page, "/masuk")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.fill("#code", "000 000")
        send()
        assert page.locator(".problem").inner_text()
        page.fill("#code", code)
        send()
        assert page.url == f"{person.address}/"
    person.complaints[:] = [each for each in person.complaints if "status of 422" not in each]


def test_coming_in_by_the_office(enter: Enter, site_with_units: Site, address: str, clock: Clock) -> None:
    """By a provider of identities, a real one on loopback: over there, and back to what was asked for."""
    person = enter("")
    open_account(site_with_units, "kadis", clock)
    settings, ani = site_with_units.root / "sopctl.yml", {"email": "kepala@example.org", "email_verified": True}
    with oidc_provider_mock.run_server_in_thread(user_claims=[User(sub="ani", claims=ani)], require_nonce=True) as mock:
        oidc = f"issuer: http://localhost:{mock.server_port}, client: titipan, accounts: {{kepala@example.org: kadis}}"
        settings.write_text(settings.read_text().replace(f'"{URL}"', f'"{address}", oidc: {{{oidc}}}'))
        secret = site_with_units.root / "page" / database.CLIENT_SECRET
        secret.write_text("geheim\n")
        secret.chmod(0o640)
        person.page.goto(f"{address}/berkas?keadaan=held")
        person.page.click("main a.button")
        person.page.fill("[name=sub]", "ani")
        person.page.click("form button")
        arrived(person.page, f"{address}/berkas?keadaan=held")
        assert "Kepala Dinas" in person.page.inner_text("header")
        person.complaints.clear()  # of the other program's page


def test_every_act_once_double_clicked_and_stale_without_javascript(enter: Enter, house: House, desk: Desk) -> None:
    """Each is opened in two tabs; a double click in one does it once; the other then keeps what was typed."""
    people = {name: enter(name) for name in ("kadis", "kabid", "staf", "contoh")}
    for name, deposit, path, to_type in acts_of(house):
        person, serial = people[name], dossiers.read(desk.site, deposit).summary.serial
        typed = {field: said.format(serial=serial) for field, said in to_type.items()}
        page, stale = person.page, person.page.context.new_page()
        for tab in (page, stale):
            tab.goto(f"{person.address}/berkas/{deposit}/{path}")
            fill(tab, typed)
        before = len(events(desk, deposit))
        page.dblclick("form.act button.send")
        arrived(page, f"selesai={path}")
        assert len(events(desk, deposit)) == before + 1, path
        with stale.expect_navigation():
            stale.click("form.act button.send")
        assert len(events(desk, deposit)) == before + 1, path
        assert stale.inner_text(".problem"), path
        for field, said in typed.items():
            if field == "paper":
                continue  # no browser fills in a file again
            box = stale.locator(f"[id='{field}']")
            assert box.input_value() == said if box.count() else chosen(stale, field) == said, (path, field)
        stale.close()
    for person in people.values():  # the browser's word for a form that was stale
        person.complaints[:] = [each for each in person.complaints if "status of 409" not in each]


def fill(tab: Page, typed: dict[str, str]) -> None:
    """Fill in a form: texts, choices, and the scan of a paper."""
    for field, said in typed.items():
        if field == "paper":
            tab.set_input_files("#paper", INK)  # type: ignore[arg-type]
        elif tab.locator(f"[id='{field}']").count():
            tab.fill(f"[id='{field}']", said)
        else:
            tab.check(f"input[name='{field}'][value='{said}']")


def chosen(tab: Page, field: str) -> str | None:
    """What is chosen in a form."""
    return tab.locator(f"input[name='{field}']:checked").get_attribute("value")


def test_every_act_of_the_page_is_among_them() -> None:
    nowhere = House(*[""] * len(fields(House)))
    assert {path for _, _, path, _ in acts_of(nowhere)} == {form.path for form in acts.FORMS}


def test_a_request_once_double_clicked_and_from_a_second_tab(enter: Enter, site_with_units: Site) -> None:
    """Without JavaScript; and the same letter from another tab is refused, with all that was typed."""
    unit = enter("contoh")
    page, second = unit.page, unit.page.context.new_page()
    letter = {path: said for path, said in typed_request().items() if said}
    for tab in (page, second):
        tab.goto(f"{unit.address}/permohonan")
        fill(tab, letter)
    page.set_input_files("#scan", {**INK, "name": "surat.pdf"})  # type: ignore[arg-type]
    page.dblclick("form.act button:not([name])")
    arrived(page, "selesai=permohonan")
    (deposit,) = dossiers.ids(site_with_units)
    assert deposit in page.url
    assert "surat.pdf" in str(dossiers.read(site_with_units, deposit).events[0].data)
    with second.expect_navigation():
        second.click("form.act button:not([name])")
    assert dossiers.ids(site_with_units) == [deposit]
    assert "Sudah milik titipan lain" in second.inner_text(".problem")
    for path, said in letter.items():
        assert second.input_value(f"[id='{path}']") == said, path
    unit.complaints[:] = [each for each in unit.complaints if "status of 422" not in each]


def test_a_link_is_answered_once(
    chromium: Browser, address: str, site_with_units: Site, house: House, desk: Desk
) -> None:
    """By a contact person without an account, without JavaScript, on a phone; looking uses nothing up."""
    context = new_context(chromium, False, {"width": 390, "height": 844})
    page, second = context.new_page(), context.new_page()
    for tab in (page, second):
        tab.goto(f"{address}{house.link}")
        fill(tab, {"answer": "no", "note": "port 443 <tertutup>", "how": "peramban"})
    before = len(events(desk, house.placed))
    page.dblclick("form.act button")
    page.wait_for_selector("text=Jawaban Anda tercatat")
    with second.expect_navigation():
        second.click("form.act button")
    assert "tautan ini sudah dipakai" in second.inner_text(".problem").lower()
    assert len(events(desk, house.placed)) == before + 1
    context.close()


def test_a_signature_is_drawn(enter: Enter, house: House, desk: Desk) -> None:
    """With a finger, a pen or a mouse; and what was drawn is in the box of who drew it."""
    staff = enter("staf", javascript=True)
    page = staff.page
    page.goto(f"{staff.address}/berkas/{house.inspected}/serah-terima")
    canvas = page.locator(".drawing canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for x, y in ((90, 30), (140, 90), (200, 40), (300, 80)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()
    page.click("form.act button.send")
    arrived(page, "selesai=serah-terima")
    entry = dossiers.read(desk.site, house.inspected).newest(AgreedOnScreen)
    assert entry is not None
    (first,) = entry.agreed_on_screen
    assert (first.box, first.drawing is not None) == ("first", True)


def test_photographs_from_a_phone(enter: Enter, house: House, desk: Desk, tmp_path: Path) -> None:
    staff = enter("staf", phone=True)
    page = staff.page
    page.goto(f"{staff.address}/berkas/{house.brought}/pemeriksaan")
    page.fill("#serial", "SN-0001")
    page.check("input[name=q6][value=tidak]")
    page.fill("input[name=q6-note]", "bezel retak")
    photos = []
    for number in range(3):
        photos.append(tmp_path / f"{number}.jpg")
        photos[-1].write_bytes(phone_photo(400, 300))
    page.set_input_files("#photos", photos)
    page.click("form.act button.send")
    arrived(page, "selesai=pemeriksaan")
    found = dossiers.read(desk.site, house.brought).newest(ConditionInspected)
    assert found is not None
    assert len(found.photos) == 3


PRINTED = ("/rak/A1", "/berkas/{placed}/alur", "/berkas/{placed}/ketersediaan")


def test_pictures_are_printed_whole(enter: Enter, house: House) -> None:
    staff = enter("staf")
    page = staff.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1123})
    for path in PRINTED:
        page.goto(staff.address + path.format(**asdict(house)))
        pictures = page.locator("main img").all()
        assert pictures, path
        for picture in pictures:
            drawn = picture.bounding_box()
            assert drawn is not None
            assert drawn["x"] + drawn["width"] <= PAPER, path
        assert page.pdf().startswith(b"%PDF-")


def test_pictures_of_the_docs(enter: Enter, house: House, clock: Clock) -> None:
    clock.now = clock.now.replace(day=27)
    staff = enter("staf", javascript=True)
    for name, path in (
        ("board", "/"),
        ("dossier", "/berkas/{placed}"),
        ("flow", "/berkas/{placed}/alur"),
        ("rack", "/rak/A1"),
        ("availability", "/berkas/{placed}/ketersediaan"),
        ("handover", "/berkas/{inspected}/serah-terima"),
    ):
        staff.page.goto(staff.address + path.format(**asdict(house)))
        staff.picture(f"page-{name}")
    phone = enter("staf", phone=True)
    phone.page.goto(f"{phone.address}/berkas/{house.brought}/pemeriksaan")
    phone.picture("page-inspection", whole=False)
    kadis = enter("kadis")
    kadis.picture("page-board")
