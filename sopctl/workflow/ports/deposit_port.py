"""Switch ports of deposits: planned, applied, released; alone, or as a part of konfigurasi 1 and pengembalian 6.

A port belongs to the place that a deposit has in a rack. Where the site has no record of the rack's switch, its ports
are set by hand, and nothing here mentions them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

from sopctl.adapters.ssh.route import stir
from sopctl.errors import Action, Interrupted, InvalidRecord, NotNow, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model.ports import switch as wanted
from sopctl.model.ports.addresses import Known, of_others, settled
from sopctl.model.ports.port import ActualPort, Expected, PortSetting, mac
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.sop.entries import Entry, PortAttempt, PortChange, PortFailed, PortSet
from sopctl.store import dossiers, facts, register
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.messages.notes import told
from sopctl.workflow.ports import change, switches
from sopctl.workflow.ports.change import SESSION_SECONDS, Proposal
from sopctl.workflow.ports.job import Job, PortResult, cause, in_note

MAX_TEXT_KEPT = 4_000
"""Characters of a port's own configuration that a history keeps."""


class PortOf(Struct, frozen=True):
    """A deposit's port: its switch and interface, its setting for the server in use, and the one for quarantine."""

    switch: SwitchRecord
    interface: str
    service: PortSetting
    quarantine: PortSetting
    whose: Expected


def plan(desk: Desk, deposit_id: str, *, release: bool = False, log: Path | None = None) -> Proposal:
    """What `apply` (or `release`) would do to the deposit's port now. The switch is read, and nothing is changed.

    `log`, here and below: a file to which the session is appended, without secrets.

    Raises NotNow for a deposit without a port, UsageError for a switch without a record, and what a session raises.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    found = _needed(desk.site, dossier)
    with switches.held(desk.site, found.switch, seconds=SESSION_SECONDS, log=log) as held:
        return change.preview(_job(desk, held, found, dossier, service=not release))


def apply(
    desk: Desk, deposit_id: str, *, log: Path | None = None, overwrite: bool = False
) -> tuple[StepDone, PortResult]:
    """Give the deposit's server its port, at any step while it stands in its rack. However it ends, it is recorded.

    `overwrite`, here and below: a saved configuration that another version of the switch's software wrote may be
    replaced.
    """
    with act(desk, deposit_id, "switch") as mine:
        if not mine.dossier.summary.in_our_hands:
            raise NotNow(
                "not-in-our-hands",
                "{deposit} is not on site: its server is not in its rack, switched on",
                remedy=Action("show", deposit_id),
                deposit=deposit_id,
            )
        return _act(mine, service=True, log=log, overwrite=overwrite)


def release(
    desk: Desk, deposit_id: str, *, log: Path | None = None, overwrite: bool = False
) -> tuple[StepDone, PortResult]:
    """Shut the deposit's port and put it into quarantine, at any step, to take the server off the network at once.

    That depends on nothing that the server sends.
    """
    with act(desk, deposit_id, "switch") as mine:
        return _act(mine, service=False, log=log, overwrite=overwrite)


def configured(mine: Turn) -> tuple[tuple[PortFailed, ...], PortResult | None]:
    """konfigurasi 1: give the server its port before anyone logs in. A change is recorded as the start of the work.

    Returns the entries for a failed step, and the result if the server did not get its port, else None.
    """
    found = of_deposit(mine.desk.site, mine.dossier)
    if found is None:
        return (), None
    try:
        with _changed(mine, found, service=True) as result:
            if result.state == "done":
                mine.start(_set(found, result, "applied"))
    except SopctlError as error:
        why = f"port {found.interface} {found.switch.name}: {told(error)}"
        mine.fail(why, PortFailed(cause=cause(error)), cut_off=isinstance(error, Interrupted))
        raise
    return ((), None) if result.answer else ((_failed(found, result),), result)


@contextmanager
def taken_back(mine: Turn, *, by_hand: str) -> Iterator[tuple[str, tuple[Entry, ...], PortResult | None]]:
    """pengembalian 6: shut the port. Gives what the note says of it, the entries for the event, and the result if the
    port could not be shut, else None. Where the step is done `by_hand`, that is only noted. The switch is held until
    the block ends, in which the event is recorded: an audit that comes next finds both.
    """
    spot = mine.dossier.summary.place
    if not (spot and spot.port):
        yield "", (), None
        return
    plain = f"port {spot.port} rak {spot.rack} dilepas"
    found = of_deposit(mine.desk.site, mine.dossier)
    if found is None:
        yield plain, (), None
        return
    with ExitStack() as held:
        try:
            result = held.enter_context(_changed(mine, found, service=False))
        except SopctlError as error:
            if not by_hand:
                raise
            yield f"port {found.interface} {found.switch.name} belum dilepas: {told(error)}", (), None
            return
        if result.answer:
            done = f"{plain} ({found.switch.name} {found.interface} ditutup){_warned(result)}"
            yield done, (_set(found, result, "released"),), None
        elif by_hand:
            why = f"port {found.interface} {found.switch.name} belum dilepas: {result.noted}"
            yield why, (_failed(found, result),), None
        else:
            yield plain, (_failed(found, result),), result


def note(result: PortResult) -> str:
    """What an event says of a change, in one sentence."""
    name = f"port {result.plan.port} {result.plan.switch}"
    now = result.plan.wanted
    given = f"VLAN {_vlans(now)}"
    heard = f"; MAC {result.mac}" if result.mac else ""
    if result.also:
        heard += f"; terdengar juga {', '.join(result.also)}"
    by_itself = f"; switch mengembalikannya sendiri ({result.restore})" if result.restore else ""
    differs = ", ".join(f"“{each}”" for each in result.differs[:8])
    said = {
        "done": f"{given}, {'dibuka' if now.enabled else 'ditutup'}{heard}{_warned(result)}",
        "unchanged": f"sudah {given}{heard}{_warned(result)}",
        "refused": f"tidak diubah: {result.noted}",
        "put-back": f"dikembalikan seperti semula: {result.noted}",
        "partly-back": f"dikembalikan, tetapi tidak persis seperti semula ({differs}): {result.noted}",
        "shut": f"sudah ditutup, tetapi belum selesai: {result.noted}{_warned(result)}",
        "unknown": f"TIDAK dapat {'dikembalikan' if now.enabled else 'dipastikan tertutup'}: {result.noted}{by_itself}",
    }
    return f"{name}: {said[result.state]}"


def _warned(result: PortResult) -> str:
    said = "; ".join(in_note(each) for each in result.plan.warnings[:8])
    return f"; perhatian: {said}" if said else ""


def of_deposit(site: Site, dossier: Dossier) -> PortOf | None:
    """The port of a deposit; None if it has none, or the site has no record of its switch.

    Raises InvalidRecord for a letter that asks for a VLAN that no deposit may have there.
    """
    spot = switches.of_place(site, dossier.summary.place)
    if spot is None:
        return None
    switch, interface = spot
    deposit, setting = dossier.deposit, service(switch, dossier)
    owned = owned_macs(site, dossier)
    whose = Expected(deposit.id, deposit.server.name, owned[deposit.id], of_others(owned, deposit.id))
    return PortOf(switch, interface, setting, wanted.quarantine(switch), whose)


def vlans(site: Site, dossier: Dossier) -> str:
    """The VLANs that a deposit's port should have, for people; empty without a record. Raises as `of_deposit`."""
    spot = switches.of_place(site, dossier.summary.place)
    return _vlans(service(spot[0], dossier)) if spot else ""


