"""AOS-CX and Junos, against strict stand-ins with a timer: a change is made, refused, put back, cut at every line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.switch import Endpoint, Login, connect, driver
from sopctl.model.access.algorithms import Legacy
from sopctl.model.ports.port import Expected, PortSetting, Reason
from sopctl.model.ports.switch import SwitchRecord
from sopctl.workflow.ports.change import change, preview
from sopctl.workflow.ports.job import Job
from sopctl.workflow.ports.switches import HeldSwitch
from tests.adapters.switch import aoscx, junos
from tests.adapters.switch.conftest import HOST_KEY, pin
from tests.adapters.switch.vty import Box, running
from tests.conftest import NOW
from tests.faults.scale import WHOLE, dice

MAC = "52:54:00:12:34:56"
OTHER = "52:54:00:99:99:99"
GIVEN = PortSetting("PS-2026-0001 web1.example.org Dinas", "access", 110)
TRUNK = PortSetting("PS-2026-0001 web1.example.org Dinas", "trunk", 110, (120, 130))
TAKEN = PortSetting("bebas", "access", 999, enabled=False)
PORTS = {"aruba_aoscx": "1/1/2", "juniper_junos": "ge-0/0/2"}
MAKE: dict[str, Callable[[], Any]] = {"aruba_aoscx": aoscx.standard, "juniper_junos": junos.standard}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback a line that is to come is there at once."""
    monkeypatch.setattr("sopctl.adapters.switch.dialogue.SETTLE_SECONDS", 0.02)
    monkeypatch.setattr("sopctl.adapters.switch.dialogue.SETTLE_LOGIN_SECONDS", 0.1)


class Stand:
    """A stand-in with a server on its second port, and what changes that port."""

    def __init__(self, platform: str, held: ExitStack, marks: Path) -> None:
        self.platform, self.port = platform, PORTS[platform]
        self.switch = MAKE[platform]()
        self.switch.plugged[self.port] = [MAC]
        self.box = held.enter_context(running(Box(self.switch.session, HOST_KEY)))
        self.marks = marks
        self.legacy: Legacy = False

    @property
    def text(self) -> list[str]:
        """The port's configuration as it is on the switch, sorted."""
        if self.platform == "aruba_aoscx":
            return sorted(f"{key} {value}".strip() for key, value in self.switch.running[self.port].items())
        return sorted(self.switch.active.get(self.port, []))

    @property
    def waits(self) -> bool:
        """Is there a timer that would change the configuration?"""
        return (self.switch.checkpoint if self.platform == "aruba_aoscx" else self.switch.before) is not None

    @property
    def kept(self) -> bool:
        """Is the present configuration the one for the next start?"""
        return self.platform == "juniper_junos" or bool(self.switch.startup == self.switch.running)

    def job(self, wanted: PortSetting = GIVEN, *, macs: tuple[str, ...] = (MAC,)) -> Job:
        record = SwitchRecord(
            name="sw-a1",
            platform=self.platform,
            address="127.0.0.1",
            account=self.box.device.user,
            ports="p{n}",
            service_vlan=110,
            quarantine_vlan=999,
            password="sw-a1",
            legacy=self.legacy,
            uplinks=("1/1/28", "xe-0/2/0"),
        )
        found = driver(self.platform)
        there = Endpoint("127.0.0.1", self.box.port, pin())
        opens = Login(self.box.device.user, password=self.box.device.password)
        held = HeldSwitch(record, found, lambda: connect(there, opens, found.DIALECT), self.marks)
        whose = Expected("PS-2026-0001", "web1.example.org", macs)
        return Job(held, self.port, wanted, whose, wanted.enabled, lambda: None, 0.0, lambda: NOW)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Callable[[str], Stand]]:
    (tmp_path / "marks").mkdir()
    with ExitStack() as held:
        yield lambda platform: Stand(platform, held, tmp_path / "marks")


@pytest.mark.parametrize("wanted", [GIVEN, TRUNK], ids=["access", "trunk"])
@pytest.mark.parametrize("platform", PORTS)
def test_a_port_is_given_and_taken_away(stand: Callable[[str], Stand], platform: str, wanted: PortSetting) -> None:
    here = stand(platform)
    before = here.text
    shown = preview(here.job(wanted))
    assert shown.plan.refusals == ()
    assert here.text == before, "a plan changes nothing"
    assert shown.restore == ("checkpoint auto 3" if platform == "aruba_aoscx" else "commit confirmed 3")
    done = change(here.job(wanted))
    assert (done.state, done.mac, done.why) == ("done", MAC, "")
    assert not here.waits
    assert here.kept
    assert change(here.job(wanted)).state == "unchanged"
    taken = change(here.job(TAKEN))
    assert (taken.state, taken.why) == ("done", "")
    assert here.kept
    last = set(here.text)
    assert [each for each in before if each not in last] in (
        [],
        ["unit 0 family ethernet-switching vlan members karantina"],
    )


