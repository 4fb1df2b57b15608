"""Control groups: one for each booted server, so that none of its processes can be missed.

When systemd-nspawn is killed, its payload runs on for a while; it is still in the group. Both layouts are supported:
the unified hierarchy (cgroups(7), version 2), and version 1 with systemd's own named hierarchy.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from sopctl.adapters.lab.process import signal_if, wait_until
from sopctl.errors import OutsideFailure

KILL_SECONDS = 10.0


def make(group: str) -> list[Path]:
    """Make the group (a relative path) in every hierarchy that systemd uses and return its folders."""
    folders = _folders(group)
    for folder in folders:
        _mkdir(folder)
    return folders


def _mkdir(folder: Path) -> None:
    def made() -> bool:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError):  # another server's group goes at this moment, its parent with it
            return False
        return True

    if not wait_until(made, KILL_SECONDS):
        raise OutsideFailure(
            "cgroup-not-made",
            "the control group cannot be made",
            remedy="The lab needs cgroup v2, writable for root: see whether /sys/fs/cgroup is mounted so.",
            where=str(folder),
        )


def kill(group: str) -> None:
    """Kill everything in the group and below it (SIGKILL). Raises OutsideFailure when something survives for 10 s."""

    def emptied() -> bool:
        members = {(pid, path) for folder in _folders(group) for pid, path in _members(folder)}
        for pid, path in members:
            signal_if(pid, signal.SIGKILL, lambda pid=pid, path=path: pid in _pids(path))  # type: ignore[misc] # defaults bind the loop's values
        return not members

    if not wait_until(emptied, KILL_SECONDS):
        raise OutsideFailure(
            "cgroup-not-killed",
            "processes in the control group {cgroup} do not die",
            remedy="They wait for the kernel (state D in ps): wait for that, or restart this machine.",
            cgroup=group,
        )


def remove(group: str) -> None:
    """Remove the empty group with all groups below it, and those above it that are then empty."""
    for folder in _folders(group):
        for each in sorted(_tree(folder), reverse=True):
            _rmdir(each)
    for above in list(Path(group).parents)[:-1]:
        for folder in _folders(str(above)):
            with suppress(OSError):  # another server is still in it
                folder.rmdir()


def _rmdir(folder: Path) -> None:
    def removed() -> bool:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:  # a killed process has not been reaped yet
            return not folder.exists()
        return True

    if not wait_until(removed, KILL_SECONDS):
        raise OutsideFailure(
            "cgroup-in-use",
            "the control group stays in use",
            remedy="See which processes are in it (cgroup.procs), end them, and take the lab down again.",
            where=str(folder),
        )


def _folders(group: str) -> list[Path]:
    """The group's folder in each mounted hierarchy (proc(5), mountinfo: after " - " type, source, options)."""
    folders = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            folders.append(Path(before.split()[4]) / group)
    return folders


def _members(folder: Path) -> list[tuple[int, Path]]:
    return [(pid, each / "cgroup.procs") for each in _tree(folder) for pid in _pids(each / "cgroup.procs")]


def _tree(folder: Path) -> list[Path]:
    """The group's folder and all below it. One may go while this looks, as what ran in it ends."""
    return [Path(each) for each, _, _ in os.walk(folder)]


def _pids(procs: Path) -> list[int]:
    with suppress(OSError):
        return [int(line) for line in procs.read_text().split()]
    return []
