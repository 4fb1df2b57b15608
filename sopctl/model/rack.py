"""Rack, free space, reservation and placement. Units are counted from the bottom, as on the rack's own rails."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model import names

Face = Literal["both", "front", "rear"]
FACES: tuple[Face, ...] = get_args(Face)
"""Which side of a rack a server fills. Two servers of at most half the rack's depth can share a rack unit, back to
back."""


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """The rack's switch, and its ports for deposited servers."""

    name: Annotated[str, Meta(pattern=names.FILE_NAME)]
    """Its name; `switches/NAME.yml` describes it, if sopctl is to set its ports."""
    ports: Annotated[int, Meta(ge=1, le=512)]
    """How many of its ports are for deposits."""
    first: Annotated[int, Meta(ge=1, le=512)] = 1
    """The number of the first of them."""

    @property
    def numbers(self) -> range:
        """The numbers of these ports."""
        return range(self.first, self.first + self.ports)


class Rack(Struct, frozen=True, forbid_unknown_fields=True):
    """`racks/NAME.yml`."""

    name: Annotated[str, Meta(pattern=names.FILE_NAME)]
    """Its name, which is the file's."""
    room: str
    """Where it is."""
    units: Annotated[int, Meta(ge=1, le=60)]
    """Its height in rack units, counted from the bottom."""
    depth_mm: Annotated[int, Meta(ge=100, le=2000)]
    """Its usable depth."""
    power_watts: Annotated[int, Meta(ge=1, le=100_000)]
    """What its servers may draw together."""
    weight_kg: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """What its servers may weigh together."""
    blocked: dict[Annotated[int, Meta(ge=1, le=60)], str] = {}
    """Rack units that are not for deposits → what is there."""
    switch: Switch | None = None
    """Its switch."""
    network: Annotated[str, Meta(pattern=names.FILE_NAME)] | None = None
    """The network of its servers (a file of networks/), where that is not the controller's own."""


class Need(Struct, frozen=True, gc=False, array_like=True):
    """What a server needs: height (rack units), depth (mm), power (W), weight (kg; unknown counts as nothing). As JSON
    a list, as the summary that has it."""

    height: int
    depth_mm: int
    power_watts: int
    weight_kg: int | None = None


class Place(Struct, frozen=True, gc=False):
    """A place in a rack: `unit` is the lowest unit that the server fills; `port` is its port on the switch."""

    rack: str
    unit: int
    height: int
    face: Face = "both"
    port: int | None = None

    @property
    def top(self) -> int:
        return self.unit + self.height - 1

    @property
    def units(self) -> str:
        """`U1–U2`"""
        return f"U{self.unit}" if self.height == 1 else f"U{self.unit}–U{self.top}"

    def __str__(self) -> str:
        return f"rack {self.rack} {self.units}" + (f" {self.face}" if self.face != "both" else "")

    @property
    def text(self) -> Text:
        """The same, for the edge to word it."""
        said = {"rack": self.rack, "units": self.units}
        if self.face == "both":
            return Text("rack {rack} {units}", **said)
        if self.face == "front":
            return Text("rack {rack} {units} front", **said)
        return Text("rack {rack} {units} rear", **said)

    @property
    def indonesian(self) -> str:
        """As papers and histories say it: `rak A1 U1–U2`."""
        return f"rak {self.rack} {self.units}" + {"both": "", "front": " depan", "rear": " belakang"}[self.face]


class Occupied(Struct, frozen=True, gc=False):
    """A place that is taken: reserved (from step 4 of penitipan on) or placed (step 10). Both keep others out."""

    place: Place
    deposit: str
    kind: Literal["reserved", "placed"]
    power_watts: int
    weight_kg: int | None = None


class Wish(Struct, frozen=True):
    """Where a server should stand, as far as anyone has said."""

    rack: str = ""
    unit: int | None = None
    face: Face = "both"
    port: int | None = None


ANYWHERE = Wish()


_TAKEN = {
    "reserved": gettext_noop("{place} is reserved for {deposit}"),
    "placed": gettext_noop("{place} is placed for {deposit}"),
}


class Obstacle(Struct, frozen=True):
    """Why a server cannot stand somewhere: in English for the person who asks, in Indonesian for the history."""

    english: Prose
    indonesian: str

    def __str__(self) -> str:
        return str(self.english)


