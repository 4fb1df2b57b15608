"""A switch port: how it should be set, how it is set, the changes between, and what forbids them.

The names are those of IEEE 802.1Q: frames of one VLAN travel untagged (an access port's VLAN, a trunk's native one),
those of others tagged. What a switch says comes from outside; what is sent to it is built here, with a grammar for each
field.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from sopctl.locale import Text, gettext_noop

DESCRIPTION_CHARACTERS = 60
"""What every platform's field takes."""
MAX_TEXT_LINES = 64
"""Lines of a port's own configuration that are kept. A port with more is not one that a server is plugged into."""
MAX_TEXT_CHARACTERS = 600
"""The same for the characters of one line."""
NONE_TAGGED = (0,)
"""A trunk's `tagged` when no VLAN at all is allowed on it."""

_STRANGE = re.compile(r"[^A-Za-z0-9 .,_:/()+@-]+")
_MAC_MARKS = re.compile(r"[.:-]")
_MAC_DIGITS = re.compile(r"[0-9a-f]{12}")
_VLAN_RANGE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
_SECRET = re.compile(r"\b(?:password|secret|key|key-string|community|passphrase|psk)\b", re.IGNORECASE)


class PortSetting(Struct, frozen=True):
    """How a port is set, or should be. `vlan` is that of untagged frames, `tagged` are a trunk's others; none: all.
    `voice` is a VLAN that a device on an access port may enter by tagging its frames.

    "dynamic" and "routed" are only ever found, never wanted: a port that negotiates its mode, and one that does not
    switch. Nor is a voice VLAN: it is a second way into the network.
    """

    description: str = ""
    mode: Literal["access", "trunk", "dynamic", "routed"] = "access"
    vlan: int = 1
    tagged: tuple[int, ...] = ()
    speed_mbps: int | None = None
    """None: as both sides negotiate."""
    enabled: bool = True
    voice: int | None = None

    @property
    def membership(self) -> tuple[str, int, tuple[int, ...]]:
        """Which VLANs the port is in, and how."""
        return self.mode, self.vlan, self.tagged


class ActualPort(Struct, frozen=True):
    """A port as its switch describes it. `bundle`: the aggregate that it is a member of.

    `text` is the port's own configuration in the switch's words, bounded; two ports with the same text are set the
    same, whatever the model leaves out. `special` is what of it the model cannot hold, `stopped` why the switch itself
    took the port down, both in the switch's words and empty for an ordinary port. `bound` are the MAC addresses to
    which port security ties the port.
    """

    name: str
    setting: PortSetting
    link: bool | None = None
    bundle: str = ""
    text: tuple[str, ...] = ()
    special: str = ""
    stopped: str = ""
    bound: tuple[str, ...] = ()


class Learned(Struct, frozen=True):
    """A MAC address that the switch learned, with the VLAN and the port on which it came."""

    mac: str
    vlan: int
    port: str


class Neighbour(Struct, frozen=True):
    """A device that announces itself on a port, by LLDP or the like: its name, and the MAC addresses that it gives.

    All of it is what the device says of itself: data, safe to print, and no proof of anything.
    """

    port: str
    name: str = ""
    macs: tuple[str, ...] = ()


class SwitchState(Struct, frozen=True):
    """A switch as it was read. `vlans`: those that exist; None where the switch keeps no list, and any will do."""

    ports: dict[str, ActualPort]
    vlans: frozenset[int] | None = None
    learned: tuple[Learned, ...] = ()
    vlans_at: Mapping[str, frozenset[int]] = {}
    """By port: the VLANs that exist where it is, where the switch has more than one list (a bridge each)."""

    def lacks(self, port: str, wanted: PortSetting) -> tuple[int, ...]:
        """The VLANs of a setting that do not exist where the port is, sorted."""
        there = self.vlans_at.get(port, self.vlans)
        return () if there is None else tuple(sorted({wanted.vlan, *wanted.tagged} - there))

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
    SPECIAL = "port-is-special"
    STOPPED = "port-stopped"
    BOUND = "port-bound"
    PENDING = "change-pending"
    LEFT_OVER = "left-over"
    NO_NEIGHBOURS = "neighbours-unread"
    NO_ADDRESSES = "addresses-unread"
    OLD_ALGORITHMS = "old-algorithms"


