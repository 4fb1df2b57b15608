"""A terminal line behind a real SSH server, key by key: it echoes what is typed, pages what is long, and can be cut.

`fake.py` answers line by line; here a pager waits for a key, a question mark asks for help, and the connection ends
after any chosen line, so that a change can be cut at every point.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import paramiko

from tests.adapters.switch.fake import Device, Unscripted, _Server, send_all
from tests.loopback import DEADLINE, serving

MORE = "--More--"


class Line(Protocol):
    """One login's command line."""

    ended: bool
    rows: int
    """Lines of a screen; 0: it does not page."""

    def greeting(self) -> str: ...

    def prompt(self) -> str: ...

    def answer(self, line: str) -> str:
        """What it says to a line. Raises Unscripted."""

    def hang_up(self) -> None:
        """The connection is gone."""


@dataclass
class Box:
    """A device under test, behind its sessions."""

    line: Callable[[], Line]
    host_key: paramiko.PKey
    more: str = MORE
    cut_after: int = 0
    """The connection ends after this many lines of all sessions, before the last one's answer."""
    dies: bool = False
    """With the cut, the device is out of reach until `revive`."""
    dead: bool = False
    told: list[str] = field(default_factory=list)
    unscripted: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """The keys that a pager or a question got."""
    device: Device = field(init=False)

    def __post_init__(self) -> None:
        self.device = Device(_never, self.host_key)

    @property
    def port(self) -> int:
        return self.device.port

    def revive(self) -> None:
        self.dead, self.cut_after, self.dies = False, 0, False


def _never() -> Line:
    raise AssertionError


@contextlib.contextmanager
def running(box: Box) -> Iterator[Box]:
    """The box, listening on loopback until the block ends. Raises Unscripted for lines that it did not know."""
    with serving(lambda connection: _serve(box, connection), box.device.stop) as box.device.port:
        yield box
    if box.unscripted:
        raise Unscripted(box.unscripted)


def _serve(box: Box, connection: socket.socket) -> None:
    device = box.device
    with connection, contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        if box.dead:
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
                line = box.line()
                try:
                    _Terminal(box, channel, line).run()
                finally:
                    line.hang_up()
        finally:
            transport.close()
            transport.join(DEADLINE)


class _Terminal:
    def __init__(self, box: Box, channel: paramiko.Channel, line: Line) -> None:
        self._box, self._channel, self._line = box, channel, line
        self._typed = ""

    def run(self) -> None:
        self._channel.settimeout(0.1)
        self._say(self._line.greeting() + self._line.prompt())
        kept = ""
        while not self._line.ended:
            key = self._key()
            if key == "\x03":
                kept = ""
                self._say("^C\n" + self._line.prompt())
            elif key == "?":
                self._box.unscripted.append(f"{kept}?")
            elif key in "\r\n":
                self._say("\n")
                if not self._done(kept):
                    return
                kept = ""
            else:
                self._say(key)
                kept += key

    def _done(self, line: str) -> bool:
        """Have a line done and answered; False when the connection ends here."""
        said = ""
        if line.strip():
            self._box.told.append(line.strip())
            try:
                said = self._line.answer(line.strip())
            except Unscripted:
                self._box.unscripted.append(line.strip())
            if len(self._box.told) == self._box.cut_after:
                self._box.dead = self._box.dies
                return False
        self._page(said)
        if not self._line.ended:
            self._say(self._line.prompt())
        return True

    def _page(self, said: str) -> None:
        lines = said.split("\n")
        rows = self._line.rows
        while rows and len(lines) > rows:
            self._say("\n".join(lines[:rows]) + "\n" + self._box.more)
            lines = lines[rows:]
            key = self._key()
            self._box.keys.append(key)
            self._say("\r" + " " * len(self._box.more) + "\r")
            if key in "qQ\x03":
                return
        self._say("\n".join(lines))

    def _key(self) -> str:
        while not self._typed:
            if self._box.device.stop.is_set():
                raise EOFError
            try:
                data = self._channel.recv(4096)
            except TimeoutError:
                continue
            if not data:
                raise EOFError
            self._typed = data.decode("utf-8", "replace").replace("\r\n", "\r")
        key, self._typed = self._typed[0], self._typed[1:]
        return key

    def _say(self, text: str) -> None:
        send_all(self._box.device, self._channel, text.replace("\n", "\r\n").encode())
