"""What the inventory of a month found changed, server by server, alarms first: for a page that is looked at often."""

from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from sopctl.errors import SopctlError
from sopctl.model.facts.changes import against_handover, differences, real
from sopctl.model.facts.comparison import Weight
from sopctl.model.facts.conditions import Severity, conditions
from sopctl.model.principal import Sight
from sopctl.model.sop.summary import Summary
from sopctl.store import facts as kept
from sopctl.store import register
from sopctl.workflow.desk import Desk
from sopctl.workflow.views.months import month_of

AT_ONCE = 200
"""How many servers' facts one look reads: what was read is remembered, and the next look goes on."""
REMEMBERED = 20_000


class Found(Struct, frozen=True):
    """What is to be told of one server's facts: what asks for action, and what merely changed, as the form says it."""

    alarms: tuple[str, ...]
    changes: tuple[str, ...]


class Row(Struct, frozen=True):
    """A server of a month's inventory. `found` is None where its facts cannot be read; the time is the file's month."""

    deposit: Summary
    found: Found | None


class MonthChanges(Struct, frozen=True):
    """Servers with alarms first, then those with changes. `same`: how many had neither; `left`: how many a later look
    compares; `missing`: those whose inventory of the month is due now."""

    month: str
    rows: list[Row]
    same: int
    left: int
    missing: list[Summary]


def month_changes(desk: Desk, sight: Sight, month: str = "") -> MonthChanges:
    """The changes of `month` (2026-11; by default this one), of the servers that are theirs to see. Raises UsageError
    for what is no month."""
    name = month_of(desk, month or None).name
    reading, units = register.read(desk.site, gathered=True), desk.site.settings.units
    theirs = {unit for unit in {each.unit for each in reading.summaries} if sight.sees(units, unit)}
    seen = [each for each in reading.summaries if each.unit in theirs]
    rows, same, read = [], 0, 0
    mine = [each for each in seen if name in reading.gathered.get(each.id, {})]
    folder = str(desk.site.folder("deposits"))
    for each in mine:
        months = reading.gathered[each.id]
        before = _remembered.cache_info().misses
        if read >= AT_ONCE:
            break
        try:
            found = _remembered(f"{folder}/{each.id}", each.serial, months[name], kept.newest(months, name))
        except SopctlError:
            rows.append(Row(each, None))
            continue
        finally:
            read += _remembered.cache_info().misses - before
        if found.alarms or found.changes:
            rows.append(Row(each, found))
        else:
            same += 1
    rows.sort(key=_urgent)
    ids = {each.id for each in mine}
    now = f"{desk.now():%Y-%m}" == name
    due = [each for each in seen if now and each.verb == "inventory" and each.in_our_hands and each.id not in ids]
    return MonthChanges(name, rows, same, len(mine) - len(rows) - same, due)


def _urgent(row: Row) -> tuple[bool, int, str]:
    return not (row.found is None or row.found.alarms), -len(row.found.alarms if row.found else ()), row.deposit.id


@lru_cache(maxsize=REMEMBERED)
def _remembered(folder: str, serial: str, mine: kept.Kept, before: kept.Kept | None) -> Found:
    """By the hashes of the facts, which never change."""
    facts = kept.read(Path(folder), mine)
    earlier = kept.read(Path(folder), before) if before else None
    changes = (*against_handover(serial, facts), *(real(differences(earlier, facts)) if earlier else ()))
    wrong = [str(each) for each in conditions(facts) if each.severity is Severity.CRITICAL]
    alarms = [str(each) for each in changes if each.weight is Weight.ALARM]
    return Found((*wrong, *alarms), tuple(str(each) for each in changes if each.weight is Weight.CHANGE))
