"""Which interfaces are the server's own."""

from typing import Any

import pytest

from sopctl.model.facts.linux.cards import Interface, identity, is_guest, own

ONE, OTHER, MADE_UP = "00:00:5e:00:53:01", "00:00:5e:00:53:02", "02:00:5e:00:53:03"


def of(name: str, **more: Any) -> Interface:
    return Interface(name, **more)


CARD = of("eno1", mac=ONE, device=True)


@pytest.mark.parametrize(
    ("others", "mine"),
    [
        ([], {"eno1"}),
        ([of("eth7")], {"eno1", "eth7"}),
        ([of("eth7", kind="vlan")], {"eno1"}),
        ([of("veth1", mac=OTHER), of("docker0", kind="bridge", mac=OTHER)], {"eno1"}),
        ([of("br0", kind="bridge", below=("eno1", "veth1"))], {"eno1", "br0"}),
        ([of("anything", mac=ONE)], {"eno1", "anything"}),
        ([of("anything", mac=ONE, kind="macvlan")], {"eno1"}),
        ([of("lo", mac=ONE)], {"eno1"}),
        ([of("v3", below=("v2",)), of("v2", below=("v1",)), of("v1", below=("eno1",))], {"eno1", "v1", "v2", "v3"}),
        ([of("v4", below=("v3",)), of("v3", below=("v2",)), of("v2", below=("v1",)), of("v1", below=("eno1",))],
         {"eno1", "v1", "v2", "v3"}),
        ([of("eno2v0", device=True, function=True)], {"eno1"}),
        ([of("eno2v0", device=True, function=True, addressed=True)], {"eno1", "eno2v0"}),
        ([of("bond0", kind="bond", mac=OTHER, below=("x",)), of("x", permanent=OTHER, device=True)],
         {"eno1", "bond0", "x"}),
        ([of("usb0", mac=MADE_UP, device=True, driver="cdc_ether")], {"eno1"}),
        ([of("usb0", mac=MADE_UP, device=True, driver="cdc_ether", addressed=True)], {"eno1", "usb0"}),
        ([of("usb0", mac=OTHER, device=True, driver="cdc_ether")], {"eno1", "usb0"}),
        ([of("usb0", mac=MADE_UP, device=True, driver="r8152")], {"eno1", "usb0"}),
        ([of("usb0", device=True, driver="cdc_ether")], {"eno1", "usb0"}),
    ],
)  # fmt: skip
def test_beside_a_card(others: list[Interface], mine: set[str]) -> None:
    assert own([CARD, *others]) == mine


@pytest.mark.parametrize("driver", ["cdc_ether", "cdc_eem", "cdc_ncm", "cdc_subset", "rndis_host"])
def test_the_network_of_a_bmc_is_not_the_servers(driver: str) -> None:
    assert own([CARD, of("usb0", mac=MADE_UP, device=True, driver=driver)]) == {"eno1"}


@pytest.mark.parametrize("kind", ["", "bridge", "bond", "bonding", "team", "vlan"])
def test_what_is_made_of_cards_is_the_servers(kind: str) -> None:
    assert own([CARD, of("made", kind=kind, below=("eno1",))]) == {"eno1", "made"}


def test_without_a_card_names_decide() -> None:
    """A bridge counts if it has the address of another interface, but none of a guest's."""
    found = [of("eth0", mac=ONE), of("veth1", mac=OTHER), of("br-lan", mac=ONE), of("br-x", mac=OTHER), of("odd")]
    assert own(found) == {"eth0", "br-lan", "odd"}


@pytest.mark.parametrize(
    ("name", "guest"),
    [("lo", True), ("lo:1", True), ("lom1", False), ("br-0123456789ab", True), ("br-0123456789abc", False),
     ("br-lan", False), ("docker0", True), ("eno1", False), ("tun0", True), ("tunnel", False), ("wg0", True)],
)  # fmt: skip
def test_a_name_of_a_guest(name: str, *, guest: bool) -> None:
    assert is_guest(name) is guest


def test_what_an_interface_is_known_by() -> None:
    """An InfiniBand card by the last eight octets of its address: the others change."""
    octets = [f"{number:02X}" for number in range(20)]
    assert identity("ib0", ":".join(octets)) == ":".join(octets[12:]).lower()
    assert [identity("eno1", mac) for mac in (ONE, None, "")] == [ONE, "eno1", "eno1"]
    assert identity("x", ":".join(octets[:19])) == ":".join(octets[:19])
