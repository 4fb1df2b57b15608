"""The `sopctl` command: its groups, loaded when they are asked for, and the one place where errors end.

Nothing heavy is imported here or at the top of a command's module: `--help` and `--version` answer at once.
"""

import importlib
import json
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from sopctl import __version__
from sopctl.errors import ExitCode, SopctlError

BUG = 70
"""Exit code of an error that sopctl did not foresee (EX_SOFTWARE of sysexits(3))."""

COMMANDS = {
    "Site": {
        "init": "site:init",
        "doctor": "site:doctor",
        "validate": "site:validate",
        "journal": "site:journal",
        "schedule": "schedule:schedule",
        "demo": "demo:demo",
        "lab": "lab:lab",
    },
    "Reading": {
        "list": "reading:list_deposits",
        "show": "reading:show",
        "todo": "reading:todo",
        "report": "report:report",
        "runs": "runs:runs",
        "rack": "racks:rack",
        "switch": "switch:switch",
        "queue": "racks:queue",
        "sop": "sop:sop",
        "document": "documents:document",
    },
    "Steps of the procedure": {
        "request": "steps:request",
        "dispose": "steps:dispose",
        "reserve": "steps:reserve",
        "notify": "steps:notify",
        "remind": "steps:remind",
        "receive": "steps:receive",
        "inspect": "inspection:inspect",
        "handover": "steps:handover",
        "place": "steps:place",
        "configure": "configure:configure",
        "verify": "work:verify",
        "inventory": "inventory:inventory",
        "advance": "work:advance",
        "return": "steps:return_server",
        "release": "work:release",
    },
    "Beside the paper (di luar SOP)": {
        "adopt": "records:adopt",
        "import": "records:import_list",
        "edit": "records:edit",
        "hold": "acts:hold",
        "resume": "acts:resume",
        "extend": "acts:extend",
        "refuse": "acts:refuse",
        "withdraw": "acts:withdraw",
    },
    "Access": {"probe": "probe:probe", "check": "check:check", "checks": "check:checks", "host-key": "work:host_key"},
}
"""Command → `module:attribute` below sopctl.cli, by the section of `sopctl --help` that lists it."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run or described."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = next((section[cmd_name] for section in COMMANDS.values() if cmd_name in section), None)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(f"sopctl.cli.{module}"), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 (our own table)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, names in COMMANDS.items():
            rows = [
                (name, command.get_short_help_str(90)) for name in names if (command := self.get_command(ctx, name))
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
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
