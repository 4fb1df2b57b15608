"""Rack, free space, reservation and placement. Units are counted from the bottom, as on the rack's own rails."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sopctl.model import names


class Rack(Struct, frozen=True, forbid_unknown_fields=True):
    """A rack: height in rack units, usable depth (mm), power budget (W)."""

    name: Annotated[str, Meta(pattern=names.FILE_NAME)]
    room: str
    units: Annotated[int, Meta(ge=1, le=60)]
    depth_mm: Annotated[int, Meta(ge=100, le=2000)]
    power_watts: Annotated[int, Meta(ge=1, le=100_000)]


class Need(Struct, frozen=True):
    """What a server needs: height (units), depth (mm), power (W)."""

    height: int
    depth_mm: int
    power_watts: int


class Place(Struct, frozen=True):
    """A place in a rack: `unit` is the lowest unit that the server fills."""

    rack: str
    unit: int
    height: int

    @property
    def top(self) -> int:
        return self.unit + self.height - 1

    def __str__(self) -> str:
        units = f"U{self.unit}" if self.height == 1 else f"U{self.unit}-U{self.top}"
        return f"rack {self.rack} {units}"


class Occupied(Struct, frozen=True):
    """A place that is taken: reserved (step 4 of penitipan onwards) or placed (step 10); both bar others from it."""

    place: Place
    deposit: str
    kind: Literal["reserved", "placed"]
    power_watts: int


def refusal(rack: Rack, occupied: Iterable[Occupied], need: Need, unit: int) -> str:
    """Why `need` cannot stand in `rack` from `unit` upwards; an empty string when it can."""
    here = [other for other in occupied if other.place.rack == rack.name]
    top = unit + need.height - 1
    if unit < 1 or top > rack.units:
        return f"U{unit} to U{top} is outside rack {rack.name} (U1 to U{rack.units})"
    if need.depth_mm > rack.depth_mm:
        return f"it is {need.depth_mm} mm deep, rack {rack.name} takes {rack.depth_mm} mm"
    power = sum(other.power_watts for other in here) + need.power_watts
    if power > rack.power_watts:
        return f"rack {rack.name} would draw {power} W of its {rack.power_watts} W"
    for other in here:
        if unit <= other.place.top and other.place.unit <= top:
            return f"{other.place} is {other.kind} for {other.deposit}"
    return ""


def find_place(racks: Sequence[Rack], occupied: Sequence[Occupied], need: Need) -> tuple[Place | None, list[str]]:
    """The best fit over all racks (the smallest free gap, lowest unit first), or None with a reason per rack."""
    best: tuple[int, str, int] | None = None
    reasons = []
    for rack in racks:
        fits = [u for u in range(1, rack.units - need.height + 2) if not refusal(rack, occupied, need, u)]
        if not fits:
            reasons.append(_why_full(rack, occupied, need))
        for unit in fits:
            candidate = (_gap(rack, occupied, unit), rack.name, unit)
            best = min(best, candidate) if best else candidate
    if best is None:
        return None, reasons
    return Place(best[1], best[2], need.height), []


def _gap(rack: Rack, occupied: Iterable[Occupied], unit: int) -> int:
    """The number of free units in a row around `unit`."""
    taken = {
        u for other in occupied if other.place.rack == rack.name for u in range(other.place.unit, other.place.top + 1)
    }
    low = high = unit
    while low > 1 and low - 1 not in taken:
        low -= 1
    while high < rack.units and high + 1 not in taken:
        high += 1
    return high - low + 1


def _why_full(rack: Rack, occupied: Sequence[Occupied], need: Need) -> str:
    """The one reason that holds for the whole rack: too deep, too much power, or no gap high enough."""
    if need.height > rack.units:
        return f"rack {rack.name} has {rack.units} units, {need.height} are needed"
    reasons = {refusal(rack, occupied, need, u) for u in range(1, rack.units - need.height + 2)}
    if len(reasons) == 1:
        return reasons.pop()
    return f"rack {rack.name} has no {need.height} free units in a row"


def elevation(rack: Rack, occupied: Iterable[Occupied]) -> list[tuple[int, Occupied | None]]:
    """The rack as seen from the front: (unit, what fills it) from the top unit down."""
    filled = {
        u: other
        for other in occupied
        if other.place.rack == rack.name
        for u in range(other.place.unit, other.place.top + 1)
    }
    return [(unit, filled.get(unit)) for unit in range(rack.units, 0, -1)]
