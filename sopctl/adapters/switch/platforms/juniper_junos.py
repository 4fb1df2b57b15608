"""Juniper Junos on EX and QFX switches with the Enhanced Layer 2 Software (`interface-mode`).

Sources: Juniper's CLI user guide (Configure exclusive; Commit confirmed) and its guides for Ethernet switching. Lines
edit a candidate that is ours alone: `configure exclusive` is refused while somebody has changes in the shared one. They
take effect together, with `commit confirmed`, which goes back after some minutes unless a second commit confirms it.
What is committed is kept for the next start. A port's text is what `display set` shows of it, and puts it back.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Pending, Restore
from sopctl.adapters.switch.faults import CommandRefused, NotSaved
from sopctl.adapters.switch.interface import minutes
from sopctl.adapters.switch.session import Session
from sopctl.locale import gettext_noop
from sopctl.model.ports.port import (
    ActualPort,
    Learned,
    Neighbour,
    PortSetting,
    SwitchState,
    bounded,
    mac,
    vlans,
)
from sopctl.model.text import printable

_ENTERING, _LEAVING = "configure exclusive", "exit configuration-mode"
DIALECT = Dialect(
    "juniper_junos",
    re.compile(
        r"error:|syntax error|unknown command|missing argument|invalid (?:value|input|interface)|ambiguous"
        r"|permission denied|configuration database (?:locked|modified)"
        r"|the configuration has been changed but not committed",
        re.IGNORECASE,
    ),
    prepare=("set cli screen-length 0", "set cli screen-width 511", "set cli complete-on-space off"),
    noise=re.compile(r"\[edit[^\]]{0,200}\]$|\{[a-z]{2,12}(?::[a-z0-9-]{1,12})?\}"),
    in_mode=re.compile(r"[^\s#>]{1,80}@[^\s#>]{1,80}#"),
    entering=_ENTERING,
    leaving=_LEAVING,
    closing=("commit",),
    proof=re.compile(r"commit complete$"),
    discard=("rollback 0",),
    patience=90.0,
)
"""A small switch takes a minute over a commit. A line before the prompt says where in the configuration, or on which
member of a stack, it is."""

_PORT = re.compile(r"(?:ge|xe|et|mge)-\d{1,3}/\d{1,3}/\d{1,3}")
_SET = re.compile(r"(set|deactivate) interfaces (\S{1,64})(?: (.{1,600}))?")
_VLAN_ROW = re.compile(r"(?:\S{1,40} {1,40})?(\S{1,64}) {1,40}(\d{1,4})(?: |$)")
_ROUTED = re.compile(r"unit \d{1,5} family inet6?\b")
_NUMBER = re.compile(r"\d{1,4}")
_UNSENDABLE = re.compile(r"[^ -~]|\?")
_SWITCHING = "unit 0 family ethernet-switching"
_MODE, _MEMBERS, _NATIVE = f"{_SWITCHING} interface-mode ", f"{_SWITCHING} vlan members ", "native-vlan-id "
_OPTION = re.compile(
    r"set switch-options (voip )?interface ([a-z]{2,4}-\d{1,3}/\d{1,3}/\d{1,3})(?:\.\d{1,5})? (.{1,300})"
)
_OLD_LIST = re.compile(r"Name {1,40}Tag\b")
"""How `show vlans` begins without the Enhanced Layer 2 Software."""
_OLD_SYNTAX = f"{_SWITCHING} port-mode "
_BUNDLE = re.compile(r"(?:gigether-options|ether-options) 802\.3ad (ae\d{1,4})")
_SCHEDULED = re.compile(r"commit requested by (\S{1,64}) via .{1,60} at .{1,80}")
_PENDING = re.compile(r"\d{1,3} {1,8}.{1,60} by (\S{1,64}) via \S{1,40} commit confirmed\b")


def read(session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, in six commands, or one more where configuration is inherited."""
    configured = _configured(session.show("show configuration interfaces | display set"))
    listed = session.show("show vlans")
    tags, beside = dict(_vlans(listed)), _beside(session, configured)
    if _OLD_LIST.match(listed.strip()[:80]):
        beside = dict.fromkeys(configured, "its software has no interface-mode (ELS)")
    ports = {
        name: _port(
            name, configured.get(name, []), tags, link, configured.get("interface-range", []), beside.get(name, "")
        )
        for name, link in _links(session.show("show interfaces terse"))
    }
    return SwitchState(ports, frozenset(tags.values()), tuple(_learned(session, tags)) if addresses else ())


