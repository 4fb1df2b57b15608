"""The drivers: a switch read into the model, and lines that bring a port where they say, and back, word by word."""

import re
from typing import Any, cast

import pytest

from sopctl.adapters.switch import CommandRefused, DeviceFault, NotSaved, Session, connect, driver, known
from sopctl.adapters.switch.platforms import cisco_ios, mikrotik_routeros
from sopctl.errors import InvalidRecord
from sopctl.model.ports.port import NONE_TAGGED, ActualPort, Learned, PortSetting
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.conftest import Start, endpoint, login

GIVEN = PortSetting("PS-2026-0001 web1.example.org", "access", 110)
SHUT = PortSetting("bebas", "access", 999, enabled=False)
STRANGE = PortSetting('lantai 2; "rak" $[x] \\ = é', "access", 120)
"""What an admin may have written on a port, and must find there again."""
ONE, TWO, THREE, FOUR = (f"GigabitEthernet1/0/{n}" for n in (1, 2, 3, 4))
IOS, ROUTEROS = driver("cisco_ios"), driver("mikrotik_routeros")


def test_every_platform_has_what_a_driver_needs() -> None:
    assert {"cisco_ios", "mikrotik_routeros", "openvswitch"} <= set(known())
    needed = ("DIALECT", "read", "learned", "neighbours", "unable", "lines", "expected", "back", "restore")
    for name in known():
        found = driver(name)
        for each in (*needed, "pending", "save", "saved"):
            assert hasattr(found, each)
        assert found.lines(ActualPort("p1", GIVEN), GIVEN) == ()
    with pytest.raises(InvalidRecord, match=r"no driver for 'os'"):
        driver("os")


@pytest.mark.parametrize("old", [False, True])
def test_a_catalyst_is_read(start: Start, *, old: bool) -> None:
    switch = catalyst.standard(6)
    switch.old = old
    switch.running[ONE].lines = {
        "description": "PS-2026-0001 a description longer than any table shows",
        "switchport access vlan": "110",
        "switchport mode": "access",
        "switchport voice vlan": "120",
        "spanning-tree portfast": "",
        "speed": "1000",
    }
    switch.running[TWO].lines = {
        "switchport trunk native vlan": "110",
        "switchport trunk allowed vlan": "110,120-121",
        "switchport mode": "trunk",
        "channel-group": "5 mode active",
    }
    switch.running[THREE].lines = {"no switchport": "", "ip address": "198.51.100.1 255.255.255.0"}
    five, six = "GigabitEthernet1/0/5", "GigabitEthernet1/0/6"
    switch.running[five].lines = {
        "switchport mode": "access",
        "switchport port-security": "",
        "switchport port-security mac-address sticky 5254.0012.3456": "",
    }
    switch.running[six].lines = {"switchport trunk allowed vlan": "none", "switchport mode": "trunk"}
    switch.stopped = {five}
    switch.plugged[ONE] = ["5254.0012.3456"]
    switch.neighbours[ONE] = "web1.example.org"
    switch.by_cdp[TWO] = "sw-lama.example.org"
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        state = IOS.read(session)
        heard = [(each.port, each.name, each.macs) for port in (ONE, TWO) for each in IOS.neighbours(session, port)]
    long = "PS-2026-0001 a description longer than any table shows"
    given = state.ports[ONE]
    assert given.setting == PortSetting(long, "access", 110, speed_mbps=1000, voice=120)
    assert given.text == tuple(line.strip() for line in switch.running[ONE].text())
    assert (given.link, given.special) == (True, "")
    assert state.ports[TWO].setting == PortSetting("", "trunk", 110, (120, 121))
    assert (state.ports[TWO].link, state.ports[TWO].bundle) == (False, "Port-channel5")
    assert state.ports[THREE].setting.mode == "routed"
    assert state.ports[FOUR].setting == PortSetting("", "access", 999, enabled=False)
    assert (state.ports[five].stopped, state.ports[five].bound) == ("err-disabled", ("52:54:00:12:34:56",))
    assert state.ports[six].setting.tagged == NONE_TAGGED
    assert state.ports["GigabitEthernet1/0/24"].setting == PortSetting("ke inti", "trunk", 1)
    assert "Vlan1" not in state.ports
    assert state.vlans == frozenset({1, 110, 120, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, ONE),)
    assert heard == [(ONE, "web1.example.org", ("52:54:00:12:34:56",)), (TWO, "sw-lama.example.org", ())]


