"""The `sopctl` command: its sections, and the one place where errors end."""

import json
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from sopctl import __version__
from sopctl.cli.tree import load
from sopctl.errors import ExitCode, SopctlError

BUG = 70
"""Exit code of an error that sopctl did not foresee (EX_SOFTWARE of sysexits(3))."""

COMMANDS = {
    "Site": ("site", ["init", "doctor", "validate", "journal", "schedule", "demo", "lab"]),
    "Reading": ("reading", ["list", "show", "todo", "report", "runs", "rack", "switch", "queue", "sop", "document"]),
    "Steps of the procedure": (
        "steps",
        [
            "request",
            "dispose",
            "reserve",
            "notify",
            "remind",
            "receive",
            "inspect",
            "handover",
            "place",
            "configure",
            "verify",
            "inventory",
            "advance",
            "return",
            "release",
        ],
    ),
    "Beside the paper (di luar SOP)": (
        "beside",
        ["adopt", "import", "edit", "hold", "resume", "extend", "refuse", "withdraw"],
    ),
    "Access": ("access", ["probe", "check", "checks", "host-key"]),
}
"""By the section of `sopctl --help`: its package below sopctl.cli, and its commands, each in the module of its name."""


class Root(click.Group):
    """`sopctl` itself: a group in sections, each of them a package."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [name for _, names in COMMANDS.values() for name in names]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = next((package for package, names in COMMANDS.values() if cmd_name in names), None)
        return load(f"sopctl.cli.{found}", cmd_name) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, (_, names) in COMMANDS.items():
            rows = [
                (name, command.get_short_help_str(90)) for name in names if (command := self.get_command(ctx, name))
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--site", metavar="DIR", envvar="SOPCTL_SITE", help="The site's folder [default: this folder or a parent]."
)
@click.version_option(__version__, prog_name="sopctl")
@click.pass_context
def cli(ctx: click.Context, site: str | None) -> None:
    """Takes servers on deposit in a public data centre, by the written procedure and with its paper trail.

    Start: sopctl init my-site; cd my-site; sopctl todo. To see it all run first: sopctl demo.
    """
    ctx.obj = site
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> NoReturn:
    """Run the command line; every error becomes one message and the documented exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in sys.argv
    try:
        cli.main(standalone_mode=False, prog_name="sopctl")
        code: int = ExitCode.OK
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else ExitCode.USAGE
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.UsageError as error:
        code = _say(error.format_message(), ExitCode.USAGE, as_json, remedy=_help_hint(error))
    except click.ClickException as error:
        code = _say(error.format_message(), ExitCode.USAGE, as_json)
    except (KeyboardInterrupt, click.Abort):
        code = _say("interrupted", ExitCode.INTERRUPTED, as_json)
    except SopctlError as error:
        code = _say(error.message, error.exit_code, as_json, where=error.where, remedy=error.advice)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.OK
    except Exception as error:
        if os.environ.get("SOPCTL_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        code = _say(f"an error in sopctl itself: {what}", BUG, as_json, remedy="Show it: SOPCTL_DEBUG=1 sopctl …")
    sys.exit(code)


def _say(message: str, code: int, as_json: bool, *, where: str = "", remedy: str = "") -> int:
    from sopctl.model.text import printable

    message, where = printable(message, 2000), printable(where)
    if as_json:
        document: dict[str, Any] = {"message": message, "where": where, "remedy": remedy, "exit_code": int(code)}
        click.echo(json.dumps({"error": document}, ensure_ascii=False))
    place = f"{where}: " if where else ""
    click.echo(f"sopctl: {place}{message}" + (f"\n  → {remedy}" if remedy else ""), err=True)
    return int(code)


def _help_hint(error: click.UsageError) -> str:
    return f"See: {error.ctx.command_path} --help" if error.ctx else "See: sopctl --help"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a command as Ctrl-C does: with everything cleaned up."""
    raise KeyboardInterrupt
