"""Booted servers: the image under an overlay, started by systemd-nspawn(1) with an own init and network."""

import signal
from contextlib import suppress
from pathlib import Path

from sopctl.adapters.lab import cgroup, command, files, network, process
from sopctl.adapters.lab.state import Folder, Place, Record
from sopctl.errors import OutsideFailure

POWER_OFF_SECONDS = 4.0
"""How long a server may take to power off before it is killed; its disk is thrown away anyway."""

INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_INSTANCES = 1024
"""A booted server holds seven, all on root's account (inotify(7)): the kernel's 128 are 18 servers, and the next one
hangs as it boots."""

NO_MOUNT = "the chroot tier needs no mounts: SOPCTL_LAB_TIER=chroot"


def prepare(folder: Folder, record: Record) -> None:
    """Make the lab's network and the place for its servers' disks."""
    with network.locked():
        network.ensure(record.network)
    with suppress(OSError):  # read-only in some containers: then there are fewer servers
        if int(INOTIFY_LIMIT.read_text()) < INOTIFY_INSTANCES:
            INOTIFY_LIMIT.write_text(str(INOTIFY_INSTANCES))
    if not files.is_mounted(folder.disks):
        # In memory: quick, gone with the mount, and an overlay cannot lie on another one (container hosts).
        folder.disks.mkdir(mode=0o700, exist_ok=True)
        command.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "sopctl-lab", folder.disks], remedy=NO_MOUNT)


def start(record: Record, place: Place, lock_fd: int) -> None:
    """Lay the server's own layer over image and seed, and boot it; returns as soon as systemd-nspawn runs."""
    _clear(record, place)
    if not files.is_mounted(place.root):
        for name in ("upper", "work", "root"):
            (place.disk / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        layers = f"lowerdir={place.seed}:{record.image},upperdir={place.disk}/upper,workdir={place.disk}/work"
        command.run(["mount", "-t", "overlay", "-o", layers, "sopctl-lab", place.root], remedy=NO_MOUNT)
    process.launch(
        [
            "systemd-nspawn", "--quiet", "-D", place.root, f"--machine={place.name}", "--settings=no",
            "--register=no", "--keep-unit", "--console=read-only", f"--network-bridge={network.bridge(record.network)}",
            "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--boot",
        ],
        record=place.process,
        log=place.console,
        lock_fd=lock_fd,
        cgroups=cgroup.make(_group(record, place)),
    )  # fmt: skip


def stop(record: Record, place: Place) -> None:
    """Power the server off (nspawn passes SIGTERM on as "halt"), then kill what is left of it."""
    nspawn = process.Process.read(place.process)
    if nspawn is not None:
        nspawn.send(signal.SIGTERM)
        process.wait_until(lambda: not nspawn.alive(), POWER_OFF_SECONDS)
    _clear(record, place)
    place.process.unlink(missing_ok=True)


def discard(record: Record, place: Place) -> None:
    """Throw away all that a stopped server wrote."""
    del record
    with suppress(FileNotFoundError):
        root = place.root.stat()
        # systemd-nspawn's own lock and mount point, which it leaves when it is killed.
        Path(f"/run/systemd/nspawn/locks/inode-{root.st_dev}:{root.st_ino}").unlink(missing_ok=True)
    files.unmount_below(place.disk)
    files.remove_tree(place.disk)
    files.remove_tree(Path("/run/systemd/nspawn/propagate") / place.name)
    files.remove_tree(Path("/run/systemd/nspawn/unix-export") / place.name)


def dismantle(folder: Folder, record: Record) -> None:
    """Take away what `prepare` made; all servers are discarded."""
    files.unmount_below(folder.path)
    with network.locked():
        network.remove(record.network)


def init(place: Place) -> int:
    """The pid, here, of the server's own process 1: the child of systemd-nspawn that is number 1 of its namespace.

    Raises OutsideFailure when the server does not run.
    """
    nspawn = process.Process.read(place.process)
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if nspawn and lines["PPid"].strip() == str(nspawn.pid) and lines["NSpid"].split()[1:] == ["1"]:
                return int(lines["Pid"])
    raise OutsideFailure("does-not-run", "{place} does not run", remedy="sopctl lab up", place=place.name)


def _clear(record: Record, place: Place) -> None:
    group = _group(record, place)
    cgroup.kill(group)
    cgroup.remove(group)


def _group(record: Record, place: Place) -> str:
    return f"sopctl-lab/{network.bridge(record.network)}/{place.name}"
