"""How the ports of deposits should be set on a switch, by its record."""

from typing import Any

import pytest

from sopctl.errors import Action, InvalidRecord
from sopctl.model.deposit import Network
from sopctl.model.ports.port import PortSetting
from sopctl.model.ports.switch import SwitchRecord, quarantine, service


def switch(**changed: Any) -> SwitchRecord:
    said: dict[str, Any] = {
        "name": "sw1",
        "platform": "cisco_ios",
        "address": "192.0.2.2",
        "account": "sopctl",
        "ports": "Gi1/0/{n}",
        "service_vlan": 110,
        "quarantine_vlan": 999,
        "key": "switch",
        "vlans": (120, 130),
    }
    return SwitchRecord(**{**said, **changed})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"address": "not an address"}, "Expected an IP address or a host name in `address`"),
        ({"key": None}, "Expected one of `key` and `password` (a file in keys/)"),
        ({"password": "switch"}, "Expected one of `key` and `password` (a file in keys/)"),
        ({"quarantine_vlan": 110}, "Expected a `quarantine_vlan` that no server is in"),
        ({"quarantine_vlan": 130}, "Expected a `quarantine_vlan` that no server is in"),
        ({"interfaces": {1: "Gi1/0/9", 2: "Gi1/0/9"}}, "Expected each of `interfaces` once"),
    ],
)
def test_what_no_switch_is(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 its words are compared
        switch(**changed)
    assert str(refused.value) == why


def test_the_interface_of_a_port() -> None:
    found = switch(key=None, password="switch", interfaces={2: "Te1/1", 3: "Te1/2"})
    assert [found.interface(number) for number in (1, 2, 12)] == ["Gi1/0/1", "Te1/1", "Gi1/0/12"]
    assert (found.port, found.legacy, found.uplinks) == (22, False, ())


@pytest.mark.parametrize(
    ("network", "setting"),
    [
        (None, PortSetting(vlan=110)),
        (Network(speed_mbps=1000), PortSetting(vlan=110, speed_mbps=1000)),
        (Network(vlan=120), PortSetting(vlan=120)),
        (Network(tagged=(130, 120)), PortSetting(mode="trunk", vlan=110, tagged=(120, 130))),
        (Network(vlan=120, tagged=(120, 110)), PortSetting(mode="trunk", vlan=120, tagged=(110,))),
    ],
)
def test_the_port_of_a_server(network: Network | None, setting: PortSetting) -> None:
    found = service(switch(), "PS-2026-0001", "web1.example.org", "Dinas Contoh", network)
    assert found.description.startswith("PS-2026-0001")
    assert (found.mode, found.membership, found.speed_mbps) == (setting.mode, setting.membership, setting.speed_mbps)
    assert found.enabled


@pytest.mark.parametrize(
    "network", [Network(vlan=999), Network(tagged=(999, 120)), Network(vlan=120, tagged=(1000, 999))]
)
def test_a_vlan_that_no_deposit_may_have(network: Network) -> None:
    with pytest.raises(InvalidRecord) as refused:
        service(switch(), "PS-2026-0001", "web1", "Dinas", network)
    assert (refused.value.id, refused.value.values) == ("vlan-not-allowed", {"vlan": 999, "switch": "sw1"})
    assert Action("edit", "PS-2026-0001") in refused.value.remedy


def test_a_port_that_is_nobodys_is_shut() -> None:
    assert quarantine(switch()) == PortSetting("bebas", vlan=999, enabled=False)
