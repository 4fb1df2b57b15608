"""What a server's words mean, and that something helps against each cause."""

import pytest

from sopctl.model.access.causes import (
    REMEDIES,
    SERVICE_REMEDIES,
    Cause,
    command_cause,
    denial_cause,
    forwarding_cause,
    greeting_cause,
)


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
    assert set(REMEDIES) == set(Cause)
    assert set(SERVICE_REMEDIES) <= set(Cause)
