"""What a switch answers is foreign: whatever it is, it is read into the model, or told as the switch's fault."""

from contextlib import suppress
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.switch import DeviceFault, Session, driver, known, neighbours, pending, read, saved
from sopctl.adapters.switch.platforms import mikrotik_routeros
from sopctl.model.ports.port import MAX_TEXT_LINES, PortSetting, SwitchState

PIECES = st.sampled_from(
    (
        "interface ",
        "GigabitEthernet1/0/1",
        "Gi1/0/1",
        "! ",
        "\n",
        "\n!\n",
        " switchport mode ",
        "trunk",
        "access",
        " switchport trunk allowed vlan ",
        "add\n switchport access vlan ",
        " shutdown",
        " description ",
        " 0 ",
        "R ",
        ";;; ",
        'name="',
        '"',
        "=",
        "interface=",
        "vlan-ids=",
        "pvid=",
        "bridge=",
        "tagged=",
        "untagged=\n frame-types=",
        "mac-address=",
        "5254.0012.3456",
        "52:54:00:12:34:56",
        "on-interface=",
        "vid=",
        "vlan-filtering=yes",
        "DYNAMIC",
        "connected\nVlan    Mac Address       Type        Ports\n",
        "VLAN Name Status Ports\n",
        "active",
        "110",
        "4095",
        "99999999999999999999",
        "-",
        ",",
        '["set",[',
        "]]",
        '{"data":[[\n"headings"',
        '["uuid","',
        '["map",[',
        "null",
        "1e999",
        "\\22",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ":",
        "Local Intf: ",
        "System Name: ",
        "Port  Name  Status  Vlan  Duplex  Speed Type\n\n",
    )
)
ANSWERS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40).map("".join)


class Foreign:
    """A session in which every command is answered with one of these, by turns."""

    endpoint = "127.0.0.1:22"

    def __init__(self, answers: list[str]) -> None:
        self._answers = answers
        self._asked = 0

    def show(self, _command: str, **_how: object) -> str:
        self._asked += 1
        return self._answers[self._asked % len(self._answers)]


@pytest.mark.parametrize("platform", known())
@given(answers=st.lists(ANSWERS, min_size=1, max_size=7))
@settings(max_examples=80)
def test_any_answers_are_read_or_told(platform: str, answers: list[str]) -> None:
    found = driver(platform)
    session = cast(Session, Foreign(answers))
    with suppress(DeviceFault):
        state = read(found, session)
        assert isinstance(state, SwitchState)
        assert all(name == port.name for name, port in state.ports.items())
        for port in state.ports.values():
            assert len(port.text) <= MAX_TEXT_LINES
            found.lines(port, PortSetting("PS-1", vlan=110))
            found.back(found.expected(port, PortSetting("PS-1", vlan=110)), port)
    with suppress(DeviceFault):
        assert all(len(each.name) <= 200 for each in neighbours(found, session, "GigabitEthernet1/0/1"))
    with suppress(DeviceFault):
        pending(found, session, "GigabitEthernet1/0/1")
    with suppress(DeviceFault):
        saved(found, session)


@given(st.text(max_size=200))
def test_any_text_of_a_comment_comes_back_from_routeros(text: str) -> None:
    quoted = mikrotik_routeros._quoted(text.encode("utf-8", "replace").decode())
    assert not set(quoted[1:-1]) & set('"$?\n\r\t\x1b')
    raw = mikrotik_routeros._unquoted(quoted).encode("latin-1").decode()
    assert raw == text.encode("utf-8", "replace").decode()
