"""MikroTik RouterOS with one VLAN-filtering bridge, as small offices use it for a switch.

Source: RouterOS documentation, Bridging and Switching (Bridge VLAN table), and Scheduler. Each change is persistent at
once. A port with an access port's frame types becomes an untagged member of its PVID's VLAN automatically. A scheduler
entry puts the port back. Safe mode is not used: it would also undo what others changed meanwhile, and it ends with the
terminal.
"""

import re
from itertools import pairwise

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Restore
from sopctl.adapters.switch.faults import DeviceFault
from sopctl.adapters.switch.session import Session
from sopctl.model.ports.port import ActualPort, Learned, Neighbour, PortSetting, SwitchState, mac, vlans

_REFUSAL = re.compile(
    r"^(failure: .*|syntax error.*|bad command name.*|expected .*|no such item.*|input does not match.*|invalid .*"
    r"|ambiguous .*|not enough permissions.*|unknown parameter.*|value of .*|.*\(line \d+ column \d+\).*)$",
    re.MULTILINE,
)
DIALECT = Dialect("mikrotik_routeros", _REFUSAL, "direct")
SAVE: tuple[str, ...] = ()

MAX_COMMENT = 150
"""Characters of a comment after it was quoted twice."""

_ACCESS = "admit-only-untagged-and-priority-tagged"
_ENTRY = re.compile(r"^ *\d+ ", re.MULTILINE)
_VALUE = re.compile(r'([a-z][a-z0-9.-]*)=("(?:\\.|[^"\\])*"|\S*)')
_ESCAPED = re.compile(r"\\(?:([0-9A-F]{2})|(.))")
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;/_@=()\[\]+-]")

Entry = dict[str, str]


def read(session: Session) -> SwitchState:
    """The whole switch, in seven commands."""
    for bridge in _entries(session, "/interface bridge"):
        if bridge.get("vlan-filtering") != "yes":
            raise DeviceFault(
                "vlan-filtering-off",
                "{bridge} does not filter VLANs, so its ports are not separated",
                where=str(session.endpoint),
                remedy="Set up its VLAN table, then: /interface bridge set [find] vlan-filtering=yes",
                bridge=bridge.get("name", "the bridge"),
            )
    table = [(_numbers(row), _members(row)) for row in _entries(session, "/interface bridge vlan")]
    bridged = {row.get("interface", ""): row for row in _entries(session, "/interface bridge port")}
    bonds = {
        member: row.get("name", "")
        for row in _entries(session, "/interface bonding")
        for member in row.get("slaves", "").split(",")
    }
    ports = {}
    for row in _entries(session, "/interface ethernet"):
        name = row.get("name", "")
        setting = _setting(row, bridged.get(name), name, table)
        ports[name] = ActualPort(name, setting, "R" in row["flags"], bonds.get(name, ""))
    there = frozenset(vlan for numbers, _ in table for vlan in numbers)
    heard = [
        Neighbour(row.get("interface", "").split(",")[0], row.get("identity", ""), _macs(row.get("mac-address", "")))
        for row in _entries(session, "/ip neighbor")
    ]
    return SwitchState(ports, there, learned(session), tuple(heard))


def learned(session: Session) -> tuple[Learned, ...]:
    """The MAC addresses learned on ports, without the switch's own (flag L)."""
    return tuple(
        Learned(mac(row["mac-address"]), int(row.get("vid", "0")), row.get("on-interface") or row.get("interface", ""))
        for row in _entries(session, "/interface bridge host")
        if "L" not in row["flags"] and mac(row.get("mac-address", ""))
    )


def unable(before: PortSetting, wanted: PortSetting) -> str:
    """Tagged VLANs: the VLAN table has all ports of a VLAN in one list, which is not ours alone. Speeds: their syntax
    differs between versions. Comments: the scheduler's line, in which one is quoted twice, must fit into a terminal."""
    if wanted.tagged:
        return "tagged VLANs are not set on this platform: add the port to the bridge's VLAN table by hand"
    if wanted.speed_mbps:
        return "a speed is not set on this platform"
    if len(_quoted(_quoted(before.description))) > MAX_COMMENT:
        return "its present comment is too long, or has too many special characters, to be put back"
    return ""


