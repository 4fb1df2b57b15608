"""The SLA report: how the SOP's time limits were kept, over the whole history of a site."""

from collections.abc import Callable

from msgspec import Struct

from sopctl.model.month import month_days
from sopctl.model.sop import sla
from sopctl.model.sop.sla import Occurrence, Report
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.views.calendar import calendar

Progress = Callable[[int, int], None]
"""Told how many dossiers have been read, and of how many."""


class SlaReport(Struct, frozen=True):
    """How the time limits were kept in a month (2026-11)."""

    month: str
    found: Report


def sla_report(desk: Desk, month: str | None = None, progress: Progress = lambda _done, _all: None) -> SlaReport:
    """The report for `month`, by default this one. Raises InvalidRecord when a dossier is broken, UsageError for what
    is not a month."""
    now = desk.now()
    first, last = month_days(month or f"{now:%Y-%m}")
    ids = dossiers.ids(desk.site)
    found: list[Occurrence] = []
    for number, deposit_id in enumerate(ids, start=1):
        dossier = dossiers.read(desk.site, deposit_id)
        found += sla.occurrences(dossier.id, dossier.procedures, dossier.events)
        progress(number, len(ids))
    return SlaReport(f"{first:%Y-%m}", sla.report(found, calendar(desk.site), (first, last), now))
