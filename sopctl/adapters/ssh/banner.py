"""The identification exchange (RFC 4253 section 4.2), within bounds that the server cannot stretch."""

import re

from sopctl.adapters.ssh.connection import Connection, Cut
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.model.access.causes import Cause, greeting_cause
from sopctl.model.text import printable

MAX_BYTES = 8192
MAX_LINES = 1024
"""What OpenSSH's client accepts before the identification line."""

MAX_IDENTIFICATION = 255

_IDENTIFICATION = re.compile(rb"SSH-([0-9.]{1,10})-[\x21-\x7e]{1,240}(?: [\x20-\x7e]*)?")


class Greeting:
    """What a server sends first, up to the end of its identification line."""

    def __init__(self) -> None:
        self._seen = b""
        self._begin = self._lines = 0  # offset of the first line that was not looked at yet; lines looked at

    def feed(self, data: bytes) -> tuple[str, bytes] | None:
        """Take the next bytes from the server; None until its identification line is complete.

        Then returns that line, such as "SSH-2.0-OpenSSH_9.2p1", safe to print, and the bytes for paramiko to read,
        which begin with it. Raises Fault.
        """
        self._seen += data
        while (end := self._seen.find(b"\n", self._begin)) >= 0:
            if self._seen.startswith(b"SSH-", self._begin):
                identification = self._seen[self._begin : end].removesuffix(b"\r")
                return _accepted(identification), identification + b"\r\n" + self._seen[end + 1 :]
            self._begin, self._lines = end + 1, self._lines + 1
        if len(self._seen) > MAX_BYTES or self._lines > MAX_LINES:
            raise Fault(Cause.NOT_SSH, f"the server sends text without end: {self._start()}")
        return None

    def timed_out(self) -> Fault:
        """The fault when the deadline has passed."""
        if not self._seen:
            return Fault(Cause.SILENT, "the server accepts the connection but says nothing")
        return Fault(Cause.TIMEOUT, f"no SSH identification in time, only: {self._start()}")

    def closed(self) -> Fault:
        """The fault when the server has closed the connection."""
        if not self._seen:
            return Fault(Cause.CLOSED, "the server closed the connection before it said anything")
        said = self._seen.decode("utf-8", "replace")
        return Fault(greeting_cause(said), f"the server said {self._start()} and closed the connection")

    def _start(self) -> str:
        return f'"{printable(self._seen, 80)}"'


def _accepted(identification: bytes) -> str:
    shown = printable(identification, 255)
    match = _IDENTIFICATION.fullmatch(identification)
    if match is None or len(identification) > MAX_IDENTIFICATION - 2:
        raise Fault(Cause.NOT_SSH, f"the server's identification is malformed: {shown}")
    if match[1] not in (b"2.0", b"1.99"):
        raise Fault(Cause.NOT_SSH, f"the server speaks SSH {match[1].decode()}, not 2.0: {shown}")
    return shown


def read_banner(connection: Connection, deadline: Deadline) -> str:
    """The server's identification line, which paramiko can read again. Raises Fault and Interrupted."""
    greeting = Greeting()
    while True:
        deadline.tick()
        try:
            data = connection.recv(1024)
        except TimeoutError:
            continue
        except Cut:
            deadline.tick()
            raise greeting.timed_out() from None
        except OSError:
            data = b""
        if not data:
            raise greeting.closed()
        if heard := greeting.feed(data):
            connection.unread(heard[1])
            return heard[0]


def send_identification(connection: Connection, identification: str) -> None:
    """Send our identification first: servers of other protocols answer to it, where they would otherwise be silent."""
    try:
        connection.send_identification(identification.encode() + b"\r\n")
    except (Cut, OSError):  # what the server sent before it closed can still be read
        connection.deadline.tick()
