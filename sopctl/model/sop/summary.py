"""What lists, the waiting list and the racks need to know of a deposit, in one small record.

It is computed from the dossier, so it may be kept in an index and rebuilt at any time. Nothing in it depends on the
clock, the calendar or other deposits.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from sopctl.model import services
from sopctl.model.access.algorithms import Legacy
from sopctl.model.access.target import HostKey, Service
from sopctl.model.as_json import reader
from sopctl.model.deposit import Deposit, FirstContact, Kind, Platform
from sopctl.model.rack import Need, Place
from sopctl.model.sop import corrections, entries, procedure, record, signing, verbs
from sopctl.model.sop.entries import E
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing
from sopctl.model.sop.verbs import Waiting


class Pause(Struct, frozen=True, gc=False):
    """A time in which a deadline was paused; `until` is None while it still does."""

    since: datetime
    until: datetime | None


class Route(Struct, frozen=True, gc=False, array_like=True):
    """How the machine is reached, as its record and its history say: all that an access check needs of a dossier. As
    JSON a list too."""

    port: int = 22
    host_key: HostKey | None = None
    """The one that is pinned."""
    legacy: Legacy = False
    services: tuple[Service, ...] = ()
    """Those that its letter asks for and that can be tried."""
    first_contact: FirstContact | None = None
    settled: bool = False
    """Was the office's account ever made? A server keeps the name that it began with."""
    account: str = ""
    """What that account is called, or is to be, where that is not for the site's settings to say."""
    network: str = ""
    """The network that its record names."""


_read_route = reader(Route)


class Summary(Struct, frozen=True, gc=False, array_like=True):
    """One deposit. `step` is None once it is closed, and `end` says how. As JSON it is a list, in this order: an index
    has a hundred thousand of them."""

    id: str
    unit: str
    server: str
    serial: str
    letter: str
    contact: str
    address: str
    procedure: str
    step: int | None
    verb: str
    task: str
    activity: str
    actor: str
    actor_title: str
    limit_days: int
    since: datetime | None
    """Since when the step is due; its clock counts from here, without the `pauses` (on hold)."""
    pauses: tuple[Pause, ...]
    waiting: Waiting
    month_due: date | None
    """For a step that waits for the next month: the first day of that month."""
    held: bool
    unfinished: bool
    end: str
    opened: datetime
    queued: datetime
    """Its turn in the waiting list: when it was filed, or when a place that it did not take up was released."""
    priority: int
    need: Need
    place: Place | None
    place_until: date | None
    """Until when the reserved place is kept for a server that has not been brought yet."""
    placed: bool
    switched_off: bool
    managed: bool
    """A configuration run has succeeded: the management account is there. Never true for an appliance."""
    valid_until: date | None
    way: Raw
    """The `route` as JSON: lists do without it, and it is two fifths of what reading a summary costs."""
    received_on: date | None = None
    handed_over_on: date | None = None
    placed_on: date | None = None
    """The days on which the server was brought, handed over (last) and placed, as they are corrected."""
    platform: Platform | None = None
    """Of a network appliance; None for a server."""
    to_repair: tuple[str, ...] = ()
    """What was edited since the last whole configuration and is to be put on the server: paths of the record."""
    to_gather: bool = False
    """The server was moved since its facts were gathered last."""
    to_set_port: bool = False
    """Its place or its VLAN has changed since its switch port was set."""
    kind: Kind = "server"
    by_hand: bool = False
    """The due step can only be done by a person's hands: the machine takes no SSH, and no BMC answers for it."""
    checkable: bool = True
    """Is there anything at the machine that an access check could try?"""
    reduced: bool = False
    """The management account may run the gathering script as root, and nothing else."""
    let_in: bool = False
    """The server has the office's own account: by a configuration, or by a first contact with a password."""
    office_key: str = ""
    """The fingerprint of the office's key that opens it; empty where the history does not say (of an older version)."""
    key_leaving: str = ""
    """That of the office's key before, while it opens it too."""
    asides: tuple[str, ...] = ()
    """The verbs by which a person may end the due step as it stands now, other than by its own work: `accept`,
    `refuse`, `withdraw`."""
    begins: dict[str, str] = {}
    """The verbs, each with its task, by which another procedure may be started from here: `return`."""
    tries: int = 0
    """How often the outcome that led here was taken, if its tries are used up and a person must look before it goes on
    by itself; else 0."""
    application: str = ""
    description: str = ""
    """What the server runs, and what that is for, as its owner says."""
    unsigned: tuple[signing.Unsigned, ...] = ()
    """The papers that lack signatures."""
    denied: str = ""
    """What the requesting unit says cannot be used, while nobody has looked since."""
    unclear: tuple[entries.SigningAsked, ...] = ()
    """What a service was asked to sign, where nobody knows whether it did."""

    @property
    def route(self) -> Route:
        """How its machine is reached. Read anew each time."""
        return _read_route(bytes(self.way))

    @property
    def closed(self) -> bool:
        return self.step is None

    @property
    def stands(self) -> str:
        """`penitipan 4`, or how a closed deposit ended."""
        return f"{self.procedure} {self.step}" if self.step is not None else self.end

    @property
    def in_our_hands(self) -> bool:
        """Does the server stand in a rack of ours, switched on, so that the controller may log in?"""
        return self.placed and not self.closed and not self.switched_off

    def waits_on(self, day: date) -> Literal["", "hold", "space", "month"]:
        """What makes its step nobody's turn on `day`: it is on hold, waits for space, or for another month."""
        if self.held:
            return "hold"
        if self.waiting == "space":
            return "space"
        return "month" if self.month_due and day < self.month_due else ""

    def goes_on(self, day: date) -> bool:
        """Can the due step be done on `day` without anyone deciding or looking first?"""
        waits = bool(self.waiting) and not (self.month_due and self.month_due <= day)
        return not (self.closed or self.held or self.tries or self.by_hand or waits)