def refusal(rack: Rack, occupied: Iterable[Occupied], need: Need, unit: int, wish: Wish = ANYWHERE) -> Obstacle | None:
    """Why `need` cannot stand in `rack` from `unit` upwards; None when it can."""
    here = _in(rack, occupied)
    top = unit + need.height - 1
    if unit < 1 or top > rack.units:
        return Obstacle(
            Text(
                "U{unit} to U{top} is outside rack {name} (U1 to U{units})",
                unit=unit,
                top=top,
                name=rack.name,
                units=rack.units,
            ),
            f"U{unit} sampai U{top} di luar rak {rack.name} (U1 sampai U{rack.units})",
        )
    return _refused_anywhere(rack, here, need, wish) or _in_the_way(rack, here, unit, top, wish.face)


def find_place(
    racks: Sequence[Rack], occupied: Sequence[Occupied], need: Need, wish: Wish = ANYWHERE
) -> tuple[Place | None, list[Obstacle]]:
    """The best fit over all racks (the smallest free gap, lowest unit first), or None with an obstacle per rack."""
    best: tuple[int, str, int] | None = None
    obstacles = []
    standing = by_rack(occupied)
    for rack in racks:
        if wish.rack not in ("", rack.name):
            continue
        here = standing.get(rack.name, [])
        fits, why = _fits(rack, here, need, wish)
        if why:
            obstacles.append(why)
        for unit in fits:
            candidate = (_gap(rack, here, unit, wish.face), rack.name, unit)
            best = min(best, candidate) if best else candidate
    if best is None:
        return None, obstacles
    chosen = next(rack for rack in racks if rack.name == best[1])
    port = wish.port or next(iter(free_ports(chosen, occupied)), None)
    return Place(best[1], best[2], need.height, wish.face, port), []


def free_ports(rack: Rack, occupied: Iterable[Occupied]) -> list[int]:
    """The ports of the rack's switch without a deposit; none if there is no switch."""
    taken = {other.place.port for other in _in(rack, occupied)}
    return [port for port in rack.switch.numbers if port not in taken] if rack.switch else []


def power_used(rack: Rack, occupied: Iterable[Occupied]) -> int:
    """The watts that are promised to servers in a rack."""
    return sum(other.power_watts for other in _in(rack, occupied))


def weight_used(rack: Rack, occupied: Iterable[Occupied]) -> int:
    """The kilograms that stand in a rack, or will, as far as they are known."""
    return sum(other.weight_kg or 0 for other in _in(rack, occupied))


def elevation(rack: Rack, occupied: Iterable[Occupied]) -> list[tuple[int, tuple[Occupied, ...]]]:
    """The rack from the top unit down: (unit, what fills it: nothing, one server, or one in front and one behind)."""
    here = sorted(_in(rack, occupied), key=lambda other: other.place.face)
    return [
        (unit, tuple(other for other in here if other.place.unit <= unit <= other.place.top))
        for unit in range(rack.units, 0, -1)
    ]


def filled_units(occupied: Iterable[Occupied]) -> set[int]:
    """The units of a rack of which a face is taken, by what stands in it."""
    return {unit for other in occupied for unit in range(other.place.unit, other.place.top + 1)}


def by_rack(occupied: Iterable[Occupied]) -> dict[str, list[Occupied]]:
    """What stands in each rack, by its name."""
    found: dict[str, list[Occupied]] = {}
    for other in occupied:
        found.setdefault(other.place.rack, []).append(other)
    return found


def _in(rack: Rack, occupied: Iterable[Occupied]) -> list[Occupied]:
    return [other for other in occupied if other.place.rack == rack.name]


def _fits(rack: Rack, here: Sequence[Occupied], need: Need, wish: Wish) -> tuple[list[int], Obstacle | None]:
    """The units that can be the server's lowest; where there are none, the one obstacle that holds for the whole rack
    (too deep, too heavy, …), or that no gap is high enough."""
    if wish.unit is not None:
        why = refusal(rack, here, need, wish.unit, wish)
        return ([], why) if why else ([wish.unit], None)
    if need.height > rack.units:
        return [], Obstacle(
            Text(
                "rack {name} has {units} units, {height} are needed",
                name=rack.name,
                units=rack.units,
                height=need.height,
            ),
            f"rak {rack.name} hanya {rack.units} unit, perlu {need.height}",
        )
    why = _refused_anywhere(rack, here, need, wish)
    if why:
        return [], why
    units = range(1, rack.units - need.height + 2)
    ways = {unit: _in_the_way(rack, here, unit, unit + need.height - 1, wish.face) for unit in units}
    if fits := [unit for unit, way in ways.items() if way is None]:
        return fits, None
    found = set(ways.values())
    return [], found.pop() if len(found) == 1 else Obstacle(
        Text("rack {name} has no {height} free units in a row", name=rack.name, height=need.height),
        f"rak {rack.name} tidak punya {need.height} unit kosong berurutan",
    )


