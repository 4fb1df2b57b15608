"""The inventories that were taken: a month's facts, what changed between months, and all servers of a month."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from sopctl.adapters import listings
from sopctl.adapters.listings import ServerRow
from sopctl.errors import Action, SopctlError, UsageError
from sopctl.model import unit
from sopctl.model.facts.changes import Change, against_handover, differences, real
from sopctl.model.facts.conditions import Condition, conditions
from sopctl.model.facts.declared import Comparison, compare
from sopctl.model.facts.server import ServerFacts
from sopctl.model.sop.entries import Gathered
from sopctl.model.sop.summary import Summary
from sopctl.model.unit import Unit
from sopctl.model.waiting_list import occupied
from sopctl.store import dossiers, register
from sopctl.store import facts as kept
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.views.months import month_of, then

Progress = Callable[[int, int], None]

MONTHS = 12
"""How many months the changes by month go back."""


class MonthlyFacts(Struct, frozen=True):
    """What one month's facts say in short; `disk_gb` is decimal (10⁹ bytes), as vendors count."""

    month: str
    revision: int
    memory_gib: float
    disk_gb: float
    system: str
    kernel: str


class Difference(Struct, frozen=True):
    """What changed from one month (`before`, empty for the hand-over) to another, and what is not as it should be
    then."""

    before: str
    after: str
    changes: tuple[Change, ...]
    declared: tuple[Comparison, ...]
    conditions: tuple[Condition, ...] = ()


class InventoriedServer(Struct, frozen=True):
    """One server of a month's inventory."""

    deposit: Summary
    facts: ServerFacts
    changes: tuple[Change, ...]
    kept: kept.Kept

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return conditions(self.facts)

    @property
    def system(self) -> str:
        return _system(self.facts)

    @property
    def memory_gib(self) -> float:
        return _memory_gib(self.facts)

    @property
    def disk_gb(self) -> float:
        return _disk_gb(self.facts)


class Standing(Struct, frozen=True):
    """What is not as it should be on a server, as the newest facts say, which were gathered at this time (ISO 8601)."""

    deposit: Summary
    gathered_at: str
    conditions: tuple[Condition, ...]


class Sum(Struct):
    """The totals of a group of servers."""

    servers: int = 0
    memory_gib: float = 0
    disk_gb: float = 0


class MonthlySummary(Struct, frozen=True):
    """All servers of one month: those that were gathered, those whose inventory was due and that are `missing`, others
    that were here (`not_due`: not configured yet, say, or on their way back), and sums by unit, rack, operating system,
    year of the firmware, and year in which the deposit ends. `used_units`: which units of each rack were filled or
    reserved at the month's end. All of it is as it was then, or is now while the month lasts. `broken`: by deposit,
    what is wrong with a dossier or its facts, so that the summary lacks them."""

    month: str
    servers: tuple[InventoriedServer, ...]
    missing: tuple[Summary, ...]
    sums: dict[str, dict[str, Sum]]
    used_units: dict[str, set[int]]
    not_due: tuple[Summary, ...] = ()
    by_month: dict[str, int] = {}
    """How many changes the forms report, by month up to this one, oldest first; only months that have forms."""
    broken: dict[str, SopctlError] = {}

    @property
    def not_gathered(self) -> tuple[str, ...]:
        """The ids of those that are missing."""
        return tuple(each.id for each in self.missing)


def kept_facts(desk: Desk, deposit_id: str, month: str | None = None) -> ServerFacts:
    """The facts kept for `month` (2026-11), by default the newest. Raises UsageError when there are none."""
    dossier = dossiers.read(desk.site, deposit_id)
    return kept.read(dossier.folder, _gathering(deposit_id, kept.months(dossier), month))


def kept_form(desk: Desk, deposit_id: str, month: str | None = None) -> Path:
    """The path of the inventory form of `month`, by default the newest. Raises UsageError when there is none."""
    dossier, gathered = gathering(desk, deposit_id, month)
    return dossier.folder / gathered.document.file


def gathering(desk: Desk, deposit_id: str, month: str | None = None) -> tuple[Dossier, Gathered]:
    """The dossier, and the gathering that counts for `month`, by default the newest. Raises UsageError when there is
    none."""
    dossier = dossiers.read(desk.site, deposit_id)
    found = next((each for _, each in dossier.established(Gathered) if month in (None, each.month)), None)
    if found is None:
        raise _no_facts(deposit_id, month)
    return dossier, found


def over_time(desk: Desk, deposit_id: str) -> tuple[MonthlyFacts, ...]:
    """Memory, disks and system of a server, month by month, each as its newest revision says."""
    dossier = dossiers.read(desk.site, deposit_id)
    found = []
    for each in kept.months(dossier).values():
        facts = kept.read(dossier.folder, each)
        sizes = _memory_gib(facts), _disk_gb(facts)
        found.append(MonthlyFacts(each.month, each.revision, *sizes, _system(facts), facts.kernel or ""))
    if not found:
        raise _no_facts(deposit_id)
    return tuple(found)