@pytest.mark.parametrize(
    ("lines", "special"),
    [
        ({"switchport mode": "dot1q-tunnel"}, "switchport mode dot1q-tunnel"),
        ({"switchport private-vlan host-association 100 101": "", "switchport mode": "access"}, "private-vlan"),
        ({"switchport mode": "private-vlan host"}, "switchport mode private-vlan host"),
        ({"switchport access vlan": "dynamic", "switchport mode": "access"}, "'dynamic' is not a VLAN"),
        ({"switchport mode": "trunk", "switchport trunk allowed vlan": "7-3"}, "'7-3' is not a VLAN"),
        ({f"ip helper-address 192.0.2.{n}": "" for n in range(100)}, "100 > 64 lines"),
        ({"switchport mode": "dynamic desirable"}, ""),
        ({"switchport mode": "access", "storm-control broadcast level": "1.00"}, ""),
    ],
)
def test_one_odd_port_makes_nothing_else_unreadable(start: Start, lines: dict[str, str], special: str) -> None:
    switch = catalyst.standard()
    switch.running[ONE].lines = lines
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        ports = IOS.read(session).ports
    assert special in ports[ONE].special
    assert bool(special) == bool(ports[ONE].special)
    assert ports[TWO].setting == PortSetting("", "access", 999, enabled=False)


@pytest.mark.parametrize(
    ("log", "late_log"), [(catalyst.LINK + catalyst.FLAPPING, ""), ("", f"\n{catalyst.LINK}"), ("\n%VLAN-3-X: a\n", "")]
)
def test_messages_of_the_log_in_between_are_not_the_answer(start: Start, log: str, late_log: str) -> None:
    switch = catalyst.standard()
    switch.plugged[ONE] = ["5254.0012.3456"]
    switch.running[ONE].lines.pop("shutdown")
    switch.log, switch.late_log = log, late_log
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        session.configure(IOS.lines(IOS.read(session).ports[ONE], GIVEN))
        state = IOS.read(session)
    assert state.ports[ONE].setting == GIVEN
    assert state.learned == (Learned("52:54:00:12:34:56", 110, ONE),)


