"""Reports over a site's whole history."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date

from msgspec import Struct

from sopctl.errors import UsageError
from sopctl.model.sop import sla
from sopctl.model.sop.sla import Occurrence, Report
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.views.calendar import calendar

Progress = Callable[[int, int], None]
"""Told how many dossiers are read, of how many."""


class SlaReport(Struct, frozen=True):
    """How the time limits were kept in a month (2026-11)."""

    month: str
    found: Report


def sla_report(desk: Desk, month: str | None = None, progress: Progress = lambda _done, _all: None) -> SlaReport:
    """The report for `month`, by default this one. Raises InvalidRecord when a dossier is broken."""
    now = desk.now()
    first, last = month_days(month or f"{now:%Y-%m}")
    ids = dossiers.ids(desk.site)
    found: list[Occurrence] = []
    for number, deposit_id in enumerate(ids, start=1):
        dossier = dossiers.read(desk.site, deposit_id)
        found += sla.occurrences(dossier.id, dossier.procedures, dossier.events)
        progress(number, len(ids))
    return SlaReport(f"{first:%Y-%m}", sla.report(found, calendar(desk.site), (first, last), now))


def month_days(month: str) -> tuple[date, date]:
    """The first and last day of a month such as 2026-11. Raises UsageError for anything else."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError(
            "not-month", "{month!r} is not a month", remedy="Write the year and the month: 2026-11", month=month
        ) from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])
