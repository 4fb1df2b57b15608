"""Servers that need no mounts: each has a copy of the image, and its sshd on a loopback address (chroot(2)).

Real logins, accounts, files and sudo in a root file system of its own; no init, no services, no /proc.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from sopctl.adapters.lab import command, files, network, process
from sopctl.adapters.lab.state import Folder, Place, Record
from sopctl.errors import OutsideFailure

KILL_SECONDS = 10.0


def prepare(folder: Folder, record: Record) -> None:
    """Make the folder for the servers' disks."""
    del folder
    Path(record.roots).mkdir(mode=0o755, parents=True, exist_ok=True)


def start(record: Record, place: Place, lock_fd: int) -> None:
    """Copy the image if the server has no disk yet, and start its sshd."""
    _kill(place)
    if not place.root.exists():
        new = place.disk / "root.new"
        files.remove_tree(new)
        place.disk.mkdir(mode=0o755, parents=True, exist_ok=True)
        # A full copy, or shared blocks where the file system has copy-on-write: servers write to their files.
        command.run(["cp", "--archive", "--reflink=auto", record.image, new], timeout=300)
        command.run(["cp", "--archive", "--no-target-directory", place.seed, new])
        (new / "run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)
        new.rename(place.root)
    address, port = network.server_address(record.tier, record.network, place.number)
    process.launch(
        [
            "chroot", place.root, "/usr/sbin/sshd", "-D", "-e",
            "-o", f"ListenAddress={address}", "-o", f"Port={port}", "-o", "PidFile=none",
        ],
        record=place.process,
        log=place.console,
        lock_fd=lock_fd,
    )  # fmt: skip


def stop(record: Record, place: Place) -> None:
    """End the server's sshd and everything that runs in its root file system."""
    del record
    sshd = process.Process.read(place.process)
    if sshd is not None:
        sshd.send(signal.SIGTERM)
    _kill(place)
    place.process.unlink(missing_ok=True)


def discard(record: Record, place: Place) -> None:
    """Delete the server's root file system."""
    del record
    files.remove_tree(place.disk)


def dismantle(folder: Folder, record: Record) -> None:
    """Remove what `prepare` made. All servers have been discarded before."""
    del folder
    files.remove_tree(Path(record.roots))


def _kill(place: Place) -> None:
    root = str(place.root.resolve())

    def emptied() -> bool:
        found = [int(entry) for entry in os.listdir("/proc") if entry.isdecimal() and _lives_in(int(entry), root)]
        for pid in found:
            process.signal_if(pid, signal.SIGKILL, lambda pid=pid: _lives_in(pid, root))  # type: ignore[misc] # the default binds the loop's value
        return not found

    if not process.wait_until(emptied, KILL_SECONDS):
        raise OutsideFailure(
            "server-not-killed",
            "processes of the server {server} do not die",
            remedy="They wait for the kernel (state D in ps): wait for that, or restart this machine.",
            where=root,
            server=place.name,
        )


def _lives_in(pid: int, root: str) -> bool:
    """Whether the process's root directory is `root` or below it (proc(5), /proc/PID/root)."""
    with suppress(OSError):
        return Path(os.readlink(f"/proc/{pid}/root")).is_relative_to(root)
    return False