def diff(desk: Desk, deposit_id: str, months: Sequence[str] = (), *, since_handover: bool = False) -> Difference:
    """What changed between two `months`, by default the last two; or since the hand-over: since the first facts.

    The serial number of the hand-over is always compared. Raises UsageError when a month has no facts.
    """
    if len(months) not in (0, 2) or (months and since_handover):
        raise UsageError(
            "months-to-compare",
            "name two months to compare, or none for the last two",
            remedy=(
                "Ask for the changes since the hand-over without naming months.",
                Action("inventory diff", deposit_id),
            ),
        )
    dossier = dossiers.read(desk.site, deposit_id)
    gathered = kept.months(dossier)
    if not gathered:
        raise _no_facts(deposit_id)
    all_months = list(gathered)
    first, last = months or (all_months[0 if since_handover else -min(2, len(all_months))], all_months[-1])
    before, after = (kept.read(dossier.folder, _gathering(deposit_id, gathered, month)) for month in (first, last))
    serial = dossier.summary.serial
    found = (*against_handover(serial, after), *(differences(before, after) if first != last else ()))
    declared = compare(dossier.deposit.server, serial, after)
    return Difference("" if since_handover else first, last, found, declared, conditions(after))


def summary(desk: Desk, month: str | None = None, progress: Progress = lambda _done, _all: None) -> MonthlySummary:
    """The inventory of `month`, by default this one: every server whose facts were kept, with what changed since its
    previous month. Raises UsageError for what is not a month.

    Of a month that has passed, only an inventory that is taken late for it (`collect`) is new.
    """
    of = month_of(desk, month)
    reading = register.read(desk.site, gathered=True)
    broken = dict(reading.broken)
    servers: list[InventoriedServer] = []
    missing: list[Summary] = []
    not_due: list[Summary] = []
    stood: list[Summary] = []
    by_month = Counter[str]()
    everyone = then(desk, of, reading.summaries)
    for number, each in enumerate(everyone, start=1):
        progress(number, len(everyone))
        try:
            deposit = each.deposit
            if deposit is None:
                continue
            stood.append(deposit)
            months = {name: one for name, one in reading.gathered[deposit.id].items() if name <= of.name}
            if of.name in months:
                servers.append(_inventoried(desk, deposit, months, of.name))
            elif each.presence:
                (missing if each.presence.inventory_due else not_due).append(deposit)
        except SopctlError as error:
            broken[each.now.id] = error
            continue
        by_month.update({name: one.changes or 0 for name, one in months.items() if name < of.name})
    used: dict[str, set[int]] = {}
    for taken in occupied(stood):
        used.setdefault(taken.place.rack, set()).update(range(taken.place.unit, taken.place.top + 1))
    by_month[of.name] = sum(len(real(each.changes)) for each in servers)
    return MonthlySummary(
        of.name,
        tuple(servers),
        tuple(missing),
        _sums(desk.site.settings.units, servers),
        used,
        tuple(not_due),
        dict(sorted(by_month.items())[-MONTHS:]),
        dict(sorted(broken.items())),
    )


def present(desk: Desk) -> tuple[list[InventoriedServer], dict[str, SopctlError]]:
    """Every server that has facts, by the newest of them, and as its deposit stands now; also, by deposit, what is
    wrong with dossiers or facts that cannot be read."""
    reading = register.read(desk.site, gathered=True)
    servers, broken = [], dict(reading.broken)
    for deposit in reading.summaries:
        newest = kept.newest(reading.gathered.get(deposit.id, {}))
        if newest is None:
            continue
        try:
            facts = kept.read(desk.site.folder("deposits") / deposit.id, newest)
        except SopctlError as error:
            broken[deposit.id] = error
        else:
            servers.append(InventoriedServer(deposit, facts, (), newest))
    return servers, broken


def _inventoried(desk: Desk, deposit: Summary, months: kept.Months, month: str) -> InventoriedServer:
    """A server with its facts of `month`, compared with those before it."""
    folder, earlier = desk.site.folder("deposits") / deposit.id, kept.newest(months, before=month)
    facts = kept.read(folder, months[month])
    before = kept.read(folder, earlier) if earlier else None
    changes = (*against_handover(deposit.serial, facts), *(differences(before, facts) if before else ()))
    return InventoriedServer(deposit, facts, changes, months[month])


def standing(desk: Desk, ids: Sequence[str] = ()) -> tuple[list[Standing], list[SopctlError]]:
    """What is not as it should be on the servers on site, or on those of them that are named; a server
    without facts is left out. Also returns an error for each dossier that cannot be read, unless servers are named.

    Raises UsageError for an id without facts.
    """
    reading = register.read(desk.site, gathered=True)
    errors: list[SopctlError] = [] if ids else list(reading.errors)
    known = {each.id: each for each in reading.summaries if each.in_our_hands or each.id in ids}
    found = []
    for deposit_id in dict.fromkeys(ids) or known:
        if deposit_id not in known:
            dossiers.read(desk.site, deposit_id)  # says so when there is none, or it is broken
        newest = kept.newest(reading.gathered.get(deposit_id, {}))
        if newest is None:
            if ids:
                raise _no_facts(deposit_id)
            continue
        try:
            facts = kept.read(desk.site.folder("deposits") / deposit_id, newest)
        except SopctlError as error:
            if ids:
                raise
            errors.append(error)
            continue
        found.append(Standing(known[deposit_id], facts.gathered_at, conditions(facts)))
    return found, errors