def test_a_plan_says_with_which_old_algorithms_the_switch_may_be_spoken_to(stand: Callable[[str], Stand]) -> None:
    here = stand("aruba_aoscx")
    assert preview(here.job()).plan.warnings == ()
    here.legacy = ("ssh-rsa", "aes128-cbc")
    (told,) = preview(here.job()).plan.warnings
    assert (told.reason, str(told.detail).rpartition(": ")[2]) == (Reason.OLD_ALGORITHMS, "ssh-rsa, aes128-cbc")


def lines_of(platform: str, stand: Callable[[str], Stand]) -> tuple[list[str], int]:
    """What a whole change sends, and the number of the first line that changes something."""
    here = stand(platform)
    assert change(here.job()).state == "done"
    told = [each for each in here.box.told if each != "exit"]
    start = next(n for n, each in enumerate(told) if each.startswith(("checkpoint auto", "delete ", "set interfaces")))
    return told, start + 1


def cuts(first: int, told: Sequence[str]) -> list[int]:
    """After which lines it is cut: each under `make battery`, otherwise the first, the last and three more."""
    every = range(first, len(told) + 1)
    return list(every) if WHOLE else sorted({every[0], every[-1], *dice().sample(every, 3)})


@pytest.mark.scaled
@pytest.mark.parametrize("platform", PORTS)
def test_cut_after_every_line_it_is_put_back_and_the_next_change_is_right(
    stand: Callable[[str], Stand], platform: str
) -> None:
    told, first = lines_of(platform, stand)
    assert len(told) - first >= 6
    for cut in cuts(first, told):
        here = stand(platform)
        before = here.text
        here.box.cut_after = cut
        result = change(here.job())
        where = f"cut after {told[cut - 1]!r}: {result.state}, {result.why}"
        if result.state == "done":
            assert cut == len(told), where
        else:
            assert (result.state, result.cause) == ("put-back", "dropped"), where
            assert here.text == before, where
            assert not here.waits, where
        after = change(here.job())
        assert after.state in ("done", "unchanged"), (where, after.why)
        assert (here.waits, here.kept, after.mac) == (False, True, MAC), where
        assert "disable" not in here.text, where


@pytest.mark.scaled
@pytest.mark.parametrize("fires", [True, False], ids=["its timer ends", "at once"])
@pytest.mark.parametrize("platform", PORTS)
def test_a_switch_that_is_gone_after_any_line_comes_back_by_itself_and_the_next_change_is_right(
    stand: Callable[[str], Stand], platform: str, *, fires: bool
) -> None:
    """As when the run is killed: nobody puts the port back. The switch does, unless the next run comes before."""
    told, first = lines_of(platform, stand)
    for cut in cuts(first, told):
        here = stand(platform)
        before = here.text
        here.box.cut_after, here.box.dies = cut, True
        result = change(here.job())
        where = f"gone after {told[cut - 1]!r}: {result.state}, {result.why}"
        assert result.state == "unknown" or cut == len(told), where
        here.box.revive()
        if fires:
            waited = here.waits
            here.switch.fire()
            assert not waited or here.text == before, where
        after = change(here.job())
        assert after.state in ("done", "unchanged"), (where, after.why)
        assert (here.waits, here.kept, after.mac) == (False, True, MAC), where


@pytest.mark.parametrize("platform", PORTS)
def test_a_server_that_is_not_heard_gets_no_port(stand: Callable[[str], Stand], platform: str) -> None:
    here = stand(platform)
    here.switch.plugged.clear()
    before = here.text
    result = change(here.job())
    assert (result.state, result.cause) == ("put-back", "server-not-heard")
    assert (here.text, here.waits) == (before, False)


@pytest.mark.parametrize("platform", PORTS)
def test_a_line_that_is_refused_puts_the_port_back(stand: Callable[[str], Stand], platform: str) -> None:
    here = stand(platform)
    if platform == "aruba_aoscx":
        here.switch.vlans.discard(110)
    else:
        here.switch.refuse_commit = (
            "[edit interfaces]\n  'ge-0/0/2'\n    too much\nerror: commit failed: (statements constraint)\n"
        )
    before = here.text
    if platform == "aruba_aoscx":  # the plan sees it first
        assert change(here.job()).cause == Reason.NO_VLAN
    else:
        result = change(here.job())
        assert (result.state, result.cause) == ("put-back", "command-refused")
        assert "commit failed" in result.why
        assert here.switch.commits == 0
    assert (here.text, here.waits) == (before, False)


def test_junos_says_who_has_changes_that_are_not_committed(stand: Callable[[str], Stand]) -> None:
    here = stand("juniper_junos")
    before = deepcopy(here.switch.active)
    here.switch.uncommitted = "jaringan"
    result = change(here.job())
    assert (result.state, result.cause) == ("refused", Reason.PENDING)
    assert "jaringan has an unfinished change on the switch: changes that are not committed" in result.why
    here.switch.uncommitted, here.switch.locked = "", "piket"
    locked = change(here.job())
    assert (locked.state, locked.cause) == ("refused", Reason.PENDING)
    assert "piket has an unfinished change on the switch: a locked configuration database" in locked.why
    assert here.switch.active == before
    assert not [each for each in here.box.told if each.startswith(("set interfaces", "commit"))]


