"""Free space and placement (tests/cases/racks.yml)."""

import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from sopctl.model import rack
from sopctl.model.rack import Face, Need, Occupied, Place, Rack, Switch, Wish
from tests.cases import rows


def _taken(where: str, what: Any) -> Occupied:
    """`A1 U1-2 [front]` → what stands there: watts, or {watts, kg, port}."""
    name, units, *face = where.replace(" U", " ").split(" ")
    low, high = (int(unit) for unit in units.split("-"))
    more = what if isinstance(what, dict) else {"watts": what}
    place = Place(name, low, high - low + 1, face[0] if face else "both", more.get("port"))  # type: ignore[arg-type]
    return Occupied(place, "PS-1", "placed", more.get("watts", 100), more.get("kg"))


@pytest.mark.parametrize("row", rows("racks"), ids=lambda row: row["name"])
def test_where_a_server_goes(row: dict[str, Any]) -> None:
    racks = [
        convert(
            {"name": name, "room": "room", **dict(zip(("units", "depth_mm", "power_watts"), sizes, strict=True))}
            if isinstance(sizes, list)
            else {"name": name, "room": "room", **sizes},
            Rack,
        )
        for name, sizes in row["racks"].items()
    ]
    taken = [_taken(where, what) for where, what in row["taken"].items()]
    found, reasons = rack.find_place(racks, taken, Need(*row["need"]), Wish(**row.get("wish", {})))
    if "refused" in row:
        assert found is None
        assert "; ".join(map(str, reasons)) == row["refused"]
        assert "; ".join(each.indonesian for each in reasons) == row.get("history", "")
    else:
        assert found is not None
        port = f" port {found.port}" if found.port else ""
        assert f"{found.rack} U{found.unit}{port}" == row["place"]


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (0, "U0 to U2 is outside rack A1 (U1 to U42)"),
        (1, ""),
        (40, ""),
        (41, "U41 to U43 is outside rack A1 (U1 to U42)"),
        (8, "rack A1 U10–U11 is reserved for PS-1"),
        (9, "rack A1 U10–U11 is reserved for PS-1"),
        (11, "rack A1 U10–U11 is reserved for PS-1"),
        (12, ""),
        (7, ""),
    ],
)
def test_why_a_wanted_place_is_refused(unit: int, why: str) -> None:
    taken = [Occupied(Place("A1", 10, 2), "PS-1", "reserved", 100)]
    refused = rack.refusal(Rack("A1", "room", 42, 900, 6000), taken, Need(3, 700, 400), unit)
    assert (str(refused) if refused else "") == why


def test_what_the_history_says_of_a_refusal() -> None:
    taken = [Occupied(Place("A1", 1, 1), "PS-1", "reserved", 100)]
    said = [rack.refusal(Rack("A1", "room", 4, 900, 600), taken, Need(2, 700, 400), unit) for unit in (1, 4)]
    assert [each and each.indonesian for each in said] == [
        "rak A1 U1 dipesan untuk PS-1",
        "U4 sampai U5 di luar rak A1 (U1 sampai U4)",
    ]


@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(1, 3), st.sampled_from(get_args(Face))), max_size=4),
    st.sets(st.integers(1, 10), max_size=2),
    st.integers(1, 4),
    st.sampled_from(get_args(Face)),
)
def test_the_smallest_gap_is_taken_and_its_lowest_unit(
    wanted: list[tuple[int, int, Face]], blocked: set[int], height: int, face: Face
) -> None:
    """Counted unit by unit: a gap is what is free between what is not."""
    mine = Rack("A1", "room", 10, 900, 6000, None, dict.fromkeys(blocked, "kabel"))
    taken: list[Occupied] = []
    for unit, high, side in wanted:
        if rack.refusal(mine, taken, Need(high, 400, 1), unit, Wish(face=side)) is None:
            taken.append(Occupied(Place("A1", unit, high, side), "PS-1", "placed", 1))
    sides = {"both": {"front", "rear"}}
    filled = {
        unit
        for each in taken
        if sides.get(each.place.face, {each.place.face}) & sides.get(face, {face})
        for unit in range(each.place.unit, each.place.unit + each.place.height)
    }
    line = "".join("x" if unit in filled | blocked else "." for unit in range(1, 11))
    gaps = [(len(each[0]), each.start() + 1) for each in re.finditer(r"\.+", line) if len(each[0]) >= height]
    found, _ = rack.find_place([mine], taken, Need(height, 400, 1), Wish(face=face))
    assert (found and found.unit) == (min(gaps)[1] if gaps else None)
    assert rack.filled_units(taken) == {unit for each in taken for unit in range(each.place.unit, each.place.top + 1)}


