"""Writes that survive a crash: temporary file, fsync, rename, fsync of the folder. Reads that cannot hang.

Why the folder's fsync: a rename is only a change of the folder, and on ext4 a power cut after an fsync of the
file alone brings the old name back. A failed fsync is never tried again: the kernel may have dropped the data.

The rename is where a write is done. What fails before it leaves the old content and raises; what fails after it raises
`Unconfirmed`, which says so.
"""

import errno
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from sopctl.errors import InvalidRecord, OutsideFailure, UsageError, in_words
from sopctl.locale import Text, gettext_noop

_PATH = ("no-such-file", gettext_noop("Check the path. A file of the site can be restored from its git or a backup."))
_DENIED = ("access-denied", gettext_noop("Give this account access, or run the command as the site's owner."))
OTHER = ("disk-error", gettext_noop("Check the disk, then run the command again."))
KNOWN = {
    errno.ENOSPC: ("disk-full", gettext_noop("Free space on that file system, then run the command again.")),
    errno.EDQUOT: ("quota-exceeded", gettext_noop("Free space within the quota, then run the command again.")),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: ("disk-read-only", gettext_noop("The file system is mounted read-only; mount it writable.")),
    errno.EMFILE: ("too-many-open-files", gettext_noop("Raise the limit of open files (ulimit -n).")),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP), _PATH),
}
"""What the system says → the error's id, and what helps."""

_CANNOT = gettext_noop("cannot {doing}: {reason}")
_DOING = (
    gettext_noop("copy it"),
    gettext_noop("lock"),
    gettext_noop("look at"),
    gettext_noop("make"),
    gettext_noop("move"),
    gettext_noop("read"),
    gettext_noop("remove"),
    gettext_noop("remove what an earlier demo left (it may be another account's)"),
    gettext_noop("set the mode of"),
    gettext_noop("sweep"),
    gettext_noop("use it"),
    gettext_noop("write"),
)
"""What cannot be done, as `disk_errors` is told."""

TEMPORARY = ".tmp"
"""How the names of files end that are being written; a killed command leaves one behind."""


