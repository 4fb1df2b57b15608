"""A switch port: how it shall be set, how it is, the way between, and what forbids it.

The names are IEEE 802.1Q's: frames of one VLAN travel untagged (an access port's VLAN, a trunk's native one), those
of others tagged. What a switch says comes from outside; what is sent to it is made here, by a grammar a field.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

DESCRIPTION_CHARACTERS = 60
"""What every platform's field takes."""

_STRANGE = re.compile(r"[^A-Za-z0-9 .,_:/()+@-]+")


class PortSetting(Struct, frozen=True):
    """How a port is set, or shall be. `vlan` is of untagged frames; `tagged` are a trunk's others, none means all.

    "dynamic" and "routed" are only ever found: what a port does of itself, and one that switches nothing.
    """

    description: str = ""
    mode: Literal["access", "trunk", "dynamic", "routed"] = "access"
    vlan: int = 1
    tagged: tuple[int, ...] = ()
    speed_mbps: int | None = None
    """None: as both sides negotiate it."""
    enabled: bool = True


class ActualPort(Struct, frozen=True):
    """A port as its switch describes it. `bundle`: the aggregate that it is a member of."""

    name: str
    setting: PortSetting
    link: bool | None = None
    bundle: str = ""


class Learned(Struct, frozen=True):
    """A MAC address that the switch learned, with the VLAN and the port on which it came."""

    mac: str
    vlan: int
    port: str


class Neighbour(Struct, frozen=True):
    """Who says what it is on a port, by LLDP or its like: a name, and MAC addresses as far as it gives some."""

    port: str
    name: str = ""
    macs: tuple[str, ...] = ()


class SwitchState(Struct, frozen=True):
    """A switch as it was read. `vlans`: those that exist; None where a switch keeps no list, and any will do."""

    ports: dict[str, ActualPort]
    vlans: frozenset[int] | None = None
    learned: tuple[Learned, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def macs_on(self, port: str, vlan: int | None = None) -> tuple[str, ...]:
        """The MAC addresses that came on `port`, sorted; of one VLAN, or of any."""
        return tuple(sorted({e.mac for e in self.learned if e.port == port and vlan in (None, e.vlan)}))


class Expected(Struct, frozen=True):
    """Whose port it is: a deposit with its server's name and the MAC addresses that are known of it, and those of
    `others` (MAC address → deposit)."""

    deposit: str
    name: str = ""
    macs: tuple[str, ...] = ()
    others: Mapping[str, str] = {}


class Reason(StrEnum):
    """Why a port is left alone, or why a change did not last."""

    NO_PORT = "port-missing"
    UPLINK = "port-is-uplink"
    TRUNK = "port-is-trunk"
    BUNDLE = "port-in-bundle"
    ROUTED = "port-is-routed"
    NO_VLAN = "vlan-missing"
    STRANGE_MAC = "other-server"
    STRANGE_NEIGHBOUR = "other-neighbour"
    ELSEWHERE = "server-elsewhere"
    UNSURE = "server-unknown"
    UNABLE = "platform-cannot"


REMEDIES = {
    Reason.NO_PORT: "Correct the switch's `ports` in switches/, or the number of ports in the rack's file.",
    Reason.UPLINK: "It carries everyone's traffic. Reserve another port, or take it from `uplinks` if it is none.",
    Reason.TRUNK: "If it is a server's port by now, make it an access port by hand once.",
    Reason.BUNDLE: "Take it out of the aggregate by hand, or reserve another port.",
    Reason.ROUTED: "Make it a switch port by hand once, or reserve another port.",
    Reason.NO_VLAN: "Make the VLAN on the switch, or correct its number in switches/ or in the letter.",
    Reason.STRANGE_MAC: "Look at the cable. If the server has a new card, add its address: network.macs in the record.",
    Reason.STRANGE_NEIGHBOUR: "Look at the cable: something else says its name on this port.",
    Reason.ELSEWHERE: "Plug the server into its own port, or look why its address is on two ports.",
    Reason.UNSURE: "Say which address is the server's: network.macs in the record (sopctl edit).",
    Reason.UNABLE: "Do this by hand, or leave it out of the record.",
}


class Refusal(Struct, frozen=True):
    """One reason not to touch a port: a sentence that is safe to print, and the values that it is about."""

    reason: Reason
    detail: str
    values: dict[str, str] = {}

    @property
    def remedy(self) -> str:
        return REMEDIES[self.reason]


def _refusal(reason: Reason, sentence: str, **values: str) -> Refusal:
    return Refusal(reason, sentence.format(**values), values)


class Change(Struct, frozen=True):
    """One field that differs: what it is, and what it shall be."""

    field: str
    before: Any
    after: Any


class Plan(Struct, frozen=True):
    """What a change of one port comes to, before anything is sent."""

    switch: str
    port: str
    before: ActualPort | None
    wanted: PortSetting
    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    macs: tuple[str, ...] = ()
    """Seen on the port now."""


def mac(text: str) -> str:
    """A MAC address in the form aa:bb:cc:dd:ee:ff, from any that switches print; empty when it is none."""
    digits = re.sub(r"[.:-]", "", text.strip().lower())
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2)) if re.fullmatch(r"[0-9a-f]{12}", digits) else ""


def description(*words: str) -> str:
    """A port's description of a record's words: what could be a command, an escape or a question mark is left out.

    Letters lose their accents, what else is not plain becomes a space, and it is cut to DESCRIPTION_CHARACTERS.
    """
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    shown = " ".join(_STRANGE.sub(" ", plain).split()).lstrip(" .,_:/()+@-")
    return shown[:DESCRIPTION_CHARACTERS].rstrip()


