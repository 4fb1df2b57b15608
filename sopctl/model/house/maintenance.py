"""Maintenance: a time in which a rack or some servers may be down, and nobody is alarmed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sopctl.locale import Text
from sopctl.model.availability import Span
from sopctl.model.sop.entries import Entry, Kept, from_data
from sopctl.model.sop.history import Event

PROCEDURE = "pemeliharaan"
PLANNED, CANCELLED, TOLD = "direncanakan", "dibatalkan", "diberitahukan"

Via = Literal["email", "webhook", "letter"]


class Maintenance(Struct, frozen=True):
    """From when to when, why, in which racks; and the `deposits` concerned, those in the racks included, as they stood
    when it was planned."""

    begin: datetime
    end: datetime
    reason: str
    deposits: tuple[str, ...]
    racks: tuple[str, ...] = ()


class Told(Struct, frozen=True):
    """Who was informed of the maintenance, about which deposits, and how: by a message (its id), or by a letter to be
    sent (`document`). `problem` if it could not be sent; `perhaps` if it may have arrived all the same. `cancelled`:
    whether this message cancels the maintenance."""

    name: str
    to: str
    via: Via
    deposits: tuple[str, ...]
    message_id: str = ""
    document: Kept | None = None
    problem: str = ""
    perhaps: bool = False
    cancelled: bool = False


class MaintenanceNoted(Entry, frozen=True, kw_only=True):
    """A maintenance was planned."""

    maintenance: Maintenance


class MaintenanceEnded(Entry, frozen=True, kw_only=True):
    """It was called off, or ended early: from then on, checks count again."""

    ended: datetime


class OwnerTold(Entry, frozen=True, kw_only=True):
    """An owner was told of it."""

    told: Told


class Window(Struct, frozen=True):
    """A maintenance, according to its events. `ended`: when it was called off or ended early."""

    id: str
    maintenance: Maintenance
    planned: datetime
    by: str
    ended: datetime | None = None
    told: tuple[Told, ...] = ()
    """Each is noted before it is sent; where it could not be sent, once more with the problem."""

    @property
    def span(self) -> Span | None:
        """The time that it covers, in seconds since 1970; None where it was called off before it began."""
        begin = int(self.maintenance.begin.timestamp())
        end = int(min(self.maintenance.end, self.ended or self.maintenance.end).timestamp())
        return Span(begin, end) if begin < end else None

    @property
    def when(self) -> Text:
        """From when until when, in words; of one that was called off before it began, that it was."""
        planned, ended = self.maintenance, self.ended
        begin = f"{planned.begin:%Y-%m-%d %H:%M}"
        if ended and not self.span:
            return Text("{begin}, called off on {end}", begin=begin, end=f"{ended:%Y-%m-%d %H:%M}")
        return Text("{begin} until {end}", begin=begin, end=f"{ended or planned.end:%Y-%m-%d %H:%M}")

    def covers(self, at: int) -> bool:
        """Is it under way at this time (seconds since 1970)?"""
        return self.span is not None and self.span.began <= at < self.span.ended


def window_id(year: int, number: int) -> str:
    return f"P-{year}-{number:04}"


def windows(year: int, events: Iterable[Event]) -> list[Window]:
    """The maintenance of a year's book, in order. Raises InvalidRecord for an entry that is not valid."""
    found: dict[int, Window] = {}
    for event in events:
        planned = from_data(MaintenanceNoted, event)
        if planned:
            found[event.step] = Window(window_id(year, event.step), planned.maintenance, event.at, event.by)
        ended, told = from_data(MaintenanceEnded, event), from_data(OwnerTold, event)
        if ended and event.step in found:
            found[event.step] = replace(found[event.step], ended=ended.ended)
        if told and event.step in found:
            found[event.step] = replace(found[event.step], told=(*found[event.step].told, told.told))
    return list(found.values())


def by_deposit(found: Iterable[Window]) -> dict[str, list[Span]]:
    """When each deposit was under maintenance."""
    spans: dict[str, list[Span]] = {}
    for each in found:
        if each.span:
            for deposit in each.maintenance.deposits:
                spans.setdefault(deposit, []).append(each.span)
    return spans
