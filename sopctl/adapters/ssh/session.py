"""One SSH session over a Line: key exchange, login, command, connections on. Only this module knows paramiko.Transport.

paramiko runs the protocol in a thread of its own. The Line's leash ends that thread at the deadline, and its
end frees every wait in here; so no wait needs a time-out of its own. What a hostile packet raises inside
paramiko may be any exception, so its calls are guarded as a whole and judged by the state they leave.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Sequence
from typing import ClassVar

import paramiko
from paramiko.common import OPEN_FAILED_CONNECT_FAILED
from paramiko.kex_gex import KexGexSHA256
from paramiko.packet import Packetizer
from paramiko.ssh_exception import (
    AuthenticationException,
    BadAuthenticationType,
    IncompatiblePeer,
    PartialAuthentication,
    SSHException,
)

from sopctl.adapters.ssh.deadline import TICK
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.adapters.ssh.line import CHUNK, Line
from sopctl.errors import Interrupted
from sopctl.model.access.causes import Cause, command_cause, denial_cause, forwarding_cause
from sopctl.model.access.ladder import Rung
from sopctl.model.access.target import HostKey, fingerprint
from sopctl.model.text import printable

KEPT_OUTPUT = 4096
"""Bytes of a command's output that are looked at; the Line's limit bounds how many may come."""

ONWARD_WINDOW = 2 * CHUNK
"""Bytes that a jump host may send ahead of who reads them: a target that floods then meets its own limit first."""

GRACE = 0.3
"""Seconds that paramiko's thread gets to notice its end."""

# What paramiko logs quotes the server, unescaped, and every refusal with a traceback. The result says it all.
_LOG = "sopctl.adapters.ssh.paramiko"
logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)
logging.getLogger(_LOG).propagate = False

_KEY_TYPES = {"rsa-sha2-512": "ssh-rsa", "rsa-sha2-256": "ssh-rsa"}
"""The host key type of a signature algorithm, where it is not the algorithm itself (RFC 8332)."""


class _Gex(KexGexSHA256):
    """Group exchange with groups that one check can afford: 8,192 bits take seconds, with the interpreter held."""

    max_bits = 4096


class _Packetizer(Packetizer):
    """Without a timer thread for the handshake: the Line has the deadline."""

    def start_handshake(self, timeout: float) -> None:
        pass


