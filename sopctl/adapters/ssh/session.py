"""One SSH session over a Connection: key exchange, login, command, forwarded connections.

Only this module and `transport` know paramiko.Transport, which runs the protocol. The Connection ends it at the
deadline, which ends every wait in here; so no wait needs a time-out of its own. A hostile packet can trigger any
exception inside paramiko, so its calls are guarded as a whole and judged by the state that they leave.
"""

import contextlib
import math
import secrets
import threading
import time
from collections.abc import Sequence

import paramiko
from paramiko.common import OPEN_FAILED_CONNECT_FAILED
from paramiko.ssh_exception import (
    AuthenticationException,
    BadAuthenticationType,
    PartialAuthentication,
    SSHException,
)

from sopctl.adapters import spoken
from sopctl.adapters.ssh.connection import CHUNK, Connection
from sopctl.adapters.ssh.deadline import TICK
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.adapters.ssh.transport import Inline, Transport
from sopctl.errors import stopped
from sopctl.model.access.algorithms import Kind, Old
from sopctl.model.access.causes import Cause, command_cause, denial_cause, forwarding_cause
from sopctl.model.access.ladder import Rung
from sopctl.model.access.target import HostKey, fingerprint
from sopctl.model.text import printable

KEPT_OUTPUT = 4096
"""Bytes of a command's output that are kept; the Connection's limit bounds how many are read."""

FORWARDED_WINDOW = 2 * CHUNK
"""Bytes that a jump host may send ahead: a target that floods us then hits its own limit first."""

GRACE = 0.3
"""Seconds that paramiko's thread gets to end."""

_NOTHING_IN_COMMON = {
    Kind.KEX: Cause.NO_COMMON_KEX,
    Kind.HOST_KEY: Cause.NO_COMMON_HOST_KEY,
    Kind.CIPHER: Cause.NO_COMMON_CIPHER,
    Kind.MAC: Cause.NO_COMMON_MAC,
}


