"""Where a command is: in the module of its name, below the package of its section or group.

Each such module has the click command as `command`. It is imported when the command is run or described, and imports
nothing heavy at its top: `--help` answers at once.
"""

import importlib
import keyword
from collections.abc import Iterable, Sequence
from typing import Any

import click

from sopctl.cli.language import _, translated

SENTENCE = 10_000
"""More letters than the first sentence of any help has."""


def module_name(command: str) -> str:
    """The module of a command: `host_key` for `host-key`, `return_` for `return`, which is a Python keyword."""
    name = command.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def load(package: str, name: str) -> click.Command:
    """The command `name` of a package, described in the language that was chosen."""
    command = importlib.import_module(f"{package}.{module_name(name)}").command
    assert isinstance(command, click.Command)  # noqa: S101 (our own package)
    return translated(command)


class Group(click.Group):
    """A group whose help has the first sentence of each command's whole, over several lines if need be."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            self.put_commands(ctx, formatter, self.list_commands(ctx))

    def put_commands(self, ctx: click.Context, formatter: click.HelpFormatter, names: Iterable[str]) -> None:
        """Write these commands and what each does."""
        commands = [(name, command) for name in names if (command := self.get_command(ctx, name))]
        formatter.write_dl([(name, each.get_short_help_str(SENTENCE)) for name, each in commands])


class PackageGroup(Group):
    """A group that is a package with a module for each of its commands, its `members`."""

    def __init__(self, *arguments: Any, package: str, members: Sequence[str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.package = package
        self.members = members

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(self.members)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load(self.package, cmd_name) if cmd_name in self.members else None
