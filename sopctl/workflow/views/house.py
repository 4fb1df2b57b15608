"""What else happened in the house, for people and for the month's report: visits and maintenance, and what happened on
one server.

Everything is counted by when it was recorded, so that a month that has passed stays as it was.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.model.house.maintenance import Window
from sopctl.model.house.visits import VisitState
from sopctl.model.month import month_days
from sopctl.model.sanitisation import DiskRow
from sopctl.model.sop.entries import Sanitised, Task, TaskDone
from sopctl.store import books
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk


class TaskLine(Struct, frozen=True):
    """A task that was done on a server."""

    id: str
    at: datetime
    by: str
    task: Task


class DiskLine(Struct, frozen=True):
    """What was recorded of a disk of a server."""

    id: str
    at: datetime
    row: DiskRow


class About(Struct, frozen=True):
    """The visits and the maintenance that concern a deposit."""

    visits: tuple[VisitState, ...]
    maintenance: tuple[Window, ...]


def about(desk: Desk, deposit_id: str) -> About:
    """What the books of the house say of a deposit, the oldest first."""
    visits = [each for each in books.all_visits(desk.site) if deposit_id in each.visit.deposits]
    windows = [each for each in books.all_windows(desk.site) if deposit_id in each.maintenance.deposits]
    return About(tuple(sorted(visits, key=lambda each: each.since)), tuple(windows))


def guest_book(desk: Desk, month: str | None = None) -> tuple[str, list[VisitState]]:
    """A month (2026-11, by default this one), and the visits that came in or went out in it, as they stood at its end.

    Raises UsageError for what is not a month.
    """
    first, last = month_days(month or f"{desk.now():%Y-%m}")
    zone = ZoneInfo(desk.site.settings.time_zone)
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    found = [
        each
        for each in books.all_visits(desk.site, until=end)
        if each.arrival and each.arrival.at < end and (each.departure is None or each.departure.at >= begin)
    ]
    return f"{first:%Y-%m}", sorted(found, key=lambda each: each.since)


def maintenance(desk: Desk, month: str | None = None) -> list[Window]:
    """The maintenance that touches a month (by default this one). Raises UsageError for what is not a month."""
    first, last = month_days(month or f"{desk.now():%Y-%m}")
    zone = ZoneInfo(desk.site.settings.time_zone)
    begin = int(datetime.combine(first, time(), zone).timestamp())
    end = int(datetime.combine(last + timedelta(days=1), time(), zone).timestamp())
    found = books.windows_of(desk.site, (first.year - 1, first.year))
    return [each for each in found if each.span and each.span.began < end and each.span.ended > begin]


def tasks(dossier: Dossier, first: date, last: date) -> Iterator[TaskLine]:
    """The tasks of a dossier that were recorded from `first` to `last`, oldest first."""
    for event, each in reversed(list(dossier.established(TaskDone))):
        if first <= event.at.date() <= last:
            yield TaskLine(dossier.id, event.at, event.by, each.task)


def sanitised(dossier: Dossier, first: date, last: date) -> Iterator[DiskLine]:
    """What was recorded of a dossier's disks from `first` to `last`, oldest first."""
    for event, each in reversed(list(dossier.established(Sanitised))):
        if first <= event.at.date() <= last:
            yield from (DiskLine(dossier.id, event.at, row) for row in each.sanitised)
