"""The ports of switches compared with the records: differences, unknown devices, servers on another port.

Pure: the switches were read before, each in its own session. An address learned on an uplink belongs to another switch.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

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
    address: str = ""


class Finding(Struct, frozen=True):
    """One thing found, in words that are safe to print."""

    kind: Kind
    switch: str
    port: str
    deposit: str
    detail: str

    @property
    def wrong(self) -> bool:
        return self.kind not in (Kind.NOT_SEEN, Kind.MORE_DEVICES)


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
    def finding(kind: Kind, detail: str) -> Finding:
        return Finding(kind, record.switch, record.port, record.deposit, detail)

    if record.address:
        yield finding(Kind.ADDRESS, record.address)
    actual = state.ports.get(record.port)
    if actual is None:
        yield finding(Kind.NO_PORT, "the switch has no such port")
        return
    differ = {change.field: change for change in changes(actual.setting, record.wanted)}
    vlans = [differ.pop(name) for name in ("mode", "vlan", "tagged", "voice") if name in differ]
    if not record.wanted.enabled:  # the settings of a port that is shut, or in quarantine, do not matter
        if vlans and actual.setting.enabled:
            whose = f"the server of {record.deposit} is not in use" if record.deposit else "the port is nobody's"
            voice = f" and voice VLAN {actual.setting.voice}" if actual.setting.voice is not None else ""
            yield finding(Kind.OPEN_PORT, f"{whose}, but it is open, in VLAN {actual.setting.vlan}{voice}")
    else:
        if vlans:
            what = "; ".join(f"{each.field} is {each.before}, should be {each.after}" for each in vlans)
            yield finding(Kind.WRONG_VLAN, what)
        if differ:
            what = "; ".join(f"{name} is {each.before!r}, should be {each.after!r}" for name, each in differ.items())
            yield finding(Kind.WRONG_SETTING, what)
        foreign = sorted(set(actual.bound) - set(record.macs))
        if foreign:
            yield finding(Kind.BOUND, f"port security ties it to {', '.join(foreign)}")
        if actual.stopped:
            yield finding(Kind.STOPPED, f"the switch has stopped it: {actual.stopped}")
    if actual.special and actual.setting.enabled:
        yield finding(Kind.SPECIAL, actual.special)
    yield from _devices(record, state, owners)


def _devices(record: PortRecord, state: SwitchState, owners: Mapping[str, PortRecord]) -> Iterable[Finding]:
    seen = state.macs_on(record.port)
    own = set(seen) & set(record.macs)
    for mac in seen:
        owner = None if mac in own else owners.get(mac)
        if owner is not None and owner.deposit != record.deposit:
            yield Finding(
                Kind.ELSEWHERE,
                record.switch,
                record.port,
                owner.deposit,
                f"{mac} of {owner.deposit} is here; its port is {owner.port} of {owner.switch}",
            )
        elif owner is None and not own and (record.macs or not record.deposit):
            known = f"{record.deposit} has {', '.join(record.macs)}" if record.deposit else "the port is nobody's"
            yield Finding(Kind.UNKNOWN_DEVICE, record.switch, record.port, record.deposit, f"{mac} is here; {known}")
    more = [mac for mac in seen if mac not in record.macs and mac not in owners]
    if own and more:
        yield Finding(
            Kind.MORE_DEVICES,
            record.switch,
            record.port,
            record.deposit,
            f"beside the server: {', '.join(more[:8])}{f' and {len(more) - 8} more' if len(more) > 8 else ''}",
        )
    if record.deposit and record.wanted.enabled and not seen:
        yield Finding(
            Kind.NOT_SEEN, record.switch, record.port, record.deposit, "nothing is heard on it: off, or not plugged in"
        )


def _unsaved(record: PortRecord, state: SwitchState, saved: Texts | None) -> Iterable[Finding]:
    actual = state.ports.get(record.port)
    if saved is None or actual is None:
        return
    differs = text_changes(saved.get(record.port, ()), actual.text)
    if differs:
        what = ", ".join(differs[:4]) + (", …" if len(differs) > 4 else "")
        detail = f"it is set otherwise than it is saved: {what}"
        yield Finding(Kind.UNSAVED, record.switch, record.port, record.deposit, detail)


def _elsewhere(
    switch: str, state: SwitchState, mine: set[str], uplinks: frozenset[str], owners: Mapping[str, PortRecord]
) -> Iterable[Finding]:
    """Servers on ports that are neither in a record nor uplinks: a port for the office's own devices, say."""
    for entry in state.learned:
        owner = owners.get(entry.mac)
        if owner is not None and entry.port not in mine and entry.port not in uplinks:
            where = f"{entry.mac} of {owner.deposit} is here; its port is {owner.port} of {owner.switch}"
            yield Finding(Kind.ELSEWHERE, switch, entry.port, owner.deposit, where)
