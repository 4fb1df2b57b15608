"""Open vSwitch on Linux: log in to its host over SSH and change the database with ovs-vsctl.

Source: ovs-vsctl(8), ovs-appctl(8), ovs-vswitchd.conf.db(5). A port's VLAN, mode and description change in one
transaction and are persistent at once. Whether a port is up (ovs-ofctl mod-port) does not survive a restart of the
host: the port then comes up, in the VLAN that the database has. The way back is armed on the host, with systemd where
it runs.
"""

import json
import re
import secrets
import shlex
from typing import Any

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Pending, Restore
from sopctl.adapters.switch.faults import CommandRefused, DeviceFault, NotSaved
from sopctl.adapters.switch.session import Session
from sopctl.locale import gettext_noop
from sopctl.model.ports.port import ActualPort, Learned, Neighbour, PortSetting, SwitchState, bounded, mac
from sopctl.model.text import printable

DIALECT = Dialect("linux", re.compile(r"(?!)"), "shell")

DESCRIPTION = "sopctl-description"
"""The key in a port's external_ids: the database has no column for a description."""

_PORTS = "name,tag,trunks,vlan_mode,external_ids,interfaces"
_INTERFACES = "_uuid,name,ofport,admin_state,link_state,type"

Row = dict[str, Any]