REMEDIES = {
    Reason.NO_PORT: gettext_noop(
        "Correct the switch's `ports` in switches/, or the number of ports in the rack's file."
    ),
    Reason.UPLINK: gettext_noop(
        "It carries everyone's traffic. Reserve another port, or correct `uplinks` if it is not one."
    ),
    Reason.TRUNK: gettext_noop("If it has become a server's port, make it an access port by hand once."),
    Reason.BUNDLE: gettext_noop(
        "Reserve another port, or have whoever runs the switch take it out, if nothing is reached over it."
    ),
    Reason.ROUTED: gettext_noop(
        "Reserve another port, or have whoever runs the switch change it, if nothing is reached over it."
    ),
    Reason.NO_VLAN: gettext_noop("Make the VLAN on the switch, or correct its number in switches/ or in the letter."),
    Reason.STRANGE_MAC: gettext_noop(
        "Look at the cable. If the server has a new card, add its address: network.macs in the record."
    ),
    Reason.STRANGE_NEIGHBOUR: gettext_noop(
        "Look at the cable. If it is the server under another name, say which MAC address is "
        "the server's: network.macs in the record (sopctl edit)."
    ),
    Reason.ELSEWHERE: gettext_noop("Plug the server into its own port, or find out why its address is on two ports."),
    Reason.UNSURE: gettext_noop("Say which address is the server's: network.macs in the record (sopctl edit)."),
    Reason.UNABLE: gettext_noop("Do this by hand, or leave it out of the record."),
    Reason.SPECIAL: gettext_noop(
        "It has a purpose. Reserve another port, or ask whoever runs the switch for an access port."
    ),
    Reason.STOPPED: gettext_noop("Find out what the switch saw there and end it, then enable the port by hand."),
    Reason.BOUND: gettext_noop("Take these addresses out of its port security by hand, if they are not the server's."),
    Reason.LEFT_OVER: gettext_noop("It is ended before anything else is done."),
    Reason.OLD_ALGORITHMS: gettext_noop(
        "Its record allows them. Take them out of `legacy` once the switch can speak better ones."
    ),
    Reason.NO_NEIGHBOURS: gettext_noop("Look at the cable: what announces itself on the port is not known."),
    Reason.NO_ADDRESSES: gettext_noop("Look at the cable: which devices are behind the port is not known."),
    Reason.PENDING: gettext_noop("Ask them to confirm their change or to take it back, then run the command again."),
}


class Refusal(Struct, frozen=True):
    """One reason not to touch a port: a sentence that is safe to print, and the values that it is about."""

    reason: Reason
    detail: Text

    @property
    def values(self) -> Mapping[str, Any]:
        return self.detail.values

    @property
    def remedy(self) -> str:
        return REMEDIES[self.reason]


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
    warnings: tuple[Refusal, ...] = ()
    """What a person should know, and what does not hold up the change."""