def _refused_anywhere(rack: Rack, here: Sequence[Occupied], need: Need, wish: Wish) -> Obstacle | None:
    return _too_much(rack, here, need, wish.face) or _no_port(rack, here, wish.port)


def _in_the_way(rack: Rack, here: Sequence[Occupied], unit: int, top: int, face: Face) -> Obstacle | None:
    for blocked, what in sorted(rack.blocked.items()):
        if unit <= blocked <= top:
            return Obstacle(
                Text("rack {name} U{blocked} is blocked: {what}", name=rack.name, blocked=blocked, what=what),
                f"rak {rack.name} U{blocked} tidak dapat dipakai: {what}",
            )
    for other in here:
        if unit <= other.place.top and other.place.unit <= top and _same_side(face, other.place.face):
            taken = {"reserved": "dipesan untuk", "placed": "ditempati"}[other.kind]
            return Obstacle(
                Text(_TAKEN[other.kind], place=other.place.text, deposit=other.deposit),
                f"{other.place.indonesian} {taken} {other.deposit}",
            )
    return None


def _same_side(one: Face, other: Face) -> bool:
    return one == other or "both" in (one, other)


def _too_much(rack: Rack, here: Sequence[Occupied], need: Need, face: Face) -> Obstacle | None:
    if need.depth_mm > rack.depth_mm:
        return Obstacle(
            Text(
                "it is {depth_mm} mm deep, rack {name} takes {room} mm",
                depth_mm=need.depth_mm,
                name=rack.name,
                room=rack.depth_mm,
            ),
            f"kedalamannya {need.depth_mm} mm, rak {rack.name} memuat {rack.depth_mm} mm",
        )
    if face != "both" and need.depth_mm * 2 > rack.depth_mm:
        return Obstacle(
            Text(
                "it is {depth_mm} mm deep, more than half of rack {name}: it fills both faces",
                depth_mm=need.depth_mm,
                name=rack.name,
            ),
            f"kedalamannya {need.depth_mm} mm, lebih dari setengah rak {rack.name}: memakai kedua sisi",
        )
    power = power_used(rack, here) + need.power_watts
    if power > rack.power_watts:
        return Obstacle(
            Text(
                "rack {name} would draw {power} W of its {power_watts} W",
                name=rack.name,
                power=power,
                power_watts=rack.power_watts,
            ),
            f"rak {rack.name} akan memakai {power} W dari {rack.power_watts} W",
        )
    weight = weight_used(rack, here) + (need.weight_kg or 0)
    if rack.weight_kg is not None and weight > rack.weight_kg:
        return Obstacle(
            Text(
                "rack {name} would carry {weight} kg of its {weight_kg} kg",
                name=rack.name,
                weight=weight,
                weight_kg=rack.weight_kg,
            ),
            f"rak {rack.name} akan memikul {weight} kg dari {rack.weight_kg} kg",
        )
    return None


def _no_port(rack: Rack, here: Sequence[Occupied], wanted: int | None) -> Obstacle | None:
    if rack.switch is None:
        if not wanted:
            return None
        return Obstacle(Text("rack {name} has no switch", name=rack.name), f"rak {rack.name} tidak punya switch")
    free = free_ports(rack, here)
    if not free:
        return Obstacle(
            Text("switch {switch} of rack {rack} has no free port", switch=rack.switch.name, rack=rack.name),
            f"switch {rack.switch.name} rak {rack.name} tidak punya port kosong",
        )
    if wanted and wanted not in free:
        return Obstacle(
            Text("port {wanted} of switch {name} is not free", wanted=wanted, name=rack.switch.name),
            f"port {wanted} switch {rack.switch.name} sudah dipakai",
        )
    return None


def _gap(rack: Rack, here: Sequence[Occupied], unit: int, face: Face) -> int:
    """The number of free units in a row around `unit`."""
    taken = set(rack.blocked) | {
        u for other in here if _same_side(face, other.place.face) for u in range(other.place.unit, other.place.top + 1)
    }
    low = high = unit
    while low > 1 and low - 1 not in taken:
        low -= 1
    while high < rack.units and high + 1 not in taken:
        high += 1
    return high - low + 1
