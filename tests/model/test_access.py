"""Pins, endpoints, and what a server's words mean."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.errors import InvalidRecord
from sopctl.model.access import (
    REMEDIES,
    AccessResult,
    Cause,
    Pin,
    Rung,
    Verdict,
    command_cause,
    denial_cause,
    endpoint,
    fingerprint,
    greeting_cause,
    pin,
    remedy,
)

BLOB = b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(32)
LINE = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"
PRINT = fingerprint(BLOB)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (PRINT, Pin(PRINT)),
        (f"  {PRINT}\n", Pin(PRINT)),
        (f"ssh-ed25519 {PRINT}", Pin(PRINT, "ssh-ed25519")),
        (LINE, Pin(PRINT, "ssh-ed25519")),
        (f"{LINE} root@server", Pin(PRINT, "ssh-ed25519")),
    ],
)
def test_pin(text: str, read: Pin) -> None:
    assert pin(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "SHA256:", "MD5:aa:bb", PRINT + "x", "ssh-ed25519", "ssh-ed25519 !!!", LINE.replace("ssh-ed25519", "ssh-rsa")],
)
def test_no_pin(text: str) -> None:
    with pytest.raises(InvalidRecord):
        pin(text)


@given(st.text())
def test_a_pin_is_read_or_refused(text: str) -> None:
    try:
        pin(text)
    except InvalidRecord:
        return
    assert "SHA256:" in text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("web.example.org", ("web.example.org", 22)),
        ("WEB.example.org:2222", ("web.example.org", 2222)),
        ("192.0.2.7", ("192.0.2.7", 22)),
        ("192.0.2.7:65535", ("192.0.2.7", 65535)),
        ("2001:db8::7", ("2001:db8::7", 22)),
        ("[2001:db8::7]", ("2001:db8::7", 22)),
        ("[2001:db8::7]:23", ("2001:db8::7", 23)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_endpoint(text: str, read: tuple[str, int]) -> None:
    assert endpoint(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "-oProxyCommand=x", "a b", "a/b", "@file", "~web", "[1:9]", "web_1", "web:", "web:0", "web:65536", "web:22a",
     "web:١", "[::1]22", "[::1]:", "web.example.org\n", "a..b", "a" * 64, "\x1b[2J"],
)  # fmt: skip
def test_no_endpoint(text: str) -> None:
    with pytest.raises(InvalidRecord):
        endpoint(text)


def test_words_of_a_server() -> None:
    assert greeting_cause("Exceeded MaxStartups") is Cause.THROTTLED
    assert greeting_cause("220 ready") is Cause.NOT_SSH
    assert denial_cause("Account deposit has expired") is Cause.ACCOUNT_EXPIRED
    assert denial_cause("Authorised use only.") is Cause.DENIED


@pytest.mark.parametrize(
    ("command", "status", "output", "cause"),
    [
        ("true", 0, "welcome", None),
        ("true", 0, "Your password has expired", None),
        ("true", 1, "", Cause.SHELL_BROKEN),
        ("uptime", None, "", Cause.SHELL_BROKEN),
        ("uptime", 127, "not found", Cause.COMMAND_FAILED),
        ("uptime", 1, "This service allows sftp connections only.", Cause.SHELL_BROKEN),
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
    result = AccessResult("h", 2222, Verdict.INACCESSIBLE, Rung.TCP, Cause.FILTERED, "", 0.0, ())
    assert "2222" in remedy(result)