def _vlans(setting: PortSetting) -> str:
    return str(setting.vlan) + (f", bertanda {', '.join(map(str, setting.tagged))}" if setting.tagged else "")


def service(switch: SwitchRecord, dossier: Dossier) -> PortSetting:
    """How the port of a deposit should be while its server is in use. Raises as `of_deposit`."""
    deposit = dossier.deposit
    try:
        return wanted.service(switch, deposit.id, deposit.server.name, deposit.unit, deposit.network)
    except InvalidRecord as error:
        raise error.recast(InvalidRecord, where=str(dossier.folder / "deposit.yml")) from None


def owned_macs(site: Site, *more: Dossier) -> dict[str, tuple[str, ...]]:
    """The MAC addresses of each server in the racks, and of `more`, by deposit."""
    return settled({each.id: _known_macs(each) for each in (*in_racks(site), *more)})


def in_racks(site: Site) -> Iterator[Dossier]:
    """The dossiers of the servers in the racks. One that cannot be read is told (`Site.lagging`), and holds up nobody
    else's port."""
    for each in register.standing(site):
        if each.placed and not each.closed:
            with suppress(SopctlError):  # told by the register
                yield dossiers.read(site, each.id)


def _known_macs(dossier: Dossier) -> dict[str, Known]:
    """A server's addresses, and how each is known."""
    found = dict.fromkeys(reported_macs(dossier), Known.REPORTED)
    heard = (entry.switch_port.mac for _, entry in dossier.established(PortSet))
    found |= {mac(each): Known.HEARD for each in heard if each}
    named = dossier.deposit.network.macs if dossier.deposit.network else ()
    found |= {mac(each): Known.NAMED for each in named}
    found.pop("", None)
    return found


