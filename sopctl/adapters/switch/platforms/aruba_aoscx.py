"""ArubaOS-CX switches (CX 6000 to 10000).

Sources: HPE Aruba's CLI and fundamentals guides for AOS-CX 10 (Checkpoints; VLAN and interface commands). Before a
change, `checkpoint auto` makes the switch go back to its present configuration after some minutes, all of it, unless
that is confirmed; the switch has one such timer and no command that shows it. Only the running configuration changes
until the end, so a restart of the switch puts the port back too.
"""

import re
from collections.abc import Iterable, Iterator

from sopctl.adapters.switch import interface
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Pending, Restore
from sopctl.adapters.switch.faults import CommandRefused, DeviceAsks, NotSaved
from sopctl.adapters.switch.session import Session
from sopctl.locale import Text, gettext_noop
from sopctl.model.ports.port import (
    ActualPort,
    Learned,
    Neighbour,
    PortSetting,
    SwitchState,
    bounded,
    mac,
    one_vlan,
    vlan_list,
    vlans,
)
from sopctl.model.text import printable

_REFUSAL = re.compile(
    r"(?:%\s{0,4})?(?:invalid|incomplete|ambiguous|unknown|unrecognized|cannot|failed|error"
    r"|command (?:incomplete|not allowed|failed)|operation not (?:allowed|permitted)|permission denied)\b"
    r"|vlan\b.{0,80}\b(?:not|should be) (?:exist|found|configured|created|allowed)",
    re.IGNORECASE,
)
_REMINDER = re.compile(r"WARNING:? {1,4}(?:Please \"checkpoint auto|Restoring configuration)|Restoration successful")
"""What comes to every terminal while an automatic checkpoint ends."""
DIALECT = Dialect("aruba_aoscx", _REFUSAL, prepare=("no page",), noise=_REMINDER)

_PORT = re.compile(r"\d{1,3}/\d{1,3}/\d{1,3}")
_LAG = re.compile(r"lag \d{1,4}")
_CONFIGURED = ("show running-config interface", "show running-config | begin interface")
"""Interfaces alone, or where a version wants one interface's name there, what stands from the first of them on."""
_BRIEF = re.compile(
    r"(\d{1,3}/\d{1,3}/\d{1,3}) {1,20}\S{1,10} {1,10}\S{1,12} {1,12}\S{1,40} {1,40}(yes|no) {1,12}(up|down)\b"
)
_REASON_ENDS = re.compile(r" {2,}| (?:--|\d{2,6})(?: |$)")
_WAITING = ("waiting for link", "administratively down", "no xcvr", "no transceiver", "--")
_VLAN_KEYS = ("vlan access", "vlan trunk native", "vlan trunk allowed")
_KEYS = ("description", *_VLAN_KEYS)
"""What a change may set. Everything else of a port is never touched."""
_SPECIAL = (
    "aaa authentication port-access",
    "port-access",
    "vlan translate",
    "private-vlan",
    "vsx-sync",
    "mirror",
    "vrf",
)
_ROUTED = ("ip address", "ipv6 address", "routing", "vrf attach")
_BEGUN = re.compile(r"\bminutes?\b|\bminute\(s\)", re.IGNORECASE)
"""`Auto checkpoint mode expires in 3 minute(s)`"""
_SAVED = re.compile(r"copying configuration: {0,8}\[success\]$", re.IGNORECASE)