def test_junos_leaves_a_commit_of_another_that_waits_for_its_time(stand: Callable[[str], Stand]) -> None:
    here = stand("juniper_junos")
    here.switch.planned = "jaringan"
    result = change(here.job())
    assert (result.state, result.cause) == ("refused", Reason.PENDING)
    assert "jaringan has an unfinished change on the switch: commit at" in result.why
    assert here.switch.commits == 0


def test_junos_leaves_a_commit_of_another_that_waits_to_be_confirmed(stand: Callable[[str], Stand]) -> None:
    here = stand("juniper_junos")
    here.switch.by_another("jaringan")
    result = change(here.job())
    assert (result.state, result.cause) == ("refused", Reason.PENDING)
    assert "jaringan has an unfinished change on the switch: commit confirmed" in result.why
    assert here.waits, "it is theirs to confirm"
    assert here.switch.commits == 0


def test_aoscx_leaves_a_checkpoint_of_another(stand: Callable[[str], Stand]) -> None:
    here = stand("aruba_aoscx")
    here.switch.checkpoint, here.switch.of = deepcopy(here.switch.running), "jaringan"
    before = here.text
    result = change(here.job())
    assert (result.state, result.cause) == ("refused", Reason.PENDING)
    assert "already in progress" in result.why
    assert (here.text, here.switch.of) == (before, "jaringan")
    assert "checkpoint auto confirm" not in here.box.told


def test_aoscx_must_say_that_its_checkpoint_waits(stand: Callable[[str], Stand]) -> None:
    """An answer that is not known may be that somebody else's waits: it is neither trusted nor confirmed."""
    here = stand("aruba_aoscx")
    here.switch.begun = "Noted.\n"
    before = here.text
    result = change(here.job())
    assert (result.state, result.cause) == ("refused", "command-refused")
    assert "Noted." in result.why
    assert here.text == before
    assert "checkpoint auto confirm" not in here.box.told


def test_a_checkpoint_that_aoscx_does_not_show_is_found_before_a_port_is_shut(stand: Callable[[str], Stand]) -> None:
    here = stand("aruba_aoscx")
    assert change(here.job()).state == "done"
    here.switch.checkpoint, here.switch.of = deepcopy(here.switch.running), "jaringan"
    told = len(here.box.told)
    result = change(here.job(TAKEN))
    assert (result.state, result.cause) == ("refused", Reason.PENDING)
    assert here.switch.of == "jaringan"
    assert "checkpoint auto confirm" not in here.box.told[told:]
    here.switch.fire()
    assert (change(here.job(TAKEN)).state, here.waits) == ("done", False)


def test_a_reminder_behind_the_prompt_of_aoscx_holds_up_nothing(stand: Callable[[str], Stand]) -> None:
    here = stand("aruba_aoscx")
    before = preview(here.job()).lines
    here.box.line = _reminding(here.switch)
    assert preview(here.job()).lines == before


def _reminding(switch: aoscx.Cx) -> Callable[[], aoscx.Session]:
    """Sessions that are reminded from their first command on."""

    class Reminded(aoscx.Session):
        def answer(self, line: str) -> str:
            self.switch.reminds = line != "exit"
            return super().answer(line)

    def begin() -> aoscx.Session:
        switch.reminds = False
        return Reminded(switch)

    return begin


def test_aoscx_is_saved_only_where_it_says_so_or_shows_it(stand: Callable[[str], Stand]) -> None:
    here = stand("aruba_aoscx")
    here.switch.save_answer = "Copying configuration: [Failed: no space left on device]\n"
    before = here.text
    result = change(here.job())
    assert (result.state, result.cause) == ("put-back", "not-saved")
    assert "no space left" in result.why
    assert here.text == before


@pytest.mark.parametrize("platform", PORTS)
def test_what_a_device_sends_keeps_no_port_open(stand: Callable[[str], Stand], platform: str) -> None:
    here = stand(platform)
    assert change(here.job()).state == "done"
    here.switch.plugged[here.port] = [OTHER, MAC, "52:54:00:00:00:01"]
    here.switch.neighbours[here.port] = "sw-palsu# "
    taken = change(here.job(TAKEN))
    assert (taken.state, taken.why) == ("done", "")
    assert not here.switch.enabled(here.port)


@pytest.mark.parametrize("platform", PORTS)
def test_another_device_that_announces_itself_gets_no_port(stand: Callable[[str], Stand], platform: str) -> None:
    here = stand(platform)
    here.switch.plugged[here.port] = [OTHER]
    here.switch.neighbours[here.port] = "sw-lama.example.org"
    result = change(here.job(macs=()))
    assert (result.state, result.cause) == ("refused", Reason.STRANGE_NEIGHBOUR)
    assert "sw-lama.example.org says that it is on" in result.why
