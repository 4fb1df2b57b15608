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
        security_updates=row.get("updates", False),
    )
    seen = obstacles(survey, wanted, CLOCK)
    if "cause" not in row:
        assert seen == ()
        return
    first = seen[0]
    assert (first.cause, first.blocks) == (row["cause"], row.get("blocks", True))
    assert first.user == row.get("user", "")
    assert str(first.detail) == row["detail"] if "detail" in row else first.detail
    assert "{" not in first.remedy


def test_every_cause_of_the_look_is_provoked() -> None:
    """Those that no login meets, and no look at an account (tests/cases/accounts.yml)."""
    of_logins = {row.get("cause") for row in (*rows("causes"), *rows("first_contact"), *rows("accounts"))}
    assert {cause for cause in Cause if not cause.rungs} <= {row.get("cause") for row in ROWS} | of_logins


def test_what_blocks_comes_first() -> None:
    survey = found.read(records({"now": "1700000000", "python": "none", "immutable": "i /etc/passwd"}))
    seen = obstacles(survey, Wanted("sopctl", ("webadmin",)), CLOCK)
    assert [each.blocks for each in seen] == [True, True, False]


@pytest.mark.parametrize("folder", ["/", "/etc", "/var", "/var/lib", "/var/tmp", "/tmp", "/home", "/root"])
def test_wherever_a_configuration_writes_there_must_be_room(folder: str) -> None:
    space = f"F\n/dev/sda1 100000 9 99991 1% /usr\n/dev/sdb1 100000 99999 1 99% {folder}\n"
    seen = obstacles(found.read(records({"space": space})), Wanted("sopctl", ("webadmin",)), CLOCK)
    assert [(each.cause, str(each.detail)) for each in seen] == [(Cause.DISK_FULL, f"{folder} has 1 KiB left")]


def test_an_account_that_nobody_looked_at_does_not_hide_the_next() -> None:
    survey = found.read(records({}, {"webadmin": "maxsessions 0"}))
    seen = obstacles(survey, Wanted("sopctl", ("another", "webadmin")), CLOCK)
    assert [(each.cause, each.user) for each in seen] == [(Cause.COMMAND_REFUSED, "webadmin")]


def test_what_the_server_says_is_cut_and_safe_to_print() -> None:
    survey = found.read(records({"tables": "Error: " + "x" * 400 + "\x1b[2J"}))
    (seen,) = obstacles(survey, Wanted("sopctl", ("webadmin",)), CLOCK)
    assert seen.cause == Cause.NO_NFTABLES
    assert len(str(seen.detail)) <= 300 + len("nft says: ")
    assert "\x1b" not in str(seen.detail)