def test_no_secret_of_a_running_config_is_asked_for(start: Start) -> None:
    device = start(catalyst.standard().session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        said = session.show(f"show running-config | {cisco_ios.SECTIONS[0]}")
        older = session.show(f"show running-config | {cisco_ios.SECTIONS[1]}")
    assert "interface GigabitEthernet1/0/1" in said
    assert "password" not in said
    for word in ("secret", "community"):
        assert word not in said
        assert word not in older


PRETENDED = "\n".join(
    (
        "x",
        "------------------------------------------------",
        "Local Intf: Gi1/0/2",
        "Chassis id: 5254.0000.00bb",
        "System Name: sw-lama",
        "",
        "Total entries displayed: 7",
    )
)


def test_a_neighbour_cannot_speak_for_another_port(start: Start) -> None:
    """What a device says of itself may look like an entry of its own. It is never one of another port."""
    switch = catalyst.standard()
    switch.plugged = {ONE: ["5254.0012.3456"], TWO: ["5254.0000.00aa"]}
    for name in (ONE, TWO):
        switch.running[name].lines.pop("shutdown")
    switch.neighbours[ONE] = "web1"
    switch.described = PRETENDED
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        assert IOS.neighbours(session, TWO) == ()
        assert {each.name for each in IOS.neighbours(session, ONE)} == {"web1"}
        switch.old = True  # all are listed at once, and the switch counts fewer than there seem to be
        with pytest.raises(DeviceFault, match="pretends to be other neighbours: 2 are listed, 1 counted"):
            IOS.neighbours(session, TWO)


def test_a_routeros_switch_is_read(start: Start) -> None:
    switch = routeros.standard(8)
    switch.ports["ether1"] = routeros.Ether("web1 pvid=1 disabled=yes", pvid=110)
    switch.ports["ether2"] = routeros.Ether(pvid=110, frames="admit-all", bridged=False)
    switch.ports["ether5"] = routeros.Ether("meja 3\nlantai 2")
    switch.ports["ether6"] = routeros.Ether(bridge="bridge2")
    switch.ports["ether7"] = routeros.Ether(inactive=True)
    switch.ports["ether8"] = routeros.Ether(pvid=110, looped=True)
    switch.filtering["bridge2"] = False
    switch.table = [("110", "bridge1,sfp1", "ether1,ether8"), *switch.table[:1], ("120,999", "sfp1", "ether8")]
    switch.table.append(("130", "ether3", ""))
    switch.table.append(("140 off", "bridge1", "ether1"))
    switch.bonds["bond1"] = "ether3,ether4"
    switch.plugged["ether1"] = "52:54:00:12:34:56"
    switch.neighbours["ether1"] = "web1"
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        state = ROUTEROS.read(session)
        heard = ROUTEROS.neighbours(session, "ether1")
    given = state.ports["ether1"]
    assert given.setting == PortSetting("web1 pvid=1 disabled=yes", "access", 110), "a comment is no property"
    assert (given.link, given.special) == (True, "")
    assert "bridge vlan: bridge=bridge1 vlan-ids=110 tagged=bridge1,sfp1 untagged=ether1,ether8" in given.text
    assert state.ports["ether2"].setting.mode == "routed"
    assert state.ports["ether3"].setting.mode == "trunk"
    assert state.ports["ether4"].bundle == "bond1"
    assert state.ports["ether5"].setting.description == "meja 3\nlantai 2"
    assert state.ports["ether5"].special == "comment=meja 3\\nlantai 2"
    assert state.ports["ether6"].special == "/interface bridge bridge2 vlan-filtering=no"
    assert state.ports["ether7"].special == "/interface bridge port disabled=yes"
    assert state.ports["ether8"].setting.mode == "dynamic", "it is an untagged member of 120 and 999 too, by hand"
    assert [each.name for each in state.ports.values() if each.stopped] == ["ether8"]
    assert state.ports["sfp1"].setting.mode == "trunk"
    assert state.vlans == frozenset({1, 110, 120, 130, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, "ether1"),)
    assert [(each.port, each.name) for each in heard] == [("ether1", "web1")]


def test_a_vlan_counts_where_the_port_is(start: Start) -> None:
    """Each bridge has a table of its own. What is in another's is of no use to the port."""
    switch = routeros.standard()
    switch.filtering["bridge2"] = True
    switch.ports["ether2"].bridge = "bridge2"
    switch.table = [("110", "bridge1", ""), ("999", "bridge1", ""), ("120 bridge2", "", ""), ("999 bridge2", "", "")]
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        state = ROUTEROS.read(session)
    assert (state.lacks("ether1", GIVEN), state.lacks("ether2", GIVEN)) == ((), (110,))
    assert (state.lacks("ether1", STRANGE), state.lacks("ether2", STRANGE)) == ((120,), ())


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (' 0 F redo=/x undo=/y action="added" by="jaringan" policy=write\n', "jaringan"),  # RouterOS 6
        ('Flags: U - undoable, F - floating-undo\n F redo=/x\n   action="a"\n   by="jaringan"\n', "jaringan"),
        (' U redo=/x action="a" by="admin"\n F redo=/z action="b" by="jaringan"\n', "jaringan"),
        (' U redo=/x action="F by=jaringan" by="admin"\n', ""),
        ("", ""),
    ],
)
def test_a_safe_mode_is_seen_in_the_history(said: str, who: str) -> None:
    class Shown:
        def show(self, command: str, **_how: object) -> str:
            return said if "history" in command else ""

    found = ROUTEROS.pending(cast(Session, Shown()), "ether1")
    assert [(each.what, each.who, each.ours) for each in found] == ([("safe mode", who, False)] if who else [])


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("No reload is scheduled.\n", None),
        (
            "Reload scheduled in 9 minutes and 45 seconds by jaringan on vty0 (192.0.2.9)\nReload reason: uji\n",
            "jaringan",
        ),
        ("Reload scheduled for 11:33:53 WIB Sat Feb 1 2003 (in 20 minutes) by console\n", "console"),
        ("Reload scheduled for 11:33:53 WIB Sat Feb 1 2003 (in 20 minutes)\n", ""),
    ],
)
def test_a_restart_that_someone_has_scheduled_is_seen(said: str, what: str | None) -> None:
    class Shown:
        def show(self, command: str, **_how: object) -> str:
            return said if command == "show reload" else catalyst.NOTHING_PENDING

    found = IOS.pending(cast(Session, Shown()), ONE)
    assert [(each.who, each.ours, each.restart) for each in found] == ([] if what is None else [(what, False, True)])


def test_an_entry_cannot_begin_within_a_value() -> None:
    said = 'Flags: D\n 0 D  name="a\n 1 interface=ether2 identity=\\"x\\"" interface=ether1\n'
    said += ' 1    name="b"\n 7    name="c"\n'
    first, second = mikrotik_routeros.entries(said)
    assert (first["interface"], first["flags"]) == ("ether1", "D")
    assert second["name"] == "b", "entries are numbered without a gap"


