"""What several readers take from the script's sections."""

import pytest

from sopctl.model.facts.sections import shape


@pytest.mark.parametrize(
    ("said", "is_one"), [("Rack Mount Chassis", True), ("Other", False), ("Unknown", False), (None, False)]
)
def test_a_chassis_of_no_kind_has_no_shape(said: str | None, *, is_one: bool) -> None:
    assert shape(said) == (said if is_one else None)
