"""Open vSwitch: its database's JSON read into the model, its lines, and the way back that is armed on its host.

With real packets, on a real Open vSwitch: tests/lab. What its programs print here has the form of RFC 7047.
"""

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from sopctl.adapters.switch import DeviceFault, NotSaved, Session, connect
from sopctl.adapters.switch.platforms import openvswitch
from sopctl.model.ports.port import ActualPort, Learned, PortSetting
from tests.adapters.switch.test_session import shell_host
from tests.patience import eventually

SET, MAP = "set", "map"


def uuid(name: str) -> list[str]:
    return ["uuid", f"00000000-0000-0000-0000-{name:>012}"]


INTERFACES = {
    "headings": ["_uuid", "name", "ofport", "admin_state", "link_state", "type"],
    "data": [
        [uuid("1"), "p1", 1, "up", "up", ""],
        [uuid("2"), "p2", 2, "down", "down", ""],
        [uuid("3"), "p3", 3, "up", "up", ""],
        [uuid("4"), "p4", 4, "up", "up", ""],
        [uuid("5"), "up1", 5, "up", "up", ""],
        [uuid("6"), "up2", 6, "up", "down", ""],
        [uuid("7"), "br0", 65534, "up", "up", "internal"],
        [uuid("8"), "broken", [SET, []], [SET, []], [SET, []], ""],
    ],
}
PORTS = {
    "headings": ["name", "tag", "trunks", "vlan_mode", "external_ids", "interfaces"],
    "data": [
        ["p1", 110, [SET, []], [SET, []], [MAP, [["sopctl-description", "PS-1 web1\u202e"]]], uuid("1")],
        ["p2", 999, [SET, []], "access", [MAP, []], uuid("2")],
        ["p3", 110, [SET, [130, 120]], "native-untagged", [MAP, []], uuid("3")],
        ["p4", [SET, []], 120, "trunk", [MAP, []], uuid("4")],
        ["bond0", [SET, []], [SET, []], [SET, []], [MAP, []], [SET, [uuid("5"), uuid("6")]]],
        ["br0", [SET, []], [SET, []], [SET, []], [MAP, []], uuid("7")],
        ["broken", 1, [SET, []], "dot1q-tunnel", [MAP, []], uuid("8")],
    ],
}
OWNED = {
    "headings": ["_uuid", "name", "interfaces"],
    "data": [
        [uuid("11"), "p1", uuid("1")],
        [uuid("12"), "p2", uuid("2")],
        [uuid("15"), "bond0", [SET, [uuid("5"), uuid("6")]]],
        [uuid("17"), "br0", uuid("7")],
    ],
}
BRIDGES = {
    "headings": ["name", "ports"],
    "data": [["br0", [SET, [uuid("11"), uuid("12"), uuid("15"), uuid("17")]]]],
}
FDB = """ port  VLAN  MAC                Age
    1   110  52:54:00:12:34:56    1
    6   110  52:54:00:12:34:99   17
LOCAL     0  52:54:00:00:00:01    0
"""


class Scripted:
    """A session that knows these commands alone."""

    endpoint = "127.0.0.1:22"

    def __init__(self, **changed: str) -> None:
        ask = "ovs-vsctl --timeout=10 --format=json --columns={} list {}".format
        self._answers = {
            ask("name,ports", "Bridge"): json.dumps(BRIDGES),
            ask(openvswitch._INTERFACES, "Interface"): json.dumps(INTERFACES),
            ask(openvswitch._PORTS, "Port"): json.dumps(PORTS),
            ask("_uuid,name,interfaces", "Port"): json.dumps(OWNED),
            "ovs-appctl fdb/show br0": FDB,
            **{command.replace("_BRIDGES", ask("name,ports", "Bridge")): answer for command, answer in changed.items()},
        }

    def show(self, command: str) -> str:
        return self._answers[command]


def session(**changed: str) -> Session:
    return cast(Session, Scripted(**changed))


def test_the_database_is_read() -> None:
    state = openvswitch.read(session())
    one, two = state.ports["p1"], state.ports["p2"]
    assert (one.setting, one.link) == (PortSetting("PS-1 web1\\u202e", "access", 110), True)
    assert one.text == ("tag=110", "vlan_mode=[]", "trunks=[]", "state=up", "description=PS-1 web1\\u202e")
    assert (two.setting, two.link) == (PortSetting("", "access", 999, enabled=False), False)
    assert state.ports["p3"].setting == PortSetting("", "trunk", 110, (120, 130))
    assert state.ports["p4"].setting == PortSetting("", "trunk", 0, (120,))
    assert state.ports["bond0"].bundle == "bond0"
    assert state.ports["bond0"].setting.mode == "trunk", "a port without tag carries all VLANs"
    assert state.ports["broken"].special == "vlan_mode=dot1q-tunnel"
    assert "br0" not in state.ports
    assert state.vlans is None
    assert state.learned == (Learned("52:54:00:12:34:56", 110, "p1"), Learned("52:54:00:12:34:99", 110, "bond0"))


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"data": [[1, 2]]}', '{"data": [["br0"]]}', "ovs: x", "null"])
def test_what_is_no_table_is_told(answer: str) -> None:
    with pytest.raises(DeviceFault, match="has an unknown format"):
        openvswitch.read(session(_BRIDGES=answer))


