"""AOS-CX and Junos as switches: read into the model, what is odd about a port, lines that lead there and back word by
word; and whatever else they may answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.switch import CommandRefused, DeviceFault, Endpoint, Login, connect, driver
from sopctl.adapters.switch import driver as drivers
from sopctl.adapters.switch.driver import neighbours, pending, read, saved
from sopctl.adapters.switch.platforms import aruba_aoscx, juniper_junos
from sopctl.adapters.switch.session import Session
from sopctl.errors import InvalidRecord
from sopctl.model.ports.port import ActualPort, Learned, PortSetting, SwitchState, text_changes
from tests.adapters.switch import aoscx, junos
from tests.adapters.switch.conftest import HOST_KEY, pin
from tests.adapters.switch.vty import Box, running

GIVEN = PortSetting("PS-2026-0001 web1.example.org", "access", 110)
SHUT = PortSetting("bebas", "access", 999, enabled=False)
WAY = [
    GIVEN,
    PortSetting("PS-1", "trunk", 110, (120, 999)),
    PortSetting("PS-1", "trunk", 120, (110,)),
    SHUT,
    PortSetting("", "access", 120),
    GIVEN,
]
PORTS = {"aruba_aoscx": "1/1/2", "juniper_junos": "ge-0/0/2"}
MAKE: dict[str, Callable[[], Any]] = {"aruba_aoscx": aoscx.standard, "juniper_junos": junos.standard}
Open = Callable[[str, Any], Session]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A session with a stand-in."""
    monkeypatch.setattr("sopctl.adapters.switch.dialogue.SETTLE_LOGIN_SECONDS", 0.1)
    with ExitStack() as held:

        def begin(platform: str, switch: Any) -> Session:
            box = held.enter_context(running(Box(switch.session, HOST_KEY)))
            login = Login(box.device.user, password=box.device.password)
            there = Endpoint("127.0.0.1", box.port, pin())
            return held.enter_context(connect(there, login, driver(platform).DIALECT))

        yield begin


def test_an_aoscx_switch_is_read(opened: Open) -> None:
    switch = aoscx.standard()
    switch.running["1/1/1"] = {"description": "PS-2026-0001 Port is down", "no shutdown": "", "vlan access": "110"}
    switch.running["1/1/2"] = {"no shutdown": "", "vlan trunk native": "110", "vlan trunk allowed": "110,120-121"}
    switch.running["1/1/3"] = {"no shutdown": "", "routing": "", "ip address": "198.51.100.1/24"}
    switch.running["1/1/4"] = {"no shutdown": "", "lag": "5"}
    switch.running["1/1/5"] = {"no shutdown": "", "vlan access": "110", "aaa authentication port-access": "mac-auth"}
    switch.running["1/1/6"] = {"no shutdown": "", "vlan trunk native": "110 tag", "vlan trunk allowed": "all"}
    switch.running["1/1/7"] = {"no shutdown": "", "vlan access": "4999"}
    switch.reasons["1/1/7"] = "Disabled by loop-protect"
    switch.plugged = {"1/1/1": ["52:54:00:12:34:56"], "1/1/7": ["52:54:00:00:00:07"]}
    switch.neighbours["1/1/1"] = "web1.example.org"
    switch.per_port = True
    session = opened("aruba_aoscx", switch)
    state = read(driver("aruba_aoscx"), session)
    one = PortSetting("PS-2026-0001 Port is down", "access", 110)
    text = ("description PS-2026-0001 Port is down", "no shutdown", "vlan access 110")
    assert state.ports["1/1/1"] == ActualPort("1/1/1", one, link=True, text=text)
    assert state.ports["1/1/2"].setting == PortSetting("", "trunk", 110, (120, 121))
    assert state.ports["1/1/3"].setting.mode == "routed"
    assert state.ports["1/1/4"].bundle == "lag5"
    assert "port-access" in state.ports["1/1/5"].special
    assert "not understood" in state.ports["1/1/6"].special, "its native VLAN is tagged"
    assert "not understood" in state.ports["1/1/7"].special
    assert state.ports["1/1/7"].stopped == "Disabled by loop-protect"
    assert state.ports["1/1/28"].setting == PortSetting("ke inti", "trunk", 1)
    assert state.vlans == frozenset({1, 110, 120, 130, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, "1/1/1"),)
    (found,) = neighbours(driver("aruba_aoscx"), session, "1/1/1")
    assert (found.name, found.macs) == ("web1.example.org", ("52:54:00:12:34:56",))
    assert neighbours(driver("aruba_aoscx"), session, "1/1/2") == ()
    kept = saved(driver("aruba_aoscx"), session)
    assert kept is not None
    assert kept["1/1/1"] == ("loop-protect", "no routing", "vlan access 999"), "as it was when it was saved"


