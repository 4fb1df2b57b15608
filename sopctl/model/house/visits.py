"""Visits to the server room: announced, in, out. A visit may concern one deposit, several, or only the room."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sopctl.model.sop.entries import Entry, from_data
from sopctl.model.sop.history import Event

PROCEDURE = "kunjungan"
ANNOUNCED, CAME_IN, WENT_OUT = "diumumkan", "masuk", "keluar"

_DIGITS = re.compile(r"\d(?:[ .-]?\d){5}")
"""Six digits in a row: the number of a paper."""

Status = Literal["announced", "inside", "left"]


class Visit(Struct, frozen=True):
    """Who comes, from where, what for, to which deposits (none: only to the room), and when they are expected."""

    visitors: tuple[str, ...]
    purpose: str
    organisation: str = ""
    deposits: tuple[str, ...] = ()
    expected: datetime | None = None


class Arrival(Struct, frozen=True):
    """When they came in, which kind of identity paper they showed (never its number), who of the office escorts them,
    and what they carry in: null if nobody asked, empty for nothing."""

    at: datetime
    identity: str
    escort: str
    carried: tuple[str, ...] | None = None


class Departure(Struct, frozen=True):
    """When they left, and what they carried out: null if nobody looked, empty for nothing."""

    at: datetime
    carried: tuple[str, ...] | None = None


class VisitNoted(Entry, frozen=True, kw_only=True):
    """A visit, where it is noted first: announced, or coming in."""

    visit: Visit


class ArrivalNoted(Entry, frozen=True, kw_only=True):
    """The visitors came in."""

    arrival: Arrival


class DepartureNoted(Entry, frozen=True, kw_only=True):
    """The visitors went out."""

    departure: Departure


class VisitState(Struct, frozen=True):
    """A visit as its events tell it: what was noted first, when and by whom, and what came of it."""

    id: str
    visit: Visit
    noted: datetime
    by: str
    announced: bool
    arrival: Arrival | None = None
    departure: Departure | None = None

    @property
    def status(self) -> Status:
        if self.departure:
            return "left"
        return "inside" if self.arrival else "announced"

    @property
    def since(self) -> datetime:
        """What a list is sorted by: when they came in, else when they are expected."""
        return self.arrival.at if self.arrival else self.visit.expected or self.noted


def visit_id(year: int, number: int) -> str:
    return f"K-{year}-{number:04}"


def names_a_number(identity: str) -> bool:
    """Does it hold the number of a paper, and not only its kind?"""
    return _DIGITS.search(identity) is not None


def visits(year: int, events: Iterable[Event], until: datetime | None = None) -> list[VisitState]:
    """The visits of a year's book, in order, as they stood at `until`. Raises InvalidRecord for an entry that is not
    valid."""
    found: dict[int, VisitState] = {}
    for event in events:
        if until and event.at >= until:
            break
        noted = from_data(VisitNoted, event)
        if noted:
            found[event.step] = VisitState(
                visit_id(year, event.step), noted.visit, event.at, event.by, event.outcome == ANNOUNCED
            )
        came, went = from_data(ArrivalNoted, event), from_data(DepartureNoted, event)
        if came and event.step in found:
            found[event.step] = replace(found[event.step], arrival=came.arrival)
        if went and event.step in found:
            found[event.step] = replace(found[event.step], departure=went.departure)
    return list(found.values())
