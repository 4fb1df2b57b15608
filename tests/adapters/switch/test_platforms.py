"""The drivers: a switch read into the model, and lines that bring a port where they say, and back."""

from collections.abc import Callable

import pytest

from sopctl.adapters.switch import DeviceFault, connect, driver, known
from sopctl.adapters.switch.platforms import mikrotik_routeros
from sopctl.errors import InvalidRecord
from sopctl.model.ports.port import ActualPort, Learned, PortSetting
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.conftest import Start, endpoint, login

GIVEN = PortSetting("PS-2026-0001 web1.example.org", "access", 110)
SHUT = PortSetting("bebas", "access", 999, enabled=False)
STRANGE = PortSetting('lantai 2; "rak" $[x] \\ = é', "access", 120)
"""What an admin may have written on a port, and must find there again."""


def test_every_platform_has_what_a_driver_needs() -> None:
    assert known() == ["cisco_ios", "mikrotik_routeros", "openvswitch"]
    for name in known():
        found = driver(name)
        for each in ("DIALECT", "SAVE", "read", "learned", "unable", "lines", "restore"):
            assert hasattr(found, each)
        assert found.lines("p1", GIVEN, GIVEN) == ()
    with pytest.raises(InvalidRecord, match=r"no driver for 'os'"):
        driver("os")


def test_a_catalyst_is_read(start: Start) -> None:
    switch = catalyst.standard()
    one, two, three = (f"GigabitEthernet1/0/{n}" for n in (1, 2, 3))
    switch.running[one].lines = {
        "description": "PS-2026-0001 a description longer than any table shows",
        "switchport access vlan": "110",
        "switchport mode": "access",
        "spanning-tree portfast": "",
        "speed": "1000",
    }
    switch.running[two].lines = {
        "switchport trunk native vlan": "110",
        "switchport trunk allowed vlan": "110,120-121",
        "switchport mode": "trunk",
        "channel-group": "5 mode active",
    }
    switch.running[three].lines = {"no switchport": "", "ip address": "198.51.100.1 255.255.255.0"}
    switch.plugged[one] = ["5254.0012.3456"]
    switch.neighbours[one] = "web1.example.org"
    switch.by_cdp[two] = "sw-lama.example.org"
    device = start(switch.session)
    with connect(endpoint(device), login(device), driver("cisco_ios").DIALECT) as session:
        state = driver("cisco_ios").read(session)
    long = "PS-2026-0001 a description longer than any table shows"
    assert state.ports[one] == ActualPort(one, PortSetting(long, "access", 110, speed_mbps=1000), link=True)
    trunk = PortSetting("", "trunk", 110, (120, 121))
    assert state.ports[two] == ActualPort(two, trunk, link=False, bundle="Port-channel5")
    assert state.ports[three].setting.mode == "routed"
    assert state.ports["GigabitEthernet1/0/4"].setting == PortSetting("", "access", 999, enabled=False)
    assert state.ports["GigabitEthernet1/0/24"].setting == PortSetting("ke inti", "trunk", 1)
    assert "Vlan1" not in state.ports
    assert state.vlans == frozenset({1, 110, 120, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, one),)
    assert [(each.port, each.name, each.macs) for each in state.neighbours] == [
        (one, "web1.example.org", ("52:54:00:12:34:56", "52:54:00:12:34:57")),
        (two, "sw-lama.example.org", ()),
    ]


def test_neighbours_whose_details_name_no_local_port_are_found_by_the_short_table(start: Start) -> None:
    """Two of one name, which say so from different ports, are told apart; the table cuts long names."""
    switch = catalyst.standard()
    switch.portless = True
    one, two, three = (f"GigabitEthernet1/0/{n}" for n in (1, 2, 3))
    for name in (one, two, three):
        switch.running[name].lines = {"switchport mode": "access"}
        switch.plugged[name] = ["5254.0012.3456"]
    long = "a-server-with-a-long-name.example.org"
    switch.neighbours = {one: long, two: "web2.example.org", three: "web2.example.org"}
    switch.sending = {two: "eth0", three: "eth1"}
    device = start(switch.session)
    with connect(endpoint(device), login(device), driver("cisco_ios").DIALECT) as session:
        state = driver("cisco_ios").read(session)
    assert [(each.port, each.name) for each in state.neighbours] == [
        (one, long),
        (two, "web2.example.org"),
        (three, "web2.example.org"),
    ]


