"""What is in the way of a configuration. The rows are in tests/cases/survey_obstacles.yml."""

from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.access.causes import Cause
from sopctl.model.survey import found
from sopctl.model.survey.obstacles import obstacles
from sopctl.model.survey.wanted import Wanted
from tests.cases import rows
from tests.model.survey.records import CLOCK, records

ROWS = rows("survey_obstacles")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_what_is_in_the_way(row: dict[str, Any]) -> None:
    accounts = tuple(row.get("accounts", ("webadmin",)))
    named = tuple(dict.fromkeys(("sopctl", *accounts)))
    survey = found.read(records(row.get("says", {}), row.get("sshd", {}), named, row.get("tools", ())))
    survey = replace(survey, through=row.get("through", "sudo"))
    wanted = Wanted(
        "sopctl",
        accounts,
        deposit="PS-2026-0001",
        repairs=row.get("repairs", ""),
        raw=row.get("raw", False),
        settled=row.get("settled", False),
    )
    seen = obstacles(survey, wanted, CLOCK)
    if "cause" not in row:
        assert seen == ()
        return
    first = seen[0]
    assert (first.cause, first.blocks) == (row["cause"], row.get("blocks", True))
    assert first.user == row.get("user", "")
    assert first.detail
    assert "{" not in first.remedy


def test_every_cause_of_the_look_is_provoked() -> None:
    """Those that no login meets, and no look at an account (tests/cases/accounts.yml)."""
    of_logins = {row.get("cause") for row in (*rows("causes"), *rows("first_contact"), *rows("accounts"))}
    assert {cause for cause in Cause if not cause.rungs} <= {row.get("cause") for row in ROWS} | of_logins


def test_what_blocks_comes_first() -> None:
    survey = found.read(records({"now": "1700000000", "python": "none", "immutable": "i /etc/passwd"}))
    seen = obstacles(survey, Wanted("sopctl", ("webadmin",)), CLOCK)
    assert [each.blocks for each in seen] == [True, True, False]