TRUNK = PortSetting("PS-1", "trunk", 110, (120, 999), 1000)
MODES: list[dict[str, str]] = [
    {
        "switchport access vlan": "120",
        "switchport mode": "access",
        "switchport voice vlan": "999",
        "speed": "auto 10 100",
    },
    {"switchport mode": "dynamic desirable", "description": "meja"},
    {"switchport mode": "dot1q-tunnel", "switchport access vlan": "120"},
    {"switchport mode": "private-vlan host", "switchport private-vlan host-association": "100 101"},
    {"switchport trunk native vlan": "120", "switchport trunk allowed vlan": "none", "switchport mode": "access"},
    {"switchport trunk allowed vlan": "10,20-30", "switchport mode": "trunk", "description": "PS-1"},
    {"switchport port-security mac-address sticky 5254.0000.0001": "", "switchport mode": "access", "shutdown": ""},
    {},
]


@pytest.mark.parametrize("isl", [False, True])
@pytest.mark.parametrize("wanted", [GIVEN, TRUNK])
def test_a_catalysts_port_goes_there_and_back_word_by_word(start: Start, wanted: PortSetting, *, isl: bool) -> None:
    """Whatever it had before, what the model cannot hold too."""
    switch = catalyst.standard()
    switch.isl = isl
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        for lines in MODES:
            switch.running[TWO].lines = dict(lines)
            if isl and lines.get("switchport mode") == "trunk":
                switch.running[TWO].lines["switchport trunk encapsulation"] = "dot1q"
            before = IOS.read(session).ports[TWO]
            session.configure(IOS.lines(before, wanted))
            after = IOS.read(session).ports[TWO]
            assert after.setting == wanted
            assert IOS.expected(before, wanted).setting == wanted
            session.configure(IOS.back(after, before))
            again = IOS.read(session).ports[TWO]
            assert sorted(again.text) == sorted(before.text)
            assert again.setting == before.setting


def test_a_routeros_port_goes_there_and_back_word_by_word(start: Start) -> None:
    """With the lists of untagged ports that someone wrote by hand, and what another admin wrote into them meanwhile."""
    switch = routeros.standard()
    switch.table = [("110", "bridge1", "ether2"), ("120", "bridge1", ""), ("999", "bridge1", "ether1,ether2,ether3")]
    switch.ports["ether2"] = routeros.Ether(STRANGE.description.encode("latin-1").decode("latin-1"))
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        before = ROUTEROS.read(session).ports["ether2"]
        assert before.setting.mode == "dynamic", "it is listed for 110 too"
        assert not ROUTEROS.unable(before, GIVEN)
        session.configure(ROUTEROS.lines(before, GIVEN))
        after = ROUTEROS.read(session).ports["ether2"]
        assert after.setting == GIVEN, "what a plan shows is what the switch then has"
        assert switch.table[2] == ("999", "bridge1", "ether1,ether3")
        assert sorted(ROUTEROS.expected(before, GIVEN).text) == sorted(after.text)
        session.configure(ROUTEROS.back(after, before))
        again = ROUTEROS.read(session).ports["ether2"]
        assert again.text == before.text
        assert switch.table[2] == ("999", "bridge1", "ether1,ether2,ether3")


@pytest.mark.parametrize(("name", "bridge"), [("web 2", "bridge1"), ("2", "bridge lokal")])
def test_routeros_names_may_have_spaces_or_be_numbers(start: Start, name: str, bridge: str) -> None:
    """An interface can be called anything: a number in the place of a name is an entry's place in a list."""
    switch = routeros.standard()
    switch.filtering = {bridge: True}
    switch.ports = {name: routeros.Ether(disabled=True, bridge=bridge), "ether9": routeros.Ether(bridge=bridge)}
    switch.table = [("110", bridge, ""), ("120", bridge, f"{name},ether9"), ("999", bridge, "")]
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        before = ROUTEROS.read(session).ports[name]
        assert before.special == ""
        assert not ROUTEROS.unable(before, GIVEN)
        back = ROUTEROS.back(ROUTEROS.expected(before, GIVEN), before)
        restore = ROUTEROS.restore(session, before, back, 180)
        assert restore
        session.configure(restore.arm)
        session.configure(ROUTEROS.lines(before, GIVEN))
        after = ROUTEROS.read(session).ports[name]
        assert after.setting == GIVEN
        assert sorted(after.text) == sorted(ROUTEROS.expected(before, GIVEN).text)
        assert switch.table[1] == ("120", bridge, "ether9")
        assert [each.ours for each in ROUTEROS.pending(session, name)] == [True]
        switch.fire(f"sopctl-{name}")
        again = ROUTEROS.read(session).ports[name]
    assert again.text == before.text
    assert switch.table[1] == ("120", bridge, f"{name},ether9")
    assert not switch.scheduler


