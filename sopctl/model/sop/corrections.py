"""What is true now of a deposit, from its events in order: the serial number, the day of a step, the text of a
disposition.

Nothing that was recorded is rewritten. A correction is an event of its own, which names the event that it corrects.
What was said last counts: an inspection, an edit of the record or a correction, whichever is newest.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from sopctl.model.sop import record
from sopctl.model.sop.entries import (
    ConditionInspected,
    Configured,
    Correctable,
    Corrected,
    Correction,
    Disposed,
    Disposition,
    Edited,
    Gathered,
    Moved,
    OnDay,
    PortSet,
)
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures

SERIAL = "server.serial"
"""Where a record has the serial number."""

ON_SERVER = (
    "server.name",
    "access.address",
    "access.port",
    "access.ports",
    "access.sources",
    "access.accounts",
    "access.static_address",
    "access.management_account",
)
"""What of a record a configuration puts on the server."""

ON_PORT = ("network",)
"""What of a record the switch port is set by."""

DAYS: dict[Correctable, str] = {"received": "receive", "handed_over": "handover", "placed": "place"}
"""The days that can be corrected, each with the verb of its step."""


class Said(NamedTuple):
    """A value, and the event that said it last."""

    event: Event
    value: str


class Remark(NamedTuple):
    """Something that was corrected: the event that did it, and what it corrected."""

    event: Event
    correction: Correction


def serial(procedures: Procedures, events: Sequence[Event], filed: str) -> Said:
    """The serial number, `filed` as the record has it. The opening event said it where nobody has read it since."""
    found = [Said(events[0], filed)] if events else []
    for event, inspected in record.established(procedures, events, ConditionInspected):
        if inspected.serial:
            found.append(Said(event, inspected.serial))
            break
    for event, correction in _of(procedures, events, "serial"):
        found.append(Said(event, correction.after))
        break
    for event, edited in record.established(procedures, events, Edited):
        if edited.touches(SERIAL):
            found.append(Said(event, filed))
            break
    return max(found, key=lambda said: said.event.seq)


def day(procedures: Procedures, events: Sequence[Event], what: Correctable) -> tuple[Event, date | None] | None:
    """The event that recorded a step last, and the day on which it was done; None if it was not. Since when a server
    stands here that was adopted is known only once it was corrected."""
    event = record.last_ended(procedures, events, DAYS[what])
    adopted = record.last_ended(procedures, events, "adopt") if event is None and what == "placed" else None
    event = event or adopted
    if event is None:
        return None
    for _, correction in _of(procedures, events, what):
        if correction.event == event.seq:
            return event, date.fromisoformat(correction.after)
    if adopted:
        return adopted, None
    told = next((entry for at, entry in record.established(procedures, events, OnDay) if at.seq == event.seq), None)
    return event, told.on_day if told else event.at.date()


def disposition(procedures: Procedures, events: Sequence[Event], number: int = 0) -> tuple[Event, Disposition] | None:
    """The newest disposition, or that of the event `number`, with its text as corrected; None if there is none."""
    for event, disposed in record.established(procedures, events, Disposed):
        if number in (0, event.seq):
            texts = (each.after for _, each in _of(procedures, events, "instruction") if each.event == event.seq)
            text = next(texts, disposed.disposition.instruction)
            return event, replace(disposed.disposition, instruction=text)
    return None


def remarks(procedures: Procedures, events: Sequence[Event]) -> list[Remark]:
    """Every correction, in order."""
    found = record.established(procedures, events, Corrected)
    return sorted((Remark(event, each.correction) for event, each in found), key=lambda each: each.event.seq)


def to_repair(procedures: Procedures, events: Sequence[Event]) -> tuple[str, ...]:
    """The fields that were edited since the server was last configured as a whole, and that are put on it."""
    whole = (event.seq for event, each in record.established(procedures, events, Configured) if not each.parts)
    return _edited(procedures, events, ON_SERVER, next(whole, 0))


def to_gather(procedures: Procedures, events: Sequence[Event]) -> bool:
    """Was the server moved since its facts were gathered last? A cable or a disk may have come loose."""
    moved = (event.seq for event, each in record.established(procedures, events, Moved) if each.move_record)
    gathered = (event.seq for event, _ in record.established(procedures, events, Gathered))
    return 0 < next(gathered, 0) < next(moved, 0)


def to_set_port(procedures: Procedures, events: Sequence[Event]) -> bool:
    """Was the server given another port, or was another VLAN asked for, since its switch port was set?"""
    was_set = next(record.established(procedures, events, PortSet), None)
    if was_set is None:
        return False
    moved = (event.seq for event, each in record.established(procedures, events, Moved) if each.port_was_open)
    open_now = was_set[1].switch_port.state == "applied"
    return was_set[0].seq < next(moved, 0) or (open_now and bool(_edited(procedures, events, ON_PORT, was_set[0].seq)))


def _edited(procedures: Procedures, events: Sequence[Event], fields: Sequence[str], since: int) -> tuple[str, ...]:
    """Which of `fields` were edited after the event `since`."""
    later = [each for event, each in record.established(procedures, events, Edited) if event.seq > since]
    return tuple(field for field in fields if any(each.touches(field) for each in later))


def _of(procedures: Procedures, events: Sequence[Event], what: Correctable) -> Iterator[tuple[Event, Correction]]:
    """The corrections of one thing, the newest first."""
    for event, each in record.established(procedures, events, Corrected):
        if each.correction.what == what:
            yield event, each.correction
