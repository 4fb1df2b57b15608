"""Cisco IOS and IOS XE on Catalyst switches.

Sources: the command references of IOS 15 (LAN Switching; Configuration Management; Configuration Replace and Rollback).
Ports are read from running-config, because the tables of `show` truncate descriptions. Every line of a port is kept as
it is written there, and a port is put back by these lines. Where `archive` is configured, a change is made under
`configure terminal revert timer`, which rolls the whole switch back unless it is confirmed; there is one such timer for
all, and it is disarmed only if it is ours. The only other timed way back is `reload in`. It would take every server on
the switch off the network, and so is not used.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sopctl.adapters.switch import interface
from sopctl.adapters.switch.dialect import CISCO_LIKE, CISCO_LOG, Dialect
from sopctl.adapters.switch.driver import Pending, Restore
from sopctl.adapters.switch.faults import CommandRefused, DeviceAsks, DeviceFault, NotSaved
from sopctl.adapters.switch.session import Session
from sopctl.locale import Text
from sopctl.model.ports.port import (
    NONE_TAGGED,
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

_ENCAPSULATION = "switchport trunk encapsulation dot1q"
DIALECT = Dialect(
    "cisco_ios",
    CISCO_LIKE,
    enables=True,
    prepare=("terminal length 0", "terminal width 511"),
    noise=CISCO_LOG,
    optional=frozenset({_ENCAPSULATION, f"no {_ENCAPSULATION.removesuffix(' dot1q')}"}),
)
"""Only switches that also know ISL (3560, 3750) have the encapsulation of a trunk, and these must be told it."""

SECTIONS = ("section ^interface", "include ^interface |^!|^ .")
"""What of a configuration is asked for: interfaces alone, or, of a switch that does not know `section`, all indented
lines. The rest, with its secrets, is not even asked for."""

_KINDS = {
    "Fa": "FastEthernet",
    "Gi": "GigabitEthernet",
    "Tw": "TwoGigabitEthernet",
    "Fi": "FiveGigabitEthernet",
    "Te": "TenGigabitEthernet",
    "Twe": "TwentyFiveGigE",
    "Fo": "FortyGigabitEthernet",
    "Hu": "HundredGigE",
    "Et": "Ethernet",
}
_PORT = re.compile(rf"(?:{'|'.join(_KINDS.values())})\d[\d/.]{{0,20}}")
_NAME = re.compile(r"([A-Za-z]{1,30})(\d.{0,40})")
_OVERWRITE = re.compile(r"overwrite the previous NVRAM configuration", re.IGNORECASE)
_SAVED = re.compile(
    r"(?:building configuration\.{0,3}|compressed configuration from \d{1,9} bytes to \d{1,9} bytes)? ?\[OK\]$",
    re.IGNORECASE,
)
_UNSAVED = Text("See what keeps it from saving (show file systems), then run the command again.")
_FAILED = re.compile(r"%|startup-config file open failed|.{0,80}\[FAILED\]$", re.IGNORECASE)
_ARCHIVE = re.compile(r"next archive file|maximum archive", re.IGNORECASE)
_NOTHING_PENDING = re.compile(r"no rollback confirmed change", re.IGNORECASE)
_TIMER_USER = re.compile(r"\s{0,8}user ?: {0,4}(\S{1,64})", re.IGNORECASE)
_RELOAD = re.compile(r"reload scheduled (?:in|for|at)\b")
_BY = re.compile(r"\bby (\S{1,64})")
_TOTAL = re.compile(r"total (?:cdp )?entries displayed ?: ?(\d{1,6})$", re.IGNORECASE)

_STATES = frozenset(
    (
        *("connected", "notconnect", "disabled", "err-disabled", "inactive", "monitoring", "suspended", "faulty"),
        *("standby", "up", "down", "sfpAbsent", "sfpInvali", "noOperMem", "xcvrAbsen", "xcvrInval"),
    )
)
_VLAN_STATES = frozenset(("active", "suspended", "act/lshut", "sus/lshut", "act/ishut", "sus/ishut", "act/unsup"))
_MODES = ("access", "trunk", "dynamic auto", "dynamic desirable")
"""What the model holds, with the lines that belong to it. Any other is somebody's purpose."""
_SPECIAL = (
    "switchport private-vlan",
    "switchport backup",
    "switchport vlan mapping",
    "switchport dot1q",
    "l2protocol-tunnel",
    "service instance",
    "fex associate",
    "source template",
)
_KEYS = (
    "description",
    "switchport trunk encapsulation",
    "switchport trunk native vlan",
    "switchport trunk allowed vlan",
    "switchport mode",
    "switchport access vlan",
    "switchport voice vlan",
    "speed",
)
"""What a change may set, in the order in which it is put back. Everything else of a port is never touched."""
_GROUPS = ("ff:ff:ff", "01:00:5e", "01:00:0c", "01:80:c2", "33:33")
_SECURE = "switchport port-security mac-address"


