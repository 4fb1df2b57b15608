"""The `sopctl` command: its sections, and the one place where errors end."""

import codecs
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from sopctl import __version__
from sopctl.cli import language
from sopctl.cli.language import _
from sopctl.cli.signs import in_ascii
from sopctl.cli.tree import Group, load
from sopctl.errors import ExitCode, Interrupted, OutsideFailure, SopctlError, UsageError, in_words

if TYPE_CHECKING:
    from sopctl.store.site import Site

BUG = 70
"""Exit code of an error that sopctl did not foresee (EX_SOFTWARE of sysexits(3))."""
NEW_OBJECTS = 50_000
"""Python looks for unreachable cycles each time so many more objects exist (by itself: 700). A list of thousands of
deposits is all reachable, and looking through it again and again would be a tenth of what the list costs."""

COMMANDS = {
    "Site": (
        "site",
        [
            "init",
            "doctor",
            "validate",
            "journal",
            "backup",
            "restore",
            "schedule",
            "engine",
            "serve",
            "account",
            "events",
            "netbox",
            "demo",
            "lab",
        ],
    ),
    "Reading": (
        "reading",
        ["list", "show", "todo", "report", "runs", "rack", "switch", "queue", "sop", "document", "export"],
    ),
    "Steps of the procedure": (
        "steps",
        [
            "do",
            "request",
            "dispose",
            "reserve",
            "notify",
            "remind",
            "take-in",
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
        [
            "adopt",
            "import",
            "edit",
            "correct",
            "move",
            "write-off",
            "hold",
            "resume",
            "late",
            "extend",
            "refuse",
            "withdraw",
        ],
    ),
    "What else happens in the building": ("house", ["visit", "task", "maintenance", "sanitise"]),
    "Access": ("access", ["probe", "check", "checks", "host-key", "login", "bmc", "key"]),
}
"""By the section of `sopctl --help`: its package below sopctl.cli, and its commands, each in the module of its name."""


class Root(Group):
    """`sopctl` itself: a group in sections, each of them a package."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from sopctl.cli.options import refuse_placeholders

        refuse_placeholders(args)
        return super().parse_args(ctx, args)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [name for _section, names in COMMANDS.values() for name in names]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = next((package for package, names in COMMANDS.values() if cmd_name in names), None)
        return load(f"sopctl.cli.{found}", cmd_name) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, (_package, names) in COMMANDS.items():
            with formatter.section(_(section)):
                self.put_commands(ctx, formatter, names)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--site", metavar="DIR", envvar="SOPCTL_SITE", help="The site's folder [default: this folder or a parent]."
)
@click.option("--clock-is-right", is_flag=True, help="The controller's clock is right, however old the last record is.")
@click.version_option(__version__, prog_name="sopctl")
@click.pass_context
def cli(ctx: click.Context, site: str | None, *, clock_is_right: bool) -> None:
    """Takes servers on deposit in a public data centre, by the written procedure and with its paper trail.

    Start: sopctl init my-site; cd my-site; sopctl todo. To see it all run first: sopctl demo.
    """
    ctx.obj = site
    if clock_is_right:
        ctx.meta["sopctl.clock_is_right"] = True
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> NoReturn:
    """Run the command line; every error becomes one message and the documented exit code."""
    _open_missing()
    signal.signal(signal.SIGTERM, _interrupt)
    gc.set_threshold(NEW_OBJECTS)
    _say_whatever_it_is()
    code = _run()
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        code = _unprinted(error, code)
    _tell_rest(code)
    _let_go()
    sys.exit(code)


def _open_missing() -> None:
    """Give each standard stream that whoever started us has closed the null device: the first file that is opened would
    otherwise have its number, and a program that is run would write its output into that."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 (as long as the process)


def _say_whatever_it_is() -> None:
    """A character that the terminal's encoding has not is written as what it looks like, or as an escape, as in a
    file's name that is no UTF-8: what was recorded would otherwise end in an error, and be done twice. In the plain
    locale (LC_ALL=C) Python is as strict with all but such names."""
    codecs.register_error(in_ascii.__name__, in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors=in_ascii.__name__)


def _let_go() -> None:
    """Drop what could not be written: Python tries once more at its end, and would then exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run() -> int:
    code: int = ExitCode.OK
    stdout = sys.stdout
    try:
        language.choose()
        language.translated(cli).main(standalone_mode=False, prog_name="sopctl")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else ExitCode.USAGE
        if sys.stdout is not stdout:  # click puts another in its place when the pipe was closed, and exits with 1
            code = ExitCode.OK
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        try:
            click.echo(error.format_message())  # whoever names a group alone asks what there is
        except OSError as failed:
            code = _unprinted(failed, code)
    except click.ClickException as error:
        message = " ".join(error.format_message().split())  # click lists choices on lines of their own
        code = _say(UsageError("usage", "{message}", message=message, remedy=_help_hint(error)))
    except (KeyboardInterrupt, click.Abort):
        code = _say(Interrupted("interrupted", "interrupted", remedy=_("What was recorded before stays.")))
    except SopctlError as error:
        code = _say(error)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and _printing(error):
            code = _unprinted(error, code)
        elif os.environ.get("SOPCTL_DEBUG"):
            raise
        else:
            from sopctl.store.durable import refused

            code = _say(refused(error) if isinstance(error, OSError) else _Bug(error))
    return code


def _printing(error: OSError) -> bool:
    """Was it the output that could not be written? Only click and rich write there."""
    trace, last = error.__traceback__, ""
    while trace:
        last = str(trace.tb_frame.f_globals.get("__name__"))
        trace = trace.tb_next
    ours = ("sopctl.cli.main", "sopctl.cli.render")
    return last.split(".")[0] in ("click", "rich", "codecs", "encodings") or last in ours


def _unprinted(error: OSError, code: int) -> int:
    """What was to be printed could not be. A reader that has seen enough (`| head`) is no failure; and what was
    recorded stays done, so that nobody does it twice."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return code
    from sopctl.cli import options

    recorded = _recorded(options.opened)
    said = OutsideFailure(
        "output-failed",
        "the result cannot be written to standard output: {reason}",
        remedy=_("Recorded: {events}", events=recorded)
        if recorded
        else _("See whether there is space where it is written to."),
        reason=in_words(error),
    )
    options.say([said])
    return code if recorded or code not in (ExitCode.OK, ExitCode.NO) else int(said.exit_code)


def _tell_rest(code: int) -> None:
    """What lags behind something that was done, and, where a command failed, what it had recorded before."""
    from sopctl.cli import options

    for site in options.opened:
        if site.committed:
            from sopctl.store import versions

            versions.commit(site, _command(sys.argv[1:]))
        options.say(site.lagging)
    recorded = _recorded(options.opened)
    if recorded and code not in (ExitCode.OK, ExitCode.NO):
        with suppress(OSError):
            click.echo(_("sopctl: recorded before that: {events}", events=recorded), err=True)


def _command(words: "Sequence[str]") -> str:
    """The command's name, for people: without what it was given, which may be personal."""
    known = {name for _section, names in COMMANDS.values() for name in names}
    return " ".join(["sopctl", *[word for word in words if word in known][:1]])


def _recorded(opened: "Sequence[Site]") -> str:
    return ", ".join(
        _("{deposit} event {number}", deposit=deposit, number=number)
        for site in opened
        for deposit, number in site.committed
    )


class _Bug(SopctlError):
    """An error that sopctl did not foresee."""

    def __init__(self, error: Exception) -> None:
        remedy = _("See what was recorded. With SOPCTL_DEBUG=1, the command shows the traceback.")
        what = f"{type(error).__name__}: {error}"
        super().__init__("bug", "an error in sopctl itself: {what}", remedy=remedy, what=what)


def _say(error: SopctlError) -> int:
    from sopctl.cli import render

    code = BUG if isinstance(error, _Bug) else int(error.exit_code)
    if "--json" in sys.argv:
        import json

        from sopctl.cli.documents import common, registry

        document = registry.document("error", common.Refused(error=common.failure(error, exit_code=code)))
        with suppress(OSError):  # it stands on standard error too
            click.echo(json.dumps(document, ensure_ascii=False))
    with suppress(OSError):
        render.put_error(error)
    return code


def _help_hint(error: click.ClickException) -> str:
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "sopctl"
    return _("See: {command} --help", command=path)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a command as Ctrl-C does: with everything cleaned up."""
    raise KeyboardInterrupt