def test_a_routeros_list_that_goes_on_in_the_next_line_is_whole(start: Start) -> None:
    """What is not read of the list of a VLAN's ports would be taken out of it by the change of one."""
    switch = routeros.standard(30)
    switch.width = 100
    members = [f"ether{n}" for n in range(1, 31)]
    switch.table = [("110", "bridge1", ""), ("120", "bridge1", ",".join(members))]
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        before = ROUTEROS.read(session).ports["ether2"]
        session.configure(ROUTEROS.lines(before, GIVEN))
    assert switch.table[1][2].split(",") == [each for each in members if each != "ether2"]


def test_a_message_to_all_terminals_hides_no_line_of_a_port() -> None:
    said = (
        "interface GigabitEthernet1/0/1\n description web1\n***\n*** --- SHUTDOWN in 0:05:00 ---\n***\n"
        " switchport mode access\n shutdown\ninterface GigabitEthernet1/0/2\n shutdown\n"
    )
    found = dict(cisco_ios._interfaces(said))
    assert found == {ONE: ["description web1", "switchport mode access", "shutdown"], TWO: ["shutdown"]}


@pytest.mark.parametrize("second", ["expected 2027", "failure: kipas", "kabel (line 1 column 2)"])
def test_a_comment_that_looks_like_a_refusal_is_a_comment(start: Start, second: str) -> None:
    switch = routeros.standard()
    switch.ports["ether2"].comment = f"meja 3\n{second}"
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        ports = ROUTEROS.read(session).ports
    assert "comment" in ports["ether2"].special
    assert ports["ether1"].special == ""


class Saying:
    """A session in which every command has one answer, given here."""

    endpoint = "127.0.0.1:22"

    def __init__(self, **answers: str) -> None:
        self._answers = {name.replace("_", " "): said for name, said in answers.items()}

    def show(self, command: str, **_how: Any) -> str:
        return next((said for name, said in self._answers.items() if command.startswith(name)), "")


@pytest.mark.parametrize(
    ("said", "startup", "saved"),
    [
        ("Building configuration...\n[OK]", "", True),
        ("Compressed configuration from 8042 bytes to 2711 bytes[OK]", "", True),
        ("startup-config file open failed (Device or resource busy)", "", False),
        ("startup-config file open failed (Not enough space)", "", False),
        ("Building configuration...\n%Aborting Save. Compress the config.[FAILED]", "", False),
        ("Building configuration...\n% Slave config write error (0)", "", False),
        ("Building configuration...\n% Slave config write error (0)\n[OK]", "", False),
        ("%Error opening nvram:/startup-config (No space left on device)", "", False),
        ("description rak 4 [OK]", "", False),
        ("Building configuration...\n[OK]\n%Error opening nvram:/startup-config (Device or resource busy)", "", False),
        ("", "", False),
        ("nobody knows what this means", "", False),
        ("Copy complete.", "interface GigabitEthernet1/0/1\n switchport mode access\n!\n", True),
        ("Copy complete.", "interface GigabitEthernet1/0/1\n switchport mode trunk\n!\n", False),
    ],
)
def test_only_a_proof_counts_as_saved(said: str, startup: str, *, saved: bool) -> None:
    port = ActualPort(ONE, GIVEN, text=("switchport mode access",))
    session = cast(Session, Saying(write=said, show_startup=startup))
    if saved:
        cisco_ios.save(session, port, overwrite=False)
    else:
        with pytest.raises(NotSaved):
            cisco_ios.save(session, port, overwrite=False)


def test_nobody_answers_the_question_before_nvram_is_overwritten_unasked(start: Start) -> None:
    switch = catalyst.standard()
    switch.asks_to_overwrite = True
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        port = IOS.read(session).ports[ONE]
        with pytest.raises(NotSaved, match=re.escape("Overwrite the previous NVRAM configuration?[confirm]")) as asked:
            IOS.save(session, port, overwrite=False)
        assert "--overwrite-nvram" in str(asked.value.remedy)
        assert switch.saves == 0
        assert IOS.read(session).ports[ONE] == port, "the dialogue goes on"
        IOS.save(session, port, overwrite=True)
    assert switch.saves == 1


