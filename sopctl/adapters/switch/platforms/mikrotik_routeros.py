"""MikroTik RouterOS with VLAN-filtering bridges, as small offices use it for a switch.

Source: RouterOS documentation, Bridging and Switching (Bridge VLAN table), and Scheduler. Each change is persistent at
once. A port with an access port's frame types becomes an untagged member of its PVID's VLAN by itself; where it is also
listed as an untagged member of another VLAN by hand, it is taken out of that list. A scheduler entry puts the port
back. Safe mode is not used: it would also undo what others changed meanwhile, and it ends with the terminal.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Pending, Restore
from sopctl.adapters.switch.faults import CommandRefused, NotSaved
from sopctl.adapters.switch.session import MAX_LINE, Session
from sopctl.locale import gettext_noop
from sopctl.model.ports.port import (
    ActualPort,
    Learned,
    Neighbour,
    PortSetting,
    SwitchState,
    bounded,
    mac,
    one_vlan,
    vlans,
)
from sopctl.model.text import printable

_REFUSAL = re.compile(
    r"(?:failure: |syntax error|bad command name|expected |no such item|input does not match|invalid |ambiguous "
    r"|not enough permissions|unknown parameter|value of |[^(\n]{0,80}\(line \d{1,6} column \d{1,6}\))"
)
_LOG = re.compile(r"(?:[A-Za-z0-9/:.-]{1,20} ){0,2}echo: [a-z0-9!,_-]{1,60} ")
"""A message of the log in a terminal, with the topics that it belongs to."""
DIALECT = Dialect("mikrotik_routeros", _REFUSAL, "direct", noise=_LOG)

MAX_COMMENT = 150
"""Characters of a comment after it was quoted twice."""

_ACCESS = "admit-only-untagged-and-priority-tagged"
_VALUE = re.compile(r'(?<![a-z0-9.-])([a-z][a-z0-9.-]{0,60}+)=("(?:\\.|[^"\\])*+"|\S*)')
_HISTORY = re.compile(r" {0,8}(?:\d{1,6} {1,4})?([URF]{1,3}) {1,8}[a-z]")
"""How a row of the history begins, with its flags. In RouterOS 7 the rows have no number."""
_FIRST = re.compile(r"(?:name|default-name|interface|bridge|mac-address|address|owner|identity)=")
"""What the line after an entry's comment begins with. Anything else is the comment's next line."""
_ESCAPED = re.compile(r"\\(?:([0-9A-F]{2})|(.))")
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;/_@=()\[\]+-]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*(?:,[A-Za-z][A-Za-z0-9_.+-]*)*")
_KEY = re.compile(r"[a-z][a-z0-9.-]{0,60}+=")

Entry = dict[str, str]


@dataclass
class _Vlan:
    """A row of a bridge's VLAN table that someone wrote: its VLANs as written, and its untagged and tagged ports."""

    bridge: str
    ids: str
    tagged: list[str]
    untagged: list[str]

    def line(self, untagged: Iterable[str]) -> str:
        """Give the row these untagged ports."""
        listed = _word(",".join(untagged)) or '""'
        row = f"bridge={_quoted(self.bridge)} vlan-ids={self.ids} dynamic=no"
        return f"/interface bridge vlan set [find {row}] untagged={listed}"

    def text(self) -> str:
        listed = f"tagged={_word(','.join(self.tagged))} untagged={_word(','.join(self.untagged))}"
        return f"bridge vlan: bridge={_word(self.bridge)} vlan-ids={self.ids} {listed}"

    @classmethod
    def read(cls, text: str) -> "_Vlan":
        """From `text`."""
        found = _values(text)
        return cls(found["bridge"], found["vlan-ids"], _names(found["tagged"]), _names(found["untagged"]))


