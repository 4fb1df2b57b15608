"""One writer at a time: flock(2) on a file that is never unlinked. It names its holder, for the error shown to whoever
waits.

The kernel frees a lock when its holder dies, so a crash leaves nothing to clean.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopctl.errors import Conflict
from sopctl.store.durable import disk_errors, make_folder, touch

POLL_SECONDS = 0.02


@contextmanager
def hold(path: Path, what: str, *, wait: float = 0) -> Iterator[None]:
    """Hold the lock `path` while the block runs. `what` names it for people.

    Raises Conflict when another process holds it for longer than `wait` seconds.
    """
    make_folder(path.parent)
    with disk_errors(path, "lock"):
        touch(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        with disk_errors(path, "lock"):
            _take(descriptor, what, wait)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {' '.join(sys.argv[1:])[:200]}".encode(errors="replace"), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, what: str, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                process, _, command = os.pread(descriptor, 300, 0).decode(errors="replace").partition(" ")
                raise Conflict(
                    "held-by-another",
                    "{what} is held by another sopctl (process {process}: {command})",
                    remedy="Wait until it has ended, then run the command again.",
                    what=what,
                    process=process or "unknown",
                    command=command or "unknown",
                ) from None
            time.sleep(POLL_SECONDS)
