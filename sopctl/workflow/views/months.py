"""A past month as it was: who was here, and what their dossiers said at its end.

Every report on a month asks here, so that its answer stays the same whatever happens later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from sopctl.errors import SopctlError
from sopctl.model.month import Month, month_in
from sopctl.model.sop.presence import Presence, presence
from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk


def month_of(desk: Desk, name: str | None = None) -> Month:
    """The month of that name (2026-11), by default this one, in the office's time. Raises UsageError for what is not a
    month."""
    return month_in(name or f"{desk.now():%Y-%m}", ZoneInfo(desk.site.settings.time_zone))


@dataclass(frozen=True)
class Then:
    """A deposit in a month. Its history is read only where its summary of now cannot say how it was; InvalidRecord is
    raised for one that is broken."""

    desk: Desk
    month: Month
    now: Summary

    @cached_property
    def dossier(self) -> Dossier | None:
        """The dossier as it stood at the month's end (now, while the month lasts); None if it was opened later."""
        return dossiers.as_it_stood(self._dossier, self.month.until(self.desk.now()))

    @cached_property
    def deposit(self) -> Summary | None:
        """The same in short."""
        if self.desk.now() < self.month.end or self.gone:
            return self.now if self.now.opened < self.month.end else None
        return self.dossier.summary if self.dossier else None

    @cached_property
    def presence(self) -> Presence | None:
        """Whether its server was here; None if not."""
        if self.gone or self.now.opened >= self.month.end:
            return None
        return presence(self._dossier.procedures, self._dossier.events, self.month, self.desk.now())

    @property
    def gone(self) -> bool:
        """Was it closed before the month? Then it has been ever since."""
        return self.now.closed and self.now.since is not None and self.now.since < self.month.begin

    @cached_property
    def _dossier(self) -> Dossier:
        return dossiers.read(self.desk.site, self.now.id)


def then(desk: Desk, month: Month, everyone: Iterable[Summary]) -> list[Then]:
    """Everyone, as they were in `month`, without those who came later."""
    return [Then(desk, month, each) for each in everyone if each.opened < month.end]


def readable(everyone: Iterable[Then]) -> tuple[list[Then], dict[str, SopctlError]]:
    """Those whose histories can be read, all of which are; and, by deposit, what is wrong with the others."""
    sound: list[Then] = []
    broken: dict[str, SopctlError] = {}
    for each in everyone:
        try:
            _ = each.gone or (each.dossier, each.deposit, each.presence)
        except SopctlError as error:
            broken[each.now.id] = error
        else:
            sound.append(each)
    return sound, broken
