"""The acts: each once, against the head that was seen; and what was typed survives every refusal."""

import html
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime

import pytest

from sopctl.errors import ExitCode
from sopctl.page.acts import FORMS, form_at
from sopctl.page.handlers.acting import NOT_THEIRS
from sopctl.store import dossiers
from sopctl.store.journal import Journal
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, letters
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, Browser, cheap_hashes, hidden, open_account, page_of
from tests.page.house import INK, House, acts_of

Login = Callable[[str], Browser]
TYPED = 'Siapkan <tempat> & "rak"'


def outcomes(desk: Desk, deposit: str) -> list[tuple[str, str, str]]:
    return [(each.outcome, each.by, each.typed) for each in dossiers.read(desk.site, deposit).events]


def test_a_disposition(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    answer = kadis.fill(f"/berkas/{deposit}/disposisi", instruction=TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/berkas/{deposit}?selesai=disposisi")
    assert outcomes(desk, deposit)[-1] == ("selesai", "kadis", "page:kadis")
    assert html.escape(TYPED, quote=True).replace("&quot;", "&#34;") in kadis.get(f"/berkas/{deposit}").text
    assert kadis.get(f"/berkas/{deposit}/disposisi").status_code == 409, "it is kabid's turn now"


def test_the_same_form_twice_is_done_once(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/tunda"
    form = kadis.form(path, reason="x")
    first, second = kadis.post(path, data=form), kadis.post(path, data=form)
    assert first.headers["location"] == second.headers["location"]
    assert len(outcomes(desk, deposit)) == 2


def test_two_clicks_at_the_same_moment_are_one(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/disposisi"
    form = kadis.form(path, instruction="x")
    answers: list[int] = []
    clicks = [
        threading.Thread(target=lambda: answers.append(kadis.post(path, data=form).status_code)) for _ in range(4)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert len(outcomes(desk, deposit)) == 2
    assert set(answers) <= {303, 409}
    assert 303 in answers


def test_a_stale_tab_keeps_what_was_typed(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    """Where one person has the same verb at the next step too, a stale form would do that one."""
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/tunda"
    stale = kadis.form(path, reason=TYPED)
    letters.dispose(desk, deposit, instruction="x")
    answer = kadis.post(path, data=stale)
    assert answer.status_code == 409
    assert "sudah berubah" in answer.text
    assert "Siapkan &lt;tempat&gt; &amp; " in answer.text
    assert len(outcomes(desk, deposit)) == 2
    again = kadis.post(path, data={**hidden(answer.text), "reason": TYPED})
    assert again.status_code == 303, "who has seen what changed may send it again"


def test_a_missing_head_is_no_way_around(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/tunda"
    form = kadis.form(path, reason="x")
    del form["head"]
    assert kadis.post(path, data=form).status_code == 409
    assert len(outcomes(desk, deposit)) == 1


def test_what_is_not_valid_keeps_what_was_typed(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/perpanjang"
    for until in ("2020-01-01", "besok", ""):
        answer = kadis.fill(path, until=until, note=TYPED)
        assert answer.status_code == 422
        assert "Siapkan &lt;tempat&gt;" in answer.text
        assert f'value="{until}"' in answer.text
    form = kadis.form(path, until="2028-12-31")
    answer = kadis.post(path, data=form, files={"letter": ("surat.pdf", b"<script>", "application/pdf")})
    assert answer.status_code == 422
    assert "PDF, PNG" in answer.text
    assert len(outcomes(desk, deposit)) == 1
    form = kadis.form(path, until="2028-12-31")
    answer = kadis.post(path, data=form, files={"letter": ("../../surat.PDF", b"%PDF-1.4 x", "application/pdf")})
    assert answer.status_code == 303, answer.text
    kept = next((desk.site.root / "deposits" / deposit / "documents").glob("*surat-perpanjangan.pdf"))
    assert kept.read_bytes() == b"%PDF-1.4 x"


def test_what_is_too_large_keeps_what_was_typed(
    login: Login, house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server's bound on all files together, and by the number of photographs; and a program gets JSON."""
    monkeypatch.setattr("sopctl.page.guard.MAX_UPLOAD", 30_000)
    staff, path, before = login("staf"), f"/berkas/{house.brought}/pemeriksaan", outcomes(desk, house.brought)
    form = staff.form(path, serial="SN-0001", note=TYPED, q6="tidak", accessories="rel")
    for name, photos in (("terlalu besar", [b"x" * 15_000] * 3), ("11 foto", [b"x"] * 11)):
        files = [("photos", (f"{number}.jpg", photo, "image/jpeg")) for number, photo in enumerate(photos)]
        answer = staff.post(path, data=form, files=files)
        assert answer.status_code == (413 if name == "terlalu besar" else 422), answer.status_code
        assert name in html.unescape(answer.text).lower()
        assert said_in(answer.text, ("serial", "note", "accessories", "q6")) == {
            "serial": "SN-0001",
            "note": TYPED,
            "accessories": "rel",
            "q6": "tidak",
        }
    for elsewhere in ("/periksa", "/masuk"):
        sent = staff.post(elsewhere, data=staff.form(elsewhere), files={"file": ("x.pdf", b"x" * 40_000)})
        assert sent.status_code == 413, elsewhere
        assert "terlalu besar" in sent.text.lower()
    sent = staff.post("/api/requests", files={"scan": ("x.pdf", b"x" * 40_000)})
    assert (sent.status_code, sent.json()["error"]) == (413, "too-large")
    assert outcomes(desk, house.brought) == before


def test_every_form_has_its_files_last() -> None:
    """Of a form that is too large, what stands before its files is kept."""
    for form in FORMS:
        kinds = ["file" if field.kind in ("file", "photos") else "typed" for field in form.fields]
        assert kinds == sorted(kinds, reverse=True), form.path


def test_text_survives_a_lost_session(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, kadis = file_request(), login("kadis")
    path = f"/berkas/{deposit}/disposisi"
    form = kadis.form(path, instruction=TYPED)
    kadis.cookies.clear()
    asked = kadis.post(path, data=form)
    assert asked.status_code == 401
    assert len(outcomes(desk, deposit)) == 1
    carried = {name: html.unescape(value) for name, value in hidden(asked.text).items()}
    back = kadis.post("/masuk", data={**carried, "name": "kadis", "password": "kuda baterai staples benar"})
    assert back.status_code == 200
    assert "Siapkan &lt;tempat&gt;" in back.text
    assert len(outcomes(desk, deposit)) == 1, "a login sends nothing by itself"
    assert kadis.post(path, data={**hidden(back.text), "instruction": TYPED}).status_code == 303
    assert len(outcomes(desk, deposit)) == 2


@pytest.mark.parametrize("name", ["staf", "kabid", "contoh", "inspektorat"])
def test_nobody_does_what_is_not_theirs(login: Login, file_request: Callable[..., str], desk: Desk, name: str) -> None:
    """Neither offered nor taken, whatever a form claims."""
    deposit, browser = file_request(), login(name)
    assert "/disposisi" not in browser.get(f"/berkas/{deposit}").text
    path = f"/berkas/{deposit}/disposisi"
    page = browser.get(path)
    assert page.status_code == 409
    form = {**hidden(browser.get("/").text), "instruction": "x", "by": "kadis", "key": "k"}
    form["head"] = dossiers.read(desk.site, deposit).head
    assert browser.post(path, data=form).status_code == 403
    assert len(outcomes(desk, deposit)) == 1
    _, who, _, what, at = accounts.sessions(desk.site).refusals()[0]
    assert (who, at) == (name, path), "it is in the audit"
    assert what in NOT_THEIRS


def test_no_reader_does_anything(login: Login, file_request: Callable[..., str], desk: Desk) -> None:
    deposit, browser = file_request(), login("inspektorat")
    head = dossiers.read(desk.site, deposit).head
    token = hidden(browser.get("/").text)["token"]
    paths = ("disposisi", "tolak", "tunda", "perpanjang", "cabut")
    for number, path in enumerate(paths):
        data = {
            "token": token,
            "head": head,
            "key": str(number),
            "reason": "x",
            "instruction": "x",
            "until": "2027-01-01",
        }
        assert browser.post(f"/berkas/{deposit}/{path}", data=data).status_code == 403
    assert len(outcomes(desk, deposit)) == 1


def test_every_act_at_a_desk(
    login: Login, until_space: Callable[..., str], file_request: Callable[..., str], desk: Desk, clock: Clock
) -> None:
    deposit = until_space()
    kabid, unit = login("kabid"), login("contoh")
    for browser, path, typed in (
        (kabid, "tunda", {"reason": "x"}),
        (kabid, "lanjut", {"note": ""}),
        (kabid, "perpanjang", {"until": "2028-01-01", "letter_number": "1/2", "letter_date": "", "note": ""}),
        (unit, "cabut", {"reason": "x"}),
    ):
        answer = browser.fill(f"/berkas/{deposit}/{path}", **typed)
        assert answer.status_code == 303, (path, answer.text)
    assert [each[:2] for each in outcomes(desk, deposit)[-4:]] == [
        ("ditahan", "kabid"),
        ("dilanjutkan", "kabid"),
        ("diperpanjang", "kabid"),
        ("dicabut", "pemohon"),
    ]
    refused = file_request()
    assert login("kadis").fill(f"/berkas/{refused}/tolak", reason="x").status_code == 303
    assert outcomes(desk, refused)[-1][:2] == ("ditolak", "kadis")


WRONG = {"date": "besok", "number": "banyak", "choice": "entah", "text": "", "area": "", "file": ""}
"""What cannot be meant, of each kind of field that has to be filled in."""


def said_in(page: str, names: Iterable[str]) -> dict[str, str]:
    """What the fields of these names have in a form."""
    found = {}
    for name in names:
        area = re.search(rf'<textarea id="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
        box = re.search(rf'<input id="{name}"[^>]* value="([^"]*)"', page)
        chosen = re.search(rf'name="{name}" value="([^"]*)" checked', page)
        shown = area or box or chosen
        found[name] = html.unescape(shown[1]) if shown else ""
    return found


def test_what_was_typed_survives_in_every_act(login: Login, house: House, desk: Desk) -> None:
    """What is not valid, and a session that has gone: the form is there again as it was filled in, nothing is recorded,
    and from there it can be sent."""
    people = {name: login(name) for name in ("kadis", "kabid", "staf", "contoh")}
    for name, deposit, path, to_type in acts_of(house):
        browser, dossier = people[name], dossiers.read(desk.site, deposit)
        address, before = f"/berkas/{deposit}/{path}", len(dossier.events)
        form = form_at(path)
        assert form is not None
        fields = {each.name: each for each in form.of(dossier).fields}
        typed = {each: said.format(serial=dossier.summary.serial) for each, said in to_type.items()}
        texts = {each: said for each, said in typed.items() if fields[each].kind != "file"}
        paper = {each: (INK["name"], INK["buffer"]) for each in typed if fields[each].kind == "file"}
        tried = 0
        for each in typed:
            if fields[each].required or fields[each].kind in ("date", "number", "choice"):
                tried += 1
                other = {**texts, each: WRONG[fields[each].kind]} if each in texts else texts
                files = {} if fields[each].kind == "file" else paper
                answer = browser.post(address, data=browser.form(address, **other), files=files)  # type: ignore[arg-type]
                assert answer.status_code == 422, (path, each, answer.status_code)
                kept = said_in(answer.text, texts)
                kept |= {each: other[each]} if each in texts and fields[each].kind == "choice" else {}
                assert kept == other, (path, each)
        assert tried or not any(field.required for field in fields.values()), path
        session = dict(browser.cookies)
        sent = browser.form(address, **texts)
        browser.cookies.clear()
        asked = browser.post(address, data=sent, files=paper)  # type: ignore[arg-type]
        assert asked.status_code == 401, path
        carried = {each: html.unescape(value) for each, value in hidden(asked.text).items()}
        back = browser.post("/masuk", data={**carried, "name": name, "password": PASSWORD})
        assert back.status_code == 200, path
        assert said_in(back.text, texts) == texts, path
        assert dict(browser.cookies) != session
        assert len(outcomes(desk, deposit)) == before, path
        done = browser.post(address, data={**hidden(back.text), **texts}, files=paper)  # type: ignore[arg-type]
        assert done.status_code == 303, (path, done.text)
        assert len(outcomes(desk, deposit)) == before + 1, path


def test_the_command_line_and_the_page_at_the_same_time(
    site_with_units: Site, file_request: Callable[..., str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both on one dossier, each as fast as it can: who comes too late is told so, and the journal has all in order."""
    cheap_hashes(monkeypatch)
    deposit = file_request()

    def now() -> datetime:
        """It goes on while the page waits for its turn, as the command's does."""
        return datetime.now(clock().tzinfo)

    open_account(site_with_units, "kadis", now)
    kadis, told = page_of(site_with_units, now), list[int]()
    assert kadis.fill("/masuk", name="kadis", password=PASSWORD).status_code == 303
    over = threading.Event()

    def decide() -> None:
        while not over.is_set():
            for path, typed in (("tunda", {"reason": "x"}), ("lanjut", {"note": "x"})):
                told.append(kadis.fill(f"/berkas/{deposit}/{path}", **typed).status_code)

    clicking = threading.Thread(target=decide)
    clicking.start()
    here = [sys.executable, "-m", "sopctl", "--site", str(site_with_units.root)]
    ran = []
    for verb in ("hold", "resume", "hold", "resume"):
        said = ["--reason", "x"] if verb == "hold" else ["--note", "x"]
        ran.append(subprocess.run([*here, verb, deposit, "--by", "staf", *said], capture_output=True, check=False))
    over.set()
    clicking.join()
    codes = {each.returncode for each in ran}
    assert codes <= {0, *(code.value for code in ExitCode)}, [each.stderr for each in ran]
    assert not any(b"Traceback" in each.stderr for each in ran)
    assert set(told) <= {303, 409}
    events = dossiers.read(site_with_units, deposit).events
    assert [each.seq for each in events] == list(range(1, len(events) + 1))
    assert len(events) == 1 + told.count(303) + sum(each.returncode == 0 for each in ran)
    assert [each.at for each in events] == sorted(each.at for each in events)
    lines = [line for line in (site_with_units.root / "journal.jsonl").read_text().splitlines() if deposit in line]
    assert [json.loads(line)["hash"] for line in lines] == [each.hash for each in events]


def test_the_command_line_and_the_page_on_one_dossier(
    login: Login, file_request: Callable[..., str], desk: Desk
) -> None:
    deposit, kadis = file_request(), login("kadis")
    for number in range(6):
        if number % 2:
            acts.resume(desk.decided_by("staf"), deposit, note="x")
        else:
            assert kadis.fill(f"/berkas/{deposit}/tunda", reason="x").status_code == 303
    events = dossiers.read(desk.site, deposit).events
    assert [each.seq for each in events] == list(range(1, 8))
    lines = [line for line in (desk.site.root / "journal.jsonl").read_text().splitlines() if deposit in line]
    assert len(lines) == 7
    assert Journal(desk.site.root)