def reported_macs(dossier: Dossier) -> tuple[str, ...]:
    """The addresses in a server's newest inventory, as it says itself."""
    newest = facts.newest(facts.months(dossier))
    if newest:
        with suppress(InvalidRecord):  # `document verify` reports a damaged document, not this
            return tuple(mac(nic.mac) for nic in facts.read(dossier.folder, newest).nics if nic.mac)
    return ()


def _needed(site: Site, dossier: Dossier) -> PortOf:
    found = of_deposit(site, dossier)
    if found is not None:
        return found
    spot = dossier.summary.place
    if spot is None or spot.port is None:
        raise NotNow(
            "no-switch-port",
            "{deposit} has no switch port: its place is in a rack without a switch, or it has no place yet",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
        )
    rack = next(each for each in site.racks if each.name == spot.rack)
    name = rack.switch.name if rack.switch else "?"
    raise UsageError(
        "switch-without-record",
        "the switch {switch} of rack {rack} has no record",
        remedy=Text("Describe it in switches/{name}.yml.", name=name),
        switch=name,
        rack=spot.rack,
    )


def _act(mine: Turn, *, service: bool, log: Path | None, overwrite: bool) -> tuple[StepDone, PortResult]:
    found = _needed(mine.desk.site, mine.dossier)
    try:
        with _changed(mine, found, service=service, log=log, overwrite=overwrite) as result:
            if result.answer:
                entry = _set(found, result, "applied" if service else "released")
                return mine.record(mine.verb.outcome, entry, note=note(result)), result
            return mine.fail(note(result), _failed(found, result)), result
    except Interrupted as stopped:
        if not mine.ended:
            mine.fail(f"port {found.interface} {found.switch.name}: {told(stopped)}")
        raise


@contextmanager
def _changed(
    mine: Turn, found: PortOf, *, service: bool, log: Path | None = None, overwrite: bool = False
) -> Iterator[PortResult]:
    """Change the port, and hold its switch until the block ends, in which the event is recorded."""
    with switches.held(mine.desk.site, found.switch, seconds=SESSION_SECONDS, log=log) as held:
        yield change.change(_job(mine.desk, held, found, mine.dossier, service=service, overwrite=overwrite))


def _job(
    desk: Desk,
    held: switches.HeldSwitch,
    found: PortOf,
    dossier: Dossier,
    *,
    service: bool,
    overwrite: bool = False,
) -> Job:
    setting = found.service if service else found.quarantine
    address, destinations = dossier.deposit.access.address, admitting.destinations(desk.site)
    return Job(
        held,
        found.interface,
        setting,
        found.whose,
        service,
        stir=lambda: stir(address, destinations),
        hear_seconds=change.HEAR_SECONDS,
        now=desk.now,
        overwrite=overwrite,
    )


def _set(found: PortOf, result: PortResult, state: Literal["applied", "released"]) -> PortSet:
    """What the history keeps of a change."""
    before, after = result.plan.before, result.after
    return PortSet(
        switch_port=PortChange(
            switch=found.switch.name,
            port=found.interface,
            state=state,
            before=before.setting if before else None,
            after=after.setting if after else None,
            mac=result.mac or None,
            restore=result.restore or None,
            text_before=_text(before),
            also=result.also or None,
        )
    )


def _failed(found: PortOf, result: PortResult) -> PortFailed:
    """What the history keeps of a change that failed."""
    before, after = result.plan.before, result.after
    tried = PortAttempt(
        switch=found.switch.name,
        port=found.interface,
        state=result.state,
        cause=result.cause,
        before=before.setting if before else None,
        after=after.setting if after else None,
        text_before=_text(before),
        text_differs=result.differs or None,
    )
    return PortFailed(cause=result.cause, switch_port_tried=tried)


def _text(before: ActualPort | None) -> tuple[str, ...] | None:
    """A port's own configuration, as far as a history keeps it."""
    left, kept = MAX_TEXT_KEPT, []
    for line in before.text if before else ():
        left -= len(line)
        if left < 0:
            kept.append("…")
            break
        kept.append(line)
    return tuple(kept) or None