def learned(session: Session, port: str = "") -> tuple[Learned, ...]:
    """The MAC addresses learned on ports. The table has the VLANs' names."""
    return tuple(_learned(session, dict(_vlans(session.show("show vlans"))), port))


def neighbours(session: Session, port: str) -> tuple[Neighbour, ...]:
    """By LLDP, on this port alone."""
    try:
        said = session.show(f"show lldp neighbors interface {port}", careful=True)
    except CommandRefused:  # LLDP is off
        return ()
    found: list[Neighbour] = []
    name, macs, theirs = "", set[str](), False
    for line in [*said.splitlines()[:2000], "LLDP Neighbor Information:"]:
        key, _, value = line.partition(":")
        word = key.strip().lower()
        if word in ("lldp neighbor information", "local information"):
            if name or macs:
                found.append(Neighbour(port, name, tuple(sorted(macs))))
            name, macs, theirs = "", set(), False
        elif word in ("neighbour information", "neighbor information"):
            theirs = True
        elif theirs and word == "system name":
            name = name or printable(value.strip(), 120)
        elif theirs and word in ("chassis id", "port id") and mac(value):
            macs.add(mac(value))
    return tuple(found[:64])


def unable(before: ActualPort, wanted: PortSetting) -> str:
    """Speeds: their words differ between models. A question mark asks for help, even in quotes."""
    if wanted.speed_mbps:
        return gettext_noop("a speed is not set on this platform")
    if any(_UNSENDABLE.search(line) for line in before.text):
        return gettext_noop(
            "its present configuration could not be put back: it has a question mark or a special character"
        )
    return ""


def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The order is without meaning: they take effect together."""
    if before.setting == wanted:
        return ()
    return _from_to(before.name, before.text, _text(before, wanted))


def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
    """The text that the lines leave. It names VLANs by number."""
    if before.setting == wanted:
        return before
    return _port(before.name, _text(before, wanted), {}, None)


def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
    """What is set now and was not is deleted, and what was set is set, word by word."""
    return _from_to(before.name, now.text, before.text)


def restore(_session: Session, _before: ActualPort, _back: tuple[str, ...], seconds: int) -> Restore | None:
    """By a commit that has to be confirmed, whose timer counts minutes."""
    how = f"commit confirmed {minutes(seconds)}"
    return Restore(how=how, closing=(how,), keep=(_ENTERING, "commit", _LEAVING))


def pending(session: Session, _port: str) -> tuple[Pending, ...]:
    """A commit that waits to be confirmed or for its time, with its user; and a candidate with somebody else's changes,
    or one that is locked, which is seen when we would enter."""
    found = []
    for line in session.show("show system commit").splitlines()[:3]:
        if waiting := _PENDING.match(line.strip()[:300]):
            end = (_ENTERING, "commit", _LEAVING)
            found.append(Pending("commit confirmed", printable(waiting[1], 64), end=end))
            break
        if planned := _SCHEDULED.match(line.strip()[:300]):
            found.append(Pending("commit at", printable(planned[1], 64), ours=False))
    try:
        session.configure((), closing=())
    except CommandRefused as error:
        words = error.answer.split()
        who = next((word for word, after in pairwise(words) if after == "terminal"), "")
        locked = "locked" in error.answer.lower()
        what = "a locked configuration database" if locked else "changes that are not committed"
        found.append(Pending(what, printable(who, 64), ours=False))
    return tuple(found)


def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
    """A commit is kept for the next start. Only one that still waits to be confirmed is not."""
    del overwrite
    for line in session.show("show system commit").splitlines()[:3]:
        if _PENDING.match(line.strip()[:300]):
            raise NotSaved(
                "commit-unconfirmed",
                "the change of {port} is not confirmed on the switch: {line}",
                where=str(session.endpoint),
                remedy="See that no other commit waits to be confirmed there, then run the command again.",
                port=port.name,
                line=printable(line.strip(), 120),
            )


def saved(_session: Session) -> dict[str, tuple[str, ...]] | None:
    """Every commit is kept at once."""
    return None


def _text(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """The port's text as it should be: what a change may set again, and the rest untouched."""
    now = before.setting
    kept = list(before.text)
    if now.description != wanted.description:
        kept = [line for line in kept if not line.startswith("description ")]
        kept += [f'description "{wanted.description}"'] if wanted.description else []
    if now.membership != wanted.membership:
        kept = [line for line in kept if not line.startswith((_MODE, _MEMBERS, _NATIVE))]
        kept.append(f"{_MODE}{wanted.mode}")
        if wanted.mode == "trunk":
            members = sorted({wanted.vlan, *wanted.tagged}) if wanted.tagged else ["all"]
            kept += [f"{_NATIVE}{wanted.vlan}", *(f"{_MEMBERS}{each}" for each in members)]
        else:
            kept.append(f"{_MEMBERS}{wanted.vlan}")
    if now.enabled != wanted.enabled:
        kept = [line for line in kept if line != "disable"] + ([] if wanted.enabled else ["disable"])
    return tuple(kept)