def read(session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, in three commands and one more per bridge. Open vSwitch has no list of VLANs and no
    neighbours."""
    bridges, interfaces = _bridges(session), _interfaces(session)
    local = {bridge["name"] for bridge in bridges}
    ports = {
        row["name"]: _port(row, [interfaces[each] for each in row["interfaces"] if each in interfaces])
        for row in _rows(session, "Port", _PORTS)
        if row["name"] not in local
    }
    return SwitchState(ports, None, _learned(session, bridges, interfaces) if addresses else ())


def learned(session: Session, _port: str = "") -> tuple[Learned, ...]:
    """The MAC addresses learned by all bridges."""
    return _learned(session, _bridges(session), _interfaces(session))


def neighbours(_session: Session, _port: str) -> tuple[Neighbour, ...]:
    """Open vSwitch hears none."""
    return ()


def unable(_before: ActualPort, wanted: PortSetting) -> str:
    """Speeds belong to the host."""
    return gettext_noop("a speed is not set on this platform") if wanted.speed_mbps else ""


def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """One transaction for all but the port's state. The port is shut first, or enabled last."""
    now = before.setting
    same = now.membership == wanted.membership
    values = _columns(before) if same else _values(wanted)
    changed = not same or now.description != wanted.description
    return _ordered(before.name, now, wanted, (values, wanted.description) if changed else None)


def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
    """The text that the lines leave."""
    now = before.setting
    same = now.membership == wanted.membership
    text = _text(_columns(before) if same else _values(wanted), wanted)
    return ActualPort(before.name, wanted, before.link, before.bundle, text)


def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
    """The columns as they were."""
    described = now.setting.description != before.setting.description
    changed = described or _columns(now) != _columns(before)
    content = (_columns(before), before.setting.description) if changed else None
    return _ordered(before.name, now.setting, before.setting, content)


def restore(_session: Session, before: ActualPort, back: tuple[str, ...], seconds: int) -> Restore | None:
    """By a systemd timer, or a background process where systemd is not running. It acts only while its mark exists.

    Each has its own mark, and removes the port's earlier ones, so that a timer left by another run does nothing.
    """
    unit = _unit(before.name)
    mark = f"/run/{unit}.{secrets.token_hex(4)}"
    script = shlex.quote(f"[ -e {mark} ] || exit 0; {'; '.join(back)}; rm -f {mark}")
    timer = f"systemd-run --quiet --collect --unit={unit} --on-active={seconds}s --timer-property=AccuracySec=1s"
    return Restore(
        how=f"{unit} in {seconds} s",
        arm=(
            *_disarm(unit),
            f": >{mark}",
            f"if [ -d /run/systemd/system ]; then {timer} sh -c {script}; "
            f"else (trap '' HUP; setsid sh -c \"sleep {seconds}; \"{script} >/dev/null 2>&1 </dev/null &) fi",
        ),
        keep=_disarm(unit),
    )


def pending(session: Session, port: str) -> tuple[Pending, ...]:
    """Our own, by its mark on the host."""
    unit = _unit(port)
    marks = session.show(f"ls -d /run/{unit}.* 2>/dev/null || true")
    return (Pending(unit, ours=True, end=_disarm(unit)),) if marks.strip() else ()


def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
    """The database is on the disk when a transaction that asks for that (RFC 7047, section 5.2.9) is over."""
    del overwrite
    commit = """["Open_vSwitch",{"op":"commit","durable":true}]"""
    try:
        said = session.show(f"ovsdb-client --timeout=20 transact {shlex.quote(commit)}").strip()
    except CommandRefused as error:
        said = error.answer
    if said.replace(" ", "") != "[{}]":
        raise NotSaved(
            "database-not-on-disk",
            "the database does not say that {port} is on its disk: {answer}",
            where=str(session.endpoint),
            remedy="See the log of ovsdb-server on the switch's host, then run the command again.",
            port=port.name,
            answer=printable(said, 200),
        )


def saved(_session: Session) -> dict[str, tuple[str, ...]] | None:
    """Every change is kept at once."""
    return None


def _unit(port: str) -> str:
    return f"sopctl-restore-{port}".replace("/", "-")


def _disarm(unit: str) -> tuple[str, ...]:
    stop = f"[ ! -d /run/systemd/system ] || systemctl stop {unit}.timer 2>/dev/null || true"
    return (f"rm -f /run/{unit}.*", stop)


def _values(wanted: PortSetting) -> tuple[str, ...]:
    """The columns of a port that is set so."""
    tag = f"tag={wanted.vlan}" if wanted.vlan else "tag=[]"
    if wanted.mode == "access":
        return (tag, "vlan_mode=access", "trunks=[]")
    mode = "native-untagged" if wanted.vlan else "trunk"
    return (tag, f"vlan_mode={mode}", f"trunks=[{','.join(map(str, wanted.tagged))}]")


def _columns(port: ActualPort) -> tuple[str, ...]:
    """The columns in a port's text."""
    return tuple(each for each in port.text if each.startswith(("tag=", "vlan_mode=", "trunks=")))


def _text(columns: tuple[str, ...], setting: PortSetting) -> tuple[str, ...]:
    return (*columns, f"state={'up' if setting.enabled else 'down'}", f"description={setting.description}")


def _ordered(
    port: str, now: PortSetting, then: PortSetting, content: tuple[tuple[str, ...], str] | None
) -> tuple[str, ...]:
    made = []
    if now.enabled and not then.enabled:
        made.append(_set_state(port, "down"))
    if content:
        made.append(_transaction(port, *content))
    if then.enabled and not now.enabled:
        made.append(_set_state(port, "up"))
    return tuple(made)


def _transaction(port: str, values: tuple[str, ...], described: str) -> str:
    parts = ["ovs-vsctl", "--timeout=10", "set", "Port", port, *values]
    if described:
        return shlex.join([*parts, f"external_ids:{DESCRIPTION}={json.dumps(described)}"])
    return shlex.join([*parts, "--", "remove", "Port", port, "external_ids", DESCRIPTION])


def _set_state(port: str, state: str) -> str:
    quoted = shlex.quote(port)
    return f'ovs-ofctl mod-port "$(ovs-vsctl port-to-br {quoted})" {quoted} {state}'


def _port(row: Row, members: list[Row]) -> ActualPort:
    name, tag, trunks, mode = row["name"], row["tag"], tuple(sorted(row["trunks"])), row["vlan_mode"]
    vlan = tag[0] if tag else 0
    said = mode[0] if mode else ("access" if tag else "trunk")
    kind = {"access": "access", "trunk": "trunk", "native-untagged": "trunk"}.get(said, "dynamic")
    setting = PortSetting(
        description=printable(str(row["external_ids"].get(DESCRIPTION, "")), 200),
        mode=kind,  # type: ignore[arg-type]  # one of the modes
        vlan=0 if said == "trunk" else vlan,
        tagged=trunks if kind == "trunk" else (),
        enabled=all(each["admin_state"] != ["down"] for each in members),
    )
    link = all(each["link_state"] == ["up"] for each in members) if members else None
    columns = (
        f"tag={vlan or '[]'}",
        f"vlan_mode={mode[0] if mode else '[]'}",
        f"trunks=[{','.join(map(str, trunks))}]",
    )
    text, long = bounded(_text(columns, setting))
    special = f"vlan_mode={printable(said, 40)}" if kind == "dynamic" else long
    return ActualPort(name, setting, link, name if len(members) > 1 else "", text, special)


def _bridges(session: Session) -> list[Row]:
    return _rows(session, "Bridge", "name,ports")


def _interfaces(session: Session) -> dict[str, Row]:
    return {row["_uuid"][0]: row for row in _rows(session, "Interface", _INTERFACES)}


def _learned(session: Session, bridges: list[Row], interfaces: dict[str, Row]) -> tuple[Learned, ...]:
    """OpenFlow port numbers are unique only within a bridge, so each bridge's table is read with its own numbers."""
    owned = {row["_uuid"][0]: row for row in _rows(session, "Port", "_uuid,name,interfaces")}
    found = []
    for bridge in bridges:
        numbers = {
            str(interfaces[each]["ofport"][0]): owned[port]["name"]
            for port in bridge["ports"]
            if port in owned
            for each in owned[port]["interfaces"]
            if each in interfaces and interfaces[each]["ofport"]
        }
        for line in session.show(f"ovs-appctl fdb/show {shlex.quote(bridge['name'])}").splitlines():
            cells = line.split()
            if len(cells) >= 3 and cells[0] in numbers and mac(cells[2]) and cells[1].isdecimal():
                found.append(Learned(mac(cells[2]), int(cells[1]), numbers[cells[0]]))
    return tuple(found)


def _rows(session: Session, table: str, columns: str) -> list[Row]:
    """The rows of a database table. Optional columns and sets become lists, maps dicts, references their UUIDs."""
    answer = session.show(f"ovs-vsctl --timeout=10 --format=json --columns={columns} list {table}")  # in this order
    try:
        document = json.loads(answer)
        heads = columns.split(",")
        return [
            {column: _value(column, cell) for column, cell in zip(heads, row, strict=True)} for row in document["data"]
        ]
    except (ValueError, KeyError, TypeError, IndexError):
        raise DeviceFault(
            "ovs-vsctl-not-understood",
            "the answer of ovs-vsctl has an unknown format: {answer}",
            remedy="See what it answers with --session-log, and whether docs/howto/switches.md lists its version.",
            where=str(session.endpoint),
            answer=printable(answer, 100),
        ) from None


_PLAIN = frozenset({"name"})
"""Columns that always have exactly one value, which is not a list."""
_NUMBERS = frozenset({"tag", "trunks", "ofport"})


def _value(column: str, cell: Any) -> Any:
    """The value of a cell in the notation of RFC 7047 section 5.1. Raises TypeError for one of the wrong type."""
    if isinstance(cell, list) and cell[0] == "map":
        return {str(key): value for key, value in cell[1]}
    values = cell[1] if isinstance(cell, list) and cell[0] == "set" else [cell]
    plain = [each[1] if isinstance(each, list) and each[0] in ("uuid", "named-uuid") else each for each in values]
    if not all(isinstance(each, int if column in _NUMBERS else str) for each in plain):
        raise TypeError(column)
    return plain[0] if column in _PLAIN else plain
