"""What is not as it should be, whether or not it is new."""

from typing import Any

import msgspec
import pytest

from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows

ALWAYS = {"gathered_at": "2026-11-01T00:00:00+07:00", "hostname": "portal"}


@pytest.mark.parametrize("row", rows("conditions"), ids=lambda row: row["name"])
def test_what_is_not_as_it_should_be(row: dict[str, Any]) -> None:
    facts = msgspec.convert({**ALWAYS, **row["facts"]}, ServerFacts)
    assert [f"{each.severity} {each}" for each in conditions(facts)] == row["conditions"]
    assert differences(facts, facts) == (), "it is no change"
