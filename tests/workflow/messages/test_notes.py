"""The words of histories: every error that can end a step on a server or a switch has Indonesian ones."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import sopctl
from sopctl.errors import Conflict, OutsideFailure
from sopctl.model.ports.port import Reason
from sopctl.workflow.messages.notes import WORDS, told

PACKAGE = Path(sopctl.__file__).parent
TOUCHING = (
    "adapters/ansible",
    "adapters/channels.py",
    "adapters/bmc",
    "adapters/mail.py",
    "adapters/ssh",
    "adapters/switch",
    "workflow/messages/sending.py",
    "workflow/ports",
    "workflow/servers",
    "workflow/trust.py",
)
"""What a step that touches a server, a switch, the mail or Ansible may be ended by."""

NEVER = {
    "a password is read before the step begins": {"keyring-unavailable", "password-not-in-keyring"},
    "only of commands that record nothing": {
        "answers-not-believed",
        "ca-certificates-not-read",
        "check-not-made",
        "facts-by-playbook",
        "network-not-watched",
        "no-ca-certificates",
        "no-such-run",
        "no-such-selector",
        "no-such-switch",
        "nothing-selected",
    },
    "refused before anything is recorded": {
        "appliance-released-by-hand",
        "configured-by-hand",
        "configured-over-ssh",
        "no-bmc-account",
        "not-a-certificate-fingerprint",
        "no-channels",
        "no-email-address",
        "no-mail-server",
        "no-switch-port",
        "not-in-our-hands",
        "password-for-many",
        "nothing-to-check",
        "released-by-hand",
        "server-password-not-kept",
        "switch-without-record",
    },
    "only while the access is tried, which records what it found": {
        "jump-login-needs-key",
        "login-needs-key",
        "not-an-account-name",
        "no-management-account",
        "account-keys-missing",
    },
    "the log of a session is asked for by `switch` alone, and raised to its caller": {
        "session-log-readable-by-others",
        "session-log-not-written",
    },
}
"""Errors that never end in a history, and why."""


DISK = {"too-many-open-files", "access-denied", "disk-read-only", "no-such-file", "quota-exceeded", "disk-error"}
"""Ids that store/durable.py takes from a table."""


class Raised(NamedTuple):
    """An error where it is made: its id, and the names of its values."""

    id: str
    values: frozenset[str]
    where: str


def errors(folder: Path) -> set[str]:
    """The names of the classes of errors."""
    found = {"SopctlError"}
    classes = [
        (name, set(re.findall(r"\w+", bases)))
        for path in folder.rglob("*.py")
        for name, bases in re.findall(r"^class (\w+)\(([^)]*)\)", path.read_text(), re.MULTILINE)
    ]
    while more := {name for name, bases in classes if bases & found} - found:
        found |= more
    return found


KINDS = errors(PACKAGE)


def raised(path: Path) -> Iterator[Raised]:
    """Every error that is made in a file, or in the files of a folder."""
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            if name in KINDS | {"__init__"} and isinstance(first, ast.Constant) and isinstance(first.value, str):
                values = {each.arg for each in node.keywords if each.arg} - {"where", "remedy"}
                yield Raised(first.value, frozenset(values), f"{file.relative_to(PACKAGE)}:{node.lineno}")


def places(words: str) -> set[str]:
    """The names of the values that words are about."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


FOUND = [each for where in TOUCHING for each in raised(PACKAGE / where)]


def test_every_error_of_such_a_step_has_words_or_a_reason_to_have_none() -> None:
    assert len(FOUND) > 60
    never = set[str]().union(*NEVER.values())
    assert {each.id for each in FOUND} - set(WORDS) == never


@pytest.mark.parametrize("each", FOUND, ids=lambda each: f"{each.where} {each.id}")
def test_the_words_are_about_the_values_of_the_error(each: Raised) -> None:
    assert places(WORDS.get(each.id, "")) <= each.values


def test_every_reason_to_leave_a_port_alone_has_words() -> None:
    assert set(Reason) <= set(WORDS)


def test_no_words_are_left_of_an_error_that_is_gone() -> None:
    everywhere = {each.id for each in raised(PACKAGE)}
    assert set(WORDS) - everywhere - set(Reason) == {"other-server-unknown", "change-pending-unknown", *DISK}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OutsideFailure("mail-gone", "the mail is gone"), "galat mail-gone: the mail is gone"),
        (OutsideFailure("no-answer", "{text!r} is no answer", text="x"), "galat no-answer: 'x' is no answer"),
        (KeyboardInterrupt(), "dihentikan dengan Ctrl-C"),
        (ZeroDivisionError("x"), "galat ZeroDivisionError"),
        (Conflict("stopped", "stopped"), "dihentikan"),
    ],
)
def test_a_history_gets_its_note_whatever_the_error(error: BaseException, words: str) -> None:
    assert told(error) == words
