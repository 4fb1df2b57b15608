"""The page in Debian's chromium: each role's board, an act once, however it is sent, without JavaScript,
by keyboard alone, on a phone; no fault of accessibility, and no violation of its own policy."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.base import AXE_FILE_PATH
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from sopctl.model.availability import Policy, Sight
from sopctl.model.inspection import Inspection
from sopctl.model.sop.entries import AgreedOnScreen, ConditionInspected
from sopctl.page import acts
from sopctl.page.app import application
from sopctl.store import dossiers
from sopctl.store.checks import Checks
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import handover, inspecting, letters, notifying, releasing, reservation
from tests.adapters.test_pictures import phone_photo
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, cheap_hashes, open_account
from tests.page.handlers.test_requesting import typed as typed_request

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

    def picture(self, name: str, *, whole: bool = True) -> None:
        """A screenshot of few colours: a tenth of the bytes."""
        if PICTURES:
            seen = Image.open(BytesIO(self.page.screenshot(full_page=whole))).convert("RGB")
            seen.quantize(64).save(Path(PICTURES) / f"{name}.png", optimize=True)


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
    page.dblclick("form.act button.send")
    page.wait_for_url("**selesai=disposisi")
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
    tab_to("form.act button.send")
    page.keyboard.press("Enter")
    page.wait_for_url("**selesai=disposisi")
    assert events(desk, deposit) == ["selesai", "selesai"]


@dataclass(frozen=True)
class House:
    """Deposits at the steps that people act on."""

    filed: str
    disposed: str
    of_another: str
    full: str
    brought: str
    faulty: str
    inspected: str
    placed: str
    asked_back: str
    leaving: str
    switched_off: str
    link: str
    """Where a contact person says whether it can be reached."""


@pytest.fixture
def house(
    desk: Desk, site_with_units: Site, file_request: Callable[..., str], until_space: Callable[..., str], clock: Clock
) -> House:
    (site_with_units.root / "racks" / "A1.yml").write_text(RACK)
    brought, inspected, placed = until_space(), until_space(), until_space({"height_units: 2": "height_units: 4"})
    faulty, asked_back, leaving, switched_off = (until_space() for _ in range(4))
    ways = {brought: 1, faulty: 1, inspected: 2, placed: 3, asked_back: 4, leaving: 5, switched_off: 6}
    for deposit, steps in ways.items():
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        serial = dossiers.read(desk.site, deposit).summary.serial
        if steps > 1:
            inspecting.inspect(desk, deposit, serial=serial, found=Inspection(accessories=("rel", "kabel daya")))
        if steps > 2:
            handover.handover(desk, deposit)
            reservation.place(desk, deposit)
        if steps > 3:
            letters.ask_back(desk, deposit, letter_number=f"090/9{steps}/2026")
            for _ in range(2):
                letters.dispose(desk, deposit, instruction="x")
        if steps > 4:
            inspecting.inspect(desk, deposit, serial=serial)
        if steps > 5:
            letters.confirm_data_saved(desk, deposit, wipe=False)
            releasing.release(desk, deposit, by_hand="dimatikan")
    inspecting.inspect(desk, faulty, serial="SN-LAIN")
    link = accounts.link(site_with_units, placed, clock()).removeprefix("https://titipan.example.org")
    now = int(desk.now().timestamp())
    with Checks(desk.site).recording(Policy(1, 1, gap=8 * 3600)) as note:
        for hour in range(-80 * 24, 1, 6):
            note(placed, Sight(now + 3600 * hour, not -400 < hour < -330, "connect-timeout"))
    full = until_space({"height_units: 2": "height_units: 30"})
    notifying.notify(desk, full, via="phone")
    disposed = file_request()
    letters.dispose(desk, disposed, instruction="Mohon ditindaklanjuti oleh bidang")
    filed = file_request()
    another = file_request({"unit: Dinas Contoh": "unit: Dinas Lain"})
    return House(
        filed, disposed, another, full, brought, faulty, inspected, placed, asked_back, leaving, switched_off, link
    )


RACK = """name: A1
room: Ruang server
units: 20
depth_mm: 900
power_watts: 4000
weight_kg: 400
blocked: {20: panel kabel}
"""
PAGES = {
    "kadis": "/ /akun /akun/kode /berkas/{filed}/disposisi /berkas/{filed}/tolak /berkas/{placed}/perpanjang",
    "kabid": "/ /berkas/{disposed} /berkas/{disposed}/tunda /berkas/{faulty}/terima",
    "staf": "/ /berkas?keadaan=all /antrean /rak /rak/A1 /inventaris /berkas/{brought}/pemeriksaan "
    "/berkas/{inspected}/serah-terima /berkas/{placed}/tanda-tangan /berkas/{placed} /berkas/{placed}/alur "
    "/berkas/{placed}/ketersediaan /sop/konfigurasi /berkas/{asked_back}/pencocokan /berkas/{switched_off}/kelengkapan "
    "/berkas/{asked_back}/alur /berkas?giliran=yours&keadaan=all",
    "contoh": "/ /akun /akun/kode /permohonan /berkas/{filed} /berkas/{of_another} /berkas/{placed}/akses /antrean "
    "/berkas/{placed}/minta-kembali /berkas/{leaving}/data-tersimpan /periksa /periksa?nomor=1/0001.9/X/2026 {link}",
    "inspektorat": "/ /berkas/{placed} /inventaris",
}
"""Who looks at what: every page, by somebody who may."""


@pytest.mark.parametrize("name", PAGES)
def test_each_page_on_a_phone_and_accessible(enter: Enter, house: House, clock: Clock, name: str) -> None:
    """In both languages: axe-core finds nothing, nothing is wider than the phone, and the due date is in sight."""
    clock.now = clock.now.replace(day=27)
    person = enter(name, javascript=True, phone=True)
    page = person.page
    script = AXE_FILE_PATH.read_text()
    for language in ("id", "en"):
        page.goto(f"{person.address}/?bahasa={language}")
        for path in PAGES[name].format(**asdict(house)).split():
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


INK = {"name": "pindaian.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 tinta"}
"""A paper with ink on it, as a scanner sends it."""
Act = tuple[str, str, str, dict[str, str]]


def acts_of(house: House) -> list[Act]:
    """Who does what where, and what they fill in: every act that the page has for these deposits, in an order that is
    possible."""
    return [
        ("kadis", house.filed, "disposisi", {"instruction": "Mohon <ditindaklanjuti>"}),
        ("kabid", house.filed, "tunda", {"reason": "menunggu surat asli"}),
        ("staf", house.filed, "lanjut", {"note": "surat asli datang"}),
        ("kabid", house.disposed, "tolak", {"reason": "di luar kewenangan"}),
        ("kadis", house.placed, "perpanjang", {"until": "2030-01-01", "note": "sesuai surat"}),
        ("kadis", house.full, "prioritas", {"priority": "5", "reason": "layanan publik"}),
        ("staf", house.brought, "pemeriksaan", {"serial": "SN-0001", "accessories": "rel"}),
        ("kabid", house.faulty, "terima", {"note": "nomor seri pada surat keliru"}),
        ("staf", house.inspected, "serah-terima", {"place": "Ruang server", "first-name": "Pengantar"}),
        ("staf", house.placed, "tanda-tangan", {"paper": "", "how": "ink", "ink-first": "Pemilik"}),
        ("staf", house.asked_back, "pencocokan", {"serial": "{serial}", "taken_by": "Pengambil"}),
        ("contoh", house.leaving, "data-tersimpan", {"disks": "keep"}),
        ("staf", house.switched_off, "kelengkapan", {"accessory-0": "yes", "accessory-1": "no", "note": "rel kembali"}),
        ("contoh", house.placed, "akses", {"answer": "no", "note": "port 443 tertutup"}),
        ("contoh", house.placed, "minta-kembali", {"letter_number": "090/99/2026"}),
        ("contoh", house.filed, "cabut", {"reason": "tidak jadi"}),
    ]


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
        page.wait_for_url(f"**selesai={path}")
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
    page.wait_for_url("**selesai=permohonan")
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
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="id-ID")
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
    page.wait_for_url("**selesai=serah-terima")
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
    page.wait_for_url("**selesai=pemeriksaan")
    found = dossiers.read(desk.site, house.brought).newest(ConditionInspected)
    assert found is not None
    assert len(found.photos) == 3


PRINTED = ("/rak/A1", "/berkas/{placed}", "/berkas/{placed}/alur")


def test_pages_are_printed(enter: Enter, house: House) -> None:
    """What is for the screen alone is not on paper; pictures are, whole."""
    staff = enter("staf")
    page = staff.page
    page.emulate_media(media="print")
    for path in PRINTED:
        page.goto(staff.address + path.format(**asdict(house)))
        for hidden in ("header nav", ".who", "footer"):
            assert not page.locator(hidden).first.is_visible(), path
        for picture in page.locator("main img").all():
            drawn = picture.bounding_box()
            assert drawn is not None
            assert drawn["width"] <= 1280, path
        assert page.pdf().startswith(b"%PDF-")


@pytest.mark.skipif(not PICTURES, reason="makes the pictures of the docs: make pictures")
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
