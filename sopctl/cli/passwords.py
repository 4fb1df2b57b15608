"""The owner's password, for the first contact with a server: where a command takes it from. It is kept nowhere."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sopctl.cli.language import _
from sopctl.cli.options import FILE, choose_one
from sopctl.errors import UsageError

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Password
    from sopctl.workflow.desk import Desk

F = TypeVar("F", bound=Callable[..., Any])


def password_options(function: F) -> F:
    """--ask-password, --password-file and --keyring."""
    for option in (
        click.option("--keyring", metavar="SERVICE", help="The same, from the account's entry in the keyring."),
        click.option(
            "--password-file", type=FILE, metavar="FILE", help="The same, from a file's first line; - is stdin."
        ),
        click.option("--ask-password", is_flag=True, help="First contact with the owner's password, asked for once."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Given:
    """Which of the three was given."""

    ask: bool
    file: Path | None
    keyring: str | None

    @property
    def any(self) -> bool:
        return self.ask or self.file is not None or self.keyring is not None

    def password(self, desk: "Desk", deposit_id: str) -> "Password":
        """The password, from where it is said to be. Raises UsageError for two places, or without a terminal."""
        from sopctl.workflow.servers import first_contact

        if sum((self.ask, self.file is not None, self.keyring is not None)) > 1:
            raise choose_one("--ask-password", "--password-file", "--keyring")
        account = first_contact.account(desk, deposit_id)
        if self.file:
            return first_contact.from_file(self.file)
        if self.keyring:
            return first_contact.from_keyring(self.keyring, account)
        return asked(account)


def asked(account: str, *, option: str = "--password-file") -> "Password":
    """The password of `account`, typed at the terminal, where nobody sees it. Raises UsageError without a terminal:
    `option` gives it in a file."""
    from sopctl.workflow.servers import first_contact

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "no-terminal",
            "there is no terminal to ask for the password",
            remedy=_("Give it in a file: {option} FILE", option=option),
        )
    return first_contact.one_line(
        click.prompt(_("Password of {account}", account=account), hide_input=True, err=True), "typed"
    )


def of_key(file: Path | None, keyring: str | None, key: str, *, option: str = "--password-file") -> "Password":
    """The passphrase or PIN of a `key` that signs, from a file (`option`), the keyring, or typed. Raises UsageError for
    two places, or without a terminal."""
    from sopctl.workflow.servers import first_contact

    if file and keyring:
        raise choose_one(option, "--keyring")
    if file:
        return first_contact.from_file(file)
    return first_contact.from_keyring(keyring, key) if keyring else asked(key, option=option)