def lines(port: str, before: PortSetting, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The port is shut first, or enabled last."""
    one = f"/interface ethernet set {port}"
    made = []
    if before.enabled and not wanted.enabled:
        made.append(f"{one} disabled=yes")
    if before.description != wanted.description:
        made.append(f"{one} comment={_quoted(wanted.description)}")
    if (before.mode, before.vlan) != (wanted.mode, wanted.vlan):
        frames = _ACCESS if wanted.mode == "access" else "admit-all"
        made.append(f'/interface bridge port set [find interface="{port}"] pvid={wanted.vlan} frame-types={frames}')
    if wanted.enabled and not before.enabled:
        made.append(f"{one} disabled=no")
    return tuple(made)


def restore(_session: Session, port: str, back: tuple[str, ...], seconds: int) -> Restore | None:
    """By a scheduler entry that runs once and removes itself."""
    name = f"sopctl-{port}"
    remove = f'/system scheduler remove [find name="{name}"]'
    script = "; ".join((*back, remove))
    add = f'/system scheduler add name="{name}" interval={seconds}s on-event={_quoted(script)}'
    return Restore(how=f"scheduler {name} in {seconds} s", arm=(remove, add), keep=(remove,), drop=(remove,))


def _setting(ethernet: Entry, bridged: Entry | None, name: str, table: list[tuple[set[int], set[str]]]) -> PortSetting:
    pvid = int((bridged or {}).get("pvid", "1"))
    others = tuple(sorted({vlan for numbers, members in table if name in members for vlan in numbers} - {pvid}))
    frames = (bridged or {}).get("frame-types", "admit-all")
    mode = "routed" if bridged is None else "trunk" if others else "access" if frames == _ACCESS else "dynamic"
    return PortSetting(
        description=ethernet.get("comment", ""),
        mode=mode,  # type: ignore[arg-type]  # one of the modes
        vlan=pvid,
        tagged=others,
        enabled="X" not in ethernet["flags"],
    )


def _entries(session: Session, menu: str) -> list[Entry]:
    return entries(session.show(f"{menu} print detail without-paging"))


def entries(answer: str) -> list[Entry]:
    """The entries that `print detail` shows: the properties of each, with its `flags` and `comment`.

    The comment follows three semicolons on the entry's first line and goes to the end of that line. Whatever looks like
    a property in it is part of the comment.
    """
    starts = [match.start() for match in _ENTRY.finditer(answer)]
    found = []
    for start, end in pairwise([*starts, len(answer)]):
        first, _, rest = answer[start:end].partition("\n")
        head, marked, comment = first.partition(";;; ")
        flags = re.match(r"\s*\d+\s+([A-Z]*(?:\s+[A-Z])*)(?=\s|$)", head)
        text = rest if marked else f"{first}\n{rest}"
        values = {key: _unquoted(value) for key, value in _VALUE.findall(text)}
        found.append({**values, "flags": flags[1] if flags else "", "comment": comment.strip()})
    return found


def _numbers(row: Entry) -> set[int]:
    return set(vlans(row["vlan-ids"])) if row.get("vlan-ids") else set()


def _members(row: Entry) -> set[str]:
    """The ports that are listed in a VLAN's entry. Ports that are untagged members by their PVID are not listed."""
    return {port for key in ("tagged", "untagged") for port in row.get(key, "").split(",") if port}


def _macs(text: str) -> tuple[str, ...]:
    return (mac(text),) if mac(text) else ()


def _quoted(text: str) -> str:
    """A string of RouterOS' command line: characters that could end it, or be special in it, are escaped as hex."""
    shown = (
        character if _PLAIN.fullmatch(character) else "".join(f"\\{byte:02X}" for byte in character.encode())
        for character in text
    )
    return f'"{"".join(shown)}"'


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], value[1:-1])
