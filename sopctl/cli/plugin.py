"""Commands that are monitoring plugins too (Nagios Plugin Development Guidelines)."""

import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import click

from sopctl.errors import SopctlError, UsageError
from sopctl.model.text import printable

UNKNOWN = 3
"""Exit code of a plugin that cannot tell ("Return Codes")."""


class Plugin(click.Command):
    """A command that is a monitoring plugin with --format nagios: whatever stops it becomes a line and exit code 3. The
    line begins with `service`."""

    service: ClassVar[str] = "ACCESS"

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        words = "=".join(args)
        try:
            return super().make_context(info_name, args, *more, **extra)
        except click.ClickException as error:
            if "--format=nagios" in words:
                self._end_unknown(error.format_message())
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SopctlError as error:
            if ctx.params["form"] == "nagios":
                self._end_unknown(f"{error.where}: {error.sentence}" if error.where else error.sentence)
            raise
        except KeyboardInterrupt:
            if ctx.params["form"] == "nagios":
                self._end_unknown("interrupted")
            raise

    def _end_unknown(self, why: str) -> NoReturn:
        click.echo(f"{self.service} UNKNOWN - {printable(why, 500).replace('|', '/')}")
        sys.exit(UNKNOWN)


def not_for_a_file(form: str) -> UsageError:
    """The error for --output with a format that is for people, or that comes line by line."""
    return UsageError(
        "format-not-for-a-file",
        "--output does not write {form}, which is for reading as it comes",
        remedy="Use a format for files, such as json or csv, or redirect the output (> FILE).",
        form=form,
    )


def put_or_write(text: str, output: Path | None) -> None:
    """Print a result, or write it atomically where monitoring reads it."""
    from sopctl.store.durable import write_output

    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output.absolute(), text.encode())
