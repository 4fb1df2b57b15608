"""What tools print, each tool's reader by itself (whole answers are in test_sections.py and tests/cases)."""

import pytest

from sopctl.model.facts import tool_output
from sopctl.model.facts.parts import Listener

LINE = "2: eno1: <BROADCAST,SLAVE,UP> mtu 1500\\    link/ether 00:00:5e:00:53:0a brd ff:ff:ff:ff:ff:ff permaddr {}"


def test_a_cards_own_address_below_a_bond() -> None:
    """As JSON, or as a line of an older ip."""
    document = [{"ifname": "eno1", "permaddr": "00:00:5e:00:53:0b"}, 7]
    assert list(tool_output.permanent_addresses(document, [])) == [("eno1", "00:00:5e:00:53:0b"), ("None", None)]
    lines = [LINE.format("00:00:5e:00:53:0b"), "3: eno2: <UP> link/ether 00:00:5e:00:53:0c", ""]
    assert list(tool_output.permanent_addresses(None, lines)) == [("eno1", "00:00:5e:00:53:0b")]


def test_addresses_and_which_of_them_are_lent() -> None:
    said = [
        {"ifname": "eno1", "addr_info": [{"local": "192.0.2.1", "dynamic": True}, {"local": "x"}, {"local": "::2"}]}
    ]
    found = tool_output.address_document(said)
    assert found is not None
    assert list(found) == [("eno1", "192.0.2.1", True), ("eno1", "::2", False)]
    assert tool_output.address_document({}) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))', [Listener("tcp", "*", 22, "sshd")]),
        ("tcp LISTEN 0 128 [::]:22 [::]:*", [Listener("tcp", "*", 22)]),
        ("udp UNCONN 0 0 192.0.2.1%eno1:68 0.0.0.0:*", [Listener("udp", "192.0.2.1", 68)]),
        ("tcp LISTEN 0 128 127.0.0.1:25 0.0.0.0:*", []),
        ("tcp LISTEN 0 128 [::1]:25 [::]:*", []),
        ("raw UNCONN 0 0 0.0.0.0:1 0.0.0.0:*", []),
        ("tcp LISTEN 0 128", []),
    ],
)
def test_ports_that_others_can_reach(line: str, found: list[Listener]) -> None:
    assert list(tool_output.listeners([line])) == found