def vlans(text: str) -> tuple[int, ...]:
    """The VLANs of a list as switches print it: `1,5-7`. Raises ValueError for anything else."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        numbers = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not numbers or numbers[0] < 1 or numbers[-1] > 4094:
            raise ValueError(f"{part!r} is no VLAN")
        found.update(numbers)
    return tuple(sorted(found))


def vlan_list(numbers: Iterable[int]) -> str:
    """VLANs as switches read them: `1,5-7`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def changes(before: PortSetting, after: PortSetting) -> tuple[Change, ...]:
    """The fields in which two settings differ. A port that is off is not asked what it would carry: it carries
    nothing; but its VLAN is asked for, because someone may switch it on."""
    return tuple(
        Change(name, getattr(before, name), getattr(after, name))
        for name in PortSetting.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    )


def plan(
    switch: str,
    port: str,
    wanted: PortSetting,
    state: SwitchState,
    *,
    uplinks: Iterable[str],
    whose: Expected,
    service: bool,
    unable: str = "",
) -> Plan:
    """The change of `port` to `wanted`, with every reason that forbids it.

    `service`: the port is given to the server, which must then be the one that is plugged in. Else it is taken away,
    and all that matters is that it is not someone else's. `unable`: what the platform's driver cannot do of it.
    """
    before = state.ports.get(port)
    found = list(_refusals(port, before, wanted, state, frozenset(uplinks), whose, service=service))
    if unable and before:
        found.append(_refusal(Reason.UNABLE, "{why}", why=unable))
    differences = changes(before.setting, wanted) if before else ()
    return Plan(switch, port, before, wanted, differences, tuple(found), state.macs_on(port))


def is_there(state: SwitchState, port: str, setting: PortSetting, whose: Expected) -> str:
    """The MAC address by which the server is known to be on its port, in its VLAN; empty while it is not seen.

    Without an address that is known of it, any that is nobody else's is taken for its own.
    """
    carried = {setting.vlan, *setting.tagged}
    seen = [e.mac for e in state.learned if e.port == port and (e.vlan in carried or setting.mode == "trunk")]
    own = [each for each in seen if each in whose.macs] if whose.macs else [e for e in seen if e not in whose.others]
    return min(own, default="")


def _refusals(
    port: str,
    before: ActualPort | None,
    wanted: PortSetting,
    state: SwitchState,
    uplinks: frozenset[str],
    whose: Expected,
    *,
    service: bool,
) -> Iterable[Refusal]:
    if before is None:
        yield _refusal(Reason.NO_PORT, "the switch has no port {port}", port=port)
        return
    if port in uplinks:
        yield _refusal(Reason.UPLINK, "{port} is an uplink", port=port)
    if before.bundle:
        yield _refusal(Reason.BUNDLE, "{port} belongs to the aggregate {bundle}", port=port, bundle=before.bundle)
    if before.setting.mode == "routed":
        yield _refusal(Reason.ROUTED, "{port} is a routed port", port=port)
    ours = before.setting.description.split(" ")[0] == whose.deposit
    if before.setting.mode == "trunk" and not ours:
        sentence = "{port} is a trunk, and nothing says that it is {deposit}'s"
        yield _refusal(Reason.TRUNK, sentence, port=port, deposit=whose.deposit)
    if state.vlans is not None:
        for vlan in sorted({wanted.vlan, *wanted.tagged} - state.vlans):
            yield _refusal(Reason.NO_VLAN, "the switch has no VLAN {vlan}", vlan=str(vlan))
    yield from _strangers(port, state, uplinks, whose, service=service)


def _strangers(
    port: str, state: SwitchState, uplinks: frozenset[str], whose: Expected, *, service: bool
) -> Iterable[Refusal]:
    seen = state.macs_on(port)
    of_others = [each for each in seen if each in whose.others]
    for each in of_others:
        yield _refusal(
            Reason.STRANGE_MAC, "{mac} on {port} belongs to {owner}", mac=each, port=port, owner=whose.others[each]
        )
    if not service:
        return
    if whose.macs and seen and not of_others and not set(seen) & set(whose.macs):
        yield _refusal(
            Reason.STRANGE_MAC,
            "{mac} is on {port}; the server of {deposit} has {macs}",
            mac=seen[0],
            port=port,
            deposit=whose.deposit,
            macs=", ".join(whose.macs),
        )
    if not whose.macs and len(seen) > 1:
        sentence = "{count} addresses are on {port}, and none is known of {deposit}"
        yield _refusal(Reason.UNSURE, sentence, count=str(len(seen)), port=port, deposit=whose.deposit)
    for entry in state.learned:
        if entry.mac in whose.macs and entry.mac not in seen and entry.port not in uplinks:
            sentence = "{mac} of {deposit} is on {elsewhere}"
            yield _refusal(Reason.ELSEWHERE, sentence, mac=entry.mac, deposit=whose.deposit, elsewhere=entry.port)
    for neighbour in state.neighbours:
        if neighbour.port == port and not _is_server(neighbour, whose):
            called = neighbour.name or ", ".join(neighbour.macs) or "something without a name"
            sentence = "{neighbour} says that it is on {port}, not {server}"
            yield _refusal(Reason.STRANGE_NEIGHBOUR, sentence, neighbour=called, port=port, server=whose.name)


def _is_server(neighbour: Neighbour, whose: Expected) -> bool:
    """Does it say the server's name (with or without the domain), or one of its addresses? One that says neither a
    name nor an address that could be compared is no other server."""
    if set(neighbour.macs) & set(whose.macs):
        return True
    if neighbour.name:
        return neighbour.name.lower().partition(".")[0] == whose.name.lower().partition(".")[0]
    return not (neighbour.macs and whose.macs)