def summarise(deposit: Deposit, procedures: Procedures, events: Sequence[Event], standing: Standing) -> Summary:
    """The summary of a dossier. Raises InvalidRecord for an entry of its history that is not valid."""
    step, server = standing.step, deposit.server

    def newest(kind: type[E]) -> E | None:
        return record.newest(procedures, events, kind)

    def day(what: entries.Correctable) -> date | None:
        found = corrections.day(procedures, events, what)
        return found[1] if found else None

    extended = newest(entries.ValidUntil)
    prioritised, sudo = newest(entries.Prioritised), newest(entries.SudoRight)
    let_go = record.last_ended(procedures, events, "expire")
    place = _place(procedures, events, let_go)
    offered = newest(entries.OfferedUntil) if place and step and step.outcomes_of("expire") else None
    managed = deposit.kind == "server" and record.last_ended(procedures, events, "configure") is not None
    let_in = managed or newest(entries.WayIn) is not None
    key = newest(entries.OfficeKey)
    return Summary(
        id=deposit.id,
        unit=deposit.unit,
        server=server.name,
        serial=corrections.serial(procedures, events, server.serial).value,
        letter=deposit.letter.number if deposit.letter else "",
        contact=deposit.contacts.technical.name,
        address=deposit.access.address,
        procedure=standing.procedure,
        step=step.no if step else None,
        verb=step.verb if step else "",
        task=step.task if step else "",
        activity=step.activity if step else "",
        actor=step.actor if step else "",
        actor_title=procedure.actor_title(procedures, standing),
        limit_days=step.limit_days if step else 0,
        since=standing.since,
        pauses=_pauses(events, standing),
        waiting=standing.waiting,
        month_due=procedure.month_due(standing),
        held=standing.held is not None,
        unfinished=standing.unfinished is not None,
        end=standing.end,
        opened=events[0].at,
        queued=let_go.at if let_go else events[0].at,
        priority=prioritised.priority if prioritised else 0,
        need=Need(server.height_units, server.depth_mm or 0, server.power_watts or 0, server.weight_kg),
        place=place,
        place_until=offered.place_until if offered else None,
        placed=newest(entries.Placed) is not None,
        switched_off=newest(entries.SwitchedOff) is not None,
        managed=managed,
        to_repair=corrections.to_repair(procedures, events) if managed else (),
        to_gather=corrections.to_gather(procedures, events),
        to_set_port=corrections.to_set_port(procedures, events),
        reduced=sudo is not None and sudo.sudo == "inventory",
        let_in=let_in,
        office_key=key.office_key if key else "",
        key_leaving=(key.key_leaving or "") if key else "",
        valid_until=extended.valid_until if extended else deposit.valid_until,
        received_on=day("received"),
        handed_over_on=day("handed_over"),
        placed_on=day("placed"),
        platform=deposit.platform,
        kind=deposit.kind,
        by_hand=_by_hand(deposit, standing, trusted=newest(entries.BmcTrusted) is not None),
        checkable=deposit.kind != "other" or bool(services.tried(deposit.access.ports)),
        asides=_asides(standing),
        begins=_begins(procedures, standing),
        tries=_tries(procedures, events, standing),
        application=server.application,
        description=server.description,
        unsigned=signing.unsigned(procedures, events),
        denied=_denied(procedures, events),
        unclear=signing.unclear(procedures, events),
        way=_route(deposit, newest(entries.HostKeyPinned), newest(entries.Configured), newest(entries.WayIn)),
    )