class _Transport(paramiko.Transport):
    """Prefers the pinned type of host key; keeps what paramiko only logs."""

    _kex_info: ClassVar = {**paramiko.Transport._kex_info, _Gex.name: _Gex}  # type: ignore[attr-defined]  # no stub

    def __init__(self, line: Line, key_type: str | None) -> None:
        self._pinned_type = key_type
        self.offered: dict[str, list[str]] = {}
        self.farewell = ""
        self.refusal = (0, "")
        """Of the last channel that the server did not open: reason code (RFC 4254 section 5.1) and its words."""
        super().__init__(line, packetizer_class=_Packetizer)  # type: ignore[arg-type]  # reads and writes like one
        self.set_log_channel(_LOG)

    @property
    def preferred_keys(self) -> Sequence[str]:
        """The pinned type first, the others after it: a changed type is then seen, and told, as a changed key.

        No certificates: what is pinned is a key.
        """
        plain = [name for name in super().preferred_keys if not name.endswith("-cert-v01@openssh.com")]
        return tuple(sorted(plain, key=lambda name: _KEY_TYPES.get(name, name) != self._pinned_type))

    @property
    def preferred_ciphers(self) -> Sequence[str]:
        """Those first that authenticate, too: paramiko compares other MACs byte by byte, in Python."""
        return tuple(sorted(super().preferred_ciphers, key=lambda name: "-gcm@" not in name))

    def run(self) -> None:
        """As paramiko's; but if its clean-up fails too, nobody waits for ever, and no traceback is printed."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 (whatever it is, the session is over)
            self.saved_exception = error
        finally:
            self.active = False
            for channel in list(self._channels.values()):  # type: ignore[attr-defined]  # not in the stubs
                channel._unlink()
            if self.completion_event is not None:
                self.completion_event.set()

    def _parse_kex_init(self, m: paramiko.Message) -> None:
        self.offered = self._really_parse_kex_init(paramiko.Message(m.asbytes()))  # type: ignore[attr-defined]
        # Markers of extensions travel in the list of key exchanges (RFC 8308 section 2.1), but are none.
        exchanges = self.offered["kex_algo_list"]
        self.offered["kex_algo_list"] = [one for one in exchanges if not one.startswith(("ext-info-", "kex-strict-"))]
        super()._parse_kex_init(m)  # type: ignore[misc]

    def _parse_channel_open_failure(self, m: paramiko.Message) -> None:
        seen = paramiko.Message(m.asbytes())
        seen.get_int()
        self.refusal = (seen.get_int(), printable(seen.get_string(), 200))
        super()._parse_channel_open_failure(m)  # type: ignore[misc]

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.farewell = printable(m.get_string(), 200)


class Onward:
    """A channel on from a jump host, as a Stream. Whoever ends it waits for whoever sends: sshd ends the whole
    connection over one packet for a channel that is closed already."""

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
        """As close(): an end-of-file of its own could overtake it."""
        self.close()

    def close(self) -> None:
        with self._sending:
            self._channel.close()


class Session:
    """The client's side of one connection. Every method raises Fault, and Interrupted when cancelled."""

    def __init__(self, line: Line, identification: str, key_type: str | None) -> None:
        self._line = line
        self._transport = _Transport(line, key_type)
        self._transport.local_version = identification

    def exchange_keys(self) -> tuple[HostKey, dict[str, str]]:
        """The server's host key, proved by its signature, and the algorithms agreed upon."""
        transport, done = self._transport, threading.Event()
        transport.start_client(event=done)
        self._wait(done)
        key = transport.host_key
        if key is None or not (transport.is_active() and transport.initial_kex_done):
            raise self._kex_fault()
        return HostKey(key.get_name(), key.get_base64(), fingerprint(key.asbytes())), self._agreed()

    def other_key_types(self) -> list[str]:
        """The types of host keys that the server has besides the one it showed, as it says."""
        offered = self._transport.offered["server_key_algo_list"]
        types = {_KEY_TYPES.get(name, name) for name in offered if "-cert-" not in name}
        shown = self._transport.host_key_type or ""
        return [printable(name, 40) for name in sorted(types - {_KEY_TYPES.get(shown, shown)})[:8]]

    def login(self, user: str, key: Key) -> None:
        """One attempt with the public key."""
        transport, done = self._transport, threading.Event()
        with contextlib.suppress(Exception):  # the connection may end at any time; its state says how
            transport.auth_publickey(user, key.pkey, event=done)
            self._wait(done)
        if not transport.is_authenticated():
            raise self._login_fault(transport.get_exception(), "public keys", "the key")

    def login_by_password(self, user: str, password: Password) -> None:
        """One attempt with the password: by that method, or where a server has only that, as its prompt's answer."""
        transport, done = self._transport, threading.Event()
        with contextlib.suppress(Exception):  # as in `login`
            transport.auth_password(user, password.text, event=done)
            self._wait(done)
        refused = transport.get_exception()
        if isinstance(refused, BadAuthenticationType) and "keyboard-interactive" in refused.allowed_types:
            asked: list[str] = []

            def answer(_title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
                """The password, once, to a single prompt that is not echoed (RFC 4256 section 3.4)."""
                if not prompts:
                    return []
                if asked or len(prompts) > 1 or prompts[0][1]:
                    raise SSHException("the server asks for more than a password")
                asked.append(printable(prompts[0][0], 80))
                return [password.text]

            with contextlib.suppress(Exception):  # its wait ends with the line, like every other
                transport.auth_interactive(user, answer)
            refused = transport.get_exception()  # which can be asked for once
        if not transport.is_authenticated():
            raise self._login_fault(refused, "passwords", "the password")

    def prove_shell(self) -> None:
        """See the account's shell run a command: it must give back a word that nobody could know before.

        An exit status of 0 alone does not show that; a ForceCommand has one too.
        """
        word = f"sopctl-{secrets.token_hex(8)}"
        status, output = self._execute(f"echo {word}", "true")
        cause = command_cause("true", status, output.decode("utf-8", "replace"), proved=word.encode() in output)
        if cause is Cause.COMMAND_REFUSED and status == 0:
            raise Fault(cause, f"the server runs something else than it is asked to{_said(output)}")
        if cause is not None:
            raise Fault(cause, f'the command "true" ended with {_end(status)}{_said(output)}')

    def run(self, command: str) -> None:
        """Run `command` and see it succeed; its output is drained, the beginning kept for the detail."""
        status, output = self._execute(command, command)
        cause = command_cause(command, status, output.decode("utf-8", "replace"))
        if cause is not None:
            raise Fault(cause, f'the command "{printable(command, 80)}" ended with {_end(status)}{_said(output)}')

    def feed(self, command: str, script: bytes, keep: int) -> tuple[int | None, bytes]:
        """Run `command` with `script` on its standard input: its exit status and the first `keep` bytes it says."""
        return self._execute(command, command, script, keep)

    def stream(self, host: str, port: int, seconds: float) -> Onward:
        """A TCP connection from the server on to `host`, at most `seconds` in the making.

        The Fault names the rung where that failed: the name, TCP, or this server itself as the jump host.
        """
        transport = self._transport
        transport.refusal = (0, "")
        try:
            channel = transport.open_channel(
                "direct-tcpip", (host, port), ("127.0.0.1", 0), window_size=ONWARD_WINDOW, timeout=seconds
            )
        except Exception as error:  # noqa: BLE001 (any: a hostile server chooses what paramiko stumbles over)
            if self._line.cut == "cancelled":
                raise Interrupted("stopped", "stopped") from None
            code, words = transport.refusal
            if code == OPEN_FAILED_CONNECT_FAILED:
                cause = forwarding_cause(words)
                rung = Rung.NAME if cause in (Cause.NO_SUCH_NAME, Cause.RESOLVER_DOWN) else Rung.TCP
                raise Fault(cause, f"{host}, seen from the jump host: {words.lower()}", rung) from None
            if code:
                raise Fault(Cause.FORWARDING_REFUSED, f"the server refuses to connect on: {words}", Rung.JUMP) from None
            if transport.is_active() or self._line.deadline.passed:
                raise Fault(Cause.FILTERED, f"{host}, seen from the jump host: no answer", Rung.TCP) from None
            ended = self._ended("the connection on", error)
            raise Fault(ended.cause, ended.detail, Rung.JUMP) from None
        return Onward(channel)

    def ended(self) -> bool:
        """Has the connection ended? Its thread gets a moment to notice: it ends the channels before itself."""
        if self._line.cut is None:
            self._transport.join(TICK)
        return self._line.cut is not None or not self._transport.is_active()

    def close(self) -> None:
        """End the connection and its thread, at once."""
        self._line.hang_up()
        if self._transport.is_alive():
            self._transport.join(GRACE)
        self._transport.close()
        self._line.close()

    def _execute(
        self, command: str, named: str, script: bytes | None = None, keep: int = KEPT_OUTPUT
    ) -> tuple[int | None, bytes]:
        """The exit status, None when the server told none, and the first `keep` bytes of the output."""
        shown = f'the command "{printable(named, 80)}"'
        try:
            channel = self._transport.open_session(timeout=self._line.deadline.left())
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            if script is not None:
                _feed(channel, script)
            output = _drain(channel, keep)
            status = channel.recv_exit_status()
        except Exception as error:  # noqa: BLE001 (any: a hostile server chooses what paramiko stumbles over)
            if self._line.deadline.passed or self.ended():
                raise self._ended(shown) from None
            refusal = printable(str(error), 120)
            raise Fault(Cause.COMMAND_REFUSED, f"the server refuses to run a command: {refusal}") from None
        if status < 0 and self.ended():
            raise self._ended(shown)
        return (status if status >= 0 else None), output

    def _wait(self, done: threading.Event) -> None:
        """For paramiko's thread, which the leash ends in time; the bound here is for the case that it died."""
        done.wait(self._line.deadline.left() + GRACE)

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
        if isinstance(error, IncompatiblePeer) and (missing := self._disagreement()):
            return Fault(Cause.NO_COMMON_ALGORITHM, missing)
        return self._ended("the key exchange", error)

    def _disagreement(self) -> str:
        """Which kind of algorithm has none in common, and what the server offers of it (RFC 4253 section 7.1)."""
        ours, offered = self._transport, self._transport.offered
        for kind, name, known in (
            ("key exchange", "kex_algo_list", ours.preferred_kex),
            ("host key", "server_key_algo_list", ours.preferred_keys),
            ("cipher", "client_encrypt_algo_list", ours.preferred_ciphers),
            ("cipher", "server_encrypt_algo_list", ours.preferred_ciphers),
            ("MAC", "client_mac_algo_list", ours.preferred_macs),
            ("MAC", "server_mac_algo_list", ours.preferred_macs),
            ("compression", "client_compress_algo_list", ours.preferred_compression),
            ("compression", "server_compress_algo_list", ours.preferred_compression),
        ):
            if not set(offered.get(name, known)) & set(known):
                return f"no common {kind}: the server offers only {printable(', '.join(offered[name]), 200)}"
        return ""

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
            return Fault(Cause.NO_COMMON_ALGORITHM, f"the server takes no signature of this key: {error}{words}")
        cause = denial_cause(said)
        if transport.is_active() or transport.farewell or cause is not Cause.DENIED:
            return Fault(cause, f"the server refuses {secret}{words}")
        ended = self._ended("the login", error)
        return Fault(ended.cause, ended.detail + words)

    def _ended(self, what: str, error: Exception | None = None) -> Fault:
        """Why the connection ended during `what`: our deadline or limit, the server, or a broken protocol."""
        if self._line.cut == "cancelled":
            raise Interrupted("stopped", "stopped")
        if self._line.cut == "limit":
            return Fault(Cause.FLOODED, f"during {what}, the server sent data without end")
        if self._line.cut == "deadline" or self._line.deadline.passed:
            return Fault(Cause.TIMEOUT, f"{what} did not end within the time")
        if self._transport.farewell:
            return Fault(Cause.CLOSED, f"during {what}, the server hung up: {self._transport.farewell}")
        if error is None or isinstance(error, EOFError | OSError):
            return Fault(Cause.CLOSED, f"during {what}, the server closed the connection")
        return Fault(Cause.NOT_SSH, f"during {what}, the server broke the protocol: {printable(str(error), 120)}")


def _feed(channel: paramiko.Channel, script: bytes) -> None:
    """Send all of `script` as the command's input, to its end; a command that ends before it read it is no error."""
    channel.settimeout(TICK)
    while script and not channel.exit_status_ready():
        with contextlib.suppress(TimeoutError):
            script = script[channel.send(script) :]
    channel.shutdown_write()


def _drain(channel: paramiko.Channel, keep: int) -> bytes:
    """Read the command's output to its end (or the command's own, when a child keeps the output open)."""
    kept = b""
    channel.settimeout(TICK)
    while True:
        ended = channel.exit_status_ready()
        try:
            data = channel.recv(CHUNK)
        except TimeoutError:
            if ended:
                return kept
            continue
        if not data:
            return kept
        kept += data[: keep - len(kept)]


def _end(status: int | None) -> str:
    return "no exit status" if status is None else f"exit status {status}"


def _said(output: bytes) -> str:
    return f": {printable(output.strip(), 200)}" if output.strip() else ""


def _methods(error: BadAuthenticationType | PartialAuthentication) -> str:
    return "the server asks for " + (printable(", ".join(error.allowed_types), 120) or "nothing it names")
