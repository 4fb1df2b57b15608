"""Servers for the access check to meet on loopback: honest, broken and hostile ones. No root, no network.

A `Host` keeps what it saw (connections, bytes, logins), so that a test can tell what the check did, not only
what it said. Every server ends with its context, and leaves no thread behind.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_PARTIALLY_SUCCESSFUL,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from tests.loopback import DEADLINE, serving

IDENT = b"SSH-2.0-Hostile_1.0\r\n"


@dataclass
class Host:
    """A server under test: where it listens and what it saw."""

    port: int
    stop: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    received: bytes = b""
    logins: list[tuple[str, str]] = field(default_factory=list)
    """Attempts as (user, method), before they are judged."""
    forwards: list[str] = field(default_factory=list)
    """The hosts to which it was asked to connect on."""


Script = Callable[[socket.socket, Host], None]


@contextlib.contextmanager
def listening(script: Script, address: str = "127.0.0.1") -> Iterator[Host]:
    """A TCP server on loopback that plays `script` on each connection, in a thread of its own."""
    host = Host(0)

    def play(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, EOFError):
            connection.settimeout(DEADLINE)
            script(connection, host)

    def met() -> None:
        host.connections += 1

    with serving(play, host.stop, address=address, met=met) as host.port:
        yield host


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that is surely closed: bound by us, never listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port whose queue is full: the kernel drops what else comes, as a firewall would."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


# Raw scripts: what a connection meets before, or instead of, SSH.


def silent(_connection: socket.socket, host: Host) -> None:
    """Accepts, and says nothing."""
    host.stop.wait()


def saying(data: bytes, then: str = "close") -> Script:
    """Says `data`, then closes, resets or hangs."""

    def script(connection: socket.socket, host: Host) -> None:
        connection.sendall(data)
        if then == "hang":
            host.stop.wait()
        elif then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            # Read what was said to us first: closing on unread data would reset the connection.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    return script


def repeating(data: bytes, first: bytes = b"", every: float = 0.0) -> Script:
    """Says `first`, then `data` again and again, as fast as it is taken or each `every` seconds."""

    def script(connection: socket.socket, host: Host) -> None:
        connection.sendall(first)
        while not host.stop.wait(every) if every else not host.stop.is_set():
            connection.sendall(data)

    return script


def http(connection: socket.socket, _host: Host) -> None:
    """A web server: waits to be spoken to, and then finds it no HTTP."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def packet(payload: bytes) -> bytes:
    """`payload` as an unencrypted binary packet (RFC 4253 section 6)."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


GOOD = {
    "kex": "curve25519-sha256@libssh.org",
    "host-key": "ssh-ed25519",
    "cipher": "aes128-ctr",
    "mac": "hmac-sha2-256",
    "compression": "none",
}


def kex_init(**changed: str) -> bytes:
    """A KEXINIT packet (RFC 4253 section 7.1) that offers what every client knows, but for what is `changed`."""
    offer = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    message = paramiko.Message()
    message.add_byte(b"\x14")
    message.add_bytes(bytes(16))
    for name in ("kex", "host-key", "cipher", "cipher", "mac", "mac", "compression", "compression"):
        message.add_string(offer[name])
    message.add_string(b"")
    message.add_string(b"")
    message.add_boolean(False)
    message.add_int(0)
    return packet(message.asbytes())


# SSH servers: paramiko's own server side, told how to behave.


@dataclass
class Behaviour:
    """How an SSH server treats who logs in. `None` for an exit status: it closes without telling one."""

    user: str = "deposit"
    keys: tuple[paramiko.PKey, ...] = ()
    methods: str = "publickey"
    partial: bool = False
    banner: str = ""
    hang_at: str = ""
    """"login", "session" or "exec": the server stops answering there."""
    refuse: str = ""
    """"session" or "exec"."""
    leave_at_login: str = ""
    """Disconnects at the login, with this message."""
    status: int | None = 0
    forced: bool = False
    """Does not run what it is asked to, as with a ForceCommand."""
    output: bytes = b""
    endless: bool = False
    never_ends: bool = False
    leads_to: tuple[str, ...] = ()
    """Hosts to which it connects on: there, nobody says anything."""
    shell: tuple[str, ...] = ()
    """Really runs what it is asked to, with these words before it (`/bin/sh -c`)..."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """... and only these variables."""
    carries: bool = False
    """It connects on to loopback, and carries what is said: a jump host that is none of a kind."""


class _Transport(paramiko.Transport):
    """Tells when a request was answered: a command's output must not overtake that answer."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.set_log_channel("hostile")
        self.answered = threading.Event()

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]  # not in the stubs
        if data.asbytes()[:1] == b"\x63":
            self.answered.set()


