"""Mounts and folders: never delete through a mount, never leave one behind."""

import re
import shutil
from pathlib import Path

from sopctl.adapters.lab import command
from sopctl.adapters.lab.process import wait_until
from sopctl.errors import OutsideFailure, in_words

BUSY_SECONDS = 5.0
"""How long a mount may stay busy after its last process was killed."""


def mounts_below(folder: Path) -> list[Path]:
    """The mount points at or below `folder`, innermost first (proc(5), /proc/PID/mountinfo field 5)."""
    base = folder.resolve()
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4]))
        if point.is_relative_to(base):
            points.append(point)
    return points[::-1]


def is_mounted(point: Path) -> bool:
    return point.resolve() in mounts_below(point)


def unmount_below(folder: Path) -> None:
    """Unmount everything at or below `folder`. Raises OutsideFailure when a mount stays in use."""
    for point in mounts_below(folder):
        failures: list[OutsideFailure] = []

        def unmounted(point: Path = point, failures: list[OutsideFailure] = failures) -> bool:
            try:
                command.run(["umount", point])
            except OutsideFailure as failure:
                failures.append(failure)
                return False
            return True

        if not wait_until(unmounted, BUSY_SECONDS, every=0.1):
            raise OutsideFailure(
                "not-unmounted",
                "cannot be unmounted: {reason}",
                where=str(point),
                remedy="Leave that folder in every shell, then try again.",
                reason=failures[-1].message,
            )


def remove_tree(folder: Path) -> None:
    """Delete a folder with its content; a folder that does not exist is no error. Raises OutsideFailure when something
    is still mounted in it, and when it cannot be deleted."""
    if mounts := mounts_below(folder):
        raise OutsideFailure(
            "still-mounted",
            "still mounted, so nothing was deleted",
            remedy="Unmount it as root (umount), then take the lab down again.",
            where=str(mounts[0]),
        )
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutsideFailure(
            "folder-not-deleted",
            "cannot be deleted: {reason}",
            remedy="Delete the folder as root once the reason is gone.",
            where=str(folder),
            reason=in_words(error),
        ) from error