class ForwardedChannel:
    """A channel forwarded by a jump host, as a Stream. Closing waits for a send in progress: sshd drops the whole
    connection when it receives a packet for a channel that is closed already."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._sending = threading.Lock()

    def recv(self, size: int) -> bytes:
        return self._channel.recv(size)

    def send(self, data: bytes) -> int:
        with self._sending:
            return self._channel.send(data)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def shutdown(self, _how: int) -> None:
        """Like close(): a separate end-of-file could overtake it."""
        self.close()

    def close(self) -> None:
        with self._sending:
            self._channel.close()


class Session:
    """The client side of one SSH connection. Every method raises Fault, and Interrupted when cancelled.

    An `inline` one has no thread of its own, which is cheaper: for one caller, who logs in with a key and runs commands
    without input."""

    def __init__(
        self,
        connection: Connection,
        identification: str,
        key_type: str | None,
        old: Sequence[Old] = (),
        *,
        inline: bool = False,
    ) -> None:
        self._connection = connection
        self._transport = (Inline if inline else Transport)(connection, key_type, old)
        self._transport.local_version = identification

    def exchange_keys(self) -> tuple[HostKey, dict[str, str]]:
        """The server's host key, whose signature was verified, and the negotiated algorithms."""
        transport = self._transport
        done = transport.event()
        transport.start_client(event=done)
        self._wait(done)
        key = transport.host_key
        if key is None or not (transport.is_active() and transport.initial_kex_done):
            raise self._kex_fault()
        return HostKey(key.get_name(), key.get_base64(), fingerprint(key.asbytes())), self._agreed()

    def other_key_types(self) -> list[str]:
        """The other host key types that the server offers, besides that of the key it showed."""
        offered = self._transport.offered["server_key_algo_list"]
        types = {spoken.KEY_TYPES.get(name, name) for name in offered if "-cert-" not in name}
        shown = self._transport.host_key_type or ""
        return [printable(name, 40) for name in sorted(types - {spoken.KEY_TYPES.get(shown, shown)})[:8]]

    def login(self, user: str, key: Key) -> None:
        """One attempt with the key."""
        transport = self._transport
        done = transport.event()
        with contextlib.suppress(Exception):  # the connection may end at any time; its state tells how
            transport.auth_publickey(user, key.pkey, event=done)
            self._wait(done)
        if not transport.is_authenticated():
            raise self._login_fault(transport.get_exception(), "public keys", "the key")

    def login_by_password(self, user: str, password: Password) -> None:
        """One attempt with the password: by the method `password`, or where the server does not offer that, by
        `keyboard-interactive`."""
        transport = self._transport
        done = transport.event()
        with contextlib.suppress(Exception):  # as in `login`
            transport.auth_password(user, password.text, event=done)
            self._wait(done)
        refused = transport.get_exception()
        if isinstance(refused, BadAuthenticationType) and "keyboard-interactive" in refused.allowed_types:
            asked: list[str] = []

            def answer(_title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
                """Answer a single prompt without echo (RFC 4256 section 3.4) with the password, once."""
                if not prompts:
                    return []
                if asked or len(prompts) > 1 or prompts[0][1]:
                    raise SSHException("the server asks for more than a password")
                asked.append(printable(prompts[0][0], 80))
                return [password.text]

            with contextlib.suppress(Exception):  # its wait ends with the connection, like every other
                transport.auth_interactive(user, answer)
            refused = transport.get_exception()  # returns it once only
        if not transport.is_authenticated():
            raise self._login_fault(refused, "passwords", "the password")

    def prove_shell(self) -> None:
        """Prove that the account's shell runs commands: it has to echo a random word.

        An exit status of 0 is no proof; a ForceCommand can have that too.
        """
        word = f"sopctl-{secrets.token_hex(8)}"
        status, output = self._execute(f"echo {word}", "true")
        cause = command_cause("true", status, output.decode("utf-8", "replace"), proved=word.encode() in output)
        if cause is Cause.COMMAND_REFUSED and status == 0:
            raise Fault(cause, f"the server runs something other than the command{_said(output)}")
        if cause is not None:
            raise Fault(cause, f'the command "true" ended with {_end(status)}{_said(output)}')

    def run(self, command: str) -> None:
        """Run `command`, which must succeed. Its output is drained; the beginning is kept for the detail."""
        status, output = self._execute(command, command)
        cause = command_cause(command, status, output.decode("utf-8", "replace"))
        if cause is not None:
            raise Fault(cause, f'the command "{printable(command, 80)}" ended with {_end(status)}{_said(output)}')

    def run_with_input(
        self, command: str, script: bytes, keep: int, seconds: float = math.inf, named: str = ""
    ) -> tuple[int | None, bytes]:
        """Run `command` with `script` on its standard input: its exit status and the first `keep` bytes of output.
        Where it fails, it is called `named`.

        A command that has not ended after `seconds` is left to itself, and the session goes on: Fault, of a time-out.
        """
        return self._execute(command, named or command, script, keep, time.monotonic() + seconds)

    def forward(self, host: str, port: int, seconds: float) -> ForwardedChannel:
        """A TCP connection from this server to `host`, made within `seconds`.

        The Fault names the rung that failed: the name, TCP, or this server itself as the jump host.
        """
        transport = self._transport
        transport.refusal = (0, "")
        try:
            channel = transport.open_channel(
                "direct-tcpip", (host, port), ("127.0.0.1", 0), window_size=FORWARDED_WINDOW, timeout=seconds
            )
        except Exception as error:  # noqa: BLE001 (a hostile server can trigger any exception in paramiko)
            if self._connection.cut == "cancelled":
                raise stopped() from None
            code, words = transport.refusal
            if code == OPEN_FAILED_CONNECT_FAILED:
                cause = forwarding_cause(words)
                rung = Rung.NAME if cause in (Cause.NO_SUCH_NAME, Cause.RESOLVER_DOWN) else Rung.TCP
                raise Fault(cause, f"{host}, seen from the jump host: {words.lower()}", rung) from None
            if code:
                raise Fault(Cause.FORWARDING_REFUSED, f"the server refuses to forward: {words}", Rung.JUMP) from None
            if transport.is_active() or self._connection.deadline.passed:
                raise Fault(Cause.FILTERED, f"{host}, seen from the jump host: no answer", Rung.TCP) from None
            ended = self._ended("the forwarding", error)
            raise Fault(ended.cause, ended.detail, Rung.JUMP) from None
        return ForwardedChannel(channel)

    def ended(self) -> bool:
        """Whether the connection has ended. Its thread gets a moment to finish: it ends the channels before itself."""
        if self._connection.cut is None:
            self._transport.settle(TICK)
        return self._connection.cut is not None or not self._transport.is_active()

    def close(self) -> None:
        """End the connection and its thread immediately."""
        self._connection.shut_down()
        self._transport.settle(GRACE)
        self._transport.close()
        self._connection.close()

    def _execute(
        self,
        command: str,
        named: str,
        script: bytes | None = None,
        keep: int = KEPT_OUTPUT,
        until: float = math.inf,
    ) -> tuple[int | None, bytes]:
        """The exit status, None when the server sent none, and the first `keep` bytes of the output."""
        shown = f'the command "{printable(named, 80)}"'
        try:
            channel = self._transport.open_session(timeout=self._connection.deadline.left())
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            if script is not None:
                _send_input(channel, script, until)
            output = _drain(channel, keep, until)
            if output is None:
                channel.close()
                raise _Slow
            status = channel.recv_exit_status()
        except _Slow:
            raise Fault(Cause.TIMEOUT, f"{shown} did not end in time") from None
        except Exception as error:  # noqa: BLE001 (a hostile server can trigger any exception in paramiko)
            if self._connection.deadline.passed or self.ended():
                raise self._ended(shown) from None
            refusal = printable(str(error), 120)
            raise Fault(Cause.COMMAND_REFUSED, f"the server refuses to run a command: {refusal}") from None
        if status < 0 and self.ended():
            raise self._ended(shown)
        return (status if status >= 0 else None), output

    def _wait(self, done: threading.Event) -> None:
        """Wait for the transport, which the Connection ends in time; the bound here is in case its thread died."""
        done.wait(self._connection.deadline.left() + GRACE)

    def _agreed(self) -> dict[str, str]:
        transport = self._transport
        kex = [name for name in transport.preferred_kex if name in transport.offered["kex_algo_list"]]
        found = {
            "kex": kex[0],
            "host_key": transport.host_key_type,
            "cipher": transport.local_cipher,
            "mac": transport.local_mac,
        }
        return {what: name for what, name in found.items() if name}

    def _kex_fault(self) -> Fault:
        error = self._transport.get_exception()
        if isinstance(error, spoken.NoCommonAlgorithm):
            found = error.disagreement
            return Fault(_NOTHING_IN_COMMON.get(found.kind, Cause.NO_COMMON_ALGORITHM), str(found))
        return self._ended("the key exchange", error)

    def _login_fault(self, error: Exception | None, methods: str, secret: str) -> Fault:
        transport = self._transport
        banner = (transport.auth_handler and transport.auth_handler.banner) or b""
        said = printable(banner.strip(), 200) or transport.farewell
        words = f"; the server says: {said}" if said else ""
        if isinstance(error, PartialAuthentication):
            return Fault(Cause.SECOND_FACTOR, f"{secret} is accepted, but not enough: {_methods(error)}{words}")
        if isinstance(error, BadAuthenticationType):
            return Fault(Cause.METHOD_NOT_ALLOWED, f"{methods} are not allowed: {_methods(error)}{words}")
        if isinstance(error, AuthenticationException):
            return Fault(Cause.NO_COMMON_ALGORITHM, f"the server accepts no signature of this key: {error}{words}")
        cause = denial_cause(said)
        if transport.is_active() or transport.farewell or cause is not Cause.DENIED:
            return Fault(cause, f"the server refuses {secret}{words}")
        ended = self._ended("the login", error)
        return Fault(ended.cause, ended.detail + words)

    def _ended(self, what: str, error: Exception | None = None) -> Fault:
        """Why the connection ended during `what`: our deadline or limit, the server, or a protocol error."""
        if self._connection.cut == "cancelled":
            raise stopped()
        if self._connection.cut == "limit":
            return Fault(Cause.FLOODED, f"during {what}, the server sent data without end")
        if self._connection.cut == "deadline" or self._connection.deadline.passed:
            return Fault(Cause.TIMEOUT, f"{what} did not end in time")
        if self._transport.farewell:
            return Fault(Cause.CLOSED, f"during {what}, the server closed the connection: {self._transport.farewell}")
        if error is None or isinstance(error, EOFError | OSError):
            return Fault(Cause.CLOSED, f"during {what}, the server closed the connection")
        return Fault(Cause.NOT_SSH, f"during {what}, the server broke the protocol: {printable(str(error), 120)}")


class _Slow(Exception):
    """A command has taken longer than it was given."""


def _send_input(channel: paramiko.Channel, script: bytes, until: float) -> None:
    """Send `script` as the command's input, then end-of-file. A command may end before it has read everything."""
    channel.settimeout(TICK)
    left = memoryview(script)
    while left and not channel.exit_status_ready() and time.monotonic() < until:
        with contextlib.suppress(TimeoutError):
            left = left[channel.send(bytes(left[:CHUNK])) :]
    channel.shutdown_write()


def _drain(channel: paramiko.Channel, keep: int, until: float) -> bytes | None:
    """Read the output to its end, or to the end of the command where a child keeps the output open. None when that was
    not `until` the time given."""
    kept = bytearray()
    channel.settimeout(TICK)
    while time.monotonic() < until:
        ended = channel.exit_status_ready()
        try:
            data = channel.recv(CHUNK)
        except TimeoutError:
            if ended:
                return bytes(kept)
            continue
        if not data:
            return bytes(kept)
        kept += data[: keep - len(kept)]
    return None


def _end(status: int | None) -> str:
    return "no exit status" if status is None else f"exit status {status}"


def _said(output: bytes) -> str:
    return f": {printable(output.strip(), 200)}" if output.strip() else ""


def _methods(error: BadAuthenticationType | PartialAuthentication) -> str:
    return "the server asks for " + (printable(", ".join(error.allowed_types), 120) or "an unnamed method")