def _from_to(name: str, now: Iterable[str], then: Iterable[str]) -> tuple[str, ...]:
    old, new = list(now), list(then)
    gone = (f"delete interfaces {name} {_unset(line)}" for line in old if line not in new)
    made = (f"set interfaces {name} {line}" for line in new if line not in old)
    return (*gone, *made)


def _unset(line: str) -> str:
    """What is deleted: a statement with one value without it, of a list the one value."""
    one = next((key for key in ("description ", _MODE, _NATIVE) if line.startswith(key)), "")
    return one.strip() or line


def _configured(said: str) -> dict[str, list[str]]:
    """The `set` lines of each interface, without their beginning. What is deactivated is kept as such."""
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        if match := _SET.fullmatch(line.strip()[:800]):
            words = match[3] or ""
            body = found.setdefault(match[2], [])
            if match[1] == "deactivate":
                body.append(f"deactivate {words}".strip())
            elif words:
                body.append(words)
    return found


def _beside(session: Session, configured: dict[str, list[str]]) -> dict[str, str]:
    """What grants access to a port, or holds it, and does not stand in its own configuration, by port: a voice VLAN,
    limits on its addresses, what it inherits from a group."""
    found: dict[str, str] = {}
    with suppress(CommandRefused):
        for line in session.show("show configuration switch-options | display set").splitlines():
            if match := _OPTION.match(line.strip()[:800]):
                found.setdefault(match[2], f"switch-options {match[1] or ''}interface … {printable(match[3], 80)}")
    with suppress(CommandRefused):
        if session.show("show configuration apply-groups").strip() or any(
            line.startswith("apply-groups") for body in configured.values() for line in body
        ):
            whole = _configured(session.show("show configuration interfaces | display inheritance | display set"))
            for name, body in whole.items():
                more = [line for line in body if line not in configured.get(name, [])]
                if more:
                    found.setdefault(name, f"it inherits {printable(more[0], 80)!r}")
    return found


def _vlans(said: str) -> Iterator[tuple[str, int]]:
    """`default-switch          layanan               110`: the VLANs by name."""
    for line in said.splitlines():
        match = _VLAN_ROW.match(line.strip()[:300])
        if match and 0 < int(match[2]) < 4095:
            yield match[1], int(match[2])