def test_a_junos_switch_is_read(opened: Open) -> None:
    switch = junos.standard()
    access = f"{junos.SWITCHING} interface-mode access"
    switch.active["ge-0/0/1"] = [
        'description "PS-1 set interfaces ge-0/0/9"',
        access,
        f"{junos.SWITCHING} vlan members 110",
    ]
    switch.active["ge-0/0/2"] = [
        f"{junos.SWITCHING} interface-mode trunk",
        "native-vlan-id 110",
        f"{junos.SWITCHING} vlan members basis-data",
        f"{junos.SWITCHING} vlan members 110",
    ]
    switch.active["ge-0/0/3"] = ["unit 0 family inet address 198.51.100.1/24"]
    switch.active["ge-0/0/4"] = ["ether-options 802.3ad ae0"]
    switch.active["interface-range"] = ["SERVER member-range ge-0/0/3 to ge-0/0/9", "SERVER mtu 9000"]
    switch.plugged["ge-0/0/1"] = ["52:54:00:12:34:56"]
    switch.neighbours["ge-0/0/1"] = "web1"
    session = opened("juniper_junos", switch)
    state = read(driver("juniper_junos"), session)
    assert state.ports["ge-0/0/1"].setting == PortSetting("PS-1 set interfaces ge-0/0/9", "access", 110)
    assert state.ports["ge-0/0/1"].link
    assert state.ports["ge-0/0/2"].setting == PortSetting("", "trunk", 110, (120,))
    assert state.ports["ge-0/0/3"].setting.mode == "routed"
    assert state.ports["ge-0/0/4"].bundle == "ae0"
    assert "interface-range SERVER" in state.ports["ge-0/0/3"].special
    assert state.ports["ge-0/0/2"].special == ""
    assert state.ports["xe-0/2/0"].setting == PortSetting("ke inti", "trunk", 1)
    assert state.vlans == frozenset({1, 110, 120, 130, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, "ge-0/0/1"),)
    (found,) = neighbours(driver("juniper_junos"), session, "ge-0/0/1")
    assert (found.name, found.macs) == ("web1", ("52:54:00:12:34:56",))


ODD = {
    "deactivate unit 0": "deactivate",
    f"{junos.SWITCHING} port-mode access": "port-mode",
    "flexible-vlan-tagging": "vlan-tagging",
}


@pytest.mark.parametrize("line", ODD)
def test_what_the_model_cannot_hold_of_junos_makes_a_port_special(line: str) -> None:
    port = juniper_junos._port("ge-0/0/1", [line], {}, None)
    assert ODD[line] in port.special


def test_what_junos_holds_of_a_port_elsewhere_makes_it_special(opened: Open) -> None:
    """A voice VLAN, a limit on its addresses, and what it inherits: all of it decides who gets in, and where."""
    switch = junos.standard()
    switch.options = ("voip interface ge-0/0/1.0 vlan suara", "interface ge-0/0/2.0 interface-mac-limit 1")
    switch.inherited = {"ge-0/0/3": [f"{junos.SWITCHING} vlan members cadangan"]}
    ports = read(driver("juniper_junos"), opened("juniper_junos", switch)).ports
    assert [ports[f"ge-0/0/{n}"].special for n in range(1, 5)] == [
        "switch-options voip interface … vlan suara",
        "switch-options interface … interface-mac-limit 1",
        "it inherits 'unit 0 family ethernet-switching vlan members cadangan'",
        "",
    ]


