"""Network devices on loopback: a real SSH server in front of a machine that answers line by line, strictly.

A machine knows a few commands and the state that they change; anything else is unscripted: it is answered with
nothing, kept, and raised when the device's block ends. So no test passes on a command that no device was asked for.
Faults sit between the machine and the wire: they hang, drop, refuse or flood at a given line.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from tests.loopback import DEADLINE, serving

paramiko.util.get_logger("tests.switch").setLevel("CRITICAL")


class Unscripted(AssertionError):
    """A device was told something that its machine does not know."""


class Machine(Protocol):
    """What is behind the SSH server: one login's command line."""

    ended: bool
    """Did it close the session itself (exit, quit)?"""

    def greeting(self) -> str:
        """What it says before its first prompt."""

    def prompt(self) -> str:
        """Its prompt, as it stands now."""

    def answer(self, line: str) -> str:
        """What it says to a line. Raises Unscripted."""


class Terminal:
    """What a machine may have beside that: a pager, questions that one key answers, and messages of its log."""

    length: int = 0
    """Lines of a page; 0: all at once."""
    asking: str = ""
    """A question that waits for one key."""
    log: str = ""
    """What its log says after every answer, before the prompt."""
    late_log: str = ""
    """The same, after the prompt."""

    def key(self, _key: str) -> str:
        """What it says to the key that answers `asking`, which is then over."""
        raise Unscripted(self.asking)


@dataclass
class Faults:
    """What goes wrong, by the line at which it does (the whole line, as it is sent)."""

    hang_at: str = ""
    drop_at: str = ""
    drop_after: str = ""
    """The line is done, then the connection ends before the answer."""
    once: bool = False
    """That happens the first time alone."""
    die_after: str = ""
    """The line is done, then the device is gone: nobody gets in any more."""
    flood_at: str = ""
    refuse: dict[str, str] = field(default_factory=dict)
    mute: bool = False
    """It lets in, and says nothing."""
    slow: float = 0.0
    """Seconds before every answer."""
    rate: int = 0
    """Characters that its line carries in a second; 0: no limit."""
    log_in_again: bool = False
    """SSH lets in, and then it asks for a user."""