def bounded(lines: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """A port's own configuration as it is kept, and why it could not be put back from that; empty when it can.

    What follows a word such as `password` is left out of it.
    """
    whole = tuple(lines)
    kept = tuple(_plain(line) for line in whole[:MAX_TEXT_LINES])
    if len(whole) > MAX_TEXT_LINES:
        return kept, f"{len(whole)} > {MAX_TEXT_LINES} lines"
    long = next((line for line in whole if len(line) > MAX_TEXT_CHARACTERS), "")
    if long:
        return kept, f"> {MAX_TEXT_CHARACTERS} characters: {long[:40]}…"
    return kept, ""


def _plain(line: str) -> str:
    shown = line[:MAX_TEXT_CHARACTERS]
    words = shown.split()
    if not words or words[0] == "description":
        return shown
    found = _SECRET.search(shown)
    return f"{shown[: found.end()]} ********" if found and found.end() < len(shown) else shown


def text_changes(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """What differs between two texts of a port: lost lines with a minus sign, new ones with a plus sign, sorted."""
    old, new = Counter(before), Counter(after)
    return (
        *(f"-{line}" for line in sorted((old - new).elements())),
        *(f"+{line}" for line in sorted((new - old).elements())),
    )


def mac(text: str) -> str:
    """A MAC address as aa:bb:cc:dd:ee:ff, from any form that switches print; empty when `text` is not one."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return ""
    digits = _MAC_MARKS.sub("", text.strip().lower())
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2)) if _MAC_DIGITS.fullmatch(digits) else ""


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
        match = _VLAN_RANGE.fullmatch(part)
        numbers = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not numbers or numbers[0] < 1 or numbers[-1] > 4094:
            raise ValueError(f"{part!r} is not a VLAN")
        found.update(numbers)
    return tuple(sorted(found))


def one_vlan(text: str) -> int:
    """Read one VLAN. Raises ValueError for anything else."""
    found = vlans(text)
    if len(found) != 1:
        raise ValueError(f"{text!r} is not one VLAN")
    return found[0]


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
    neighbours: Iterable[Neighbour] = (),
    unable: str = "",
) -> Plan:
    """The change of `port` to `wanted`, with every reason that forbids it.

    `service`: the port is given to the server, which must then be the one that is plugged in. Otherwise it is taken
    away. That depends on nothing that the server sends (its MAC addresses, its name, a link that comes and goes): what
    is odd about it is a warning; and without a quarantine VLAN, it is shut in the one that it is in. `unable`: what the
    platform's driver cannot do.
    """
    before = state.ports.get(port)
    known = frozenset(uplinks)
    refused = list(_of_port(port, before, state, known, whose))
    lacking = list(_lacking(port, wanted, state)) if before else []
    if before and lacking and not service:
        wanted = replace(before.setting, description=wanted.description, enabled=False)
    odd = list(_strangers(port, state, known, whose, service=service))
    if before:
        if unable:
            odd.append(Refusal(Reason.UNABLE, Text("{why}", why=Text(unable))))
        odd += _odd(before, whose, service=service)
    if service:
        odd += _neighbours(port, state, neighbours, whose)
    differences = changes(before.setting, wanted) if before else ()
    seen = state.macs_on(port)
    if service:
        return Plan(switch, port, before, wanted, differences, (*refused, *lacking, *odd), seen)
    return Plan(switch, port, before, wanted, differences, tuple(refused), seen, (*lacking, *odd))


def is_there(state: SwitchState, port: str, setting: PortSetting, whose: Expected) -> str:
    """The MAC address by which the server is known to be on its port, in its VLAN; empty while it is not seen.

    If none of its addresses is known, any address that is nobody else's is taken for its own.
    """
    carried = {setting.vlan, *setting.tagged}
    seen = [e.mac for e in state.learned if e.port == port and (e.vlan in carried or setting.mode == "trunk")]
    own = [each for each in seen if each in whose.macs] if whose.macs else [e for e in seen if e not in whose.others]
    return min(own, default="")


def _of_port(
    port: str,
    before: ActualPort | None,
    state: SwitchState,
    uplinks: frozenset[str],
    whose: Expected,
) -> Iterable[Refusal]:
    """What the office itself configured: it forbids a change of either kind."""
    if before is None:
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(port, state.ports, n=2, cutoff=0.0))
        said = Text("the switch has no port {port}, but {near}", port=port, near=near)
        yield Refusal(Reason.NO_PORT, said if near else Text("the switch has no port {port}", port=port, near=near))
        return
    if port in uplinks:
        yield Refusal(Reason.UPLINK, Text("{port} is an uplink", port=port))
    if before.bundle:
        said = Text("{port} belongs to the aggregate {bundle}", port=port, bundle=before.bundle)
        yield Refusal(Reason.BUNDLE, said)
    if before.setting.mode == "routed":
        yield Refusal(Reason.ROUTED, Text("{port} is a routed port", port=port))
    ours = before.setting.description.split(" ")[0] == whose.deposit
    if before.setting.mode == "trunk" and not ours:
        said = Text("{port} is a trunk, and nothing says that it is {deposit}'s", port=port, deposit=whose.deposit)
        yield Refusal(Reason.TRUNK, said)


def _lacking(port: str, wanted: PortSetting, state: SwitchState) -> Iterable[Refusal]:
    """VLANs that do not exist."""
    for vlan in state.lacks(port, wanted):
        of_bridge = Text("the bridge of {port} has no VLAN {vlan}", vlan=str(vlan), port=port)
        of_switch = Text("the switch has no VLAN {vlan}", vlan=str(vlan), port=port)
        yield Refusal(Reason.NO_VLAN, of_bridge if port in state.vlans_at else of_switch)


def _odd(before: ActualPort, whose: Expected, *, service: bool) -> Iterable[Refusal]:
    """What would keep the server from its network, or could not be put back as it is."""
    if before.special:
        said = Text("{port} is no ordinary port: {why}", port=before.name, why=before.special)
        yield Refusal(Reason.SPECIAL, said)
    if not service:
        return
    if before.stopped:
        said = Text("the switch has stopped {port}: {why}", port=before.name, why=before.stopped)
        yield Refusal(Reason.STOPPED, said)
    foreign = sorted(set(before.bound) - set(whose.macs))
    if foreign:
        said = Text("port security ties {port} to {macs}", port=before.name, macs=", ".join(foreign))
        yield Refusal(Reason.BOUND, said)


def _strangers(
    port: str, state: SwitchState, uplinks: frozenset[str], whose: Expected, *, service: bool
) -> Iterable[Refusal]:
    seen = state.macs_on(port)
    of_others = [each for each in seen if each in whose.others]
    for each in of_others:
        said = Text("{mac} on {port} belongs to {owner}", mac=each, port=port, owner=whose.others[each])
        yield Refusal(Reason.STRANGE_MAC, said)
    if not service:
        return
    if whose.macs and seen and not of_others and not set(seen) & set(whose.macs):
        said = Text(
            "{mac} is on {port}; the server of {deposit} has {macs}",
            mac=seen[0],
            port=port,
            deposit=whose.deposit,
            macs=", ".join(whose.macs),
        )
        yield Refusal(Reason.STRANGE_MAC, said)
    if not whose.macs and len(seen) > 1:
        said = Text(
            "{count} addresses are on {port}, and no address of {deposit} is known",
            count=str(len(seen)),
            port=port,
            deposit=whose.deposit,
        )
        yield Refusal(Reason.UNSURE, said)
    for entry in state.learned:
        if entry.mac in whose.macs and entry.mac not in seen and entry.port not in uplinks:
            said = Text(
                "{mac} of {deposit} is on {elsewhere}", mac=entry.mac, deposit=whose.deposit, elsewhere=entry.port
            )
            yield Refusal(Reason.ELSEWHERE, said)


def _neighbours(port: str, state: SwitchState, neighbours: Iterable[Neighbour], whose: Expected) -> Iterable[Refusal]:
    """Devices that announce themselves on the port and are not the server."""
    here = [each for each in neighbours if each.port == port]
    seen = set(state.macs_on(port))
    proven = bool(seen) and seen <= set(whose.macs)
    """Nothing but the server's own addresses is heard there, so a name alone says nothing against it."""
    called = {each.name for each in here if set(each.macs) & set(whose.macs)}
    for each in here:
        if not (each.name in called or (proven and not each.macs)) and not _is_server(each, whose):
            name = each.name or ", ".join(each.macs) or Text("something without a name")
            said = Text(
                "{neighbour} says that it is on {port}, not {server}", neighbour=name, port=port, server=whose.name
            )
            yield Refusal(Reason.STRANGE_NEIGHBOUR, said)


def _is_server(neighbour: Neighbour, whose: Expected) -> bool:
    """Does it give one of the server's addresses or, where none can be compared, its name (with or without the domain)?
    An address counts more than a name, which anyone may give. One that gives nothing that could be compared is not
    taken for another server."""
    if set(neighbour.macs) & set(whose.others):
        return False
    if neighbour.macs and whose.macs:
        return bool(set(neighbour.macs) & set(whose.macs))
    if neighbour.name:
        return neighbour.name.lower().partition(".")[0] == whose.name.lower().partition(".")[0]
    return True