def read(session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, in four commands."""
    links = dict(_links(session.show("show interface brief")))
    ports = {name: _port(name, body, *links.get(name, (None, ""))) for name, body in _interfaces(_running(session))}
    there = frozenset(
        int(words[0])
        for line in session.show("show vlan").splitlines()
        if len(words := line.split(None, 2)) > 1 and words[0].isdecimal() and len(words[0]) < 5
    )
    return SwitchState(ports, there, learned(session) if addresses else ())


def learned(session: Session, port: str = "") -> tuple[Learned, ...]:
    """The MAC addresses learned on ports: `00:00:5e:00:53:01    110      dynamic      1/1/1`."""
    found = []
    for line in session.show(f"show mac-address-table{' port ' if port else ''}{port}").splitlines():
        words = line.split()
        if len(words) > 3 and mac(words[0]) and words[1].isdecimal() and _PORT.fullmatch(words[-1]):
            found.append(Learned(mac(words[0]), int(words[1]), words[-1]))
    return tuple(found)


def neighbours(session: Session, port: str) -> tuple[Neighbour, ...]:
    """By LLDP, on this port alone. Each neighbour's part begins with its chassis' name."""
    try:
        said = session.show(f"show lldp neighbor-info {port}", careful=True)
    except CommandRefused:  # LLDP is off
        return ()
    name, macs = "", set[str]()
    found: list[Neighbour] = []
    for line in [*said.splitlines()[:2000], "Neighbor Chassis-Name :"]:
        key, colon, value = line.partition(":")
        words, told = " ".join(key.split()[:3]).lower(), printable(value.strip(), 120)
        if words == "neighbor chassis-name" and colon:
            if name or macs:
                found.append(Neighbour(port, name, tuple(sorted(macs))))
            name, macs = told, set()
        elif words in ("neighbor chassis-id", "neighbor port-id") and mac(value):
            macs.add(mac(value))
    return tuple(found[:64])


def unable(before: ActualPort, wanted: PortSetting) -> str:
    """Speeds: their words differ between models. And a description that could not be put back."""
    if wanted.speed_mbps:
        return gettext_noop("a speed is not set on this platform")
    return interface.undescribable(before)


def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The port is shut first, or enabled last."""
    others = _switching(wanted) if before.setting.membership != wanted.membership else []
    return interface.lines(before, wanted, others)


def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
    """The text that the lines leave."""
    text = list(before.text)
    for line in lines(before, wanted)[1:]:
        said = line.removeprefix("no ")
        if said == "shutdown":
            text = [each for each in text if each != "no shutdown"] + (["no shutdown"] if line != said else [])
            continue
        gone = _VLAN_KEYS if said.startswith("vlan access") else (_key(said),)
        gone = (*gone, "vlan access") if said.startswith("vlan trunk") else gone
        text = [each for each in text if _key(each) not in gone]
        if not line.startswith("no "):
            text.append(said)
    return _port(before.name, text)


def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
    """The lines of before, word by word, for each thing that is set otherwise now. The list of a trunk's VLANs is added
    to one that is there; so the port is made an access port first, which ends the trunk."""
    made = []
    if now.setting.enabled and not before.setting.enabled:
        made.append("shutdown")
    was, is_now = _of(before.text, "description"), _of(now.text, "description")
    if was != is_now:
        made += was or ["no description"]
    was, is_now = _of(before.text, *_VLAN_KEYS), _of(now.text, *_VLAN_KEYS)
    if sorted(was) != sorted(is_now):
        access = [each for each in was if each.startswith("vlan access")]
        made += access or [f"vlan access {before.setting.vlan}", *(was or ["no vlan access"])]
    made += [each for each in before.text if _key(each) not in (*_KEYS, "shutdown") and each not in now.text]
    if before.setting.enabled and not now.setting.enabled:
        made.append("no shutdown")
    return (f"interface {before.name}", *made) if made else ()


def restore(_session: Session, _before: ActualPort, _back: tuple[str, ...], seconds: int) -> Restore | None:
    """By an automatic checkpoint, whose timer counts minutes."""
    how = f"checkpoint auto {interface.minutes(seconds)}"
    return Restore(how=how, begin=(how,), begun=_BEGUN, keep=("checkpoint auto confirm",))


def pending(_session: Session, _port: str) -> tuple[Pending, ...]:
    """The switch does not show whether an automatic checkpoint waits to be confirmed. It refuses a second one."""
    return (Pending("checkpoint auto", end=("checkpoint auto confirm",), seen=False),)


def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
    """`write memory` answers `[Success]`, or the startup configuration shows the port as it is."""
    del overwrite
    try:
        said = session.show("write memory")
    except (CommandRefused, DeviceAsks) as error:
        said = error.message
    if any(_SAVED.match(line.strip()[:200]) for line in said.splitlines()):
        return
    kept = saved(session)
    if kept is None or kept.get(port.name) != port.text:
        raise NotSaved(
            "not-saved",
            "the switch does not say that it saved its configuration: {answer}",
            where=str(session.endpoint),
            remedy="See in its log what keeps it from saving (show logging), then run the command again.",
            answer=printable(" / ".join(said.split("\n")), 200) or Text("it says nothing"),
        )


def saved(session: Session) -> dict[str, tuple[str, ...]] | None:
    """The ports of the startup configuration; None for an account that may not see it."""
    try:
        said = session.show("show startup-config | begin interface")
    except CommandRefused:
        return None
    return {name: bounded(body)[0] for name, body in _interfaces(said)}


def _running(session: Session) -> str:
    try:
        return session.show(_CONFIGURED[0])
    except CommandRefused:
        return session.show(_CONFIGURED[1])


def _switching(wanted: PortSetting) -> list[str]:
    """A trunk is begun anew: the list of its VLANs would be added to the one that is there."""
    made = [f"vlan access {wanted.vlan}"]
    if wanted.mode == "trunk":
        allowed = vlan_list({wanted.vlan, *wanted.tagged}) if wanted.tagged else "all"
        made += [f"vlan trunk native {wanted.vlan}", f"vlan trunk allowed {allowed}"]
    return made


def _key(line: str) -> str:
    """What a line sets: `vlan trunk allowed 1,2` and `vlan trunk allowed 3` set the same."""
    said = line.removeprefix("no ")
    return next((each for each in (*_KEYS, "shutdown") if said == each or said.startswith(f"{each} ")), said)


def _of(text: Iterable[str], *keys: str) -> list[str]:
    return [each for each in text if _key(each) in keys and not each.startswith("no ")]


def _interfaces(said: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of each port. What is not indented ends it. A port is off without `no shutdown`; there, some versions
    write `shutdown` and others nothing."""
    name, body = "", list[str]()
    for line in [*said.splitlines(), "!"]:
        if line.startswith(" ") and name:
            if line.strip() not in ("exit", "shutdown", ""):
                body.append(line.strip())
        elif line.strip():
            if _PORT.fullmatch(name):
                yield name, body
            name, body = line.removeprefix("interface ").strip() if line.startswith("interface ") else "", []


def _links(said: str) -> Iterator[tuple[str, tuple[bool, str]]]:
    """Whether each port has a link, and why the switch took it down, if it did."""
    for line in said.splitlines():
        if found := _BRIEF.match(line[:400]):
            reason = _REASON_ENDS.split(line[found.end() : 400].strip())[0]
            plain = found[2] == "no" or found[3] == "up" or not reason or reason.lower().startswith(_WAITING)
            yield found[1], (found[3] == "up", "" if plain else printable(reason, 60))


def _port(name: str, body: Iterable[str], link: bool | None = None, stopped: str = "") -> ActualPort:
    """A port from its lines. What the model cannot hold makes it special, and nothing else unreadable."""
    whole = list(body)
    text, special = bounded(whole)
    routed = any(line == "routing" or line.startswith(_ROUTED) for line in whole)
    try:
        setting = _setting(whole, routed=routed)
    except ValueError as error:
        setting = PortSetting(mode="dynamic", enabled="no shutdown" in whole)
        special = special or f"its configuration is not understood: {printable(str(error), 80)}"
    odd = next((line for line in whole if line.startswith(_SPECIAL)), "")
    if odd:
        special = special or f"it has the line {printable(odd, 80)!r}"
    lag = next((line.removeprefix("lag ") for line in whole if _LAG.fullmatch(line)), "")
    return ActualPort(name, setting, link, f"lag{lag}" if lag else "", text, special, stopped)


def _setting(body: list[str], *, routed: bool) -> PortSetting:
    """Raises ValueError for a line that the model cannot hold."""

    def value(key: str) -> str:
        return " ".join(line.removeprefix(key).strip() for line in _of(body, key))

    trunk = bool(_of(body, "vlan trunk native", "vlan trunk allowed"))
    vlan = one_vlan(value("vlan trunk native" if trunk else "vlan access") or "1")
    allowed = value("vlan trunk allowed").replace(" ", ",")
    tagged = () if allowed in ("", "all") else tuple(each for each in vlans(allowed) if each != vlan)
    return PortSetting(
        description=value("description"),
        mode="routed" if routed else "trunk" if trunk else "access",
        vlan=vlan,
        tagged=tagged,
        enabled="no shutdown" in body,
    )