def read(session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, in six commands."""
    filtering = {
        row.get("name", ""): row.get("vlan-filtering") == "yes" for row in _entries(session, "/interface bridge")
    }
    table = [row for row in _entries(session, "/interface bridge vlan") if "X" not in row["flags"]]
    rows = [row for row in table if "D" not in row["flags"]]
    bridged = {row.get("interface", ""): row for row in _entries(session, "/interface bridge port")}
    bonds = {
        member: row.get("name", "")
        for row in _entries(session, "/interface bonding")
        for member in _names(row.get("slaves", ""))
    }
    known = {
        bridge: frozenset(vlan for row in table if row.get("bridge") == bridge for vlan in _numbers(row))
        for bridge in filtering
    }
    ports = {}
    for row in _entries(session, "/interface ethernet"):
        name = row.get("name", "")
        if name:
            ports[name] = _port(name, row, bridged.get(name), rows, filtering, bonds.get(name, ""))
    at = {name: known.get(row.get("bridge", ""), frozenset()) for name, row in bridged.items()}
    return SwitchState(ports, frozenset().union(*known.values()), learned(session) if addresses else (), at)


def learned(session: Session, _port: str = "") -> tuple[Learned, ...]:
    """The MAC addresses learned on ports, without the switch's own (flag L)."""
    return tuple(
        Learned(mac(row["mac-address"]), int(vid), row.get("on-interface") or row.get("interface", ""))
        for row in _entries(session, "/interface bridge host")
        if "L" not in row["flags"] and mac(row.get("mac-address", ""))
        if (vid := row.get("vid", "0")).isdecimal() and len(vid) < 5
    )


def neighbours(session: Session, port: str) -> tuple[Neighbour, ...]:
    """By LLDP, CDP and MNDP. What they say of themselves is quoted, so that none can pretend to be another entry."""
    return tuple(
        Neighbour(port, printable(row.get("identity", ""), 120), _macs(row.get("mac-address", "")))
        for row in _entries(session, "/ip neighbor", careful=True)
        if _names(row.get("interface", ""))[:1] == [port]
    )


def unable(before: ActualPort, wanted: PortSetting) -> str:
    """Tagged VLANs: the VLAN table has all ports of a VLAN in one list, which is not ours alone. Speeds: their syntax
    differs between versions. Comments: the scheduler's line, in which one is quoted twice, must fit into a terminal."""
    if wanted.tagged:
        return gettext_noop(
            "tagged VLANs are not set on this platform: add the port to the bridge's VLAN table by hand"
        )
    if wanted.speed_mbps:
        return gettext_noop("a speed is not set on this platform")
    if len(_quoted(_quoted(before.setting.description))) > MAX_COMMENT:
        return gettext_noop("its present comment is too long, or has too many special characters, to be put back")
    mixed = next((row for row in _rows(before) if before.name in row.untagged and len(vlans(row.ids)) > 1), None)
    if mixed and wanted.enabled:
        return f"it is listed by hand as an untagged port of several VLANs at once ({mixed.ids})"
    if any(len(line) > MAX_LINE for line in lines(before, wanted)):
        return "the list of a VLAN's untagged ports is too long to be changed"
    return ""


def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The port is shut first, or enabled last."""
    now = before.setting
    one = f"/interface ethernet set {_word(before.name)}"
    made = []
    if now.enabled and not wanted.enabled:
        made.append(f"{one} disabled=yes")
    if now.description != wanted.description:
        made.append(f"{one} comment={_quoted(wanted.description)}")
    if now.membership != wanted.membership:
        made.append(_bridge_port(before.name, wanted.vlan, _ACCESS))
        for row in _rows(before):
            if before.name in row.untagged and row.ids != str(wanted.vlan):
                made.append(row.line(each for each in row.untagged if each != before.name))
    if wanted.enabled and not now.enabled:
        made.append(f"{one} disabled=no")
    return tuple(made)


def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
    """The text that the lines leave."""
    now = before.setting
    moved = now.membership != wanted.membership
    frames = _ACCESS if moved else _field(before, "frame-types")
    rows = (
        row.text() for row in _rows(before) if not moved or before.name in row.tagged or row.ids == str(wanted.vlan)
    )
    text = _text(wanted, _field(before, "bridge"), wanted.vlan, frames)
    return ActualPort(before.name, wanted, before.link, before.bundle, (*text, *rows))


def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
    """What differs in the text, as it was. Lists of the VLAN table are put back without what others changed in them."""
    one = f"/interface ethernet set {_word(before.name)}"
    made = []
    if now.setting.enabled and not before.setting.enabled:
        made.append(f"{one} disabled=yes")
    if now.setting.description != before.setting.description:
        made.append(f"{one} comment={_quoted(before.setting.description)}")
    was, now_is = ((_field(each, "pvid"), _field(each, "frame-types")) for each in (before, now))
    if was != now_is and was[0]:
        made.append(_bridge_port(before.name, int(was[0]), was[1]))
    there = {(row.bridge, row.ids): row for row in _rows(now)}
    for row in _rows(before):
        found = there.get((row.bridge, row.ids))
        if before.name in row.untagged and not (found and before.name in found.untagged):
            made.append(row.line(row.untagged))
    if before.setting.enabled and not now.setting.enabled:
        made.append(f"{one} disabled=no")
    return tuple(made)


def restore(_session: Session, before: ActualPort, back: tuple[str, ...], seconds: int) -> Restore | None:
    """By a scheduler entry that runs once and removes itself; None where its line would be too long."""
    name = _ours(before.name)
    remove = f"/system scheduler remove [find name={_quoted(name)}]"
    script = "; ".join((*back, remove))
    add = f"/system scheduler add name={_quoted(name)} interval={seconds}s on-event={_quoted(script)}"
    if len(add) > MAX_LINE:
        return None
    return Restore(how=f"scheduler {name} in {seconds} s", arm=(remove, add), keep=(remove,))


def pending(session: Session, port: str) -> tuple[Pending, ...]:
    """Our own entry of the scheduler, by its name, and others' that name the port."""
    ours = _ours(port)
    remove = (f"/system scheduler remove [find name={_quoted(ours)}]",)
    named = re.compile(rf"(?<![A-Za-z0-9_.+-]){re.escape(port)}(?![A-Za-z0-9_.+-])")
    try:
        entries = list(_entries(session, "/system scheduler"))
    except CommandRefused:
        return (Pending(f"scheduler {ours}", ours=True, end=remove, seen=False),)
    found = list(_safe_mode(session))
    for row in entries:
        name, who = row.get("name", ""), printable(row.get("owner", ""), 64)
        if name == ours:
            found.append(Pending(f"scheduler {ours}", who, True, remove))
        elif "X" not in row["flags"] and named.search(row.get("on-event", "")[:4096]):
            found.append(Pending(f"scheduler {printable(name, 80)}", who, False))
    return tuple(found)


def _safe_mode(session: Session) -> Iterator[Pending]:
    """Changes that are undone if someone's safe mode ends badly. While it lasts, those of every other session are among
    them, ours too; the history marks each with F."""
    with suppress(CommandRefused):
        said = session.show("/system history print detail without-paging")
        floating = False
        for line in said.splitlines()[:2000]:
            if found := _HISTORY.match(line[:80]):
                floating = "F" in found[1]
            if floating and (who := _values(line[:2000]).get("by")):
                yield Pending("safe mode", printable(who, 64), ours=False)
                return


def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
    """RouterOS has one configuration, and what is in it is kept, unless someone's safe mode takes it back. So the port
    is read once more."""
    del overwrite
    for _ in _safe_mode(session):
        raise NotSaved(
            "safe-mode",
            "someone is in safe mode on the switch: the change of {port} is taken back if that ends badly",
            where=str(session.endpoint),
            remedy="Ask them to leave their safe mode, then run the command again.",
            port=port.name,
        )
    found = read(session, addresses=False).ports.get(port.name)
    if found is None or found.text != port.text:
        raise NotSaved(
            "not-kept",
            "{port} is no longer as it was read a moment ago",
            where=str(session.endpoint),
            remedy="See who else changes the switch, then run the command again.",
            port=port.name,
        )


def saved(_session: Session) -> dict[str, tuple[str, ...]] | None:
    """Every change is kept at once."""
    return None


def _ours(port: str) -> str:
    return f"sopctl-{port}"


def _bridge_port(port: str, pvid: int, frames: str) -> str:
    return f"/interface bridge port set [find interface={_quoted(port)}] pvid={pvid} frame-types={frames}"


def _port(
    name: str, ethernet: Entry, bridged: Entry | None, rows: list[Entry], filtering: dict[str, bool], bond: str
) -> ActualPort:
    """A port from its entries. What the model cannot hold makes it special, and nothing else unreadable."""
    bridge, pvid = (bridged or {}).get("bridge", ""), (bridged or {}).get("pvid", "1")
    frames = (bridged or {}).get("frame-types", "admit-all")
    mine = [
        _Vlan(
            row.get("bridge", ""),
            row.get("vlan-ids", ""),
            _names(row.get("tagged", "")),
            _names(row.get("untagged", "")),
        )
        for row in rows
    ]
    mine = [row for row in mine if name in row.tagged or name in row.untagged]
    special = ""
    if bridged and "X" in bridged["flags"]:
        special = "/interface bridge port disabled=yes"
    elif bridged and "D" in bridged["flags"]:
        special = "/interface bridge port dynamic=yes"
    elif bridged and not filtering.get(bridge, False):
        special = f"/interface bridge {printable(bridge, 40)} vlan-filtering=no"
    elif "\n" in ethernet["comment"]:
        special = f"comment={printable(ethernet['comment'], 80)}"
    try:
        vlan = one_vlan(pvid)
        tagged = tuple(sorted({each for row in mine if name in row.tagged for each in vlans(row.ids)} - {vlan}))
        stray = {each for row in mine if name in row.untagged for each in vlans(row.ids)} - {vlan}
    except ValueError as error:
        vlan, tagged, stray, special = 1, (), set(), special or printable(str(error), 80)
    plain = frames == _ACCESS and not stray  # frames of a VLAN whose list names it by hand leave it too
    mode = "routed" if bridged is None else "trunk" if tagged else "access" if plain else "dynamic"
    setting = PortSetting(
        description=ethernet["comment"],
        mode=mode,  # type: ignore[arg-type]  # one of the modes
        vlan=vlan,
        tagged=tagged,
        enabled="X" not in ethernet["flags"],
    )
    text, long = bounded((*_text(setting, bridge, vlan, frames), *(row.text() for row in mine)))
    stopped = "loop-protect" if ethernet.get("loop-protect-status") == "disable" else ""
    return ActualPort(name, setting, "R" in ethernet["flags"], bond, text, special or long, stopped)


def _text(setting: PortSetting, bridge: str, pvid: int, frames: str) -> tuple[str, ...]:
    return (
        f"ethernet: disabled={'no' if setting.enabled else 'yes'}",
        f"ethernet: comment={printable(setting.description, 200)}",
        f"bridge port: bridge={_word(bridge)} pvid={pvid} frame-types={frames}",
    )


def _field(port: ActualPort, name: str) -> str:
    """A value of the bridge port in a port's text."""
    line = next((each for each in port.text if each.startswith("bridge port: ")), "")
    return _values(line).get(name, "")


def _rows(port: ActualPort) -> Iterator[_Vlan]:
    """The rows of the VLAN table that list a port, from its text."""
    return (_Vlan.read(each) for each in port.text if each.startswith("bridge vlan: "))


def _entries(session: Session, menu: str, *, careful: bool = False) -> list[Entry]:
    return entries(session.show(f"{menu} print detail without-paging", careful=careful))


@dataclass
class _Printed:
    """An entry of `print detail` while it is read."""

    flags: str
    comment: list[str]
    text: list[str] = field(default_factory=list)

    def entry(self) -> Entry:
        values = _values("\n".join(self.text))
        return {**values, "flags": self.flags, "comment": "\n".join(self.comment).strip()}


def entries(answer: str) -> list[Entry]:
    """The entries that `print detail` shows: the properties of each, with its `flags` and `comment`.

    They are numbered from 0. The comment follows three semicolons on the entry's first line and goes to the line that
    begins with a property; whatever looks like a property in it is part of the comment. A quoted value may hold
    anything, the beginning of another entry too. A long list goes on in the next line, which begins with no property.
    """
    found: list[_Printed] = []
    quoted = False
    for line in answer.splitlines():
        number, _, rest = line.lstrip().partition(" ")
        if not quoted and number == str(len(found)):
            head, marked, comment = rest.partition(";;; ")
            flags = takewhile(lambda word: word.isalpha() and word.isupper(), head.split())
            found.append(_Printed("".join(flags), [comment.strip()] if marked else []))
            if marked:
                continue
            line = head  # noqa: PLW2901 (the properties begin on the first line)
        elif not found or not line.strip():
            continue
        last = found[-1]
        if last.comment and not last.text and not _FIRST.match(line.lstrip()):
            last.comment.append(line.strip())
            continue
        if not quoted and last.text and last.text[-1].strip() and not _KEY.match(line.lstrip()):
            last.text[-1] = last.text[-1].rstrip() + line.strip()
        else:
            last.text.append(line)
        quoted ^= _unescaped_quotes(line) % 2 == 1
    return [each.entry() for each in found]


def _values(text: str) -> Entry:
    """The properties in a text, each as it came first."""
    values: Entry = {}
    for key, value in _VALUE.findall(text):
        values.setdefault(key, _unquoted(value))
    return values


def _unescaped_quotes(line: str) -> int:
    return line.replace("\\\\", "").replace('\\"', "").count('"')


def _numbers(row: Entry) -> tuple[int, ...]:
    """The VLANs of a row of the table; none for one that is not understood."""
    try:
        return vlans(row.get("vlan-ids", ""))
    except ValueError:
        return ()


def _names(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _macs(text: str) -> tuple[str, ...]:
    return (mac(text),) if mac(text) else ()


def _quoted(text: str) -> str:
    """A string of RouterOS' command line: characters that could end it, or be special in it, are escaped as hex."""
    shown = (
        character if _PLAIN.fullmatch(character) else "".join(f"\\{byte:02X}" for byte in character.encode())
        for character in text
    )
    return f'"{"".join(shown)}"'


def _word(text: str) -> str:
    """A name, or a list of names, as a value of the command line; quoted if it has a space, say. A number would be
    taken for an entry's place in a list, and is quoted too."""
    return text if not text or _NAME.fullmatch(text) else _quoted(text)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], value[1:-1])