def test_a_save_that_is_refused_has_a_remedy(start: Start) -> None:
    switch = catalyst.standard()
    switch.save_says = "%Error opening nvram:/startup-config (Device or resource busy)\n"
    switch.startup = {}
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        port = IOS.read(session).ports[ONE]
        with pytest.raises(CommandRefused, match="Device or resource busy") as told:
            IOS.save(session, port, overwrite=False)
    assert "keeps it from saving" in str(told.value.remedy)


@pytest.mark.parametrize(
    ("body", "special", "mode"),
    [
        (["source template SERVER", "switchport mode access"], "source template SERVER", "access"),
        (["ip address 192.0.2.1 255.255.255.0"], "", "routed"),
        (["no ip address", "shutdown"], "", "routed"),
    ],
)
def test_what_a_port_has_from_elsewhere_is_seen(body: list[str], special: str, mode: str) -> None:
    """A template sets what the port's own lines do not show; a chassis shows no `no switchport` on a routed port."""
    port = cisco_ios._port(ONE, body, "")
    assert (port.special, port.setting.mode) == (special, mode)


def test_a_prompt_may_have_a_space_before_its_mark(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalyst.Session, "prompt", lambda line: f"sw-a1{line.mode}#" if line.mode else "sw-a1 #")
    switch = catalyst.standard()
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        session.configure((f"interface {ONE}", "no shutdown"))
    assert "shutdown" not in switch.running[ONE].lines


def test_what_is_saved_is_told_port_by_port(start: Start) -> None:
    switch = catalyst.standard()
    switch.startup[ONE].lines = {"switchport mode": "access"}
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        kept = IOS.saved(session)
        assert kept
        assert kept[ONE] == ("switchport mode access",)
        assert kept[TWO] == IOS.read(session).ports[TWO].text


def test_whose_timer_is_pending_is_told(start: Start) -> None:
    switch = catalyst.standard()
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        assert IOS.pending(session, ONE) == ()
        switch.admin_begins(TWO)
        (found,) = IOS.pending(session, ONE)
        assert (found.who, found.ours, found.seen) == ("jaringan", None, True)
        switch.old = True
        (found,) = IOS.pending(session, ONE)
        assert not found.seen


def test_whose_scheduler_entry_is_pending_is_told(start: Start) -> None:
    switch = routeros.standard()
    switch.scheduler = {
        "sopctl-ether1": '/interface ethernet set ether1 comment="a; b"',
        "kembali": "/interface ethernet set ether1 disabled=no",
        "cadangan": "/system backup save name=ether11",
    }
    switch.owners["kembali"] = "jaringan"
    device = start(switch.session)
    with connect(endpoint(device), login(device), ROUTEROS.DIALECT) as session:
        ours, theirs = ROUTEROS.pending(session, "ether1")
        assert (ours.ours, ours.who) == (True, "sopctl")
        assert (theirs.ours, theirs.who, theirs.what) == (False, "jaringan", "scheduler kembali")
        assert ROUTEROS.pending(session, "ether2") == ()


def test_a_routeros_string_is_quoted_so_that_nothing_in_it_means_anything() -> None:
    assert mikrotik_routeros._quoted('a "b" $c ?\\') == '"a \\22b\\22 \\24c \\3F\\5C"'
    for text in ('x" disabled=yes', "é ü", "[/system reset]", "a\\b"):
        assert mikrotik_routeros._unquoted(mikrotik_routeros._quoted(text)).encode("latin-1").decode() == text


@pytest.mark.parametrize(
    ("platform", "before", "wanted", "able"),
    [
        ("cisco_ios", PortSetting("what? this"), GIVEN, False),
        ("cisco_ios", PortSetting("lantai 2"), GIVEN, True),
        ("mikrotik_routeros", SHUT, PortSetting(tagged=(120,), mode="trunk"), False),
        ("mikrotik_routeros", SHUT, PortSetting(speed_mbps=1000), False),
        ("mikrotik_routeros", PortSetting("?" * 30), SHUT, False),
        ("mikrotik_routeros", STRANGE, SHUT, True),
        ("openvswitch", SHUT, PortSetting(speed_mbps=1000), False),
        ("openvswitch", SHUT, GIVEN, True),
    ],
)
def test_what_cannot_be_put_back_or_set_is_said(
    platform: str, before: PortSetting, wanted: PortSetting, *, able: bool
) -> None:
    assert bool(driver(platform).unable(ActualPort("p1", before), wanted)) != able