def as_csv(found: MonthlySummary) -> str:
    """The summary as CSV: one line a server."""
    return listings.rows_as_csv(ServerRow, map(_row, found.servers))


def for_netbox(desk: Desk, servers: Iterable[InventoriedServer], what: str) -> str:
    """What NetBox's bulk import of these objects takes, as CSV. NetBox's site has the office's name. A server that is
    switched off is offline, and one that has left is in no rack."""
    site = desk.site.settings.office.name
    return listings.NETBOX[what].as_csv([_device(each, site) for each in servers])


def _row(server: InventoriedServer) -> ServerRow:
    deposit, facts, place = server.deposit, server.facts, server.deposit.place
    return ServerRow(
        id=deposit.id,
        unit=deposit.unit,
        server=facts.hostname or deposit.server,
        address=deposit.address,
        rack=place.rack if place else "",
        rack_unit=place.unit if place else None,
        vendor=facts.vendor or "",
        product=facts.product or "",
        serial=facts.serial or deposit.serial,
        processor=facts.cpu.model or "",
        logical_processors=facts.cpu.logical or None,
        memory_gib=server.memory_gib,
        disks=len(facts.disks),
        disk_gb=server.disk_gb,
        system=server.system,
        kernel=facts.kernel or "",
        updates=facts.updates,
        valid_until=str(deposit.valid_until or ""),
        gathered_at=facts.gathered_at,
        changes="; ".join(map(str, server.changes)),
        conditions="; ".join(map(str, server.conditions)),
    )


def _device(server: InventoriedServer, site: str) -> listings.Device:
    deposit = server.deposit
    status: Literal["active", "offline"] = "active" if deposit.in_our_hands else "offline"
    placed = bool(deposit.placed and not deposit.closed)
    return listings.Device(_row(server), server.facts, site, status, placed=placed)


def _sums(units: Mapping[str, Unit], servers: Sequence[InventoriedServer]) -> dict[str, dict[str, Sum]]:
    names: dict[str, str] = {}
    for each in servers:  # however letters spell a unit, it is one
        names.setdefault(unit.identity(units, each.deposit.unit), unit.label(units, each.deposit.unit))
    keys: dict[str, Callable[[InventoriedServer], str]] = {
        "unit": lambda each: names[unit.identity(units, each.deposit.unit)],
        "rack": lambda each: each.deposit.place.rack if each.deposit.place else "–",
        "system": lambda each: each.system or "–",
        "firmware": lambda each: _year(each.facts.bios_date),
        "valid until": lambda each: str(each.deposit.valid_until.year) if each.deposit.valid_until else "–",
    }
    found: dict[str, dict[str, Sum]] = {name: {} for name in keys}
    for each in servers:
        for name, key in keys.items():
            total = found[name].setdefault(key(each), Sum())
            total.servers += 1
            total.memory_gib = round(total.memory_gib + each.memory_gib, 1)
            total.disk_gb = round(total.disk_gb + each.disk_gb, 1)
    return {name: dict(sorted(sums.items())) for name, sums in found.items()}


def _year(said: str | None) -> str:
    """The year in a firmware's date, of which there are many formats."""
    found = re.search(r"(?<!\d)(19[89]\d|20\d\d)(?!\d)", said or "")
    return found[0] if found else "–"


def _system(facts: ServerFacts) -> str:
    return " ".join(filter(None, (facts.os_name, facts.os_version)))


def _memory_gib(facts: ServerFacts) -> float:
    return round((sum(each.size_mib for each in facts.memory_modules) or facts.memory_mib or 0) / 1024, 1)


def _disk_gb(facts: ServerFacts) -> float:
    return round(sum(disk.size_bytes for disk in facts.disks) / 1e9, 1)


def _gathering(deposit_id: str, gathered: kept.Months, month: str | None) -> kept.Kept:
    """The newest gathering of `month`, by default of the newest."""
    found = gathered.get(month) if month else kept.newest(gathered)
    if found is None:
        raise _no_facts(deposit_id, month)
    return found


def _no_facts(deposit_id: str, month: str | None = None) -> UsageError:
    gather = Action("inventory", deposit_id)
    if month is None:
        return UsageError("no-facts", "there are no facts of {deposit} yet", remedy=gather, deposit=deposit_id)
    return UsageError(
        "no-facts-of-month",
        "there are no facts of {deposit} for {month}",
        remedy=gather,
        deposit=deposit_id,
        month=month,
    )