def test_no_secret_of_a_running_config_is_asked_for(start: Start) -> None:
    device = start(catalyst.standard().session)
    with connect(endpoint(device), login(device), driver("cisco_ios").DIALECT) as session:
        said = session.show(next(line for line in [driver("cisco_ios").RUNNING]))  # type: ignore[attr-defined]
    assert "interface GigabitEthernet1/0/1" in said
    assert "secret" not in said
    assert "community" not in said


def test_a_routeros_switch_is_read(start: Start) -> None:
    switch = routeros.standard()
    switch.ports["ether1"] = routeros.Ether("web1 pvid=1 disabled=yes", pvid=110)
    switch.ports["ether2"] = routeros.Ether(pvid=110, frames="admit-all", bridged=False)
    switch.table.append(("130", "ether3", ""))
    switch.bonds["bond1"] = "ether3,ether4"
    switch.plugged["ether1"] = "52:54:00:12:34:56"
    switch.neighbours["ether1"] = "web1"
    device = start(switch.session)
    with connect(endpoint(device), login(device), driver("mikrotik_routeros").DIALECT) as session:
        state = driver("mikrotik_routeros").read(session)
    spoof = PortSetting("web1 pvid=1 disabled=yes", "access", 110)
    assert state.ports["ether1"] == ActualPort("ether1", spoof, link=True), "a comment is no property"
    assert state.ports["ether2"].setting.mode == "routed"
    assert state.ports["ether3"].setting.mode == "trunk"
    assert state.ports["ether4"].bundle == "bond1"
    assert state.ports["sfp1"].setting.mode == "trunk"
    assert state.vlans == frozenset({1, 110, 120, 130, 999})
    assert state.learned == (Learned("52:54:00:12:34:56", 110, "ether1"),)
    assert [(each.port, each.name) for each in state.neighbours] == [("ether1", "web1")]


def test_a_bridge_that_filters_no_vlans_is_no_switch(start: Start) -> None:
    switch = routeros.standard()
    switch.filtering = False
    device = start(switch.session)
    with (
        connect(endpoint(device), login(device), driver("mikrotik_routeros").DIALECT) as session,
        pytest.raises(DeviceFault, match="does not filter VLANs"),
    ):
        driver("mikrotik_routeros").read(session)


WAY = [GIVEN, SHUT, STRANGE, PortSetting("", "dynamic", 1)]
TRUNKS = [
    PortSetting("PS-1", "trunk", 110, (120, 999), 1000),
    PortSetting("PS-1", "trunk", 1, (), 1000),
    SHUT,
]


@pytest.mark.parametrize(
    ("platform", "make", "name", "way"),
    [
        ("cisco_ios", catalyst.standard, "GigabitEthernet1/0/2", [*WAY, *TRUNKS]),
        ("mikrotik_routeros", routeros.standard, "ether2", WAY),
    ],
)
def test_lines_lead_there(
    start: Start, platform: str, make: Callable[[], catalyst.Catalyst], name: str, way: list[PortSetting]
) -> None:
    """From each setting to the next."""
    found, device = driver(platform), start(make().session)
    with connect(endpoint(device), login(device), found.DIALECT) as session:
        at = found.read(session).ports[name].setting
        for wanted in way:
            session.configure(found.lines(name, at, wanted))
            at = found.read(session).ports[name].setting
            assert at == wanted


def test_a_routeros_string_is_quoted_so_that_nothing_in_it_means_anything() -> None:
    assert mikrotik_routeros._quoted('a "b" $c ?\\') == '"a \\22b\\22 \\24c \\3F\\5C"'
    for text in ('x" disabled=yes', "é ü", "[/system reset]", "a\\b"):
        assert mikrotik_routeros._unquoted(mikrotik_routeros._quoted(text)).encode("latin-1").decode() == text


def test_what_cannot_be_put_back_or_set_is_said() -> None:
    assert driver("cisco_ios").unable(PortSetting("what? this"), GIVEN)
    assert not driver("cisco_ios").unable(STRANGE.__class__("lantai 2"), GIVEN)
    assert driver("mikrotik_routeros").unable(SHUT, PortSetting(tagged=(120,), mode="trunk"))
    assert driver("mikrotik_routeros").unable(SHUT, PortSetting(speed_mbps=1000))
    assert driver("mikrotik_routeros").unable(PortSetting("?" * 30), SHUT)
    assert not driver("mikrotik_routeros").unable(STRANGE, SHUT)
    assert driver("openvswitch").unable(PortSetting(mode="dynamic"), GIVEN)
    assert not driver("openvswitch").unable(SHUT, GIVEN)
