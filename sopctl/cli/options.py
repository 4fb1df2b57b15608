"""What the commands share: options and their errors, the desk, and how a command ends."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from sopctl.cli.language import EXAMPLE, _
from sopctl.cli.render import asking, console, put_error
from sopctl.errors import Action, Advice, ExitCode, SopctlError, UsageError
from sopctl.locale import Text, gettext_noop

if TYPE_CHECKING:
    from sopctl.adapters.documents.english import Language
    from sopctl.model.access.target import HostKey
    from sopctl.store.site import Site
    from sopctl.workflow.desk import Desk

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)

opened: "list[Site]" = []
"""The sites that this command has opened. What they say at its end (`Site.lagging`), `main` tells."""


class _Text(click.types.StringParamType):
    """What a person has to say. A placeholder that was left as it is says nothing, and must not reach a record. What is
    no UTF-8 could not reach one: it is refused before an editor is opened, or a server logged in to, for its sake."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from sopctl.model.sop.history import refuse_unrecordable

        said = str(super().convert(value, param, ctx))
        refuse_unrecordable(said)
        refuse_placeholder(param.opts[0] if param else _("the text"), said)
        return said


TEXT = _Text()


class When(click.DateTime):
    """A day, or a day and a time, in these forms, as people write them. The help and a refusal show the first."""

    def __init__(self, *forms: str) -> None:
        self.form = forms[0]
        super().__init__([form.replace("YYYY-MM-DD", "%Y-%m-%d").replace("HH:MM", "%H:%M") for form in forms])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As people write it."""
        return f'"{self.form}"' if " " in self.form else self.form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Raises UsageError for what is written otherwise, or for a day that no calendar has."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            raise UsageError(
                "not-a-date",
                "{option}: {said!r} is no date, or is not written as {form}",
                remedy=Text("Write it like this: {example}", example=f"{datetime(2026, 11, 28, 20):{self.formats[0]}}"),
                option=param.opts[0] if param else "",
                said=str(value)[:40],
                form=self.form,
            ) from None


DAY = When("YYYY-MM-DD")
MOMENT = When("YYYY-MM-DD HH:MM", "YYYY-MM-DDTHH:MM")


class Renamed(click.Option):
    """An option under its present name, its first. The others are its names in older versions: accepted, and not
    shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As of the present name alone."""
        names, self.opts = self.opts, self.opts[:1]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = names

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """The present name."""
        return f"'{self.opts[0]}'"


RACK_UNIT = ("--rack-unit", "--unit", "unit")
"""What a rack unit is asked for by: `--unit` is a department everywhere else."""
DEBIAN = ("--debian", "--release", "release")
"""What a lab server's release of Debian is asked for by: `release` is what a return gives back everywhere else."""


def refuse_placeholder(option: str, said: str) -> None:
    """Raise UsageError for a value that only stands where one is to be given. A command line is checked for them as a
    whole, before anything of it is done (`refuse_placeholders`); what is asked for at a terminal, one by one."""
    from sopctl.model.intake.left_open import left_open

    if left_open(said):
        raise UsageError(
            "placeholder",
            "{option} is missing: {text} is only a placeholder",
            remedy="Put the real text in its place.",
            option=option,
            text=said.strip(),
        )


def refuse_placeholders(words: Sequence[str]) -> None:
    """Raise UsageError for a command line in which a placeholder was left: of an example, or of what `todo` prints."""
    option = _("a value")
    for word in words:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        refuse_placeholder(name or option, value if equals or not name else "")
        option = name or _("a value")


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