WITHOUT_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links say (a USB stick's)."""

PIECE = 64 * 1024
"""So much of a file is read at once: more would have to be asked of the system each time."""

LEFT_SECONDS = 3600
"""After so long, nobody is writing such a file any more."""


class Unconfirmed(OutsideFailure):
    """Something was written and is in its place, but the disk did not confirm that it survives a power cut."""


class disk_errors:
    """Translate an OSError into an OutsideFailure: what cannot be done to `path`, why, and what helps.

    Recording an event enters a dozen of these, which as generators would cost three times as much.
    """

    __slots__ = ("_doing", "_path")

    def __init__(self, path: Path, doing: str = "write") -> None:
        self._path, self._doing = path, doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            name, remedy = KNOWN.get(error.errno or 0, OTHER)
            raise OutsideFailure(
                name,
                _CANNOT,
                where=str(self._path),
                remedy=remedy,
                doing=Text(self._doing),
                reason=in_words(error),
            ) from error


def refused(error: OSError) -> OutsideFailure:
    """The one gate for what the system refuses and no adapter has worded closer: never raw, and never a bug of ours."""
    if error.filename is None:
        words = in_words(error)
        return OutsideFailure(
            "system-refused",
            "the system refuses what was begun: {reason}",
            remedy="See what this machine lacks (memory, processes, disk); what was recorded before stays.",
            reason=words,
        )
    try:
        with disk_errors(Path(os.fsdecode(error.filename)), "use it"):
            raise error
    except OutsideFailure as told:
        return told


def listed(folder: Path, pattern: str = "*") -> list[Path]:
    """What of a folder has a name like `pattern`, by name; nothing where there is no such folder. Raises OutsideFailure
    for one that may not be read: `Path.glob` takes it for an empty one."""
    with disk_errors(folder, "read"):
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
    return sorted(folder / name for name in names if fnmatchcase(name, pattern))


def walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`, which passes over what may not be read: here that raises OutsideFailure."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            with disk_errors(Path(error.filename), "read"):
                raise error

    for here, folders, files in os.walk(folder, onerror=refuse):
        yield Path(here), folders, files


def files_below(folder: Path) -> list[Path]:
    """The files in a folder and in the folders in it, by path; of links, those to a file. Raises as `walk`."""
    with disk_errors(folder, "read"):
        return sorted(
            here / name for here, _folders, files in walk(folder) for name in files if (here / name).is_file()
        )


def write_atomic(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Replace `path` by `content`. Until this returns, a power cut leaves the old content; after that, the new.

    A file that is replaced keeps its owner, group and mode as far as this account may set them; a new one has `mode`
    and, where root makes it, the owner and group of its folder. Raises OutsideFailure when the disk refuses, and
    Unconfirmed when that shows only after the new content is in its place.
    """
    with prepared(path, content, mode=mode) as put:
        put()


def write_tentative(path: Path, content: bytes) -> None:
    """As `write_atomic`, for a file that counts only once something names it. Until it is swept (`sweep`), it has a
    second name by which that is known: so it goes again if nothing came to name it, however the command ended."""
    with prepared(path, content, second_name=True) as put:
        put()


def _temporary_beside(path: Path) -> tuple[int, str]:
    """A new file in the same folder, open, and its name: as `mkstemp` makes it, whose module takes longer to import
    than an event to record."""
    while True:
        name = f"{path.parent}/.{path.name}.{os.urandom(4).hex()}{TEMPORARY}"
        with suppress(FileExistsError):
            return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), name


@contextmanager
def prepared(
    path: Path, content: bytes, *, mode: int = 0o640, second_name: bool = False
) -> Iterator[Callable[[], None]]:
    """The same in two parts, for whoever does something between them: the content is on the disk when the block begins,
    and in its place when what the block is given was called. A block that does not call it leaves all as it was."""
    _sweep_left(path)
    with disk_errors(path):
        descriptor, temporary = _temporary_beside(path)
    done = False

    def put() -> None:
        nonlocal done
        with disk_errors(path):
            (_put_with_second_name if second_name else os.replace)(temporary, path)
        done = True
        try:
            sync_folder(path.parent)
        except OSError as error:
            raise unconfirmed(path, error) from error

    try:
        with disk_errors(path):
            try:
                _write_all(descriptor, content)
                _belong(descriptor, path, mode)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        yield put
    finally:
        if not done:
            with suppress(OSError):  # else it is swept later
                os.unlink(temporary)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _put_with_second_name(temporary: str, path: Path) -> None:
    """Put what is at `temporary` into its place, and leave it there as well."""
    third = f"{temporary.removesuffix(TEMPORARY)}_{TEMPORARY}"  # a link replaces nothing, so this one is moved
    try:
        os.link(temporary, third)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        os.replace(temporary, path)
        return
    try:
        os.replace(third, path)
    except BaseException:
        Path(third).unlink(missing_ok=True)
        raise


def _sweep_left(path: Path) -> None:
    """Remove what commands that were killed long ago left of `path`; one that writes it now is much faster."""
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            mine = entry.name.startswith(f".{path.name}.") and entry.name.endswith(TEMPORARY)
            if mine and entry.stat(follow_symlinks=False).st_mtime < time.time() - LEFT_SECONDS:
                os.unlink(entry.path)


def _belong(descriptor: int, path: Path, mode: int) -> None:
    """Let the file that will be `path` belong to whom the one before did, with the same mode; a new one has `mode`."""
    try:
        before = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        share_as_folder(descriptor, path.parent)
        return
    if not stat.S_ISREG(before.st_mode):
        os.fchmod(descriptor, mode)
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        except PermissionError:  # another's file, in a folder that we may write: it becomes ours
            share_as_folder(descriptor, path.parent)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def share_as_folder(descriptor: int, folder: Path) -> None:
    """Let what is new in a folder belong to those who share it: to its group where the folder is setgid and the group
    may write (`store/modes.py`), which may then write it too; and what root makes in a folder that is not root's, to
    the folder's owner and group."""
    around, mine = os.stat(folder), os.fstat(descriptor)
    if os.geteuid() == 0 and around.st_uid != 0:
        os.fchown(descriptor, around.st_uid, around.st_gid)
    if around.st_mode & stat.S_ISGID and around.st_mode & stat.S_IWGRP and mine.st_mode & stat.S_IRGRP:
        if mine.st_gid != around.st_gid:
            os.fchown(descriptor, -1, around.st_gid)
        setgid = stat.S_ISGID if stat.S_ISDIR(mine.st_mode) else 0
        os.fchmod(descriptor, stat.S_IMODE(mine.st_mode) | stat.S_IWGRP | setgid)


def make_folder(path: Path, mode: int = 0o750) -> None:
    """Make a folder with this mode, whatever the umask, and its parents; nothing for one that is there.

    Raises OutsideFailure.
    """
    with disk_errors(path, "make"):
        if path.is_dir():
            return
        if not path.parent.is_dir():
            make_folder(path.parent, mode)
        try:
            path.mkdir()
        except FileExistsError:
            if not path.is_dir():
                raise
            return
        _settle(path, mode)


def make_temporary_folder(parent: Path, prefix: str, mode: int = 0o750) -> Path:
    """Make a folder with a name of its own. Raises OutsideFailure."""
    import tempfile

    with disk_errors(parent, "make"):
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        _settle(path, mode)
    return path


def _settle(folder: Path, mode: int) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, mode)
        share_as_folder(descriptor, folder.parent)
    finally:
        os.close(descriptor)


def write_again(path: Path, start: int, size: int) -> None:
    """Write what a file has in these bytes (fewer at its end) once more, and return when it survives a power cut: of
    what the disk refused, the kernel may take for written what is not. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, os.pread(descriptor, size, start), start)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


class Appender:
    """Appends lines to a file, which are on the disk once they are confirmed: until then, others may append theirs. A
    context, which closes the file. Each of it raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._start = self._stop = 0
        """Where its lines begin and end, in bytes."""

    def __enter__(self) -> "Appender":
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def add(self, line: bytes, *, over: int = 0) -> None:
        """Append a line and a newline, over the last `over` bytes. Where it raises, the file is as it was."""
        first = self._descriptor < 0
        if first:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o640)
        end = os.fstat(self._descriptor).st_size - over
        if first:
            self._start = self._stop = end
        try:
            if not end:  # its first line, so it may be new
                os.fchmod(self._descriptor, 0o640)
                share_as_folder(self._descriptor, self._path.parent)
            if over:
                os.ftruncate(self._descriptor, end)
            _write_all(self._descriptor, line + b"\n")
        except OSError:
            os.ftruncate(self._descriptor, end)
            raise
        self._stop = end + len(line) + 1

    def confirm(self) -> None:
        """Return once what was added survives a power cut."""
        if self._stop == self._start:
            return
        os.fdatasync(self._descriptor)  # with the length, without the times: nobody asks when
        if not self._start:
            sync_folder(self._path.parent)

    def write_again(self) -> None:
        """As the function, with what was added."""
        write_again(self._path, self._start, self._stop - self._start)

    def take_back(self) -> bool:
        """Remove what was added, where nothing of others stands behind it; was it? Call where nobody else appends."""
        if os.fstat(self._descriptor).st_size != self._stop:
            return False
        os.ftruncate(self._descriptor, self._start)
        return True


def sync_folder(folder: Path) -> None:
    """fsync a folder: only then do new names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(path: Path, *, links: bool = True) -> Iterator[BinaryIO]:
    """A regular file, to be read. What is something else is refused before it is opened: a pipe would never end, and
    opening a device may do something. With `links` false, so is a symbolic link.

    Raises InvalidRecord for what is no regular file, OutsideFailure when it cannot be read.
    """
    with disk_errors(path, "read"), os.fdopen(_regular(path, links), "rb") as file:
        yield file


def bytes_of(path: Path, most: int, *, links: bool = True) -> bytes:
    """The bytes of a regular file, `most` of them at most. Raises as `opened`, and costs half of it."""
    with disk_errors(path, "read"):
        descriptor = _regular(path, links)
        try:
            pieces = []
            while most and (piece := os.read(descriptor, min(most, PIECE))):
                pieces.append(piece)
                most -= len(piece)
            return b"".join(pieces)
        finally:
            os.close(descriptor)


def _regular(path: Path, links: bool) -> int:
    """A descriptor of what is a regular file before it is opened and after, when it may have been swapped."""
    try:
        refuse_special(path, os.stat(path, follow_symlinks=links).st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW))
    except OSError as error:
        if error.errno == errno.ELOOP and not links:
            raise _not_a_file(path, Text("a symbolic link")) from None
        raise
    try:
        refuse_special(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def refuse_special(path: Path, mode: int) -> None:
    """Raise InvalidRecord where this (`st_mode`) is no regular file."""
    if stat.S_ISREG(mode):
        return
    kinds = (
        (stat.S_ISDIR, Text("a folder")),
        (stat.S_ISLNK, Text("a symbolic link")),
        (stat.S_ISFIFO, Text("a pipe")),
    )
    raise _not_a_file(path, next((name for test, name in kinds if test(mode)), Text("no regular file")))


def _not_a_file(path: Path, kind: Text) -> InvalidRecord:
    return InvalidRecord(
        "not-a-file",
        "this is {kind}, where a file is needed",
        where=str(path),
        remedy="Put the file itself there, or name it.",
        kind=kind,
    )


def write_output(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write what a person asked for (`-o`): a file is replaced as a whole, at the end of its links; into a pipe or a
    device it is written, as a shell would. Raises OutsideFailure."""
    with disk_errors(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC), "wb") as file:
                os.set_blocking(file.fileno(), True)  # only the opening of a pipe that nobody reads does not wait
                file.write(content)
            return
        target = path.resolve()
    write_atomic(target, content, mode=mode)


def write_new(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Write a file that must not exist yet, whatever stands there: it appears under its name only when it is complete.
    Raises UsageError when there is something already, OutsideFailure."""
    with disk_errors(path):
        if os.path.lexists(path):
            raise _exists(path)
        descriptor, temporary = _temporary_beside(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            _appear(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise unconfirmed(path, error) from error


def _appear(temporary: str, path: Path) -> None:
    """Give a file its name, unless it is taken. Where the file system has no hard links (a USB stick's), a check must
    do."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        if os.path.lexists(path):
            raise _exists(path) from None
        os.rename(temporary, path)


def _exists(path: Path) -> UsageError:
    return UsageError(
        "output-exists", "{file} exists already, and is not overwritten", remedy="Name a new file.", file=path
    )


def _nothing() -> Container[str]:
    return ()


def sweep(folder: Path, named: Callable[[], Container[str]] = _nothing, *, of: str = "") -> None:
    """Remove files that a killed command was writing in `folder` (to the file `of` alone), and tentative ones that are
    not among those that are `named`; these it makes lasting. Call while holding what the folder belongs to. Raises
    OutsideFailure, and what `named` raises, which is asked only if there is a tentative file."""
    with disk_errors(folder, "sweep"):
        try:
            found = os.lstat(folder).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in os.scandir(folder) if stat.S_ISDIR(found) else ():
            if entry.name.startswith(".") and entry.name.endswith(TEMPORARY) and entry.is_file(follow_symlinks=False):
                meant = folder / entry.name[1:].rsplit(".", 2)[0]
                if of and meant.name != of:
                    continue
                if _is_same(entry, meant) and meant.name not in named():
                    os.unlink(meant)
                os.unlink(entry.path)


def _is_same(entry: os.DirEntry[str], path: Path) -> bool:
    """Are these two names of one file?"""
    if entry.stat(follow_symlinks=False).st_nlink == 1:
        return False
    try:
        return os.path.samestat(entry.stat(follow_symlinks=False), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def touch(path: Path, mode: int = 0o640) -> None:
    """Make an empty file with this mode, whatever the umask; nothing for one that is there. For what other libraries
    write. Raises OutsideFailure."""
    with disk_errors(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        except FileExistsError:
            return
        try:
            os.fchmod(descriptor, mode)
            share_as_folder(descriptor, path.parent)
        finally:
            os.close(descriptor)


def open_in_place(path: Path) -> int:
    """Open a file of our own to be read and written over, made where there is none: a descriptor. Raises OSError,
    OutsideFailure."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        make_folder(path.parent)
        touch(path)
        return os.open(path, flags)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the block has ended: it is done whole, or not at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = []
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before.append((number, signal.signal(number, lambda signum, _frame: came.append(signum))))
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    for signum in came[:1]:
        signal.raise_signal(signum)


def unconfirmed(path: Path, error: OSError) -> Unconfirmed:
    """What was written to `path` is there; only whether it will survive is not known."""
    return Unconfirmed(
        "write-unconfirmed",
        "this was written, but the disk did not confirm that it survives a power cut: {reason}",
        where=str(path),
        remedy="Check the disk; after a power cut, look whether it is still there.",
        reason=in_words(error),
    )