class _Server(paramiko.ServerInterface):
    def __init__(self, behaviour: Behaviour, host: Host, transport: _Transport) -> None:
        self._b = behaviour
        self._host = host
        self._transport = transport

    def get_banner(self) -> tuple[str | None, str | None]:
        return (self._b.banner, "en") if self._b.banner else (None, None)

    def get_allowed_auths(self, username: str) -> str:
        return self._b.methods

    def check_auth_none(self, username: str) -> int:
        self._host.logins.append((username, "none"))
        return AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self._host.logins.append((username, "password"))
        return AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._host.logins.append((username, "publickey"))
        if self._b.hang_at == "login":
            self._host.stop.wait()
        if self._b.leave_at_login:
            message = paramiko.Message()
            message.add_byte(b"\x01")
            message.add_int(2)
            message.add_string(self._b.leave_at_login)
            message.add_string("")
            self._transport._send_message(message)  # type: ignore[attr-defined]
            self._transport.close()
        if username != self._b.user or key not in self._b.keys or "publickey" not in self._b.methods:
            return AUTH_FAILED
        if self._b.partial:
            return AUTH_PARTIALLY_SUCCESSFUL
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self._b.hang_at == "session":
            self._host.stop.wait()
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED if self._b.refuse == "session" else OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        self._host.forwards.append(destination[0])
        if self._b.carries:
            with contextlib.suppress(OSError):
                there = socket.create_connection(("127.0.0.1", destination[1]), DEADLINE)
                threading.Thread(target=self._carry, args=(there,), daemon=True).start()
                return OPEN_SUCCEEDED
            return OPEN_FAILED_CONNECT_FAILED
        return OPEN_SUCCEEDED if destination[0] in self._b.leads_to else OPEN_FAILED_CONNECT_FAILED

    def _carry(self, there: socket.socket) -> None:
        channel = self._transport.accept(DEADLINE)
        if channel is None:
            return
        with contextlib.suppress(OSError, EOFError), there:
            there.settimeout(0.02)
            channel.settimeout(0.02)
            while not self._host.stop.is_set():
                for source, sink in ((channel, there), (there, channel)):
                    with contextlib.suppress(TimeoutError):
                        data = source.recv(32_768)
                        if not data:
                            return
                        while data and not self._host.stop.is_set():
                            with contextlib.suppress(TimeoutError):
                                data = data[sink.send(data) :]
        channel.close()

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self._b.hang_at == "exec":
            self._host.stop.wait()
        if self._b.refuse == "exec":
            return False
        threading.Thread(target=self._execute, args=(channel, command), daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel, command: bytes) -> None:
        """Run the command with the channel as its standard input and output."""
        words = [*self._b.shell, command.decode()]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(words, **pipes, env=self._b.environment, start_new_session=True) as process:  # type: ignore[call-overload]

            def feed() -> None:
                with contextlib.suppress(OSError, EOFError, ValueError):  # it may have ended and been closed
                    while data := channel.recv(65536):
                        process.stdin.write(data)
                        process.stdin.flush()
                with contextlib.suppress(OSError):
                    process.stdin.close()

            threading.Thread(target=feed, daemon=True).start()
            with contextlib.suppress(OSError, EOFError):
                while data := process.stdout.read1():
                    channel.sendall(data)
                channel.send_exit_status(process.wait())
            channel.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _execute(self, channel: paramiko.Channel, command: bytes) -> None:
        self._transport.answered.wait(DEADLINE)
        if self._b.shell:
            self._run(channel, command)
            return
        with contextlib.suppress(OSError, EOFError):
            channel.sendall(self._b.output)
            if command.startswith(b"echo ") and self._b.status == 0 and not self._b.forced:
                channel.sendall(command.removeprefix(b"echo ") + b"\n")
            while self._b.endless and not self._host.stop.is_set():
                channel.sendall(b"more and more " * 1000)
            if self._b.never_ends:
                self._host.stop.wait()
            if self._b.status is not None:
                channel.send_exit_status(self._b.status)
            channel.close()


def ssh(behaviour: Behaviour, *host_keys: paramiko.PKey) -> Script:
    """An SSH server with `host_keys`."""

    def script(connection: socket.socket, host: Host) -> None:
        transport = _Transport(connection)
        for host_key in host_keys:
            transport.add_server_key(host_key)
        done = threading.Event()
        transport.start_server(event=done, server=_Server(behaviour, host, transport))
        while transport.is_alive() and not host.stop.wait(0.02):
            pass
        transport.close()
        transport.join(DEADLINE)

    return script


def offering(**changed: str) -> Script:
    """An SSH server that agrees to nothing but what is `changed` from the usual offer."""
    return saying(IDENT + kex_init(**changed), then="hang")


def packets(payload: bytes, forever: bool = False) -> Script:
    """An SSH server that sends this message before anything else: once, or again and again."""
    one = packet(payload)
    return repeating(one * 100, first=IDENT) if forever else saying(IDENT + one, then="hang")


def cut(inner: Host, after: int, then: str) -> Script:
    """A proxy to `inner` that passes `after` bytes of what the server says, then closes or hangs."""

    def script(connection: socket.socket, host: Host) -> None:
        with socket.create_connection(("127.0.0.1", inner.port), DEADLINE) as server:
            left = after
            connection.settimeout(0.02)
            server.settimeout(0.02)
            end = time.monotonic() + DEADLINE
            while left > 0 and time.monotonic() < end and not host.stop.is_set():
                with contextlib.suppress(TimeoutError):
                    data = connection.recv(4096)
                    if not data:
                        return
                    server.sendall(data)
                with contextlib.suppress(TimeoutError):
                    data = server.recv(left)
                    if not data:
                        return
                    connection.sendall(data)
                    left -= len(data)
            if then == "hang":
                host.stop.wait()

    return script
