"""The racks as people read them: what stands where, and what is free."""

from pathlib import Path

from msgspec import Struct

from sopctl.errors import UsageError
from sopctl.locale import Text
from sopctl.model.rack import (
    Occupied,
    Rack,
    by_rack,
    filled_units,
    free_ports,
    power_used,
    weight_used,
)
from sopctl.model.waiting_list import occupied
from sopctl.store import register
from sopctl.store.durable import write_output
from sopctl.store.site import Site


def find(site: Site, name: str) -> Rack:
    """The rack of that name. Raises UsageError when there is none."""
    found = next((each for each in site.racks if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in site.racks) or "none"
        raise UsageError(
            "no-such-rack", "there is no rack {rack!r}", remedy=Text("There are: {known}", known=known), rack=name
        )
    return found


def rack(site: Site, name: str) -> tuple[Rack, list[Occupied]]:
    """A rack and what stands or is reserved in it. Raises UsageError when there is none of that name."""
    return find(site, name), occupied(
        each for each in register.standing(site) if each.place and each.place.rack == name
    )


def names(site: Site) -> dict[str, str]:
    """What each server that has a place is called, by its deposit."""
    return {each.id: each.server for each in register.standing(site) if each.place}


class RackRow(Struct, frozen=True):
    """What is free in a rack. `weight_free` and `ports_free` are None where the rack has no such budget."""

    name: str
    room: str
    units: int
    free: int
    power_free: int
    weight_free: int | None
    ports_free: int | None
    power_watts: int = 0


ALL = slice(None)


def rack_rows(site: Site, part: slice = ALL) -> list[RackRow]:
    """Every rack, or these of them, with what is free in it. A unit counts as taken when one of its faces is."""
    standing = by_rack(occupied(register.standing(site)))
    return [
        RackRow(
            name=each.name,
            room=each.room,
            units=each.units,
            free=len(set(range(1, each.units + 1)) - filled_units(taken) - each.blocked.keys()),
            power_free=each.power_watts - power_used(each, taken),
            weight_free=each.weight_kg - weight_used(each, taken) if each.weight_kg is not None else None,
            ports_free=len(free_ports(each, taken)) if each.switch else None,
            power_watts=each.power_watts,
        )
        for each in site.racks[part]
        for taken in (standing.get(each.name, []),)
    ]


class Standing(Struct, frozen=True):
    """What fills units of a rack, from the top: a deposit with its server's name, or something else (`what`)."""

    unit: int
    height: int
    face: str
    deposit: str = ""
    server: str = ""
    reserved: bool = False
    what: str = ""


def standing(site: Site, name: str) -> tuple[Rack, list[Standing]]:
    """A rack and what fills it, from the top. Raises UsageError when there is no such rack."""
    found, taken = rack(site, name)
    servers = {each.id: each.server for each in register.standing(site)}
    filled = [
        Standing(o.place.unit, o.place.height, o.place.face, o.deposit, servers[o.deposit], o.kind == "reserved")
        for o in taken
    ]
    filled += [Standing(unit, 1, "both", what=what) for unit, what in found.blocked.items()]
    return found, sorted(filled, key=lambda each: (-each.unit, each.face))


def draw_rack(site: Site, name: str, file: Path) -> None:
    """Draw a rack's elevation into `file`, as SVG. Raises UsageError when there is no such rack."""
    write_output(file, picture(site, name))


def picture(site: Site, name: str) -> bytes:
    """A rack's elevation, as SVG. Raises UsageError when there is no such rack."""
    from sopctl.adapters.documents.rack_svg import Box, Gauge, rack_svg

    found, taken = rack(site, name)
    servers = {each.id: each.server for each in register.standing(site)}
    boxes = [Box(unit, 1, "both", "blocked", what) for unit, what in found.blocked.items()]
    boxes += [
        Box(o.place.unit, o.place.height, o.place.face, o.kind, f"{o.deposit} {servers[o.deposit]}") for o in taken
    ]
    gauges = [Gauge("Daya", power_used(found, taken), found.power_watts, "W")]
    if found.weight_kg is not None:
        gauges.append(Gauge("Berat", weight_used(found, taken), found.weight_kg, "kg"))
    if found.switch:
        ports = found.switch.ports
        gauges.append(Gauge(f"Port {found.switch.name}", ports - len(free_ports(found, taken)), ports, ""))
    return rack_svg(f"Rak {found.name}, {found.room}", found.units, boxes, gauges)
