"""What the commands share: options, the desk, and saying what a step did."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from sopctl.errors import ExitCode, SopctlError, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.documents.english import Language
    from sopctl.store.site import Site
    from sopctl.workflow.desk import Desk

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
id_argument = click.argument("deposit_id", metavar="ID")


def decider_options(command: Command) -> Command:
    """Who decides, for the desk that `open_desk` makes: --by, and --on-behalf-of with its --document."""

    def remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
        ctx.meta[f"sopctl.{option.name}"] = value

    options = (
        click.option(
            "--by",
            metavar="PERSON",
            help="Who decided it: a person of sopctl.yml with the step's role.",
            expose_value=False,
            callback=remember,
        ),
        click.option(
            "--on-behalf-of",
            metavar="PERSON",
            help="Whose step it is, when --by has not the role (with --document).",
            expose_value=False,
            callback=remember,
        ),
        click.option(
            "--document",
            "authority",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The letter of authority: PDF, PNG or JPEG.",
            expose_value=False,
            callback=remember,
        ),
        click.option(
            "--seen",
            metavar="HEAD",
            help="Refuse (exit 5) if anything was recorded since: the head that show --json printed.",
            expose_value=False,
            callback=remember,
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


lang_option = click.option("--lang", type=click.Choice(["id", "en"]), help="Indonesian or English [default: id].")


def language_of(lang: str | None) -> "Language":
    """What `--lang` says."""
    return "en" if lang == "en" else "id"


def example(*lines: str) -> str:
    """The epilog of a command's help: example command lines."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def open_site(ctx: click.Context) -> "Site":
    """The site that the command line, the environment or the current folder names."""
    from sopctl.store.site import Site

    return Site.find(ctx.find_root().obj)


def open_desk(ctx: click.Context) -> "Desk":
    """The desk of the person who types, with the office's clock, and who decides as `decider_options` were given."""
    from sopctl.cli import terminal
    from sopctl.workflow.deciding import Behalf

    person, document = ctx.meta.get("sopctl.on_behalf_of"), ctx.meta.get("sopctl.authority")
    if (person is None) != (document is None):
        raise UsageError(
            "on-behalf-of-document-go-together",
            "--on-behalf-of and --document go together: whose step it is, and the letter that allows it",
        )
    behalf = Behalf(person, document) if person and document else None
    desk = terminal.desk(open_site(ctx), by=ctx.meta.get("sopctl.by"), behalf=behalf)
    seen, deposit_id = ctx.meta.get("sopctl.seen"), ctx.params.get("deposit_id")
    if seen and not deposit_id:
        raise UsageError("seen-without-deposit", "--seen goes with one deposit, which it is about")
    return desk.having_seen({deposit_id: seen}) if seen and deposit_id else desk


def end_with(errors: "Sequence[SopctlError]") -> None:
    """Name broken records on standard error, and end with the exit code of the first; without any, go on."""
    say(errors)
    if errors:
        sys.exit(errors[0].exit_code)


def say(errors: "Sequence[SopctlError]") -> None:
    """Name errors on standard error."""
    for error in errors:
        click.echo(f"sopctl: {printable(str(error), 2000)}", err=True)


def end(answer: bool) -> NoReturn:
    """End a command whose work is done: 0 for yes, 1 for no."""
    sys.exit(ExitCode.OK if answer else ExitCode.NO)
