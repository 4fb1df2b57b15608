"""The ports of switches compared with the records: differences, unknown devices, servers on another port.

Pure: the switches were read before, each in its own session. An address learned on an uplink belongs to another switch.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from sopctl.locale import Prose, Text, joined
from sopctl.model.ports.port import PortSetting, SwitchState, changes, text_changes


class Kind(StrEnum):
    """What an audit finds. All but `NOT_SEEN` and `MORE_DEVICES` are wrong: a server may be switched off, and may have
    virtual machines."""

    NO_PORT = "no-port"
    WRONG_VLAN = "wrong-vlan"
    WRONG_SETTING = "wrong-setting"
    UNKNOWN_DEVICE = "unknown-device"
    ELSEWHERE = "elsewhere"
    OPEN_PORT = "open-port"
    SPECIAL = "special-port"
    STOPPED = "stopped"
    BOUND = "bound-to-another"
    UNSAVED = "unsaved"
    ADDRESS = "wrong-address"
    MORE_DEVICES = "more-devices"
    NOT_SEEN = "not-seen"


class PortRecord(Struct, frozen=True):
    """A port as the records have it: `deposit` (empty: nobody's) with the MAC addresses known of its server, and how
    it should be set; and what is wrong with the server's address (model/intake/addresses.py)."""

    switch: str
    port: str
    wanted: PortSetting
    deposit: str = ""
    macs: tuple[str, ...] = ()
    address: Prose = ""


class Finding(Struct, frozen=True):
    """One thing found, in words that are safe to print."""

    kind: Kind
    switch: str
    port: str
    deposit: str
    detail: Prose

    @property
    def wrong(self) -> bool:
        return self.kind not in (Kind.NOT_SEEN, Kind.MORE_DEVICES)


NOBODYS = Text("the port is nobody's")

Texts = Mapping[str, tuple[str, ...]]
"""Each port's own configuration."""


def compare(
    records: Sequence[PortRecord],
    states: Mapping[str, SwitchState],
    uplinks: Mapping[str, Iterable[str]],
    saved: Mapping[str, Texts] | None = None,
) -> list[Finding]:
    """Compare every port of `records` with its switch, where that was read. In the order of the records; then servers
    on ports of no record. `saved` is what switches keep for their next start, where that is another thing than how they
    are set."""
    owners = {mac: record for record in records if record.deposit for mac in record.macs}
    found: list[Finding] = []
    for record in records:
        if record.switch in states:
            found += _port(record, states[record.switch], owners)
            found += _unsaved(record, states[record.switch], (saved or {}).get(record.switch))
    for switch, state in states.items():
        mine = {record.port for record in records if record.switch == switch}
        found += _elsewhere(switch, state, mine, frozenset(uplinks.get(switch, ())), owners)
    return found


def _port(record: PortRecord, state: SwitchState, owners: Mapping[str, PortRecord]) -> Iterable[Finding]:
    def finding(kind: Kind, detail: Prose) -> Finding:
        return Finding(kind, record.switch, record.port, record.deposit, detail)

    if record.address:
        yield finding(Kind.ADDRESS, record.address)
    actual = state.ports.get(record.port)
    if actual is None:
        yield finding(Kind.NO_PORT, Text("the switch has no such port"))
        return
    differ = {change.field: change for change in changes(actual.setting, record.wanted)}
    vlans = [differ.pop(name) for name in ("mode", "vlan", "tagged", "voice") if name in differ]
    if not record.wanted.enabled:  # the settings of a port that is shut, or in quarantine, do not matter
        if vlans and actual.setting.enabled:
            unused = Text("the server of {deposit} is not in use", deposit=record.deposit)
            whose = unused if record.deposit else NOBODYS
            said = {"whose": whose, "vlan": actual.setting.vlan, "voice": actual.setting.voice}
            if actual.setting.voice is None:
                yield finding(Kind.OPEN_PORT, Text("{whose}, but it is open, in VLAN {vlan}", **said))
            else:
                text = Text("{whose}, but it is open, in VLAN {vlan} and voice VLAN {voice}", **said)
                yield finding(Kind.OPEN_PORT, text)
    else:
        if vlans:
            wrong = (_differs(each.field, str(each.before), str(each.after)) for each in vlans)
            yield finding(Kind.WRONG_VLAN, joined("; ", wrong))
        if differ:
            wrong = (_differs(name, repr(each.before), repr(each.after)) for name, each in differ.items())
            yield finding(Kind.WRONG_SETTING, joined("; ", wrong))
        foreign = sorted(set(actual.bound) - set(record.macs))
        if foreign:
            yield finding(Kind.BOUND, Text("port security ties it to {macs}", macs=", ".join(foreign)))
        if actual.stopped:
            yield finding(Kind.STOPPED, Text("the switch has stopped it: {why}", why=actual.stopped))
    if actual.special and actual.setting.enabled:
        yield finding(Kind.SPECIAL, actual.special)
    yield from _devices(record, state, owners)


def _differs(field: str, before: str, after: str) -> Text:
    return Text("{field} is {before}, should be {after}", field=field, before=before, after=after)


def _here(mac: str, owner: PortRecord) -> Text:
    return Text(
        "{mac} of {deposit} is here; its port is {port} of {switch}",
        mac=mac,
        deposit=owner.deposit,
        port=owner.port,
        switch=owner.switch,
    )


def _devices(record: PortRecord, state: SwitchState, owners: Mapping[str, PortRecord]) -> Iterable[Finding]:
    seen = state.macs_on(record.port)
    own = set(seen) & set(record.macs)
    for mac in seen:
        owner = None if mac in own else owners.get(mac)
        if owner is not None and owner.deposit != record.deposit:
            yield Finding(Kind.ELSEWHERE, record.switch, record.port, owner.deposit, _here(mac, owner))
        elif owner is None and not own and (record.macs or not record.deposit):
            own_macs = Text("{deposit} has {macs}", deposit=record.deposit, macs=", ".join(record.macs))
            said = Text("{mac} is here; {known}", mac=mac, known=own_macs if record.deposit else NOBODYS)
            yield Finding(Kind.UNKNOWN_DEVICE, record.switch, record.port, record.deposit, said)
    more = [mac for mac in seen if mac not in record.macs and mac not in owners]
    if own and more:
        macs = ", ".join(more[:8])
        if len(more) > 8:
            said = Text("beside the server: {macs} and {number} more", macs=macs, number=len(more) - 8)
        else:
            said = Text("beside the server: {macs}", macs=macs)
        yield Finding(Kind.MORE_DEVICES, record.switch, record.port, record.deposit, said)
    if record.deposit and record.wanted.enabled and not seen:
        said = Text("nothing is heard on it: off, or not plugged in")
        yield Finding(Kind.NOT_SEEN, record.switch, record.port, record.deposit, said)


def _unsaved(record: PortRecord, state: SwitchState, saved: Texts | None) -> Iterable[Finding]:
    actual = state.ports.get(record.port)
    if saved is None or actual is None:
        return
    differs = text_changes(saved.get(record.port, ()), actual.text)
    if differs:
        what = ", ".join(differs[:4]) + (", …" if len(differs) > 4 else "")
        detail = Text("it is set otherwise than it is saved: {what}", what=what)
        yield Finding(Kind.UNSAVED, record.switch, record.port, record.deposit, detail)


def _elsewhere(
    switch: str, state: SwitchState, mine: set[str], uplinks: frozenset[str], owners: Mapping[str, PortRecord]
) -> Iterable[Finding]:
    """Servers on ports that are neither in a record nor uplinks: a port for the office's own devices, say."""
    for entry in state.learned:
        owner = owners.get(entry.mac)
        if owner is not None and entry.port not in mine and entry.port not in uplinks:
            yield Finding(Kind.ELSEWHERE, switch, entry.port, owner.deposit, _here(entry.mac, owner))
