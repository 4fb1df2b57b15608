"""One writer at a time, or several who do not disturb each other: flock(2) on a file that is never unlinked. It names
its holder (of several the last), for the error shown to whoever waits.

The kernel frees a lock when its holder dies, so a crash leaves nothing to clean.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sopctl.errors import Conflict
from sopctl.locale import Prose, Text
from sopctl.store.durable import disk_errors, open_in_place

FIRST_POLL, LAST_POLL = 0.0002, 0.02
"""Seconds between two looks: a tenth of the time that was waited, within these. Most are held for a millisecond, and
who sleeps longer than that leaves the lock to nobody."""
HOLDER_BYTES = 256
"""The holder's line is padded to this length, not cut to it: cutting a file is a change that the disk has to note."""


@contextmanager
def hold(path: Path, what: Prose, *, wait: float = 0, shared: bool = False) -> Iterator[None]:
    """Hold the lock `path` while the block runs; a `shared` one together with others who share it. `what` names it for
    people.

    Raises Conflict when another process holds it for longer than `wait` seconds.
    """
    with _open(path) as descriptor:
        with disk_errors(path, "lock"):
            _take(descriptor, what, wait, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            holder = f"{os.getpid()} {' '.join(sys.argv[1:])}".encode(errors="replace")
            os.pwrite(descriptor, holder[:HOLDER_BYTES].ljust(HOLDER_BYTES), 0)
        yield


def wait_until_free(path: Path, what: Prose, wait: float) -> None:
    """Until nobody holds the lock `path`. Raises Conflict where somebody still does after so many seconds."""
    with _open(path) as descriptor, disk_errors(path, "lock"):
        _take(descriptor, what, wait, fcntl.LOCK_EX)


@contextmanager
def _open(path: Path) -> Iterator[int]:
    """The file of a lock, which the block may take; it is free after it.

    Closing it would not be enough: a child that another thread starts in this moment has a copy of the descriptor until
    it becomes its command, and with that the lock (flock(2)). Such a child may not free what is held here, either.
    """
    process = os.getpid()
    with disk_errors(path, "lock"):
        descriptor = open_in_place(path)
    try:
        yield descriptor
    finally:
        if os.getpid() == process:
            with suppress(OSError):  # what was done is done; closing frees it too, if perhaps a moment later
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _take(descriptor: int, what: Prose, wait: float, how: int) -> None:
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited = time.monotonic() - began
            if waited >= wait:
                process, _, command = _holder(descriptor)
                raise Conflict(
                    "held-by-another",
                    "{what} is held by another sopctl (process {process}: {command})",
                    remedy="Wait until it has ended, then run the command again.",
                    what=what,
                    process=process or Text("unknown"),
                    command=command or Text("unknown"),
                ) from None
            time.sleep(min(max(waited / 10, FIRST_POLL), LAST_POLL))


def _holder(descriptor: int) -> tuple[str, str, str]:
    """The process and the command that say that they hold it. Of several, the last may have ended before the others."""
    found = os.pread(descriptor, HOLDER_BYTES, 0).decode(errors="replace").strip().partition(" ")
    return found if os.path.exists(f"/proc/{found[0]}") else ("", "", "")
