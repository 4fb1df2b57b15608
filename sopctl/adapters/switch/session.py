"""One session with a network device that shows the pinned host key: log in, ask, configure, leave.

Only this module and `guarded` know netmiko. Its exceptions are translated here: netmiko raises one exception for every
SSH failure, a changed host key included, and hides the cause in the exception's context.
"""

import contextlib
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sopctl.adapters import resolving
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.dialogue import ANSWER_SECONDS, Asks, AsksLogin, Dialogue, Silent
from sopctl.adapters.switch.faults import (
    CommandRefused,
    DeviceAsks,
    DeviceFault,
    HostKeyChanged,
    LoginRefused,
    SessionDropped,
    SessionTimedOut,
    Unreachable,
    nothing_in_common,
)
from sopctl.adapters.switch.session_log import Redacted, session_log
from sopctl.errors import InvalidRecord, in_words
from sopctl.locale import Text
from sopctl.model.access.algorithms import Old
from sopctl.model.access.destinations import Destinations
from sopctl.model.access.target import HostKey, fingerprint
from sopctl.model.text import printable

if TYPE_CHECKING:
    from paramiko import PKey

    from sopctl.adapters.switch.guarded import Guarded, Watchdog

SECONDS = 120.0
"""How long a session may last."""
MAX_LINE = 450
"""Characters of a line that is sent to a device: it is echoed in a terminal of 511 columns."""
MAX_SHELL_LINE = 2000
"""The same for a shell, which does not echo: a terminal accepts 4,095 (termios(3), canonical mode)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[ -/]{0,8}[0-Z\\^-~])")
"""ECMA-48 control sequences: CSI, OSC, and those of two characters."""


@dataclass(frozen=True)
class Endpoint:
    """A device's address and port, the host key that it must show, the old SSH algorithms that are allowed for it
    alone, where it may be (a switch of our own: anywhere), and how a connection to it is made, if not from here."""

    host: str
    port: int
    host_key: HostKey
    old: tuple[Old, ...] = ()
    destinations: Destinations | None = None
    connect: Callable[[str, int, float], socket.socket] | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Login:
    """How to log in to a device: an account with a private key or a password, and the enable password if any."""

    user: str
    key: "PKey | None" = field(default=None, repr=False)
    password: str = field(default="", repr=False)
    enable: str = field(default="", repr=False)


class Session:
    """An open session. Not thread-safe; it ends with the `with` block of `connect`."""

    def __init__(
        self, endpoint: Endpoint, dialect: Dialect, connection: "Guarded", watchdog: "Watchdog", dialogue: Dialogue
    ) -> None:
        self.endpoint = endpoint
        self.dialect = dialect
        self._connection = connection
        self._watchdog = watchdog
        self._dialogue = dialogue
        self.entered = False
        """Did the last `configure` enter the configuration mode?"""

    def show(self, command: str, *, confirm: re.Pattern[str] | None = None, careful: bool = False) -> str:
        """The device's answer to `command`, as plain lines without control characters.

        `confirm` matches a question that may be answered with Enter. `careful`: the answer has text of others in it.

        Raises CommandRefused when the device refuses it, DeviceAsks when it asks a question, and DeviceFault as
        `connect` does.
        """
        answer = self._ask(command, confirm=confirm, careful=careful)
        refused = self.dialect.refuses_to_show(answer)
        if refused:
            raise self._refusal(command, refused)
        return answer

    def configure(self, lines: Sequence[str], *, entering: str = "", closing: tuple[str, ...] | None = None) -> None:
        """Send `lines` of configuration one by one, up to the first that is refused. `entering` is the command that
        enters the configuration mode, and `closing` are those that make the lines take effect, on platforms that have
        them (by default the dialect's).

        Raises CommandRefused with the refused line; the lines before it have been applied, or where they only edit a
        candidate, thrown away.
        """
        for line in lines:
            self._check(line)
        if self.dialect.configuring == "mode":
            ends = self.dialect.closing if closing is None else closing
            self._configure_in_mode(lines, entering or self.dialect.entering, ends)
            return
        for line in lines:
            answer = self.show(line)
            if answer.strip() and self.dialect.configuring == "direct":
                raise self._refusal(line, answer)

    def left(self) -> float:
        """Seconds until the session times out."""
        return self._watchdog.left()

    def _configure_in_mode(self, lines: Sequence[str], entering: str, closing: tuple[str, ...]) -> None:
        """Enter the mode, send the lines, leave the mode, whatever happens: some devices let in one user at a time."""
        self.entered = False
        with self._translated(entering):
            said = _clean(self._dialogue.ask(entering))
            self.entered = self._dialogue.configuring
            if not self.entered:
                raise self._refusal(entering, said.strip() or "it does not enter the configuration mode")
        leaving = (*self.dialect.discard, self.dialect.leaving)
        try:
            refused = self.dialect.refused(said)
            if refused and closing:  # it lets in, and says that others are at work there
                raise self._refusal(entering, said.strip())
            for line in lines:
                with self._translated(line):
                    refused = self.dialect.refused(_clean(self._dialogue.ask(line)))
                if refused and line not in self.dialect.optional:
                    raise self._refusal(line, refused)
            for line in closing:
                with self._translated(line):
                    answer = _clean(self._dialogue.ask(line))
                refused = self.dialect.refused(answer)
                if refused or not self.dialect.proves(answer):
                    raise self._refusal(line, answer.strip() or "it does not say that this is done")
            leaving = (self.dialect.leaving,)
        finally:
            for line in leaving:
                with contextlib.suppress(DeviceFault), self._translated(line):
                    self._dialogue.ask(line)

    def _ask(self, command: str, *, confirm: re.Pattern[str] | None = None, careful: bool = False) -> str:
        self._check(command)
        if self.dialect.configuring != "shell":
            with self._translated(command):
                return _clean(self._dialogue.ask(command, confirm=confirm, careful=careful))
        with self._translated(command):
            began = time.monotonic()
            prompt = self._dialogue.prompt
            self._connection.begin_answer()
            said = self._connection.send_command(
                f"{command}; printf '\\n%s\\n' \"$?\"",
                expect_string=prompt,
                cmd_verify=False,
                strip_command=False,
            )
            self._watchdog.credit(time.monotonic() - began)
        before, _, status = _clean(str(said).replace(prompt, "")).rstrip().rpartition("\n")
        if status != "0":
            raise self._refusal(command, before.strip() or f"exit status {status}")
        return before.rstrip("\n")

    def _check(self, line: str) -> None:
        """The last check before a line is sent. Whatever it refuses should have been refused where it was entered."""
        limit = MAX_SHELL_LINE if self.dialect.configuring == "shell" else MAX_LINE
        if _CONTROL.search(line) or len(line) > limit or not line.strip():
            raise InvalidRecord(
                "line-not-sendable",
                "a device may not be sent this line: it is empty, longer than {limit} characters, or has control "
                "characters",
                remedy=(
                    "The line was not sent. Look at the port on the switch, and report this as an error in sopctl."
                ),
                where=printable(line, 80),
                limit=limit,
            )

    def _refusal(self, line: str, answer: str) -> CommandRefused:
        remedy = Text(
            "See what this account may do on the device, and that the platform in its record is the right one."
        )
        return CommandRefused(line, printable(answer.strip(), 300), where=str(self.endpoint), remedy=remedy)

    @contextlib.contextmanager
    def _translated(self, command: str) -> Iterator[None]:
        """Whatever the library raises while it sends `command`, as one of our errors. What the caller is just handling,
        such as a refusal of another way to ask, is no cause of it."""
        handled = sys.exception()
        try:
            yield
        except (DeviceFault, InvalidRecord, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 (netmiko and paramiko let any exception through)
            _translate(error, self.endpoint, self._watchdog, repr(command), handled)


@contextlib.contextmanager
def connect(
    endpoint: Endpoint,
    login: Login,
    dialect: Dialect,
    *,
    seconds: float = SECONDS,
    log: Path | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Session]:
    """Open a session of at most `seconds`. `log`: append the session to this file, without secrets (default: no log).

    Raises Unreachable, HostKeyChanged (nothing was sent), LoginRefused, SessionTimedOut, SessionDropped; Interrupted
    when `cancel` is set; OutsideFailure when `log` cannot be written.
    """
    from sopctl.adapters.switch.guarded import Watchdog

    watchdog = Watchdog(seconds, cancel)
    with contextlib.ExitStack() as held:
        written = held.enter_context(session_log(log, (login.password, login.enable))) if log else None
        try:
            if endpoint.connect:
                made = endpoint.connect(endpoint.host, endpoint.port, watchdog.left())
            else:
                made = resolving.connect(endpoint.host, endpoint.port, watchdog.left(), endpoint.destinations)
            tcp = held.enter_context(made)
        except OSError as error:
            raise Unreachable(
                "no-connection",
                "no connection: {reason}",
                where=str(endpoint),
                remedy="See that the device is on, that its address is right, and that this machine can reach it.",
                reason=in_words(error),
            ) from None
        if tcp.family != socket.AF_UNIX:
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each command is a small packet: we wait for it
        held.callback(watchdog.stop)
        watchdog.start(tcp)
        try:
            connection, dialogue = _open(endpoint, login, dialect, watchdog, tcp, written)
        except Exception as error:  # noqa: BLE001 (netmiko and paramiko let any exception through)
            _translate(error, endpoint, watchdog, "the login")
        held.callback(_leave, connection)
        yield Session(endpoint, dialect, connection, watchdog, dialogue)


def refuse_unknown_algorithms(old: Sequence[Old], *, where: str) -> None:
    """Raise OutsideFailure for an allowed old algorithm that the installed library cannot speak."""
    if old:
        from sopctl.adapters.spoken import refuse_unknown

        refuse_unknown(old, where=where)


def _open(
    endpoint: Endpoint,
    login: Login,
    dialect: Dialect,
    watchdog: "Watchdog",
    tcp: socket.socket,
    log: "Redacted | None",
) -> "tuple[Guarded, Dialogue]":
    from sopctl.adapters.switch.guarded import guarded

    connection = guarded(dialect.device_type)(
        device_type=dialect.device_type,
        host=endpoint.host,
        port=endpoint.port,
        username=login.user,
        password=login.password or None,
        secret=login.enable,
        pkey=login.key,
        sock=tcp,
        ssh_strict=True,
        conn_timeout=watchdog.seconds,
        banner_timeout=watchdog.seconds,
        auth_timeout=watchdog.seconds,
        blocking_timeout=watchdog.seconds,
        read_timeout_override=min(ANSWER_SECONDS, watchdog.seconds),
        session_log=log,
        auto_connect=False,
    )
    connection.watchdog, connection.pinned, connection.old = watchdog, endpoint.host_key, endpoint.old
    dialogue = Dialogue(connection, dialect)
    try:
        if dialect.configuring == "shell":
            connection.establish_connection()
            dialogue.prompt = f"sopctl-{secrets.token_hex(8)}:"
            _enter_plain_shell(connection, login, dialogue.prompt)
        elif dialect.prepare is None:
            connection._open()
            dialogue.prompt = connection.find_prompt().strip()
        else:
            connection.ansi_escape_codes = True
            connection.establish_connection()
            dialogue.begin()
        if dialect.enables and dialogue.prompt.endswith(">"):
            _enable(dialogue, login, endpoint)
        for command in dialect.prepare or ():  # an account may be refused this: then the pager is answered
            dialogue.ask(command)
    except BaseException:
        connection.paramiko_cleanup()
        raise
    return connection, dialogue


def _enter_plain_shell(connection: "Guarded", login: Login, prompt: str) -> None:
    """Replace the login shell with a root shell: no echo, line editing, colours or history, and `prompt` as prompt.

    The login shell may print anything, and its prompt may look like anything; its output is skipped unread.
    """
    root = "" if login.user == "root" else "sudo -n "
    half = len(prompt) // 2
    quoted = f"'{prompt[:half]}''{prompt[half:]}'"  # in two halves, so that the echo of this line does not match
    shell = f"env -u ENV TERM=dumb LC_ALL=C HISTFILE= PS1={quoted} PS2= sh"
    connection.write_channel(f"stty -echo; exec {root}{shell}\n")
    said = connection.read_until_pattern(pattern=rf"{prompt}|sudo: [^\n]*(?:password|not allowed|sudoers)[^\n]*\n")
    if prompt not in said:
        raise LoginRefused(
            "no-passwordless-sudo",
            "{account} may not become root without a password",
            remedy="Log in as root, or allow the account sudo without a password (NOPASSWD).",
            account=login.user,
        )
    connection.base_prompt = prompt
    connection.ansi_escape_codes = True


def _enable(dialogue: Dialogue, login: Login, endpoint: Endpoint) -> None:
    said = dialogue.until_asked("enable")
    if said.rstrip().lower().endswith("password:") and login.enable:
        said = dialogue.tell_secret(login.enable)
    now = said.rstrip().rpartition("\n")[2].strip()
    if now != f"{dialogue.prompt[:-1]}#":
        raise LoginRefused(
            "privileged-mode-refused",
            "the device does not let this account into its privileged mode",
            where=str(endpoint),
            remedy="Give the account privilege level 15, or name the file with the enable password.",
        )
    dialogue.prompt = now


def _leave(connection: "Guarded") -> None:
    """Log out and close; the device may be gone already."""
    with contextlib.suppress(Exception):
        if not connection.watchdog.passed:
            connection.write_channel("exit" + connection.RETURN)
    with contextlib.suppress(Exception):
        connection.paramiko_cleanup()
    if connection.session_log:
        connection.session_log.close()


def _translate(
    error: Exception, endpoint: Endpoint, watchdog: "Watchdog", stage: str, handled: BaseException | None = None
) -> NoReturn:
    """Raise our error for `error` and its causes up to what was `handled` before it. `stage` says when it happened: at
    the login, or a command."""
    from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout
    from paramiko.ssh_exception import AuthenticationException, BadHostKeyException

    from sopctl.adapters.spoken import NoCommonAlgorithm
    from sopctl.adapters.switch.guarded import MAX_OUTPUT, DeadlinePassed, Dropped, Flooded
    from sopctl.errors import SopctlError

    where = str(endpoint)
    causes = list(takewhile(lambda each: each is not handled, _causes(error)))
    for each in causes:
        if isinstance(each, SopctlError):
            each.where = each.where or where
            raise each from None
    changed = next((each for each in causes if isinstance(each, BadHostKeyException)), None)
    if changed is not None:
        raise HostKeyChanged(
            "device-host-key-changed",
            "the device shows the host key {shown} ({shown_type}); the pinned one is {pinned} ({pinned_type})",
            where=where,
            remedy="Nothing was sent. Ask who replaced or reset the device, and compare the key at its console.",
            shown=fingerprint(changed.key.asbytes()),
            shown_type=changed.key.get_name(),
            pinned=endpoint.host_key.sha256,
            pinned_type=endpoint.host_key.type,
        ) from None
    if watchdog.passed or any(isinstance(each, DeadlinePassed) for each in causes):
        raise SessionTimedOut(
            "session-timed-out",
            "the session's {seconds:.0f} s ran out at {stage}",
            where=where,
            remedy="See how busy the device is, and how slow the line to it, then run the command again.",
            seconds=watchdog.seconds,
            stage=stage,
        ) from None
    kinds = {type(each) for each in causes}
    if any(issubclass(kind, AuthenticationException | NetmikoAuthenticationException) for kind in kinds):
        raise LoginRefused(
            "account-not-accepted",
            "the device does not accept this account with this key or password",
            where=where,
            remedy="See that the account exists, and that the key or password in keys/ is the account's.",
        ) from None
    apart = next((each.disagreement for each in causes if isinstance(each, NoCommonAlgorithm)), None)
    if apart is not None:
        raise nothing_in_common(apart, where) from None
    if Flooded in kinds:  # before what ends the session then: the connection of one that floods may break at that
        raise DeviceFault(
            "too-much-output",
            "too much output at {stage}: the device sent more than {limit:,} characters",
            where=where,
            remedy="See at the device's console what it sends, and end that there.",
            stage=stage,
            limit=MAX_OUTPUT,
        ) from None
    if kinds & {Dropped, EOFError, ConnectionResetError, BrokenPipeError}:
        remedy = Text("See that the device is on and can be reached, then run the command again.")
        raise SessionDropped(
            "session-dropped", "the connection ended at {stage}", where=where, remedy=remedy, stage=stage
        ) from None
    asks = next((each for each in causes if isinstance(each, Asks | AsksLogin)), None)
    if isinstance(asks, Asks):
        remedy = Text("See at the device's console what it asks about, and end that there; then run the command again.")
        raise DeviceAsks(stage.strip("'"), printable(asks.question, 200), where=where, remedy=remedy) from None
    if isinstance(asks, AsksLogin):
        raise LoginRefused(
            "asks-to-log-in-again",
            "SSH let the account in, but the device asks for a login again at {stage}: {question}",
            where=where,
            remedy="Ask who runs it what asks there: the account must be let in by SSH alone.",
            stage=stage,
            question=printable(asks.question, 80),
        ) from None
    if kinds & {ReadTimeout, Silent}:
        remedy = Text("See at the device's console what it waits for, then run the command again.")
        raise SessionTimedOut("no-answer", "no answer at {stage}", where=where, remedy=remedy, stage=stage) from None
    if any(issubclass(kind, NetmikoTimeoutException) for kind in kinds):
        raise Unreachable(
            "session-not-opened",
            "no SSH session: {reason}",
            remedy="See that SSH is switched on there and that the device has a session free.",
            where=where,
            reason=printable(_last_words(causes), 200),
        ) from None
    raise DeviceFault(
        "session-failed",
        "the session failed at {stage}: {reason}",
        remedy=(
            "Look at the device's own log. For a switch, --session-log FILE keeps what is said; a plan, "
            "which changes nothing, has it too."
        ),
        where=where,
        stage=stage,
        reason=f"{type(error).__name__}: {printable(str(error).strip(), 200)}",
    ) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what led to it: its cause or context, and so on."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _last_words(causes: list[BaseException]) -> str:
    return " ".join(str(causes[-1]).split()) or type(causes[-1]).__name__


def _clean(answer: str) -> str:
    """An answer as plain lines, without control sequences; other unprintable characters are shown as escapes."""
    lines = _ESCAPE.sub("", answer).replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "\n".join(printable(line.rstrip("\r \x00"), 4096) for line in lines)