def test_junos_without_interface_modes_is_told_so_before_a_commit() -> None:
    answers = {
        "show vlans": "Name           Tag     Interfaces\ndefault        1\nlayanan        110\n",
        "show configuration interfaces | display set": "set interfaces ge-0/0/1 unit 0 family ethernet-switching\n",
        "show interfaces terse": "ge-0/0/1    up    up\n",
    }

    class Shown:
        def show(self, command: str, **_how: object) -> str:
            return answers.get(command, "")

    found = juniper_junos.read(cast(Session, Shown()))
    assert found.ports["ge-0/0/1"].special == "its software has no interface-mode (ELS)"
    assert found.vlans == frozenset({1, 110})


def test_two_vlans_on_an_access_port_of_junos_are_not_understood() -> None:
    members = [f"{junos.SWITCHING} vlan members 110", f"{junos.SWITCHING} vlan members 120"]
    assert "not understood" in juniper_junos._port("ge-0/0/1", members, {}, None).special


@pytest.mark.parametrize("platform", PORTS)
def test_lines_lead_there_and_back_word_by_word(opened: Open, platform: str) -> None:
    """From each setting to the next, and from each of them back to where it began."""
    found, name = driver(platform), PORTS[platform]
    session = opened(platform, MAKE[platform]())
    first = at = found.read(session).ports[name]
    for wanted in WAY:
        foreseen = found.expected(at, wanted)
        session.configure(found.lines(at, wanted))
        at = found.read(session).ports[name]
        assert at.setting == wanted
        assert text_changes(foreseen.text, at.text) == ()
        session.configure(found.back(at, first))
        again = found.read(session).ports[name]
        assert text_changes(first.text, again.text) == ()
        assert found.back(again, first) == ()
        session.configure(found.lines(again, wanted))
        at = found.read(session).ports[name]
        assert at.setting == wanted


def test_a_candidate_that_is_refused_is_thrown_away(opened: Open) -> None:
    switch = junos.standard()
    session = opened("juniper_junos", switch)
    wrong = f"set interfaces ge-0/0/2 {junos.SWITCHING} vlan members 4000"
    with pytest.raises(CommandRefused, match="check-out failed"):
        session.configure([wrong])
    assert (switch.candidate, switch.exclusive, switch.commits) == (None, None, 0)
    switch.refuse_commit = "commit is busy, try again later\n"
    with pytest.raises(CommandRefused, match="try again later"):
        session.configure(["set interfaces ge-0/0/2 description x"])
    assert switch.commits == 0, "what does not say that it is done is not taken for done"


@pytest.mark.parametrize("platform", PORTS)
def test_what_could_not_be_put_back_is_refused_before(platform: str) -> None:
    found = driver(platform)
    text = ("description what?", "no shutdown") if platform == "aruba_aoscx" else ('description "what?"',)
    asked = ActualPort("p", PortSetting("what?"), text=text)
    assert "question mark" in found.unable(asked, GIVEN)
    assert "speed" in found.unable(ActualPort("p", SHUT), PortSetting(speed_mbps=1000))
    assert found.unable(ActualPort("p", SHUT), GIVEN) == ""


@pytest.mark.parametrize(
    ("said", "meant"), [("aruba", "aruba_aoscx"), ("junos", "juniper_junos"), ("cisco-ios", "cisco_ios"), ("ovs", "")]
)
def test_an_unknown_platform_is_told_which_are_known_and_which_may_be_meant(said: str, meant: str) -> None:
    with pytest.raises(InvalidRecord) as told:
        driver(said)
    assert "aruba_aoscx, cisco_ios, juniper_junos, mikrotik_routeros, openvswitch" in str(told.value)
    assert (f"did you mean {meant}?" in str(told.value)) == bool(meant)


# Whatever they answer