class _Deposit(click.types.StringParamType):
    """The id of a deposit, or a short form of it: `3`, `26-3`."""

    name = "deposit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from sopctl.workflow.views import board

        said = str(super().convert(value, param, ctx))
        if ctx and said and not any(map(str.isdigit, said)):  # what was meant is perhaps a subcommand: `task list`
            raise UsageError(
                "not-an-id",
                "{deposit!r} is not the id of a deposit",
                remedy=(
                    "An id looks like PS-2026-0001.",
                    Text("See: {command} --help", command=ctx.command_path),
                    Action("list"),
                ),
                deposit=said[:40],
            )
        return board.meant(_site(ctx), said) if ctx and said and not ctx.resilient_parsing else said

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The ids that begin so. In a folder that is no site, none."""
        from sopctl.store import dossiers

        try:
            found = dossiers.ids(_site(ctx))
        except (SopctlError, OSError):
            return []
        return [CompletionItem(each) for each in found if each.startswith(incomplete.upper())]


def _site(ctx: click.Context) -> "Site":
    """The site, only to look something up in it."""
    from sopctl.store.site import Site

    root = ctx.find_root()
    return Site.find(root.obj or root.params.get("site"))


def only_due(ctx: click.Context, *verbs: str) -> str:
    """The only deposit for which the command is due, or one of these verbs. Raises as `board.only_due`."""
    from sopctl.workflow.views import board

    return board.only_due(_site(ctx), str(ctx.command.name), verbs)


def _or_only_due(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    """Where no deposit is named: the only one for which the command is due."""
    if value or ctx.resilient_parsing:
        return value
    return (only_due(ctx),) if isinstance(value, tuple) else only_due(ctx)


class Several(click.Argument):
    """As many names as one likes, each of which counts once."""

    def __init__(self, declared: Sequence[str], **how: Any) -> None:
        super().__init__(declared, nargs=-1, **how)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        return tuple(dict.fromkeys(super().type_cast_value(ctx, value)))


def several(name: str, **how: Any) -> Callable[[Command], Command]:
    """As `click.argument`, of `Several`."""
    return click.argument(name, cls=Several, **how)


DEPOSIT = _Deposit()
id_argument = click.argument("deposit_id", metavar="ID", type=DEPOSIT)
due_argument = click.argument("deposit_id", metavar="[ID]", type=DEPOSIT, required=False, callback=_or_only_due)
"""For a step of the procedure: without an ID, the only deposit for which it is due."""
due_arguments = several("deposit_ids", metavar="[ID]...", type=DEPOSIT, callback=_or_only_due)


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if value not in (None, False):
        ctx.meta[f"sopctl.{option.name}"] = value


late_option = click.option(
    "--late-because",
    type=TEXT,
    metavar="WHY",
    help="Why the step comes late, for the report on time limits.",
    expose_value=False,
    callback=_remember,
)


def decider_options(command: Command) -> Command:
    """Who decides, for the desk that `open_desk` makes: --by, and --on-behalf-of with its --document; and why the step
    comes late: --late-because."""
    return who_decides(late_option(command))


def who_decides(command: Command) -> Command:
    """Who decides alone, for what is itself no step that could come late."""
    options = (
        click.option(
            "--by",
            metavar="PERSON",
            help="Who decided it: a person in sopctl.yml with the step's role.",
            expose_value=False,
            callback=_remember,
        ),
        click.option(
            "--on-behalf-of",
            metavar="PERSON",
            help="Whose step it is, if --by does not have the role (with --document).",
            expose_value=False,
            callback=_remember,
        ),
        click.option(
            "--document",
            "authority",
            type=FILE,
            help="The letter of authority: PDF, PNG or JPEG.",
            expose_value=False,
            callback=_remember,
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def event_options(command: Command) -> Command:
    """What is said of something that befell a server: on which day, why, with which letter, who decided it, and in
    which language its record is."""
    for option in (json_option, seen_option, decider_options, lang_option, letter_option, reason_option, day_option):
        command = option(command)
    return command


by_option = click.option(
    "--by",
    metavar="PERSON",
    help="Who it was: a person in sopctl.yml [default: who types it].",
    expose_value=False,
    callback=_remember,
)
seen_option = click.option(
    "--seen",
    metavar="HEAD",
    help="Refuse (exit 5) if anything was recorded since: the head that show --json printed.",
    expose_value=False,
    callback=_remember,
)
despite_option = click.option(
    "--despite",
    metavar="WHY",
    type=TEXT,
    default="",
    help="Why it may have an address, serial number, name, key or letter that another open deposit has.",
    expose_value=False,
    callback=_remember,
)
clock_option = click.option(
    "--clock-is-right",
    is_flag=True,
    help="The controller's clock is right, however long ago the newest record is.",
    expose_value=False,
    callback=_remember,
)
lang_option = click.option("--lang", type=click.Choice(["id", "en"]), help="The paper's language [default: id].")
month_option = click.option("--month", metavar="YYYY-MM", help="Which month [default: this one].")
reason_option = click.option("--reason", type=TEXT, required=True, help="Why; it is kept in the record.")
letter_option = click.option("--letter", type=FILE, help="The letter about it: PDF, PNG or JPEG.")
day_option = click.option("--date", "on", type=DAY, help="The day on which it happened [default: today].")
via_option = click.option(
    "--via",
    type=click.Choice(["email", "webhook", "phone", "letter", "meeting"]),
    help="How to inform [default: inform_via of sopctl.yml, else e-mail].",
)
forks_option = click.option(
    "--forks", type=click.IntRange(1, 100), default=10, show_default=True, help="Servers at a time."
)
host_key_option = click.option(
    "--host-key", metavar="SHA256:…", help="The server's host key fingerprint, from its console or the owner's letter."
)
trusted_path_option = click.option(
    "--trusted-path",
    type=TEXT,
    default="",
    metavar="WHY",
    help="Trust what is shown, because the path is secure (a direct cable, say).",
)
key_option = click.option("--key", type=FILE, help="Try as the requester, with this private key.")
user_option = click.option("--user", help="The requester's account [default: the letter's first], with --key.")
session_log_option = click.option(
    "--session-log", type=FILE, metavar="FILE", help="Append the session to this file (mode 0600), without secrets."
)


passphrase_option = click.option(
    "--passphrase-file", type=FILE, metavar="FILE", help="The passphrase, from a file's first line; - is stdin."
)


def passphrase_of(file: Path | None, *, confirm: bool) -> str:
    """The passphrase for a site's secrets: from a file's first line, else asked for. Raises UsageError without a
    terminal to ask at, and as the file does."""
    from sopctl.workflow.servers import first_contact

    if file:
        return first_contact.from_file(file).text
    if not sys.stdin.isatty():
        raise lacks("--with-secrets", "--passphrase-file", remedy="Without a terminal there is nobody to ask.")
    return str(click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=confirm, err=True))


def day_of(given: datetime | None) -> date | None:
    """The day that an option of type DAY names."""
    return given.date() if given else None


def language_of(lang: str | None) -> "Language":
    """What `--lang` says."""
    return "en" if lang == "en" else "id"


def example(*lines: str) -> str:
    """The epilog of a command's help: example command lines."""
    return f"\b\n{EXAMPLE}\n" + "\n".join(f"  {line}" for line in lines)