servers = st.tuples(
    st.integers(1, 5),
    st.sampled_from([300, 700]),
    st.integers(50, 400),
    st.integers(5, 40),
    st.sampled_from(["both", "front", "rear"]),
)


@given(st.lists(servers, max_size=30), st.integers(1, 20), st.sets(st.integers(1, 20), max_size=3))
def test_places_found_never_overlap_nor_exceed_what_a_rack_has(
    wanted: list[tuple[int, int, int, int, Face]], units: int, blocked: set[int]
) -> None:
    racks = [
        Rack("A1", "room", units, 900, 3000, 200, dict.fromkeys(blocked, "kabel"), Switch("sw1", 8)),
        Rack("B1", "room", 10, 600, 2000),
    ]
    taken: list[Occupied] = []
    for number, (height, depth, watts, weight, face) in enumerate(wanted):
        found, reasons = rack.find_place(racks, taken, Need(height, depth, watts, weight), Wish(face=face))
        assert (found is None) == bool(reasons)
        if found:
            assert depth * 2 <= 900 or found.face == "both"
            taken.append(Occupied(found, f"PS-{number}", "reserved", watts, weight))
    for each in racks:
        mine = [other for other in taken if other.place.rack == each.name]
        for side in ("front", "rear"):
            here = [other.place for other in mine if other.place.face in (side, "both")]
            filled = [unit for place in here for unit in range(place.unit, place.top + 1)]
            assert len(filled) == len(set(filled))
            assert all(1 <= unit <= each.units and unit not in each.blocked for unit in filled)
        assert rack.power_used(each, taken) <= each.power_watts
        assert each.weight_kg is None or rack.weight_used(each, taken) <= each.weight_kg
        ports = [other.place.port for other in mine if other.place.port]
        assert len(ports) == len(set(ports)) == (len(mine) if each.switch else 0)


def test_the_elevation_shows_every_unit_from_the_top() -> None:
    taken = [Occupied(Place("A1", 2, 2), "PS-1", "placed", 100)]
    shown = rack.elevation(Rack("A1", "room", 4, 900, 1000), taken)
    assert [(unit, [each.deposit for each in filled]) for unit, filled in shown] == [
        (4, []),
        (3, ["PS-1"]),
        (2, ["PS-1"]),
        (1, []),
    ]


@pytest.mark.parametrize(
    ("place", "english", "indonesian"),
    [
        (Place("A1", 3, 1), "rack A1 U3", "rak A1 U3"),
        (Place("A1", 3, 2, "front"), "rack A1 U3–U4 front", "rak A1 U3–U4 depan"),
        (Place("B2", 10, 4, "rear"), "rack B2 U10–U13 rear", "rak B2 U10–U13 belakang"),
    ],
)
def test_how_a_place_is_called(place: Place, english: str, indonesian: str) -> None:
    assert (str(place), place.indonesian) == (english, indonesian)


@pytest.mark.parametrize("height", [1, 2])
@pytest.mark.parametrize("face", get_args(Face))
def test_a_place_has_one_wording_in_english(face: Face, height: int) -> None:
    """Lists of thousands show the short form, instead of filling a template for each."""
    place = Place("A1", 3, height, face)
    assert str(place) == str(place.text)