PIECES = st.sampled_from(
    (
        *(
            "interface 1/1/1\n",
            "    vlan access ",
            "    vlan trunk allowed ",
            "    no shutdown\n",
            "    description ",
            "all",
        ),
        *(
            "1/1/1 1 access 1GbT yes down ",
            "Disabled by x",
            "  ",
            "00:00:5e:00:53:01 110 dynamic 1/1/1\n",
            "4095",
            "1-4094",
        ),
        *(
            "Neighbor Chassis-Name : ",
            "Neighbor Chassis-ID : ",
            "set interfaces ge-0/0/1 ",
            "deactivate interfaces ",
            "\n",
        ),
        *(
            junos.SWITCHING,
            " vlan members ",
            " interface-mode trunk\n",
            "native-vlan-id ",
            "ge-0/0/1 up up\n",
            'description "',
        ),
        *(
            "interface-range A member-range ge-0/0/0 to ",
            "LLDP Neighbor Information:\n",
            "Neighbour Information:\nSystem name:",
        ),
        *(
            "0 2026-11-23 by x via cli commit confirmed, rollback in 3mins\n",
            "default-switch a 110\n",
            "a 00:00:5e:00:53:01 D - ",
        ),
    )
)
ANSWERS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40).map("".join)


class Foreign:
    """A session in which every command is answered with one of these, by turns, and every configuration refused."""

    endpoint = "127.0.0.1:22"

    def __init__(self, answers: list[str]) -> None:
        self._answers = answers
        self._asked = 0

    def show(self, _command: str, **_how: object) -> str:
        self._asked += 1
        return self._answers[self._asked % len(self._answers)]

    def configure(self, _lines: object, **_how: object) -> None:
        raise CommandRefused("configure exclusive", self.show(""))


@pytest.mark.parametrize("platform", PORTS)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=5))
@settings(max_examples=80, deadline=None)
def test_any_answers_are_read_or_told(platform: str, answers: list[str]) -> None:
    found, session = driver(platform), cast(Session, Foreign(answers))
    for ask in (
        lambda: read(found, session),
        lambda: neighbours(found, session, PORTS[platform]),
        lambda: pending(found, session, PORTS[platform]),
        lambda: saved(found, session),
        lambda: drivers(platform),
    ):
        try:
            told = ask()
        except DeviceFault:
            continue
        if isinstance(told, SwitchState):
            for port in told.ports.values():
                assert port.special.isprintable()
                assert port.stopped.isprintable()
                found.back(found.expected(port, GIVEN), port)
                assert found.lines(port, SHUT) or port.setting == SHUT


LONG = {
    "spaces": "1/1/1" + " " * 900_000,
    "members": f"set interfaces ge-0/0/1 {junos.SWITCHING} vlan members 110\n" * 12_000,
    "ports": "".join(f"interface 1/1/{n}\n    vlan access 110\n" for n in range(20_000)),
    "words": "default-switch " * 60_000,
    "colons": "Neighbor Chassis-Name :" * 40_000,
    "neighbours": "Neighbour Information:\nSystem name: x\nLLDP Neighbor Information:\n" * 12_000,
    "set": "set interfaces ge-0/0/1 " + "x " * 450_000,
}


@pytest.mark.parametrize("what", LONG)
@pytest.mark.parametrize("platform", PORTS)
def test_the_longest_answers_end_in_time(platform: str, what: str) -> None:
    found, session = driver(platform), cast(Session, Foreign([LONG[what]]))
    began = time.process_time()
    for ask in (
        lambda: read(found, session),
        lambda: neighbours(found, session, "1/1/1"),
        lambda: pending(found, session, "p"),
    ):
        try:
            ask()
        except DeviceFault:
            continue
    assert time.process_time() - began < 6, "a reader that is not linear"


@pytest.mark.parametrize("module", [aruba_aoscx, juniper_junos])
def test_refusals_are_told_from_answers(module: Any) -> None:
    refused = {
        aruba_aoscx: [
            "Invalid input: vlan",
            "% Command incomplete.",
            "Cannot execute command. Command not allowed.",
            "VLAN 200 should be created first.",
        ],
        juniper_junos: [
            "error: configuration database modified",
            "syntax error, expecting <command>.",
            "unknown command.",
        ],
    }
    fine = [
        "interface 1/1/1",
        "Auto checkpoint is created.",
        "commit complete",
        "load complete",
        "description error: none",
        "Error-control: off" * 0,
    ]
    assert all(module.DIALECT.refused(each) for each in refused[module])
    assert not [each for each in fine if module.DIALECT.refused(each)]
