"""Reports over a site's whole history."""

from calendar import monthrange
from datetime import date

from msgspec import Struct

from sopctl.errors import UsageError
from sopctl.model import sla
from sopctl.model.sla import Line
from sopctl.store import dossiers
from sopctl.workflow.calendar import calendar
from sopctl.workflow.desk import Desk


class SlaReport(Struct, frozen=True):
    """How the time limits were kept in a month (2026-11), step by step."""

    month: str
    lines: list[Line]

    @property
    def done(self) -> int:
        return sum(line.done for line in self.lines)

    @property
    def in_time(self) -> int:
        return sum(line.in_time for line in self.lines)


def sla_report(desk: Desk, month: str | None = None) -> SlaReport:
    """The report for `month`, by default this one. Raises InvalidRecord when a dossier is broken."""
    now = desk.now()
    first, last = month_days(month or f"{now:%Y-%m}")
    found = [
        occurrence
        for deposit_id in dossiers.ids(desk.site)
        for dossier in (dossiers.read(desk.site, deposit_id),)
        for occurrence in sla.occurrences(dossier.id, dossier.procedures, dossier.events)
    ]
    return SlaReport(f"{first:%Y-%m}", sla.report(found, calendar(desk.site), (first, last), now))


def month_days(month: str) -> tuple[date, date]:
    """The first and last day of a month such as 2026-11. Raises UsageError for anything else."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError(f"{month!r} is not a month", remedy="Write the year and the month: 2026-11") from None
    return first, first.replace(day=monthrange(first.year, first.month)[1])
