"""Booted servers: an overlay over the image, started by systemd-nspawn(1) with an init and a network of their own."""

import signal
from contextlib import suppress
from pathlib import Path

from sopctl.adapters.lab import cgroup, command, files, layer, network, process
from sopctl.adapters.lab.state import Folder, Place, Record
from sopctl.errors import Action, OutsideFailure
from sopctl.locale import Text

POWER_OFF_SECONDS = 4.0
"""How long a server may take to power off before it is killed; its disk is thrown away anyway."""

INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_INSTANCES = 1024
"""A booted server uses seven, all counted against root (inotify(7)): the kernel's default of 128 is enough for 18
servers, and the next one hangs at boot."""

NO_MOUNT = Text("Use the chroot tier, which needs no mounts: SOPCTL_LAB_TIER=chroot")


def prepare(folder: Folder, record: Record) -> None:
    """Make the lab's network, and the file system for its servers' disks."""
    with network.locked():
        network.ensure(record.network)
        if any(record.has_ipv6(number) for number in record.states):
            network.ensure6(record.network)
    with suppress(OSError):  # read-only in some containers, which can then run fewer servers
        if int(INOTIFY_LIMIT.read_text()) < INOTIFY_INSTANCES:
            INOTIFY_LIMIT.write_text(str(INOTIFY_INSTANCES))
    if not files.is_mounted(folder.disks):
        # In memory: fast, gone with the mount, and an overlay cannot be on another overlay (in containers).
        folder.disks.mkdir(mode=0o700, exist_ok=True)
        command.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "sopctl-lab", folder.disks], remedy=NO_MOUNT)


def start(record: Record, place: Place, lock_fd: int) -> None:
    """Mount the server's own layer over image and seed, and boot it; returns as soon as systemd-nspawn runs."""
    _clear(record, place)
    network.delete_link(f"vb-{place.name}")  # the kernel may still be taking down that of a server that was killed
    if not files.is_mounted(place.root):
        for name in ("upper", "work", "root"):
            (place.disk / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        below = layer.lower(Path(record.image), record.packages(place.number))
        layers = (
            f"lowerdir={':'.join(map(str, (place.seed, *below)))},upperdir={place.disk}/upper,workdir={place.disk}/work"
        )
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
    """Power the server off (nspawn translates SIGTERM into "halt"), then kill what is left of it."""
    nspawn = process.Process.read(place.process)
    if nspawn is not None:
        nspawn.send(signal.SIGTERM)
        process.wait_until(lambda: not nspawn.alive(), POWER_OFF_SECONDS)
    _clear(record, place)
    place.process.unlink(missing_ok=True)


def discard(record: Record, place: Place) -> None:
    """Delete everything that a stopped server wrote."""
    del record
    with suppress(FileNotFoundError):
        root = place.root.stat()
        # systemd-nspawn's own lock and mount point, which it leaves behind when it is killed.
        Path(f"/run/systemd/nspawn/locks/inode-{root.st_dev}:{root.st_ino}").unlink(missing_ok=True)
    files.unmount_below(place.disk)
    files.remove_tree(place.disk)
    files.remove_tree(Path("/run/systemd/nspawn/propagate") / place.name)
    files.remove_tree(Path("/run/systemd/nspawn/unix-export") / place.name)


def dismantle(folder: Folder, record: Record) -> None:
    """Remove what `prepare` made. All servers have been discarded before."""
    files.unmount_below(folder.path)
    with network.locked():
        network.remove(record.network)


def init(place: Place) -> int:
    """The pid, in our namespace, of the server's init: the child of systemd-nspawn that has pid 1 in its namespace.

    Raises OutsideFailure when the server does not run.
    """
    nspawn = process.Process.read(place.process)
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if nspawn and lines["PPid"].strip() == str(nspawn.pid) and lines["NSpid"].split()[1:] == ["1"]:
                return int(lines["Pid"])
    raise OutsideFailure(
        "lab-server-not-running", "{server} is not running", remedy=Action("lab up"), server=place.name
    )


def console(place: Place, script: str, *, timeout: float) -> str:
    """Run a POSIX shell script as root on the server, as at its console: whatever its network, sshd and accounts do.

    Returns its standard output. Raises OutsideFailure when it fails or takes longer than `timeout` seconds.
    """
    inside = ["nsenter", f"--target={init(place)}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
    shell = ["env", "-i", f"PATH={command.SEARCH_PATH}", "LC_ALL=C.UTF-8", "HOME=/root", "/bin/sh", "-c", script]
    try:
        return command.run([*inside, "--", *shell], timeout=timeout, locks=())
    except OutsideFailure as failure:
        raise failure.recast(OutsideFailure, where=place.name) from failure


def _clear(record: Record, place: Place) -> None:
    group = _group(record, place)
    cgroup.kill(group)
    cgroup.remove(group)


def _group(record: Record, place: Place) -> str:
    return f"sopctl-lab/{network.bridge(record.network)}/{place.name}"