def test_the_lines_are_one_transaction_and_nothing_in_a_description_means_anything() -> None:
    shut = PortSetting("", "access", 999, enabled=False)
    strange = PortSetting('it\'s "x" $(reboot); `id` \\', "access", 110)

    def port(setting: PortSetting, *columns: str) -> ActualPort:
        return ActualPort("p1", setting, text=columns)

    lines = openvswitch.lines(port(shut), strange)
    assert [shlex.split(line)[0] for line in lines] == ["ovs-vsctl", "ovs-ofctl"]
    words = shlex.split(lines[0])
    assert words[2:8] == ["set", "Port", "p1", "tag=110", "vlan_mode=access", "trunks=[]"]
    assert json.loads(words[8].removeprefix("external_ids:sopctl-description=")) == strange.description
    assert lines[1].endswith(" p1 up")
    before = port(shut, "tag=999", "vlan_mode=[]", "trunks=[]", "state=down", "description=")
    back = openvswitch.back(openvswitch.expected(before, strange), before)
    assert back[0].endswith(" p1 down"), "it is shut before anything else"
    assert "tag=999 'vlan_mode=[]' 'trunks=[]'" in back[1], "the columns are as they were, not only alike"
    assert back[1].endswith("-- remove Port p1 external_ids sopctl-description")
    trunk = openvswitch.lines(port(shut), PortSetting("", "trunk", 110, (120, 130), enabled=False))
    assert "tag=110 vlan_mode=native-untagged 'trunks=[120,130]'" in trunk[0]
    whole = openvswitch.lines(port(shut), PortSetting("", "trunk", 0, (), enabled=False))
    assert "'tag=[]' vlan_mode=trunk 'trunks=[]'" in whole[0]


@pytest.mark.parametrize("answer", ["", "[{}, {}]", '[{"error": "I/O error"}]', "[null]"])
def test_a_database_that_does_not_say_that_it_is_on_the_disk_has_not_saved(answer: str) -> None:
    commit = """ovsdb-client --timeout=20 transact '["Open_vSwitch",{"op":"commit","durable":true}]'"""
    port = ActualPort("p1", PortSetting())
    openvswitch.save(session(**{commit: "[{}]"}), port, overwrite=False)
    with pytest.raises(NotSaved):
        openvswitch.save(session(**{commit: answer}), port, overwrite=False)


@pytest.fixture
def port() -> Iterator[str]:
    """A name for the marks that the way back leaves in /run until it is over."""
    name = f"test{os.getpid()}"
    yield name
    for mark in marks(name):
        mark.unlink(missing_ok=True)


def marks(name: str) -> list[Path]:
    return list(Path("/run").glob(f"sopctl-restore-{name}.*"))


@pytest.mark.skipif(os.getuid() != 0, reason="the way back is armed by root")
def test_the_way_back_is_taken_unless_the_change_is_kept(tmp_path: Path, port: str) -> None:
    """In a real shell, by whatever this machine has: systemd, or a process that outlives the session."""
    taken, kept = tmp_path / "it's taken", tmp_path / "kept"
    nothing = cast(Any, None)
    with shell_host("", tmp_path) as (where, login):
        with connect(where, login, openvswitch.DIALECT, seconds=20) as armed:
            way = openvswitch.restore(nothing, ActualPort(port, PortSetting()), (f"touch {shlex.quote(str(kept))}",), 1)
            assert way
            armed.configure(way.arm)
            (left,) = openvswitch.pending(armed, port)
            assert (left.ours, left.end) == (True, way.keep)
            for command in way.keep:
                armed.show(command)
            assert openvswitch.pending(armed, port) == ()
            way = openvswitch.restore(
                nothing, ActualPort(port, PortSetting()), (f"touch {shlex.quote(str(taken))}",), 1
            )
            assert way
            armed.configure(way.arm)
        eventually(taken.exists, "the session is over, and the way back was taken all the same")
    assert not kept.exists()
    eventually(lambda: not marks(port), "the mark stays")
