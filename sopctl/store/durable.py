"""Writes that survive a crash: temporary file, fsync, rename, fsync of the folder.

Why the folder's fsync: a rename is only a change of the folder, and on ext4 a power cut after an fsync of the
file alone brings the old name back. A failed fsync is never tried again: the kernel may have dropped the data.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopctl.errors import OutsideFailure

_DENIED = ("access-denied", "Give this account access, or run the command as the site's owner.")
_OTHER = ("disk-error", "Check the disk and run the command again; nothing was changed.")
_KNOWN = {
    errno.ENOSPC: ("disk-full", "Free space on that file system and run the command again; nothing was changed."),
    errno.EDQUOT: ("quota-exceeded", "Free space within the quota and run the command again; nothing was changed."),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: ("disk-read-only", "The file system is mounted read-only; mount it writable."),
    errno.EMFILE: ("too-many-open-files", "Raise the limit of open files (ulimit -n)."),
    errno.ENOENT: ("no-such-file", "Check the path. A file of the site can be restored from its git or a backup."),
}
"""What the system says → the error's id, and what helps."""


@contextmanager
def disk_errors(path: Path, doing: str = "write") -> Iterator[None]:
    """Translate an OSError into an OutsideFailure: what cannot be done to `path`, why, and what helps."""
    try:
        yield
    except OSError as error:
        name, remedy = _KNOWN.get(error.errno or 0, _OTHER)
        raise OutsideFailure(
            name, "cannot {doing}: {reason}", where=str(path), remedy=remedy, doing=doing, reason=error.strerror
        ) from error


def write_atomic(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Replace `path` by `content`. Until this returns, a power cut leaves the old content; after that, the new.

    Raises OutsideFailure when the disk refuses.
    """
    with disk_errors(path):
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Append `line` and a newline durably. A line torn by a crash lacks its newline, and its reader leaves it out."""
    with disk_errors(path):
        created = not path.exists()
        with path.open("ab") as file:
            end = file.tell()
            try:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, end)
                raise
        if created:
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """fsync a folder: only then do new names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