def _route(
    deposit: Deposit,
    pinned: entries.HostKeyPinned | None,
    configured: entries.Configured | None,
    made: entries.WayIn | None,
) -> Raw:
    access = deposit.access
    settled = configured is not None or made is not None
    named = (configured and configured.account) or (made and made.way_in) or ""
    route = Route(
        port=access.port,
        host_key=pinned.host_key if pinned else None,
        legacy=access.legacy,
        services=services.tried(access.ports),
        first_contact=access.first_contact,
        settled=settled,
        account=named if settled else access.management_account or "",
        network=access.network or "",
    )
    return Raw(msgspec.json.encode(route))


def _denied(procedures: Procedures, events: Sequence[Event]) -> str:
    """The newest word of the requesting unit, where it is a no, and nothing was tried or put right since."""
    said = next(record.established(procedures, events, entries.AccessWord), None)
    if said is None or said[1].access_word.yes:
        return ""
    kinds = (entries.AccessTried, entries.Configured, entries.TaskDone)
    later = (next(record.established(procedures, events, kind), None) for kind in kinds)
    if any(found and found[0].seq > said[0].seq for found in later):
        return ""
    return said[1].access_word.note or "tanpa catatan"


def _place(procedures: Procedures, events: Sequence[Event], let_go: Event | None) -> Place | None:
    """The place that is reserved for or filled by a deposit: the newest, unless it was released since."""
    reserved = next(record.established(procedures, events, entries.Reserved), None)
    if reserved is None or (let_go and let_go.seq > reserved[0].seq):
        return None
    return reserved[1].place


def _asides(standing: Standing) -> tuple[str, ...]:
    """On hold, only what ends the deposit or the procedure is possible."""
    step = standing.step
    if step is None:
        return ()
    named = {outcome.verb for outcome in step.outcomes.values()}
    return tuple(
        verb.name
        for verb in verbs.VERBS
        if verb.name in named
        and verb.kind == "outcome"
        and not (verb.opens or verb.unattended)
        and verb.only_while in ("", standing.waiting)
        and (ends := step.ends_of(verb.name).values())
        and (standing.held is None or all(outcome.closes or outcome.resumes for outcome in ends))
    )


def _begins(procedures: Procedures, standing: Standing) -> dict[str, str]:
    found = procedure.begun_here(procedures, standing) if standing.held is None else {}
    return {verb: begun.first.task for verb, begun in found.items()}


def _by_hand(deposit: Deposit, standing: Standing, *, trusted: bool) -> bool:
    """Must a person do the due step of a machine that takes no SSH? Its inventory, its BMC may give."""
    step = standing.step
    row = verbs.find(step.verb, step.task) if step and deposit.kind == "other" else None
    by_bmc = step is not None and step.verb == "inventory" and deposit.bmc is not None and trusted
    return row is not None and row.needs_by_hand is not None and not by_bmc


def _tries(procedures: Procedures, events: Sequence[Event], standing: Standing) -> int:
    """Used-up tries stop only what would go on by itself."""
    verb = verbs.find(standing.step.verb, standing.step.task) if standing.step and not standing.waiting else None
    return record.tries(procedures, events) if verb and verb.unattended else 0


def _pauses(events: Sequence[Event], standing: Standing) -> tuple[Pause, ...]:
    """The times on hold since the due step's clock began. A hold ends when it is resumed, and with what ends the step:
    a return may be withdrawn while it is on hold."""
    made: list[Pause] = []
    undone = record.undone(events)
    began: datetime | None = None
    for event in events:
        if standing.since is None or event.at < standing.since:
            continue
        if event.outcome in verbs.HOLDING:
            began = began or event.at
        elif began and event.seq not in undone and event.outcome not in verbs.NEUTRAL - {verbs.RESUMED}:
            made.append(Pause(began, event.at))
            began = None
    if standing.held:
        made.append(Pause(began or standing.held.at, None))
    return tuple(made)
