"""The link in a message: a contact person answers once, without an account; and the next try takes it up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sopctl.errors import NotNow
from sopctl.model.access.verification import Word
from sopctl.model.principal import Principal
from sopctl.model.sop.entries import AccessTried
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import init
from sopctl.workflow.steps import configuring, handover, inspecting, notifying, reservation, verifying
from sopctl.workflow.views import board
from tests.conftest import Clock
from tests.page.conftest import Browser

LETTER = init.EXAMPLE_REQUEST
OTHER = {
    "server:\n": "kind: other\nserver:\n",
    LETTER[LETTER.index("  first_contact:") : LETTER.index("  ports:")]: "",
    "ports: [80, 443]": "ports: []",
}
"""A machine that takes no SSH of ours, at which no port is tried: the requester's word is all there is."""


@pytest.fixture
def told(until_space: Callable[..., str], desk: Desk, site_with_units: Site, clock: Clock) -> str:
    """A machine that people configure, whose owner was asked to try it."""
    deposit = until_space(OTHER)
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    configuring.configure(desk, deposit, by_hand="staf: Windows")
    return deposit


def tell(site: Site, deposit: str, clock: Clock) -> str:
    """What stands in the message of konfigurasi 2."""
    return accounts.link(site, deposit, clock()).removeprefix("https://titipan.example.org")


def test_the_message_has_a_link_and_the_record_has_it_not(told: str, desk: Desk, site_with_units: Site) -> None:
    with_page = Desk(site_with_units, desk.deciding, desk.clock, clock_is_right=True)
    notifying.notify(with_page, told, via="phone")
    kept = next((desk.site.root / "deposits" / told / "documents").glob("*-pemberitahuan.txt"))
    texts = [path.read_text() for path in sorted(kept.parent.glob("*-pemberitahuan.txt"))]
    assert "https://titipan.example.org/tautan/…" in texts[-1]


def test_a_contact_answers_once(told: str, stranger: Browser, desk: Desk, site_with_units: Site, clock: Clock) -> None:
    path = tell(site_with_units, told, clock)
    for _ in range(2):
        assert stranger.get(path).status_code == 200, "looking uses nothing up"
    events = len(dossiers.read(desk.site, told).events)
    assert stranger.post(path, data={"token": "x", "answer": "yes"}).status_code == 403
    refused = stranger.fill(path, answer="no", how="RDP")
    assert refused.status_code == 422
    assert 'value="RDP"' in refused.text
    assert len(dossiers.read(desk.site, told).events) == events
    answer = stranger.fill(path, answer="no", note="<b>port 3389</b>", how="RDP")
    assert answer.status_code == 200
    dossier = dossiers.read(desk.site, told)
    assert (dossier.events[-1].outcome, dossier.events[-1].by, dossier.events[-1].typed) == (
        "kata pemohon",
        "pemohon",
        "page:link",
    )
    assert stranger.get(path).status_code == 410
    assert stranger.get("/").status_code == 303, "a link is no login"
    clock.now += timedelta(days=31)


def test_a_double_click_is_one_answer(
    told: str, stranger: Browser, desk: Desk, site_with_units: Site, clock: Clock
) -> None:
    """And whoever clicked twice learns that it was recorded, not that the link is used up."""
    path = tell(site_with_units, told, clock)
    form, second = stranger.form(path, answer="yes", how="RDP"), stranger.form(path, answer="no", note="x")
    events = len(dossiers.read(desk.site, told).events)
    answers = [stranger.post(path, data=form) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert all("Jawaban Anda tercatat" in each.text for each in answers)
    assert stranger.post(path, data=second).status_code == 410, "another form is another answer"
    del second["key"]
    assert stranger.post(path, data=second).status_code == 410
    assert len(dossiers.read(desk.site, told).events) == events + 1


def test_the_next_try_takes_it_up_once(told: str, desk: Desk, site_with_units: Site) -> None:
    notifying.notify(desk, told, via="phone")
    unit = Desk(
        site_with_units,
        Deciding(Principal("page:contoh", "unit", unit="contoh")),
        desk.clock,
        clock_is_right=True,
    )
    verifying.say_access(unit, told, Word("page:contoh", True, how="RDP"))
    done, _ = verifying.verify(desk, told)
    assert done.outcome == "bisa"
    tried = dossiers.read(desk.site, told).newest(AccessTried)
    assert tried is not None
    assert [(each.view, each.who, each.how) for each in tried.established] == [("requester-word", "page:contoh", "RDP")]


@pytest.mark.parametrize("kind", ["other unit", "person", "reader"])
def test_only_the_unit_says_it(told: str, desk: Desk, site_with_units: Site, kind: str) -> None:
    who = {
        "other unit": Principal("page:lain", "unit", unit="lain"),
        "person": Principal("page:kadis", "person", ("kadis",)),
        "reader": Principal("page:x", "reader"),
    }[kind]
    theirs = Desk(site_with_units, Deciding(who), desk.clock, clock_is_right=True)
    with pytest.raises(NotNow):
        verifying.say_access(theirs, told, Word(who.login, True, how="RDP"))


def test_a_server_that_is_not_there_yet(file_request: Callable[..., str], desk: Desk) -> None:
    deposit = file_request()
    with pytest.raises(NotNow, match="not in its rack yet"):
        verifying.say_access(desk, deposit, Word("x", True))


def test_a_unit_answers_on_its_page(told: str, login: Callable[[str], Browser], desk: Desk) -> None:
    unit = login("contoh")
    assert f"/berkas/{told}/akses" in unit.get(f"/berkas/{told}").text
    assert unit.fill(f"/berkas/{told}/akses", answer="yes", note="", how="RDP").status_code == 303
    assert dossiers.read(desk.site, told).events[-1].outcome == "kata pemohon"
    assert "/akses" not in login("kadis").get(f"/berkas/{told}").text


def test_a_no_is_for_the_staff_to_look_at(told: str, login: Callable[[str], Browser], desk: Desk) -> None:
    """A row of its own, until somebody looks or the unit says yes."""
    unit, staff = login("contoh"), login("staf")
    said = "Pemohon: server tidak bisa diakses (port 443 &lt;tertutup&gt;)"
    assert said not in staff.get("/").text
    path = f"/berkas/{told}/akses"
    assert unit.fill(path, answer="no", note="port 443 <tertutup>", how="SSH").status_code == 303
    assert said in staff.get("/").text
    assert said not in unit.get("/").text
    assert any("tidak bisa diakses" in row.activity for row in board.todo(desk, actor="pelaksana").rows)
    assert unit.fill(path, answer="yes", how="SSH").status_code == 303
    assert said not in staff.get("/").text
    assert unit.fill(path, answer="no", note="lagi", how="SSH").status_code == 303
    notifying.notify(desk, told, via="phone")
    verifying.verify(desk, told)
    assert dossiers.read(desk.site, told).summary.denied == "", "the try has taken it up"