@dataclass
class Device:
    """A device under test: where it listens, who may log in, and what it saw."""

    machine: Callable[[], Machine]
    host_key: paramiko.PKey
    user: str = "sopctl"
    password: str = "a fake device's password"
    keys: tuple[paramiko.PKey, ...] = ()
    faults: Faults = field(default_factory=Faults)
    port: int = 0
    lines: list[str] = field(default_factory=list)
    """Every line that any session sent, in order."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    unscripted: list[str] = field(default_factory=list)
    dead: bool = False
    stop: threading.Event = field(default_factory=threading.Event)


class _Server(paramiko.ServerInterface):
    def __init__(self, device: Device) -> None:
        self._device = device
        self.shell = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_password(self, username: str, password: str) -> int:
        self._device.logins.append((username, "password"))
        right = self._device.password and password == self._device.password
        return AUTH_SUCCESSFUL if right and _account(username) == self._device.user else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._device.logins.append((username, "publickey"))
        right = key in self._device.keys and _account(username) == self._device.user
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_terminal: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.shell.set()
        return True


def _account(username: str) -> str:
    """RouterOS takes options for the terminal behind a plus sign."""
    return username.partition("+")[0]


@contextlib.contextmanager
def running(device: Device) -> Iterator[Device]:
    """The device, listening on loopback until the block ends. Raises Unscripted for lines that it did not know."""
    with serving(lambda connection: _serve(device, connection), device.stop) as device.port:
        yield device
    if device.unscripted:
        raise Unscripted(device.unscripted)


def _serve(device: Device, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        if device.dead:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(connection)
        transport.set_log_channel("tests.switch")
        transport.add_server_key(device.host_key)
        server = _Server(device)
        transport.start_server(event=threading.Event(), server=server)
        try:
            channel = None
            while channel is None and transport.is_active() and not device.stop.is_set():
                channel = transport.accept(0.1)
            if channel is not None and server.shell.wait(DEADLINE):
                _shell(device, channel)
        finally:
            transport.close()
            transport.join(DEADLINE)


def _shell(device: Device, channel: paramiko.Channel) -> None:
    if device.faults.mute:
        device.stop.wait()
        return
    machine = device.machine()
    terminal = machine if isinstance(machine, Terminal) else Terminal()
    channel.settimeout(0.1)
    if device.faults.log_in_again:
        send_all(device, channel, b"\r\nUser Access Verification\r\n\r\nUsername: ")
        device.stop.wait()
        return
    _send(device, channel, machine.greeting() + machine.prompt())
    kept = ""
    while not device.stop.is_set() and not machine.ended:
        said = _received(channel)
        if said is None:
            return
        kept += said.replace("\r\n", "\n").replace("\r", "\n")
        while kept and not machine.ended:
            if terminal.asking:
                key, kept = kept[0], kept[1:]
                _send(device, channel, terminal.key(key) + ("" if terminal.asking else machine.prompt()))
                continue
            kept = kept.lstrip("\x03")  # at the prompt it ends nothing
            line, end, rest = kept.partition("\n")
            if not end:
                break
            kept = rest
            if not _answer(device, machine, terminal, channel, line):
                return


def _received(channel: paramiko.Channel) -> str | None:
    """What has come; None when the client has gone."""
    try:
        return channel.recv(4096).decode() or None
    except TimeoutError:
        return ""


def _send(device: Device, channel: paramiko.Channel, text: str) -> None:
    """As fast as the device's line carries it."""
    data, rate = text.replace("\n", "\r\n").encode(), device.faults.rate
    if not rate:
        send_all(device, channel, data)
        return
    step = max(1, rate // 20)
    for at in range(0, len(data), step):
        send_all(device, channel, data[at : at + step])
        if device.stop.wait(0.05):
            return


def send_all(device: Device, channel: paramiko.Channel, data: bytes) -> None:
    """However long the client takes to make room for it: a busy one is not gone."""
    while data and not device.stop.is_set():
        with contextlib.suppress(TimeoutError):
            data = data[channel.send(data) :]


def _answer(device: Device, machine: Machine, terminal: Terminal, channel: paramiko.Channel, line: str) -> bool:
    """Have one line done and answered; False when the session ends here."""
    faults, told = device.faults, line.strip()
    if told:
        device.lines.append(told)
    _send(device, channel, line + "\n")
    if faults.slow and told:
        device.stop.wait(faults.slow)
    if told and told == faults.drop_at:
        return False
    if told and told == faults.hang_at:
        device.stop.wait()
        return False
    if told and told == faults.flood_at:
        with contextlib.suppress(OSError):
            while not device.stop.is_set():
                send_all(device, channel, b"and another line of it\r\n" * 1000)
        return False
    try:
        said = faults.refuse[told] if told in faults.refuse else machine.answer(line)
    except Unscripted:
        device.unscripted.append(told)
        said = ""
    device.dead = device.dead or bool(told and told == faults.die_after)
    if device.dead or (told and told == faults.drop_after):
        faults.drop_after = "" if faults.once else faults.drop_after
        return False
    if terminal.asking:
        _send(device, channel, said + terminal.asking)
    elif not _pages(device, terminal, channel, said + (terminal.log if told else "")):
        return False
    elif not machine.ended:
        _send(device, channel, machine.prompt() + (terminal.late_log if told else ""))
    return True


def _pages(device: Device, terminal: Terminal, channel: paramiko.Channel, said: str) -> bool:
    """Show an answer page by page, each after a key; False when the client has gone."""
    lines = said.splitlines(keepends=True)
    while terminal.length and len(lines) >= terminal.length - 1:  # it asks after a page that is just full, too
        _send(device, channel, "".join(lines[: terminal.length - 1]) + " --More-- ")
        lines = lines[terminal.length - 1 :]
        key: str | None = ""
        while key == "" and not device.stop.is_set():
            key = _received(channel)
        if not key:
            return False
        _send(device, channel, "\b" * 9 + " " * 8 + "\b" * 9)
        if key[0] in "qQ\x03":
            return True
    _send(device, channel, "".join(lines))
    return True
