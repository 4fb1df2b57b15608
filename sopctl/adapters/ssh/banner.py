"""The identification exchange (RFC 4253 section 4.2), within bounds that the server cannot stretch."""

import re

from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.line import Cut, Line
from sopctl.model.causes import Cause, greeting_cause
from sopctl.model.text import printable

MAX_BYTES = 8192
MAX_LINES = 1024
"""What OpenSSH's client bears before the identification line."""

MAX_IDENTIFICATION = 255

_IDENTIFICATION = re.compile(rb"SSH-([0-9.]{1,10})-[\x21-\x7e]{1,240}(?: [\x20-\x7e]*)?")


def read_banner(line: Line, deadline: Deadline) -> str:
    """The server's identification, such as "SSH-2.0-OpenSSH_9.2p1"; the line is left to be read again.

    Raises Fault and Interrupted.
    """
    seen, begin, lines = b"", 0, 0  # everything; where the first line not judged yet begins; lines judged
    while True:
        while (end := seen.find(b"\n", begin)) >= 0:
            if seen.startswith(b"SSH-", begin):
                identification = seen[begin:end].removesuffix(b"\r")
                shown = _accepted(identification)
                line.give_back(identification + b"\r\n" + seen[end + 1 :])
                return shown
            begin, lines = end + 1, lines + 1
        if len(seen) > MAX_BYTES or lines > MAX_LINES:
            raise Fault(Cause.NOT_SSH, f"the server sends text without end: {_start(seen)}")
        deadline.tick()
        try:
            data = line.recv(1024)
        except TimeoutError:
            continue
        except Cut:
            deadline.tick()
            raise _too_late(seen) from None
        except OSError:
            data = b""
        if not data:
            raise _hung_up(seen)
        seen += data


def _accepted(identification: bytes) -> str:
    shown = printable(identification, 255)
    match = _IDENTIFICATION.fullmatch(identification)
    if match is None or len(identification) > MAX_IDENTIFICATION - 2:
        raise Fault(Cause.NOT_SSH, f"the server's identification is malformed: {shown}")
    if match[1] not in (b"2.0", b"1.99"):
        raise Fault(Cause.NOT_SSH, f"the server speaks SSH {match[1].decode()}, not 2.0: {shown}")
    return shown


def _too_late(seen: bytes) -> Fault:
    if not seen:
        return Fault(Cause.SILENT, "the server accepts the connection but says nothing")
    return Fault(Cause.TIMEOUT, f"no SSH identification within the time, only: {_start(seen)}")


def _hung_up(seen: bytes) -> Fault:
    if not seen:
        return Fault(Cause.CLOSED, "the server closed the connection before it said anything")
    return Fault(greeting_cause(seen.decode("utf-8", "replace")), f"the server said {_start(seen)} and closed")


def _start(seen: bytes) -> str:
    return f'"{printable(seen, 80)}"'


def announce(line: Line, identification: str) -> None:
    """Say who we are first: servers of other protocols answer to that, where they would else keep silent."""
    try:
        line.introduce(identification.encode() + b"\r\n")
    except (Cut, OSError):  # what the server said before it closed is still to be read
        line.deadline.tick()
