"""The audit of switches: every port of every rack is compared with the records, in one session for each switch, all
switches at the same time."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from sopctl.adapters import switch as device
from sopctl.errors import InvalidRecord, SopctlError
from sopctl.locale import Prose
from sopctl.model.access.algorithms import allowed
from sopctl.model.intake import addresses
from sopctl.model.ports.audit import Finding, PortRecord, compare
from sopctl.model.ports.port import PortSetting, SwitchState
from sopctl.model.ports.switch import SwitchRecord, quarantine
from sopctl.model.sop.entries import PortSet
from sopctl.store import register
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import deposit_port, switches

READ_SECONDS = 90.0
WAIT_SECONDS = 30.0
AT_ONCE = 32
"""Switches that are read at the same time."""


class Audited(Struct, frozen=True):
    """What was found: the switches that were read, with the number of their ports in the records; what differs; and why
    a switch could not be read."""

    switches: dict[str, int]
    findings: tuple[Finding, ...]
    errors: Mapping[str, Prose]
    old: dict[str, tuple[str, ...]] = {}
    """The old SSH algorithms that a switch's record allows, where it does."""

    @property
    def answer(self) -> bool:
        return not any(each.wrong for each in self.findings)


def audit(
    desk: Desk, names: Sequence[str] = (), *, cancel: threading.Event | None = None
) -> tuple[Audited, dict[str, SopctlError]]:
    """Read these switches (by default, all of the site) and compare their ports with the records.

    A switch that cannot be read does not hold up the others. Raises UsageError for a switch without a record.
    """
    site = desk.site
    chosen = [switches.record(site, name).name for name in names] or list(site.switches)
    switches.refuse_shared_ports(site)
    states: dict[str, SwitchState] = {}
    saved: dict[str, dict[str, tuple[str, ...]]] = {}
    recorded: dict[str, list[PortRecord]] = {}
    errors: dict[str, SopctlError] = {}

    def read(name: str) -> None:
        """Read a switch, and the records while nobody else may change its ports: they are of one moment."""
        try:
            taken = switches.held(site, site.switches[name], seconds=READ_SECONDS, wait=WAIT_SECONDS, cancel=cancel)
            with taken as held, held.open() as session:
                state = device.read(held.driver, session)
                kept = device.saved(held.driver, session)
                recorded[name] = [each for each in port_records(site) if each.switch == name]
            states[name] = state
            if kept is not None:
                saved[name] = kept
        except SopctlError as error:
            errors[name] = error

    with ThreadPoolExecutor(max_workers=min(AT_ONCE, max(1, len(chosen)))) as pool:
        list(pool.map(read, chosen))
    uplinks = {name: site.switches[name].uplinks for name in states}
    unread = [each for each in port_records(site) if each.switch not in states]  # whose servers may be elsewhere
    records = [each for name in chosen if name in states for each in recorded[name]]
    findings = compare([*records, *unread], dict(sorted(states.items())), uplinks, saved)
    counts = {name: len(recorded[name]) for name in sorted(states)}
    old: dict[str, tuple[str, ...]] = {
        name: names for name in sorted(chosen) if (names := allowed(site.switches[name].legacy))
    }
    why = {name: error.whole for name, error in sorted(errors.items())}
    return Audited(counts, tuple(findings), why, old), errors


def port_records(site: Site) -> list[PortRecord]:
    """Every port that a rack has on a switch with a record, and how it should be set. The port of a deposit whose
    dossier cannot be read is left out: how it should be is not known."""
    readable = {each.id: each for each in deposit_port.in_racks(site)}
    owners: dict[tuple[str, str], str] = {}
    for summary in register.standing(site):
        spot = switches.of_place(site, summary.place) if summary.placed and not summary.closed else None
        if spot:
            owners[spot[0].name, spot[1]] = summary.id
    macs, found = deposit_port.owned_macs(site), []
    for rack in site.racks:
        switch = site.switches.get(rack.switch.name) if rack.switch else None
        for number in rack.switch.numbers if rack.switch else ():
            if switch:
                name = switch.interface(number)
                owner = owners.get((switch.name, name), "")
                if owner in readable:
                    dossier = readable[owner]
                    wanted, doubt = _wanted(switch, dossier), _doubt(site, switch, dossier)
                    found.append(PortRecord(switch.name, name, wanted, owner, macs[owner], doubt))
                elif not owner:
                    found.append(PortRecord(switch.name, name, quarantine(switch)))
    return found


def _wanted(switch: SwitchRecord, dossier: Dossier) -> PortSetting:
    """A deposit's port. It is in service from when it was given to the server, or the server was configured, until it
    is taken away or the server is switched off."""
    kept = dossier.newest(PortSet)
    given = dossier.summary.in_our_hands and (kept.switch_port.state == "applied" if kept else dossier.summary.managed)
    try:
        return deposit_port.service(switch, dossier) if given else quarantine(switch)
    except InvalidRecord:
        return quarantine(switch)


def _doubt(site: Site, switch: SwitchRecord, dossier: Dossier) -> Prose:
    """What is wrong with the address of a deposit whose port is in service, by what the office gives out."""
    wanted = _wanted(switch, dossier)
    if not wanted.enabled:
        return ""
    return addresses.doubt(site.networks, dossier.deposit.access.address, wanted.vlan, wanted.tagged)
