"""One run at a time: flock(2) on a file that can be removed while it is locked."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from sopctl.adapters.lab import command
from sopctl.adapters.lab.process import Process
from sopctl.errors import Conflict, OutsideFailure
from sopctl.locale import Prose, Text

ORPHAN_SECONDS = 60.0
"""How long to wait for the tools of a killed run: they hold its lock until they end."""


class Lock:
    """A lock that is held. `fd` can be passed to a child process, which then holds it as long as it lives."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    def remove(self) -> None:
        """Unlink the file; the lock is held until the block ends. Waiting processes notice and start again."""
        self.path.unlink(missing_ok=True)


@contextmanager
def held(path: Path, *, what: Prose, wait: float = 0.0) -> Iterator[Lock]:
    """Hold an exclusive lock on `path`, whose folder is made if necessary. `what` names it in the error.

    Raises Conflict with the holder's pid when another process still holds it after `wait` seconds, OutsideFailure where
    this account may not.
    """
    with _acquire(path, what, wait) as file:
        fd = file.fileno()
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, Process.current().dump(), 0)
            command.LOCKS.add(fd)
            yield Lock(path, fd)
        finally:
            command.LOCKS.discard(fd)


def _acquire(path: Path, what: Prose, wait: float) -> FileIO:
    """The locked file; closing it releases the lock. An interrupt at any moment leaks no descriptor: a file object is
    closed when it is garbage-collected, a plain number would not be."""
    started = time.monotonic()
    while True:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = open(path, "r+b", buffering=0, opener=_open)  # noqa: SIM115  the caller closes it
        except FileNotFoundError:
            continue  # the last lab has just removed the folder
        except PermissionError as error:
            raise needs_root() from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file_of(path, file.fileno()):
                return file
            file.close()
        except BlockingIOError:
            holder = Process.read(path)
            file.close()
            patience = wait if holder is None or holder.alive() else max(wait, ORPHAN_SECONDS)
            if time.monotonic() - started >= patience:
                who = Text("process {pid}", pid=holder.pid) if holder else Text("another process")
                raise Conflict(
                    "lab-in-use",
                    "{what} is held by {holder}",
                    remedy="Wait until it has ended, then try again.",
                    what=what,
                    holder=who,
                ) from None
            time.sleep(0.05)
        except BaseException:
            file.close()
            raise


def needs_root() -> OutsideFailure:
    """The error for someone who may not look at what the labs keep."""
    return OutsideFailure("lab-needs-root", "only root can see the lab", remedy="Run it with sudo.")


def _open(path: str, _flags: int) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_file_of(path: Path, fd: int) -> bool:
    """Whether `fd` is still the file at `path`: the previous holder may have unlinked it before we got the lock."""
    with suppress(FileNotFoundError):
        there, here = path.stat(), os.fstat(fd)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
    return False