def _links(said: str) -> Iterator[tuple[str, bool]]:
    """`ge-0/0/1                up    down`."""
    for line in said.splitlines():
        words = line.split()
        if len(words) > 2 and _PORT.fullmatch(words[0]):
            yield words[0], words[2] == "up"


def _learned(session: Session, tags: dict[str, int], port: str = "") -> Iterator[Learned]:
    """`layanan             00:00:5e:00:53:01   D             -   ge-0/0/1.0             0         0`."""
    for line in session.show(f"show ethernet-switching table{' interface ' if port else ''}{port}").splitlines():
        words = line.split()[:8]
        if len(words) > 4 and mac(words[1]) and words[0] in tags:
            name = words[4].partition(".")[0]
            if _PORT.fullmatch(name):
                yield Learned(mac(words[1]), tags[words[0]], name)


def _port(
    name: str,
    body: Sequence[str],
    tags: dict[str, int],
    link: bool | None,
    ranges: Iterable[str] = (),
    beside: str = "",
) -> ActualPort:
    """A port from its lines. What the model cannot hold makes it special, and nothing else unreadable."""
    text, special = bounded(body)
    inet = any(_ROUTED.match(line) for line in body)
    try:
        setting = _setting(body, tags, routed=inet)
    except ValueError as error:
        setting = PortSetting(mode="dynamic", enabled="disable" not in body)
        special = special or f"its configuration is not understood: {printable(str(error), 80)}"
    if odd := next(
        (line for line in body if line.startswith(("deactivate", _OLD_SYNTAX)) or "vlan-tagging" in line), ""
    ):
        special = special or f"it has the line {printable(odd, 80)!r}"
    special = special or beside
    if group := next((each for each in ranges if _in_range(name, each)), ""):
        special = special or f"it belongs to the interface-range {printable(group.split()[0], 40)}"
    bundle = next((found[1] for line in body if (found := _BUNDLE.match(line))), "")
    return ActualPort(name, setting, link, bundle, text, special)


def _in_range(name: str, line: str) -> bool:
    """Is the port a member of an interface-range, by `NAME member ge-0/0/1` or `NAME member-range ge-0/0/0 to …`?"""
    words = line.split()
    if len(words) > 2 and words[1] == "member":
        pattern = words[2].strip('"')
        return pattern == name or ("*" in pattern and name.startswith(pattern.partition("*")[0]))
    if len(words) > 4 and words[1] == "member-range":
        first, here, last = (_numbers(each) for each in (words[2], name, words[4]))
        return words[2].partition("-")[0] == name.partition("-")[0] and first <= here <= last
    return False


def _numbers(name: str) -> list[int]:
    return [int(each) for each in _NUMBER.findall(name[:40])]


def _setting(body: Sequence[str], tags: dict[str, int], *, routed: bool) -> PortSetting:
    """Raises ValueError for a line that the model cannot hold."""

    def values(key: str) -> list[str]:
        return [line.removeprefix(key).strip() for line in body if line.startswith(key)]

    mode = (values(_MODE) or ["access"])[0]
    members: list[int] = []
    for each in values(_MEMBERS):
        members += [tags[each]] if each in tags else [] if each == "all" else vlans(each)
    native = [tags[each] if each in tags else int(each) for each in values(_NATIVE)[:1]]
    if mode == "access" and len(members) > 1:
        raise ValueError(f"an access port with {len(members)} VLANs")
    vlan = (native or [1])[0] if mode == "trunk" else (members or [1])[0]
    described = (values("description ") or [""])[0]
    quoted = len(described) > 1 and described[0] == described[-1] == '"'
    return PortSetting(
        description=described[1:-1] if quoted else described,
        mode="routed" if routed else "trunk" if mode == "trunk" else "access" if mode == "access" else "dynamic",
        vlan=vlan,
        tagged=tuple(each for each in sorted(set(members)) if each != vlan) if mode == "trunk" else (),
        enabled="disable" not in body,
    )
