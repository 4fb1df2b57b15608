"""Each cause is declared once: where it is met, what it means, what helps, and whether it passes by itself."""

from typing import Any

import pytest

from sopctl.model.access.causes import Cause
from sopctl.model.access.rung import Rung
from tests.cases import rows

MET = [row for row in (*rows("causes"), *rows("first_contact")) if row.get("cause")]
EXAMINED = {each["cause"] for each in rows("accounts") if each.get("cause")}


@pytest.mark.parametrize("row", MET, ids=lambda row: row["name"])
def test_a_cause_is_met_at_the_rungs_that_it_declares(row: dict[str, Any]) -> None:
    """At the jump host, any cause may be met."""
    known = Cause.of(row["cause"])
    assert known
    assert row["rung"] in {*known.rungs, Rung.JUMP}


def test_a_cause_without_a_rung_is_seen_on_the_server_alone() -> None:
    assert {cause for cause in Cause if not cause.rungs} <= EXAMINED - {row["cause"] for row in MET}


def test_a_cause_is_known_by_its_code() -> None:
    assert [Cause.of(str(cause)) for cause in Cause] == list(Cause)
    assert Cause.of("requester-says-no") is None
