"""What is not known is null, not 0."""

from sopctl.cli.documents import reading
from sopctl.model import rack

PLACE = rack.Place("A1", 3, 2, port=1)


def test_the_power_of_a_server_that_nobody_knows_is_null() -> None:
    found = rack.Rack(name="A1", room="R", units=4, depth_mm=900, power_watts=2000)
    taken = [rack.Occupied(PLACE, "PS-2026-0001", "placed", 0)]
    (filled,) = reading.elevation(found, taken).units[0].filled
    assert (filled.power_watts, filled.weight_kg) == (None, None)
