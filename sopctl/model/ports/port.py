"""A switch port: how it should be set, how it is set, the changes between, and what forbids them.

The names are those of IEEE 802.1Q: frames of one VLAN travel untagged (an access port's VLAN, a trunk's native one),
those of others tagged. What a switch says comes from outside; what is sent to it is built here, with a grammar for each
field.
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
    """How a port is set, or should be. `vlan` is that of untagged frames, `tagged` are a trunk's others; none: all.

    "dynamic" and "routed" are only ever found, never wanted: a port that negotiates its mode, and one that does not
    switch.
    """

    description: str = ""
    mode: Literal["access", "trunk", "dynamic", "routed"] = "access"
    vlan: int = 1
    tagged: tuple[int, ...] = ()
    speed_mbps: int | None = None
    """None: as both sides negotiate."""
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
    """A device that announces itself on a port, by LLDP or the like: its name, and the MAC addresses that it gives."""

    port: str
    name: str = ""
    macs: tuple[str, ...] = ()


class SwitchState(Struct, frozen=True):
    """A switch as it was read. `vlans`: those that exist; None where the switch keeps no list, and any will do."""

    ports: dict[str, ActualPort]
    vlans: frozenset[int] | None = None
    learned: tuple[Learned, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def macs_on(self, port: str, vlan: int | None = None) -> tuple[str, ...]:
        """The MAC addresses learned on `port`, sorted; of one VLAN, or of any."""
        return tuple(sorted({e.mac for e in self.learned if e.port == port and vlan in (None, e.vlan)}))


class Expected(Struct, frozen=True):
    """Whose port it is: a deposit, its server's name and known MAC addresses, and those of `others` (MAC address →
    deposit)."""

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
    Reason.UPLINK: "It carries everyone's traffic. Reserve another port, or correct `uplinks` if it is not one.",
    Reason.TRUNK: "If it has become a server's port, make it an access port by hand once.",
    Reason.BUNDLE: "Take it out of the aggregate by hand, or reserve another port.",
    Reason.ROUTED: "Make it a switch port by hand once, or reserve another port.",
    Reason.NO_VLAN: "Make the VLAN on the switch, or correct its number in switches/ or in the letter.",
    Reason.STRANGE_MAC: "Look at the cable. If the server has a new card, add its address: network.macs in the record.",
    Reason.STRANGE_NEIGHBOUR: "Look at the cable: something else says its name on this port.",
    Reason.ELSEWHERE: "Plug the server into its own port, or find out why its address is on two ports.",
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
    """One field that differs: what it is, and what it should be."""

    field: str
    before: Any
    after: Any


class Plan(Struct, frozen=True):
    """What a change of one port amounts to, before anything is sent."""

    switch: str
    port: str
    before: ActualPort | None
    wanted: PortSetting
    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    macs: tuple[str, ...] = ()
    """Seen on the port now."""


def mac(text: str) -> str:
    """A MAC address as aa:bb:cc:dd:ee:ff, from any form that switches print; empty when `text` is not one."""
    digits = re.sub(r"[.:-]", "", text.strip().lower())
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2)) if re.fullmatch(r"[0-9a-f]{12}", digits) else ""


def description(*words: str) -> str:
    """A port's description from words of a record, without anything that could be a command, an escape or a question
    mark.

    Letters lose their accents, any other character that is not plain becomes a space, and the whole is cut to
    DESCRIPTION_CHARACTERS.
    """
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    shown = " ".join(_STRANGE.sub(" ", plain).split()).lstrip(" .,_:/()+@-")
    return shown[:DESCRIPTION_CHARACTERS].rstrip()


def vlans(text: str) -> tuple[int, ...]:
    """Read a list of VLANs as switches print it: `1,5-7`. Raises ValueError for anything else."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        numbers = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not numbers or numbers[0] < 1 or numbers[-1] > 4094:
            raise ValueError(f"{part!r} is not a VLAN")
        found.update(numbers)
    return tuple(sorted(found))


def vlan_list(numbers: Iterable[int]) -> str:
    """Write VLANs as switches read them: `1,5-7`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def changes(before: PortSetting, after: PortSetting) -> tuple[Change, ...]:
    """The fields in which two settings differ. Those of a port that is off count too, because someone may switch it
    on."""
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

    `service`: the port is given to the server, which must then be the one that is plugged in. Otherwise it is taken
    away, and all that matters is that it is not someone else's. `unable`: what the platform's driver cannot do.
    """
    before = state.ports.get(port)
    found = list(_refusals(port, before, wanted, state, frozenset(uplinks), whose, service=service))
    if unable and before:
        found.append(_refusal(Reason.UNABLE, "{why}", why=unable))
    differences = changes(before.setting, wanted) if before else ()
    return Plan(switch, port, before, wanted, differences, tuple(found), state.macs_on(port))


def is_there(state: SwitchState, port: str, setting: PortSetting, whose: Expected) -> str:
    """The MAC address by which the server is known to be on its port, in its VLAN; empty while it is not seen.

    If none of its addresses is known, any address that is nobody else's is taken for its own.
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
        sentence = "{count} addresses are on {port}, and no address of {deposit} is known"
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
    """Does it give the server's name (with or without the domain), or one of its addresses? One that gives nothing
    that could be compared is not taken for another server."""
    if set(neighbour.macs) & set(whose.macs):
        return True
    if neighbour.name:
        return neighbour.name.lower().partition(".")[0] == whose.name.lower().partition(".")[0]
    return not (neighbour.macs and whose.macs)