def open_site(ctx: click.Context) -> "Site":
    """The site that the command line, the environment or the current folder names."""
    from sopctl.store.site import Site

    opened.append(Site.find(ctx.find_root().obj))
    return opened[-1]


def open_desk(ctx: click.Context) -> "Desk":
    """The desk of the person who types, with the office's clock, and who decides as `decider_options` were given."""
    from sopctl.cli import terminal
    from sopctl.workflow.deciding import Behalf

    person, document = ctx.meta.get("sopctl.on_behalf_of"), ctx.meta.get("sopctl.authority")
    if person and document is None:
        raise lacks("--on-behalf-of", "--document", remedy="Give the letter that allows it.")
    if document and person is None:
        raise lacks("--document", "--on-behalf-of", remedy="Say whose step it is.")
    behalf = Behalf(person, document) if person and document else None
    desk = terminal.desk(open_site(ctx), by=ctx.meta.get("sopctl.by"), behalf=behalf)
    desk = desk.knowing(ctx.meta.get("sopctl.despite") or "", clock_is_right="sopctl.clock_is_right" in ctx.meta)
    desk = desk.saying_why_late(ctx.meta.get("sopctl.late_because") or "")
    seen = ctx.meta.get("sopctl.seen")
    if seen is None:
        return desk
    deposits = set(filter(None, (ctx.params.get("deposit_id"), *ctx.params.get("deposit_ids", ()))))
    if len(deposits) != 1:
        raise UsageError(
            "seen-without-deposit",
            "--seen is about one deposit: name one, and only one",
            remedy="Give one ID, or leave --seen out.",
        )
    return desk.having_seen({deposits.pop(): seen})


EXACTLY_ONE = gettext_noop("Give exactly one of them.")
THAT_TOO = gettext_noop("Give that too, or leave the option out.")


def choose_one(*ways: str, remedy: Advice = EXACTLY_ONE) -> UsageError:
    """The error when none of these ways was chosen, or several where only one can be."""
    return UsageError("choose-one", "choose one of: {ways}", remedy=remedy, ways=", ".join(ways))


def lacks(option: str, other: str, remedy: Advice = THAT_TOO) -> UsageError:
    """The error for an option that was given without another one that it needs."""
    return UsageError("option-needs-another", "{option} needs {other}", remedy=remedy, option=option, other=other)


def unnamed(what: str, remedy: Advice) -> UsageError:
    """The error when nothing was named for the command to work on."""
    return UsageError("nothing-named", "no {what} is named", remedy=remedy, what=what)


def end_with(errors: "Sequence[SopctlError]") -> None:
    """Name errors on standard error, and exit with the code of the first; go on if there are none."""
    say(errors)
    if errors:
        sys.exit(errors[0].exit_code)


def say(errors: "Sequence[SopctlError]") -> None:
    """Name errors on standard error. Where that cannot be written, the exit code is what is left."""
    for error in errors:
        with suppress(OSError):
            put_error(error)


def end(answer: bool) -> NoReturn:
    """End a command whose work is done: exit 0 for yes, 1 for no."""
    sys.exit(ExitCode.OK if answer else ExitCode.NO)


def confirm_key(host_key: "HostKey") -> bool:
    """Ask a person to compare the fingerprint with the console; without a terminal the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    with asking():
        console(err=True).print(
            _(
                "The server shows this {type} host key:\n  {fingerprint}\n"
                "Compare it at the server's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
                type=host_key.type,
                fingerprint=host_key.sha256,
            )
        )
        return click.confirm(_("Is it the same?"), default=False, err=True)
