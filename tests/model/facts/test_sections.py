"""What several readers take from the script's sections (tests/cases/section_parts.yml)."""

from typing import Any

import msgspec
import pytest

from sopctl.model.facts.script import from_script
from sopctl.model.facts.sections import shape
from tests.cases import rows
from tests.model.facts.captures import AT, framed, known


@pytest.mark.parametrize(
    ("said", "is_one"), [("Rack Mount Chassis", True), ("Other", False), ("Unknown", False), (None, False)]
)
def test_a_chassis_of_no_kind_has_no_shape(said: str | None, *, is_one: bool) -> None:
    assert shape(said) == (said if is_one else None)


@pytest.mark.parametrize("row", rows("section_parts"), ids=lambda row: row["name"])
def test_what_becomes_of_a_section(row: dict[str, Any]) -> None:
    said = {section: "\n".join(lines) for section, lines in row["says"].items()}
    facts = msgspec.to_builtins(from_script(framed(said), gathered_at=AT))

    assert {field: known(facts[field]) for field in row["gives"]} == row["gives"]
