"""The waiting list (daftar tunggu): who waits for rack space, in which order, and which places are taken."""

from collections.abc import Iterable
from datetime import datetime

from sopctl.model.rack import Occupied
from sopctl.model.sop.summary import Summary


def occupied(everyone: Iterable[Summary]) -> list[Occupied]:
    """Every place that is reserved or filled: of all deposits that are not closed."""
    return [
        Occupied(
            each.place, each.id, "placed" if each.placed else "reserved", each.need.power_watts, each.need.weight_kg
        )
        for each in everyone
        if each.place and not each.closed
    ]


def waiting_list(everyone: Iterable[Summary]) -> list[Summary]:
    """The deposits that wait for space, in the order in which they are served: by priority, then first come."""
    return sorted((each for each in everyone if each.waiting == "space" and not each.held), key=turn_of)


def turn_of(each: Summary) -> tuple[int, datetime, str]:
    """The sort key of a deposit: its priority, then when it queued."""
    return (-each.priority, each.queued, each.id)


def stands_in_line(each: Summary) -> bool:
    """Does a deposit wait for space, or is it about to be told that it must?"""
    return not each.held and (each.waiting == "space" or each.task == "place-full")
