"""The SLA report: how the SOP's time limits were kept, over the whole history of a site."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from sopctl.errors import SopctlError
from sopctl.model.month import SECOND
from sopctl.model.sop import sla
from sopctl.model.sop.sla import Course, LateStep, Occurrence, Report
from sopctl.store import dossiers
from sopctl.store.across.extracts import Extract, extracted
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.views.calendar import calendar
from sopctl.workflow.views.months import month_of

Progress = Callable[[int, int], None]
"""Told how many dossiers have been read, and of how many."""


class SlaReport(Struct, frozen=True):
    """How the time limits were kept in a month (2026-11). `broken`: the dossiers that could not be read, so that it
    lacks them."""

    month: str
    found: Report
    broken: dict[str, SopctlError]


def sla_report(desk: Desk, month: str | None = None, progress: Progress = lambda _done, _all: None) -> SlaReport:
    """The report for `month`, by default this one: of a month that has passed, as it was at its end.

    Raises UsageError for what is not a month.
    """
    now = desk.now()
    of = month_of(desk, month)
    courses = extracted(desk.site, COURSE).found
    ids = dossiers.ids(desk.site)
    found: list[Occurrence] = []
    broken: dict[str, SopctlError] = {}
    for number, deposit_id in enumerate(ids, start=1):
        known = courses[deposit_id].until(of.until(now)) if deposit_id in courses else None
        try:
            found += _read(desk, deposit_id, of.until(now)) if known is None else known
        except SopctlError as error:
            broken[deposit_id] = error
        progress(number, len(ids))
    return SlaReport(of.name, sla.report(found, calendar(desk.site), of, of.until(now)), broken)


def _course(dossier: Dossier) -> Course:
    return sla.course(dossier.id, dossier.procedures, dossier.events)


COURSE = Extract("steps", Course, _course)
"""What the report needs of a dossier, while nothing in it is newer than the month."""


def _read(desk: Desk, deposit_id: str, until: datetime) -> list[Occurrence]:
    """What was due, from the history as it stood then."""
    dossier = dossiers.read(desk.site, deposit_id)
    return list(sla.occurrences(dossier.id, dossier.procedures, dossier.events, until))


def late_steps(desk: Desk, dossier: Dossier) -> list[LateStep]:
    """The steps of a deposit that were late, or are now, the latest first."""
    now = desk.now()
    found = list(sla.occurrences(dossier.id, dossier.procedures, dossier.events, now + SECOND))
    return sla.late_steps(found, calendar(desk.site), now.date())
