"""Who was here in a month, and whose inventory was due in it: from what happened, not from where deposits stand now.

A server came when it stood in its place, and left when it was recorded as leaving, or its dossier was closed. Its
inventory is due from the moment that the procedure asks for it (konfigurasi 6), and again from the first day of each
month, as long as it stands there and is not on hold.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from sopctl.model.month import Month
from sopctl.model.sop import history, record
from sopctl.model.sop.entries import ExitRecorded, Placed, Undone
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, Standing, month_due, walk


class Presence(Struct, frozen=True):
    """A server that was here in a month, if only for a part of it: when it came, when it left (None: not before the
    month's end), and whether its inventory was due in the month."""

    came: datetime
    left: datetime | None
    inventory_due: bool


def presence(procedures: Procedures, events: Sequence[Event], month: Month, now: datetime) -> Presence | None:
    """The server of this history in `month`, as far as that has passed by `now`; None if it was not here."""
    until = month.until(now)
    came = left = None
    due = False
    happened = history.before(events, until)
    gone = record.undone(happened)
    steps = list(walk(procedures, happened))
    for number, (event, standing) in enumerate(steps):
        following = steps[number + 1][0].at if number + 1 < len(steps) else until
        counts = event.seq not in gone
        if came is None and counts and record.establishes(procedures, event, Placed):
            came = event.at
        if record.establishes(procedures, event, Undone):
            left = None
        elif left is None and (standing.closed or (counts and record.establishes(procedures, event, ExitRecorded))):
            left = event.at
        due |= _asks_for_inventory(standing, month) and following > month.begin
    if came is None or until <= month.begin or (left is not None and left < month.begin):
        return None
    return Presence(came, left, due)


def _asks_for_inventory(standing: Standing, month: Month) -> bool:
    """Does the procedure ask for the month's inventory where a deposit stands like that in the month?"""
    step = standing.step
    if step is None or step.verb != "inventory" or standing.held:
        return False
    first = month_due(standing)
    return first is None or first <= month.first