def read(session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, in four commands."""
    status = dict(_status(session.show("show interfaces status")))
    ports = {
        name: _port(name, body, status.get(name, "")) for name, body in _configured(session, "running-config").items()
    }
    there = frozenset(_vlans(session.show("show vlan brief")))
    return SwitchState(ports, there, learned(session) if addresses else ())


def learned(session: Session, port: str = "") -> tuple[Learned, ...]:
    """The MAC addresses learned on ports, without the switch's own."""
    return tuple(_table(session.show(f"show mac address-table interface {port}" if port else "show mac address-table")))


def neighbours(session: Session, port: str) -> tuple[Neighbour, ...]:
    """By LLDP, which is off in IOS by default, and by CDP, which is on and reveals an uplink that nobody has recorded.

    The switch is asked for this port alone, so that no device's text can pretend to be another port's neighbour.
    """
    found: list[Neighbour] = []
    for protocol, read_one in (("lldp", _lldp), ("cdp", _cdp)):
        with suppress(CommandRefused):  # without the protocol there are no neighbours by it
            try:
                said, total = session.show(f"show {protocol} neighbors {port} detail", careful=True), None
            except CommandRefused:
                said = session.show(f"show {protocol} neighbors detail", careful=True)
                total = _total(said)
            blocks = _blocks(said)
            if total is not None and len(blocks) > total:
                raise DeviceFault(
                    "neighbours-contradict",
                    "a neighbour's text pretends to be other neighbours: {listed} are listed, {counted} counted",
                    remedy=(
                        "None of them was taken over. See on the switch which neighbour's description has such lines."
                    ),
                    where=str(session.endpoint),
                    listed=len(blocks),
                    counted=total,
                )
            found += [each for block in blocks if (each := read_one(block, port if total is None else "")).port == port]
    return tuple(found)


def unable(before: ActualPort, _wanted: PortSetting) -> str:
    """A description that could not be put back."""
    return interface.undescribable(before)


def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The port is shut first, or enabled last."""
    now = before.setting
    others = _switching(before, wanted) if now.membership != wanted.membership else []
    if now.voice != wanted.voice:
        others.append(f"switchport voice vlan {wanted.voice}" if wanted.voice else "no switchport voice vlan")
    if now.speed_mbps != wanted.speed_mbps:
        others.append(f"speed {wanted.speed_mbps}" if wanted.speed_mbps else "no speed")
    return interface.lines(before, wanted, others)


def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
    """The text that the lines leave. Whether the switch knows the encapsulation shows only when it is told."""
    text = list(before.text)
    for line in lines(before, wanted)[1:]:
        said = line.removeprefix("no ")
        key = _key(said)
        if line in DIALECT.optional:
            continue
        text = [each for each in text if _key(each) != key]
        if not line.startswith("no "):
            text.append(said)
    return _port(before.name, text, "")


def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
    """The lines of before, word by word, for each thing that is set otherwise now."""
    made = []
    if "shutdown" in before.text and "shutdown" not in now.text:
        made.append("shutdown")
    trunk = before.setting.mode == "trunk"
    for key in sorted(_KEYS, key=lambda key: key == "switchport trunk encapsulation" and not trunk):
        was, is_now = _of(before.text, key), _of(now.text, key)
        if was != is_now:
            made += was or [f"no {key}"]
    ours = {*_KEYS, "shutdown"}
    made += [each for each in before.text if _key(each) not in ours and each not in now.text and "****" not in each]
    if "shutdown" in now.text and "shutdown" not in before.text:
        made.append("no shutdown")
    return (f"interface {before.name}", *made) if made else ()


def restore(session: Session, _before: ActualPort, _back: tuple[str, ...], seconds: int) -> Restore | None:
    """By the configuration archive, whose timer counts minutes."""
    try:
        archive = session.show("show archive")
    except CommandRefused:
        return None
    if not any(_ARCHIVE.search(line[:400]) for line in archive.splitlines()):
        return None
    how = f"configure terminal revert timer {interface.minutes(seconds)}"
    return Restore(how=how, entering=how, keep=("configure confirm",))


def pending(session: Session, _port: str) -> tuple[Pending, ...]:
    """A restart that someone has scheduled (whoever does so to be safe has not saved yet, and would find it saved), and
    the revert timer, of which there is one for the whole switch. Only its user tells whose it is."""
    return (*_restart(session), *_timer(session))


def _restart(session: Session) -> Iterator[Pending]:
    with suppress(CommandRefused):
        for line in session.show("show reload").splitlines()[:20]:
            told = line.strip()[:200]
            if _RELOAD.match(told.lower()):
                who = _BY.search(told)
                yield Pending(printable(told, 120), who[1] if who else "", ours=False, restart=True)


def _timer(session: Session) -> tuple[Pending, ...]:
    what, end = "configure terminal revert timer", ("configure confirm",)
    try:
        said = session.show("show archive config rollback timer")
    except CommandRefused:
        return (Pending(what, end=end, seen=False),)
    told = [line[:200] for line in said.splitlines() if line.strip()]
    if not told or any(_NOTHING_PENDING.search(line) for line in told):
        return ()
    user = next((found[1] for line in told if (found := _TIMER_USER.match(line))), "")
    return (Pending(what, printable(user, 64), end=end),)


def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
    """`write memory` answers `[OK]`, or the startup configuration shows the port as it is."""
    try:
        said = session.show("write memory", confirm=_OVERWRITE if overwrite else None)
    except DeviceAsks as error:
        raise NotSaved(
            "nvram-question",
            "nothing is saved, because the switch asks first: {question}",
            where=str(session.endpoint),
            remedy="Another version of its software wrote the saved configuration. If it may be replaced, run the "
            "command again with --overwrite-nvram.",
            question=error.question,
        ) from None
    except CommandRefused as error:
        raise CommandRefused(error.line, error.answer, where=error.where, remedy=_UNSAVED) from None
    told = [line.strip()[:400] for line in said.splitlines() if line.strip()]
    if any(_SAVED.match(line) for line in told) and not any(_FAILED.match(line) for line in told):
        return
    kept = saved(session)
    if kept is None or kept.get(port.name) != port.text:
        raise NotSaved(
            "not-saved",
            "the switch does not say that it saved its configuration: {answer}",
            where=str(session.endpoint),
            remedy=_UNSAVED,
            answer=printable(" / ".join(told), 200) or Text("it says nothing"),
        )


def saved(session: Session) -> dict[str, tuple[str, ...]] | None:
    """The ports of the startup configuration; None for an account that may not see it."""
    try:
        return {name: bounded(body)[0] for name, body in _configured(session, "startup-config").items()}
    except CommandRefused:
        return None


def _switching(before: ActualPort, wanted: PortSetting) -> list[str]:
    if wanted.mode == "trunk":
        allowed = vlan_list({wanted.vlan, *wanted.tagged})
        return [
            *([] if _ENCAPSULATION in before.text else [_ENCAPSULATION]),
            f"switchport trunk native vlan {wanted.vlan}",
            f"switchport trunk allowed vlan {allowed}" if wanted.tagged else "no switchport trunk allowed vlan",
            "switchport mode trunk",
        ]
    return ["switchport mode access", f"switchport access vlan {wanted.vlan}"]


def _configured(session: Session, which: str) -> dict[str, list[str]]:
    """The lines of each port in a configuration."""
    try:
        return dict(_interfaces(session.show(f"show {which} | {SECTIONS[0]}")))
    except CommandRefused:
        return dict(_interfaces(session.show(f"show {which} | {SECTIONS[1]}")))


def _interfaces(said: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of each port, which are indented. Only another interface or a mark ends them: any other line is a
    message to all terminals (`*** --- SHUTDOWN in 0:05:00 ---`), and what follows it still belongs to the port."""
    name, body = "", list[str]()
    for line in [*said.splitlines(), "!"]:
        if line.startswith(" ") and name:
            body.append(line.strip())
            continue
        if line.startswith(("interface ", "!")):
            if _PORT.fullmatch(name):
                yield name, body
            name, body = line.removeprefix("interface ").strip() if line.startswith("interface ") else "", []


def _port(name: str, body: Iterable[str], status: str) -> ActualPort:
    """A port from its lines. What the model cannot hold makes it special, and nothing else unreadable."""
    whole = [line for line in body if line]
    text, special = bounded(whole)
    try:
        setting = _setting(whole)
    except ValueError as error:
        setting = PortSetting(mode="dynamic", enabled="shutdown" not in whole)
        special = special or printable(str(error), 80)
    mode = next(iter(_of(whole, "switchport mode")), "").removeprefix("switchport mode").strip()
    if mode and mode not in _MODES:
        special = special or f"switchport mode {printable(mode, 40)}"
    odd = next((line for line in whole if line.startswith(_SPECIAL)), "")
    if odd:
        special = special or printable(odd, 80)
    bundle = next(iter(_of(whole, "channel-group")), "").split()
    bound = sorted(
        {found for line in whole if line.startswith(_SECURE) for word in line.split() if (found := mac(word))}
    )
    return ActualPort(
        name,
        setting,
        status == "connected" if status else None,
        f"Port-channel{bundle[1]}" if len(bundle) > 1 else "",
        text,
        special,
        "err-disabled" if status == "err-disabled" else "",
        tuple(sorted(bound)),
    )


def _setting(body: list[str]) -> PortSetting:
    """Raises ValueError for a line that the model cannot hold."""

    def value(key: str, otherwise: str) -> str:
        return (_of(body, key) or [f"{key} {otherwise}"])[-1].removeprefix(key).strip()

    mode = value("switchport mode", "dynamic").split()[:1]
    trunk = mode == ["trunk"]
    vlan = one_vlan(value("switchport trunk native vlan" if trunk else "switchport access vlan", "1"))
    voice = value("switchport voice vlan", "none")
    speed = value("speed", "auto")
    return PortSetting(
        description=value("description", ""),
        mode="routed"
        if any(line in ("no switchport", "no ip address") or line.startswith("ip address ") for line in body)
        else "trunk"
        if trunk
        else "access"
        if mode == ["access"]
        else "dynamic",
        vlan=vlan,
        tagged=_tagged(body, vlan) if trunk else (),
        speed_mbps=int(speed) if speed.isdecimal() and len(speed) < 7 else None,
        enabled="shutdown" not in body,
        voice=None if voice == "none" else 0 if voice in ("dot1p", "untagged") else one_vlan(voice),
    )


def _tagged(body: list[str], native: int) -> tuple[int, ...]:
    allowed: set[int] = set()
    listed = _of(body, "switchport trunk allowed vlan")
    for line in listed:
        text = line.removeprefix("switchport trunk allowed vlan").strip().removeprefix("add ")
        if text == "none":
            return NONE_TAGGED
        if text != "all":
            allowed.update(vlans(text))
    return tuple(sorted(allowed - {native})) or ((native,) if allowed else ())


def _of(text: Iterable[str], key: str) -> list[str]:
    return [line for line in text if line == key or line.startswith(f"{key} ")]


def _key(line: str) -> str:
    """What a line sets: one of the keys, or itself."""
    return next((each for each in _KEYS if line == each or line.startswith(f"{each} ")), line)


def _status(said: str) -> Iterator[tuple[str, str]]:
    """The ports of `show interfaces status` with their states. A port's name (its description, cut off) may look like
    a state, so the column's place counts first."""
    place = 0
    for line in said.splitlines():
        if line.startswith("Port ") and " Status " in line:
            place = line.index(" Status ") + 1
            continue
        words = line.split()
        name = _long(words[0]) if words else ""
        if _PORT.fullmatch(name):
            here, later = (
                [each.rstrip(":") for each in part if each.rstrip(":") in _STATES]
                for part in (line[place:].split()[:1] if place else [], words[1:])
            )
            known = here or later[-1:]
            yield name, known[0] if known else ""


def _vlans(said: str) -> Iterator[int]:
    for line in said.splitlines():
        words = line.split()
        state = next((each for each in words[2:] if each in _VLAN_STATES), "")
        if len(words) > 2 and line[0].isdecimal() and words[0].isdecimal() and len(words[0]) < 5 and state == "active":
            yield int(words[0])


def _table(said: str) -> Iterator[Learned]:
    """The rows of `show mac address-table`: an address, its VLAN just before it (in the oldest versions after it, with
    its kind in between), and its port at the end. Addresses of groups are nobody's."""
    for line in said.splitlines():
        words = line.split()
        at = next((n for n, word in enumerate(words[:4]) if mac(word)), None)
        if at is None or len(words) < 4 or mac(words[at]).startswith(_GROUPS):
            continue
        vlan = words[at - 1] if at else words[2]
        if vlan.isdecimal() and len(vlan) < 5:
            for name in words[-1].split(","):
                if _PORT.fullmatch(_long(name)):
                    yield Learned(mac(words[at]), int(vlan), _long(name))


def _blocks(said: str) -> list[list[str]]:
    """The neighbours of a detailed list: each begins after a line of dashes, which the first may lack."""
    found: list[list[str]] = []
    for line in said.splitlines():
        if len(line) >= 20 and not line.strip("- "):
            found.append([])
            continue
        if not found and line.startswith(("Local Intf:", "Chassis id:", "Device ID:")):
            found.append([])
        if found:
            found[-1].append(line[:400])
    return [each for each in found if any(line.strip() for line in each)]


def _total(said: str) -> int | None:
    for line in reversed(said.splitlines()):
        if found := _TOTAL.match(line.strip()[:80]):
            return int(found[1])
    return None


def _lldp(block: list[str], port: str) -> Neighbour:
    """`port` is the one that was asked for: not every version repeats it."""
    told = _first(block, ("Local Intf", "Chassis id", "Port id", "System Name"), until="System Description")
    local = _long(told["Local Intf"]) if "Local Intf" in told else port
    macs = {mac(told.get(name, "")) for name in ("Chassis id", "Port id")} - {""}
    return Neighbour(local, _called(told.get("System Name", "")), tuple(sorted(macs)))


def _cdp(block: list[str], port: str) -> Neighbour:
    told = _first(block, ("Device ID", "Interface"), until="Version ")
    local = _long(told["Interface"].partition(",")[0]) if "Interface" in told else port
    name = told.get("Device ID", "")
    return Neighbour(local, _called(name), (mac(name),) if mac(name) else ())


def _first(block: list[str], names: tuple[str, ...], *, until: str) -> dict[str, str]:
    """The first value of each name, up to the text that is the neighbour's own."""
    told: dict[str, str] = {}
    for line in block:
        if line.startswith(until):
            break
        name, colon, value = line.partition(":")
        if colon and name in names:
            told.setdefault(name, value.strip())
    return told


def _called(name: str) -> str:
    return "" if name in ("- not advertised", "not advertised") else printable(name, 120)


def _long(name: str) -> str:
    """An interface's name as running-config spells it; tables abbreviate it."""
    found = _NAME.fullmatch(name.strip()[:80])
    return f"{_KINDS.get(found[1], found[1])}{found[2]}" if found else name.strip()[:80]
