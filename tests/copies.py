"""Copies of a folder that many tests begin with.

`shutil.copytree` asks so much about each file that a site, with its hundred folders of playbooks, takes six times as
long: 34 ms of CPU, thousands of times in a suite.
"""

import os
from pathlib import Path
from typing import NamedTuple


class _Part(NamedTuple):
    """A file or a folder: its name from the top, its mode and times as they were, and what a file holds."""

    name: str
    mode: int
    times: tuple[int, int]
    content: bytes | None


class Original:
    """What a folder held when it was looked at; files and folders only, as in a site that nobody uses yet."""

    def __init__(self, root: Path) -> None:
        self._parts = [_part(path, root) for path in (root, *sorted(root.rglob("*")))]

    def copy(self, to: Path) -> Path:
        """Write all of it at `to`, which must not be there, with the modes and times that it had; returns `to`."""
        folders = []
        for name, mode, times, content in self._parts:
            path = f"{to}{name}"
            if content is None:
                os.mkdir(path)
                folders.append((path, mode, times))
                continue
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            try:
                os.write(file, content)
                os.fchmod(file, mode)  # whatever the umask
                os.utime(file, ns=times)
            finally:
                os.close(file)
        for path, mode, times in reversed(folders):  # what is made in a folder changes its time
            os.chmod(path, mode)
            os.utime(path, ns=times)
        return to


def _part(path: Path, root: Path) -> _Part:
    """As it stands there."""
    assert not path.is_symlink(), path
    seen, content = path.stat(), None if path.is_dir() else path.read_bytes()
    return _Part(str(path)[len(str(root)) :], seen.st_mode & 0o7777, (seen.st_atime_ns, seen.st_mtime_ns), content)
