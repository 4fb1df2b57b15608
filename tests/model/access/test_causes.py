"""Each cause is declared once: where it is met, what it means, what helps, and whether it passes by itself."""

from typing import Any

import pytest

from sopctl.model.access.causes import Cause, command_cause, denial_cause, forwarding_cause, greeting_cause
from sopctl.model.access.rung import Rung
from tests.cases import rows

MET = [row for row in (*rows("causes"), *rows("first_contact")) if row.get("cause")]
EXAMINED = {each["cause"] for each in (*rows("accounts"), *rows("survey_obstacles")) if each.get("cause")}


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


def test_words_of_a_server() -> None:
    assert greeting_cause("Exceeded MaxStartups") is Cause.THROTTLED
    assert greeting_cause("220 ready") is Cause.NOT_SSH
    assert denial_cause("Account deposit has expired") is Cause.ACCOUNT_EXPIRED
    assert denial_cause("Your password has expired.") is Cause.PASSWORD_EXPIRED
    assert denial_cause("The account is locked due to 3 failed logins.") is Cause.LOCKED
    assert denial_cause("Authorised use only.") is Cause.DENIED
    assert forwarding_cause("Connection timed out") is Cause.FILTERED
    assert forwarding_cause("Temporary failure in name resolution") is Cause.RESOLVER_DOWN
    assert forwarding_cause("Name or service not known") is Cause.NO_SUCH_NAME
    assert forwarding_cause("\x00") is Cause.NO_ROUTE
    assert command_cause("true", 0, "welcome", proved=False) is Cause.COMMAND_REFUSED


@pytest.mark.parametrize(
    ("command", "status", "output", "cause"),
    [
        ("true", 0, "welcome", None),
        ("true", 0, "Your password has expired", None),
        ("true", 1, "", Cause.NO_SHELL),
        ("true", 1, "This account is currently not available.", Cause.NO_SHELL),
        ("true", 1, "syntax error in .bashrc", Cause.SHELL_BROKEN),
        ("true", None, "", Cause.SHELL_BROKEN),
        ("uptime", None, "", Cause.SHELL_BROKEN),
        ("uptime", 127, "not found", Cause.COMMAND_FAILED),
        ("uptime", 1, "This service allows sftp connections only.", Cause.COMMAND_REFUSED),
        (
            "uptime",
            1,
            "You are required to change your password\nPassword change required but no TTY",
            Cause.PASSWORD_EXPIRED,
        ),
    ],
)
def test_command_cause(command: str, status: int | None, output: str, cause: Cause | None) -> None:
    assert command_cause(command, status, output) is cause


def test_each_cause_has_a_remedy() -> None:
    for cause in Cause:
        for rung in (None, *Rung):
            assert "{" not in cause.remedy(port=2222, user="web", rung=rung)
            assert cause.remedy(port=2222, user="web", rung=rung)
