"""One tree of errors, one enum of exit codes, and remedies as data.

An error carries a stable `id` and the `values` that its sentence is about. The sentence stands where the error is
raised, in English, with named places for the values. The edge (the command line, a page) words it in the reader's
language, or otherwise, by the id. What helps is prose, or an `Action`: the edge knows how a person asks for that.
Adapters translate the errors of their libraries into these.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, TypeVar

from sopctl.locale import Prose, Text, gettext_noop, joined


class ExitCode(IntEnum):
    """What a sopctl command ends with; the contract with cron, timers and scripts."""

    OK = 0
    NO = 1
    """Done, and the answer is no: not accessible, a host failed, still no space."""
    USAGE = 2
    INVALID = 3
    """An input or a record is not valid; the message carries file:line:column."""
    NOT_NOW = 4
    """The procedure forbids it now; the message carries the step that is due."""
    CONFLICT = 5
    """Someone else holds it or has changed it."""
    OUTSIDE = 6
    """An outside system is missing, unreachable or failed (disk, network, program)."""
    TIMED_OUT = 124
    """A playbook run was ended because it took too long (124 as timeout(1) has it)."""
    INTERRUPTED = 130


class Action(NamedTuple):  # msgspec would be half of what this module costs each start, and a list has thousands
    """Something that a person can do next, as data.

    `verb` is a verb of the procedure (`dispose`) or another thing that sopctl does (`rack show`), on the deposit or
    other thing `id`; `task` which of the verb's tasks. `needs` names what the person has to say (`instruction`),
    `given` what is known already; an empty name is what stands behind the id. `alternatives` are what may be done
    instead.
    """

    verb: str
    id: str = ""
    task: str = ""
    needs: tuple[str, ...] = ()
    given: Mapping[str, str] = {}
    alternatives: tuple["Action", ...] = ()

    def __str__(self) -> str:
        """In short, without what it needs; the command line has the whole wording."""
        return " ".join(filter(None, ("sopctl", self.verb, self.id)))


E = TypeVar("E", bound="SopctlError")

Advice = str | Text | Action | Sequence[str | Text | Action]
"""What helps: sentences, and actions in the order in which they are taken."""


class SopctlError(Exception):
    """An error for a person: what is wrong, where it was found, and what helps.

    `id` is stable and says which error it is (`no-such-rack`); `template` the sentence, whose places `values` fill.
    `lines` are what is wrong one by one, where that is several things: each is shown on a line of its own. `others` are
    what else is wrong with the same file, for who wants to know all of it.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.OUTSIDE

    def __init__(
        self,
        id: str,
        template: str,
        /,
        *,
        where: str = "",
        remedy: Advice = (),
        lines: Sequence[str | Text] = (),
        **values: Any,
    ) -> None:
        self.id = id
        self.lines = tuple(lines)
        self.others: tuple[SopctlError, ...] = ()
        self.template = template
        self.values = values
        self.where = where
        self.remedy = (remedy,) if isinstance(remedy, str | Text | Action) else tuple(remedy)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence, in English, with its `lines`: on one line, for where others stand beside it."""
        return " ".join((self.sentence, *["; ".join(map(str, self.lines))] * bool(self.lines)))

    @property
    def text(self) -> "Prose":
        """The message, for the edge to word it in the reader's language."""
        sentence = Text(self.template, **self.values)
        return joined(" ", (sentence, joined("; ", self.lines))) if self.lines else sentence

    @property
    def whole(self) -> Text:
        """All of it, for the edge to word it: the place, the message, and what helps below it."""
        helps = [Text(each) if isinstance(each, str) else each for each in self.remedy if each]
        below = (part for each in helps for part in ("\n  ", each if isinstance(each, Text) else str(each)))
        return joined("", (f"{self.where}: " if self.where else "", self.text, *below))

    @property
    def sentence(self) -> str:
        """The message without its `lines`."""
        return self.template.format(**self.values) if self.values else self.template

    def recast(self, kind: type[E], *, where: str | None = None, remedy: Advice = ()) -> E:
        """The same error as another kind, found at another place, or with what helps where it did not say."""
        place, helps = self.where if where is None else where, self.remedy or remedy
        return kind(self.id, self.template, where=place, remedy=helps, lines=self.lines, **self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes it stays what it is, whatever the constructor of its class takes."""
        return _as_it_was, (type(self), self.__dict__)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        help_ = "".join(f"\n  {each}" for each in self.remedy if each)
        return f"{place}{self.message}{help_}"


def _as_it_was(kind: type[E], state: Mapping[str, Any]) -> E:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (error.message,)
    return error


class UsageError(SopctlError):
    """The command does not understand the command line."""

    exit_code = ExitCode.USAGE


class InvalidRecord(SopctlError):
    """A file or a value is not what it must be; `where` is file:line:column for files."""

    exit_code = ExitCode.INVALID


class NotNow(SopctlError):
    """The procedure does not allow this step now; `remedy` names what is due instead."""

    exit_code = ExitCode.NOT_NOW


class Conflict(SopctlError):
    """Another process holds the record, or it was changed since it was read."""

    exit_code = ExitCode.CONFLICT


class OutsideFailure(SopctlError):
    """Something outside sopctl is missing, unreachable or failed."""

    exit_code = ExitCode.OUTSIDE


class Interrupted(SopctlError):
    """Ctrl-C or SIGTERM; what was begun has been cleaned up."""

    exit_code = ExitCode.INTERRUPTED


def stopped() -> Interrupted:
    """The error of checks and looks that were cancelled."""
    return Interrupted("stopped", "stopped", remedy="What was recorded before stays.")


class TimedOut(SopctlError):
    """A run took too long and was ended; nothing of it is left on the controller."""

    exit_code = ExitCode.TIMED_OUT


_EXTRAS = {
    "oidc": Text("logging in by an identity provider"),
    "bmc": Text("what talks to BMCs"),
    "netbox": Text("what writes to NetBox"),
    "page": Text("the page"),
    "sign": Text("what reads and makes signatures"),
}


def with_extra(extra: str) -> Text:
    """What helps where an extra of the package (pyproject.toml) is not installed."""
    return Text("Install sopctl with its extra {extra}, as docs/howto/installing.md says.", extra=extra)


def missing_extra(extra: str) -> OutsideFailure:
    """The error for an installation without an extra of the package (pyproject.toml), raised where it is imported."""
    return OutsideFailure(
        "extra-missing",
        "{what} needs libraries that are not installed here",
        remedy=with_extra(extra),
        what=_EXTRAS[extra],
    )


_OF_THE_SYSTEM = (
    gettext_noop("No such file or directory"),
    gettext_noop("Permission denied"),
    gettext_noop("Operation not permitted"),
    gettext_noop("No space left on device"),
    gettext_noop("Disk quota exceeded"),
    gettext_noop("Read-only file system"),
    gettext_noop("Is a directory"),
    gettext_noop("Not a directory"),
    gettext_noop("File exists"),
    gettext_noop("File name too long"),
    gettext_noop("Too many levels of symbolic links"),
    gettext_noop("Too many open files"),
    gettext_noop("Input/output error"),
    gettext_noop("Connection refused"),
    gettext_noop("Connection reset by peer"),
    gettext_noop("Connection timed out"),
    gettext_noop("No route to host"),
    gettext_noop("Network is unreachable"),
    gettext_noop("Name or service not known"),
    gettext_noop("Temporary failure in name resolution"),
    gettext_noop("Address already in use"),
    gettext_noop("Broken pipe"),
)
"""What a system says most often."""


def in_words(error: BaseException) -> "Prose":
    """What another's exception says, for a sentence of ours: of the system's errors the words alone, without number and
    path (which the sentence names itself); of a program that failed, its name and how it ended, not its whole line."""
    if isinstance(error, OSError) and error.strerror:
        return Text(error.strerror)
    ran, status = getattr(error, "cmd", None), getattr(error, "returncode", None)  # subprocess is in no other start
    if isinstance(ran, list | tuple) and status is not None:
        return Text("{program} ended with status {status}", program=str(ran[0]), status=status)
    return str(error) or type(error).__name__
