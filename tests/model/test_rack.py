"""Free space and placement (tests/cases/racks.yml)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model import rack
from sopctl.model.rack import Need, Occupied, Place, Rack
from tests.cases import rows


def _place(text: str) -> Place:
    name, units = text.split(" U")
    low, high = (int(unit) for unit in units.split("-"))
    return Place(name, low, high - low + 1)


@pytest.mark.parametrize("row", rows("racks"), ids=lambda row: row["name"])
def test_where_a_server_goes(row: dict[str, Any]) -> None:
    racks = [Rack(name, "room", *sizes) for name, sizes in row["racks"].items()]
    taken = [Occupied(_place(where), "PS-1", "placed", watts) for where, watts in row["taken"].items()]
    found, reasons = rack.find_place(racks, taken, Need(*row["need"]))
    if "refused" in row:
        assert found is None
        assert "; ".join(reasons) == row["refused"]
    else:
        assert found is not None
        assert f"{found.rack} U{found.unit}" == row["place"]


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (0, "outside rack A1"),
        (41, "U41 to U43 is outside rack A1 (U1 to U42)"),
        (9, "rack A1 U10-U11 is reserved for PS-1"),
        (11, "rack A1 U10-U11 is reserved for PS-1"),
        (12, ""),
        (7, ""),
    ],
)
def test_why_a_wanted_place_is_refused(unit: int, why: str) -> None:
    taken = [Occupied(Place("A1", 10, 2), "PS-1", "reserved", 100)]
    refused = rack.refusal(Rack("A1", "room", 42, 900, 6000), taken, Need(3, 700, 400), unit)
    assert (why in refused) if why else refused == ""


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(50, 400)), max_size=30), st.integers(1, 20))
def test_places_found_never_overlap_nor_leave_the_rack(servers: list[tuple[int, int]], units: int) -> None:
    racks = [Rack("A1", "room", units, 900, 3000), Rack("B1", "room", 10, 900, 2000)]
    taken: list[Occupied] = []
    for number, (height, watts) in enumerate(servers):
        found, reasons = rack.find_place(racks, taken, Need(height, 700, watts))
        assert (found is None) == bool(reasons)
        if found:
            taken.append(Occupied(found, f"PS-{number}", "reserved", watts))
    for each in racks:
        mine = [other for other in taken if other.place.rack == each.name]
        filled = [unit for other in mine for unit in range(other.place.unit, other.place.top + 1)]
        assert len(filled) == len(set(filled))
        assert all(1 <= unit <= each.units for unit in filled)
        assert sum(other.power_watts for other in mine) <= each.power_watts


def test_the_elevation_shows_every_unit_from_the_top() -> None:
    taken = [Occupied(Place("A1", 2, 2), "PS-1", "placed", 100)]
    shown = rack.elevation(Rack("A1", "room", 4, 900, 1000), taken)
    assert [(unit, filled.deposit if filled else "") for unit, filled in shown] == [
        (4, ""),
        (3, "PS-1"),
        (2, "PS-1"),
        (1, ""),
    ]
