"""One session with a network device: log in where the pinned host key is shown, ask, configure, leave.

Only this module and `guarded` know netmiko. What it raises is judged here: netmiko makes one exception of every
failure in SSH, a changed host key included, and hides the cause in the exception's context.
"""

import contextlib
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.faults import (
    CommandRefused,
    DeviceFault,
    HostKeyChanged,
    LoginRefused,
    SessionDropped,
    TookTooLong,
    Unreachable,
)
from sopctl.adapters.switch.session_log import Redacted, session_log
from sopctl.errors import InvalidRecord
from sopctl.model.access.target import HostKey, fingerprint
from sopctl.model.text import printable

if TYPE_CHECKING:
    from paramiko import PKey

    from sopctl.adapters.switch.guarded import Guarded, Watch

SECONDS = 120.0
"""How long a session may last."""
ANSWER_SECONDS = 30.0
"""How long the device may take for one answer. Saving a configuration is the slowest that is asked."""
MAX_LINE = 450
"""Characters of a line that is sent to a device, which is shown in a terminal of 511 columns."""
MAX_SHELL_LINE = 2000
"""Of a shell's line, which is not echoed: a terminal takes 4,095 (termios(3), canonical mode)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
"""Control sequences of ECMA-48: CSI, OSC, and those of two characters."""


@dataclass(frozen=True)
class Endpoint:
    """Where a device is, and the host key that it must show."""

    host: str
    port: int
    host_key: HostKey

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Login:
    """What opens a device: the account with a private key, or a password; and the word for its privileged mode."""

    user: str
    key: "PKey | None" = field(default=None, repr=False)
    password: str = field(default="", repr=False)
    enable: str = field(default="", repr=False)


class Session:
    """An open session. One thread at a time; it ends with the block of `connect`."""

    def __init__(self, endpoint: Endpoint, dialect: Dialect, connection: "Guarded", watch: "Watch", mark: str) -> None:
        self.endpoint = endpoint
        self.dialect = dialect
        self._connection = connection
        self._watch = watch
        self._mark = mark
        """What ends an answer. Of a shell it is a word made for this session, so that no output can look like it."""

    def show(self, command: str) -> str:
        """The device's answer to `command`, as plain lines without control characters.

        Raises CommandRefused when the device does not do it, and DeviceFault as `connect` does.
        """
        answer = self._ask(command)
        refused = self.dialect.refused(answer)
        if refused:
            raise self._refusal(command, refused)
        return answer

    def table(self, command: str) -> list[dict[str, str]]:
        """The answer as rows, by the template that ntc-templates has for this platform and command; one without rows
        is an empty list. Raises as `show`."""
        return rows(self.dialect.device_type, command, self.show(command))

    def configure(self, lines: Sequence[str], *, entering: str = "configure terminal") -> None:
        """Have `lines` of configuration done, one after the other, up to the first that is refused. `entering` opens
        the configuration mode, where there is one.

        Raises CommandRefused with that line; the ones before it have been done.
        """
        for line in lines:
            self._check(line)
        if self.dialect.configuring == "mode":
            self._configure_in_mode(lines, entering)
            return
        for line in lines:
            answer = self.show(line)
            if answer.strip() and self.dialect.configuring == "direct":
                raise self._refusal(line, answer)

    def left(self) -> float:
        """Seconds until the session's time is up."""
        return self._watch.left()

    def _configure_in_mode(self, lines: Sequence[str], entering: str) -> None:
        """Enter the mode, send, leave. It is left whatever happens: some devices let only one in at a time."""
        with self._judged(entering):
            entered = _clean(
                str(self._connection.send_command(entering, expect_string=r"[>#]\s*$", strip_prompt=False))
            )
            said, _, prompt = entered.rstrip().rpartition("\n")
            if not prompt.endswith(")#"):
                raise self._refusal(entering, said.strip() or "it does not enter that mode")
        try:
            for line in lines:
                with self._judged(line):
                    answer = self._connection.send_command(line, expect_string=r"\)#\s*$", strip_prompt=True)
                refused = self.dialect.refused(_clean(str(answer)))
                if refused:
                    raise self._refusal(line, refused)
        finally:
            with contextlib.suppress(DeviceFault), self._judged("end"):
                self._connection.exit_config_mode()

    def _ask(self, command: str) -> str:
        self._check(command)
        if self.dialect.configuring != "shell":
            with self._judged(command):
                return _clean(str(self._connection.send_command(command, expect_string=self._mark)))
        with self._judged(command):
            said = self._connection.send_command(
                f"{command}; printf '\\n%s\\n' \"$?\"", expect_string=self._mark, cmd_verify=False, strip_command=False
            )
        before, _, status = _clean(str(said).replace(self._mark, "")).rstrip().rpartition("\n")
        if status != "0":
            raise self._refusal(command, before.strip() or f"exit status {status}")
        return before.rstrip("\n")

    def _check(self, line: str) -> None:
        """The last gate before the wire. What is refused here should have been refused where it entered."""
        limit = MAX_SHELL_LINE if self.dialect.configuring == "shell" else MAX_LINE
        if _CONTROL.search(line) or len(line) > limit or not line.strip():
            raise InvalidRecord(
                "no-line-device-may-sent", "this is no line that a device may be sent", where=printable(line, 80)
            )

    def _refusal(self, line: str, answer: str) -> CommandRefused:
        return CommandRefused(line, printable(answer.strip(), 300), where=str(self.endpoint))

    @contextlib.contextmanager
    def _judged(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (DeviceFault, InvalidRecord, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 (netmiko and paramiko raise what they meet)
            _judge(error, self.endpoint, self._watch, f"at {doing!r}")


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
    """A session of at most `seconds`. `log`: add what is said to this file, without secrets (default: nowhere).

    Raises Unreachable, HostKeyChanged (nothing was sent), LoginRefused, TookTooLong, SessionDropped; Interrupted when
    `cancel` is set; OutsideFailure when `log` cannot be made.
    """
    from sopctl.adapters.switch.guarded import Watch

    watch = Watch(seconds, cancel)
    with contextlib.ExitStack() as held:
        written = held.enter_context(session_log(log, (login.password, login.enable))) if log else None
        try:
            line = held.enter_context(socket.create_connection((endpoint.host, endpoint.port), watch.left()))
        except OSError as error:
            raise Unreachable(
                "no-connection",
                "no connection: {value}",
                where=str(endpoint),
                remedy="See that it is on, that the address is right, and that this machine may reach it.",
                value=error.strerror or error,
            ) from None
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a command is one small packet that is waited for
        held.callback(watch.end)
        watch.over(line)
        mark = f"sopctl-{secrets.token_hex(8)}:"
        try:
            connection = _open(endpoint, login, dialect, watch, line, written, mark)
            if dialect.configuring != "shell":
                mark = re.escape(connection.find_prompt().strip()) + r"\s*$"
        except Exception as error:  # noqa: BLE001 (netmiko and paramiko raise what they meet)
            _judge(error, endpoint, watch, "at the login")
        held.callback(_leave, connection)
        yield Session(endpoint, dialect, connection, watch, mark)


def rows(device_type: str, command: str, answer: str) -> list[dict[str, str]]:
    """An answer as rows, by ntc-templates; lists in a cell are joined by commas. Raises DeviceFault for a command that
    has no template, or an answer that the template does not know."""
    from ntc_templates.parse import ParsingException, parse_output
    from textfsm import TextFSMError

    try:
        found = parse_output(platform=device_type, command=command, data=answer)
    except (ParsingException, TextFSMError):
        raise DeviceFault(
            "answer-no-form-known",
            "the answer to {command!r} is in no form that is known of {device_type}",
            command=command,
            device_type=device_type,
        ) from None
    return [{name: ",".join(cell) if isinstance(cell, list) else cell for name, cell in row.items()} for row in found]


def _open(
    endpoint: Endpoint,
    login: Login,
    dialect: Dialect,
    watch: "Watch",
    line: socket.socket,
    log: "Redacted | None",
    mark: str,
) -> "Guarded":
    from sopctl.adapters.switch.guarded import guarded

    connection = guarded(dialect.device_type)(
        device_type=dialect.device_type,
        host=endpoint.host,
        port=endpoint.port,
        username=login.user,
        password=login.password or None,
        secret=login.enable,
        pkey=login.key,
        sock=line,
        ssh_strict=True,
        conn_timeout=watch.seconds,
        banner_timeout=watch.seconds,
        auth_timeout=watch.seconds,
        blocking_timeout=watch.seconds,
        read_timeout_override=min(ANSWER_SECONDS, watch.seconds),
        session_log=log,
        auto_connect=False,
    )
    connection.watch, connection.pinned = watch, endpoint.host_key
    try:
        if dialect.configuring == "shell":
            connection.establish_connection()
            _enter_plain_shell(connection, login, mark)
        else:
            connection._open()
            if dialect.enables and not connection.check_enable_mode():
                _enable(connection, endpoint)
    except BaseException:
        connection.paramiko_cleanup()
        raise
    return connection


def _enter_plain_shell(connection: "Guarded", login: Login, mark: str) -> None:
    """A shell of our own, as root: no echo, no line editing, no colours, no history, and a prompt that is our mark.

    The login's shell may show anything before its prompt, and call anything its prompt; it is replaced unread.
    """
    root = "" if login.user == "root" else "sudo -n "
    half = len(mark) // 2
    prompt = f"'{mark[:half]}''{mark[half:]}'"  # in two halves, so that the echo of this line is not taken for it
    shell = f"env -u ENV TERM=dumb LC_ALL=C HISTFILE= PS1={prompt} PS2= sh"
    connection.write_channel(f"stty -echo; exec {root}{shell}\n")
    said = connection.read_until_pattern(pattern=rf"{mark}|sudo: [^\n]*(?:password|not allowed|sudoers)[^\n]*\n")
    if mark not in said:
        raise LoginRefused(
            "may-not-become-root-without",
            "{user} may not become root without a password",
            remedy="Log in as root, or let sudo trust the account (NOPASSWD).",
            user=login.user,
        )
    connection.base_prompt = mark
    connection.ansi_escape_codes = True


def _enable(connection: "Guarded", endpoint: Endpoint) -> None:
    from netmiko import ReadTimeout

    try:
        connection.enable()
    except (ValueError, ReadTimeout):
        raise LoginRefused(
            "device-does-not-let-account",
            "the device does not let this account into its privileged mode",
            where=str(endpoint),
            remedy="Give the account privilege level 15, or name the enable password's file.",
        ) from None


def _leave(connection: "Guarded") -> None:
    """Say goodbye and close; the device may be gone already."""
    with contextlib.suppress(Exception):
        if not connection.watch.passed:
            connection.write_channel("exit" + connection.RETURN)
    with contextlib.suppress(Exception):
        connection.paramiko_cleanup()
    if connection.session_log:
        connection.session_log.close()


def _judge(error: Exception, endpoint: Endpoint, watch: "Watch", doing: str) -> NoReturn:
    """Raise what `error` and the ones behind it (its contexts) come to."""
    from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout
    from paramiko.ssh_exception import AuthenticationException, BadHostKeyException, IncompatiblePeer

    from sopctl.adapters.switch.guarded import Dropped, Flooded, TimeIsUp
    from sopctl.errors import SopctlError

    where = str(endpoint)
    behind = list(_behind(error))
    for each in behind:
        if isinstance(each, SopctlError):
            each.where = each.where or where
            raise each from None
    changed = next((each for each in behind if isinstance(each, BadHostKeyException)), None)
    if changed is not None:
        raise HostKeyChanged(
            "device-shows-host-key-pinned",
            "the device shows the host key {fingerprint} ({get_name}), pinned is {sha256} ({type})",
            where=where,
            remedy="Nothing was sent. Ask who replaced or reset the device, and compare at its console.",
            fingerprint=fingerprint(changed.key.asbytes()),
            get_name=changed.key.get_name(),
            sha256=endpoint.host_key.sha256,
            type=endpoint.host_key.type,
        ) from None
    if watch.passed or any(isinstance(each, TimeIsUp) for each in behind):
        raise TookTooLong(
            "its-s-were-over", "its {seconds:.0f} s were over {doing}", where=where, seconds=watch.seconds, doing=doing
        ) from None
    kinds = {type(each) for each in behind}
    if any(issubclass(kind, AuthenticationException | NetmikoAuthenticationException) for kind in kinds):
        raise LoginRefused(
            "device-does-not-accept-account",
            "the device does not accept this account with this key or password",
            where=where,
            remedy="See that the account is there and that the key or password of keys/ is its own.",
        ) from None
    if IncompatiblePeer in kinds:
        raise Unreachable(
            "device-offers-no-algorithm-ssh",
            "the device offers no algorithm of SSH that is still held safe: {context}",
            where=where,
            remedy="Renew its firmware, or its host key (crypto key generate rsa modulus 2048).",
            context=printable(str(error.__context__), 200),
        ) from None
    if kinds & {Dropped, EOFError, ConnectionResetError, BrokenPipeError}:
        raise SessionDropped("connection-ended", "the connection ended {doing}", where=where, doing=doing) from None
    if Flooded in kinds:
        raise DeviceFault(
            "device-says-more-than-anyone",
            "the device says more than anyone asked for, {doing}",
            where=where,
            doing=doing,
        ) from None
    if ReadTimeout in kinds:
        raise TookTooLong("no-answer", "no answer {doing}", where=where, doing=doing) from None
    if any(issubclass(kind, NetmikoTimeoutException) for kind in kinds):
        raise Unreachable(
            "no-session", "no session: {last_words}", where=where, last_words=printable(_last_words(behind), 200)
        ) from None
    raise DeviceFault(
        "failed",
        "{doing}: {name}: {error}",
        where=where,
        doing=doing,
        name=type(error).__name__,
        error=printable(str(error).strip(), 200),
    ) from None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised in place of."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _last_words(behind: list[BaseException]) -> str:
    return " ".join(str(behind[-1]).split()) or type(behind[-1]).__name__


def _clean(answer: str) -> str:
    """An answer as plain lines: control sequences are gone, what else does not print is shown as an escape."""
    lines = _ESCAPE.sub("", answer).replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "\n".join(printable(line.rstrip("\r \x00"), 4096) for line in lines)
