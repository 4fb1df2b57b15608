"""advance: what needs no person, as often as the procedure says. There is no server: each step just records its end."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sopctl.cli import terminal
from sopctl.errors import Action, NotNow
from sopctl.model.sop import verbs
from sopctl.model.sop.entries import AccessTried, Configured
from sopctl.store import dossiers
from sopctl.store.library import SHIPPED
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.steps import acts, advancing, configuring
from sopctl.workflow.views import board
from tests.conftest import Clock

KEY = {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}
PASS = [(1, "selesai"), (2, "selesai"), (3, "tidak bisa")]
GOOD = [(1, "selesai"), (2, "selesai"), (3, "bisa"), (5, "selesai"), (6, "selesai")]


class Server:
    """What a server would do, and what the steps record of it."""

    lets_in = False
    fails = False

    def configure(self, desk: Desk, deposit: str, **_: object) -> StepDone:
        with turn(desk, deposit, "configure") as mine:
            mine.start()
            return mine.fail("x") if self.fails else mine.record("selesai", Configured(changed=0))

    def verify(self, desk: Desk, deposit: str, **_: object) -> tuple[StepDone, None]:
        with turn(desk, deposit, "verify") as mine:
            tried = AccessTried(verdict="accessible" if self.lets_in else "inaccessible")
            return mine.record("bisa" if self.lets_in else "tidak bisa", tried, answer=self.lets_in), None

    def collect(self, desk: Desk, deposit: str, **_: object) -> StepDone:
        with turn(desk, deposit, "inventory") as mine:
            return mine.record("selesai")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    for name in ("configure", "verify", "collect"):
        monkeypatch.setattr(advancing, name, getattr(found, name))
    return found


@pytest.fixture
def deposit(placed: Callable[..., str]) -> str:
    return placed("192.0.2.7", 22, KEY)


@pytest.fixture
def carrying(desk: Desk, clock: Clock) -> Callable[[str], Desk]:
    """A desk of the site with another way after a failed try in its konfigurasi."""

    def carry(way: str) -> Desk:
        text, old = (SHIPPED / "konfigurasi.yml").read_text(), "tidak bisa: {next: 1, tries: 3}"
        assert old in text
        folder = desk.site.root / "procedures"
        folder.mkdir()
        (folder / "konfigurasi.yml").write_text(text.replace(old, f"tidak bisa: {way}"))
        return terminal.desk(Site(desk.site.root), user="root", clock=clock)

    return carry


def again(desk: Desk, deposit: str) -> list[tuple[int, str]]:
    return [(each.step, each.outcome) for each in advancing.advance(desk, deposit, via="phone")]


def test_every_unattended_step_is_known() -> None:
    assert set(advancing.DOES) == {verb.name for verb in verbs.VERBS if verb.kind == "step" and verb.unattended}


def test_the_loop_ends_where_its_tries_are_used_up(desk: Desk, deposit: str, server: Server) -> None:
    steps = advancing.advance(desk, deposit, via="phone")
    assert [(each.step, each.outcome) for each in steps] == PASS * 3
    last = steps[-1]
    assert (last.answer, last.waiting, last.next_action) == (False, "person", Action("configure", deposit))
    assert advancing.ready(desk) == []
    assert configuring.due(desk) == []
    with pytest.raises(NotNow, match=r"konfigurasi 1 of .* waits for a person, after 3 tries") as caught:
        again(desk, deposit)
    assert caught.value.remedy[1:] == (Action("show", deposit), Action("configure", deposit))
    row = board.show(desk, deposit)[0]
    assert (row.waiting, row.action) == ("person (3 tries)", Action("configure", deposit))
    assert [each.id for each in board.todo(desk).rows if each.kind == "step"] == [deposit], "someone must see it"
    server.lets_in = True
    server.configure(desk, deposit)  # as someone may at any time
    assert again(desk, deposit) == GOOD[1:]


@pytest.mark.usefixtures("server")
def test_it_is_counted_over_calls(desk: Desk, deposit: str) -> None:
    for _ in range(2):
        assert [each.step for each in advancing.advance(desk, deposit, via="phone", max_tries=1)] == [1, 2, 3]
        assert advancing.ready(desk) == [deposit]
    assert again(desk, deposit) == PASS, "the third and last"
    with pytest.raises(NotNow, match="after 3 tries"):
        advancing.advance(desk, deposit, via="phone", max_tries=10)


def test_who_looks_gives_it_as_many_tries_again(desk: Desk, deposit: str, server: Server) -> None:
    assert again(desk, deposit) == PASS * 3
    staff = desk.decided_by("staf")
    acts.hold(staff, deposit, reason="x")
    with pytest.raises(NotNow, match="needs a person") as caught:
        again(desk, deposit)
    assert [action.verb for action in caught.value.remedy if isinstance(action, Action)] == ["resume"]
    acts.resume(staff, deposit)
    assert again(desk, deposit) == PASS * 3
    server.lets_in = True
    acts.hold(staff, deposit, reason="x")
    acts.resume(staff, deposit)
    assert again(desk, deposit) == GOOD


@pytest.mark.usefixtures("server")
def test_a_procedure_says_how_many(deposit: str, carrying: Callable[[str], Desk]) -> None:
    assert again(carrying("{next: 1, tries: 5}"), deposit) == PASS * 5


def test_a_failed_host_ends_it(desk: Desk, deposit: str, server: Server) -> None:
    server.fails = True
    for _ in range(5):  # a run that fails is no try of the access
        assert again(desk, deposit) == [(1, "failed")]
    server.fails = False
    assert again(desk, deposit) == PASS * 3


def test_the_month_is_waited_for(desk: Desk, deposit: str, server: Server, clock: Clock) -> None:
    server.lets_in = True
    assert again(desk, deposit) == GOOD
    with pytest.raises(NotNow, match=r"nothing is due for .* until 2026-12") as caught:
        again(desk, deposit)
    assert caught.value.remedy[-1] == Action("inventory", deposit)
    clock.now += timedelta(days=9)
    assert again(desk, deposit) == GOOD[-1:]


def test_what_someone_has_to_decide_is_left_alone(
    deposit: str, carrying: Callable[[str], Desk], server: Server
) -> None:
    other = carrying("{next: 1, waits_for: decision}")
    assert again(other, deposit) == PASS
    assert (advancing.ready(other), configuring.due(other)) == ([], [])
    with pytest.raises(NotNow, match=r"konfigurasi 1 of .* needs a person"):
        again(other, deposit)
    server.configure(other, deposit)
    server.lets_in = True
    assert again(other, deposit) == GOOD[1:]
    assert dossiers.read(other.site, deposit).standing.waiting == "month"
