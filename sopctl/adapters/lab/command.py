"""System tools: find them, run them, and report their failures."""

import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from sopctl.errors import OutsideFailure
from sopctl.locale import Prose, Text
from sopctl.model.text import printable

PACKAGES = {
    "chroot": "coreutils",
    "cp": "coreutils",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nsenter": "util-linux",
    "qemu-system-x86_64": "qemu-system-x86",
    "setsid": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "umount": "mount",
}
"""The Debian package of each tool that the lab runs."""

SEARCH_PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"))
"""Where tools are looked for. Fixed: `su` without `-` leaves the sbin folders out of PATH."""

ENVIRONMENT = {"PATH": SEARCH_PATH, "LC_ALL": "C.UTF-8"}
"""The environment of every tool: none of the caller's secrets, and messages in one language."""

LOCKS: set[int] = set()
"""The file descriptors of the locks that this process holds (see lock.py). Every tool inherits them: when this process
is killed, the next one gets the lock only after the tool has ended too."""


def find(tool: str) -> str | None:
    """The tool's full path, or None."""
    return shutil.which(tool, path=SEARCH_PATH)


def missing(tools: Sequence[str]) -> list[str]:
    """The packages to install for those of `tools` that are missing, sorted."""
    return sorted({PACKAGES[tool] for tool in tools if find(tool) is None})


NO_ROOM = Text("See whether this machine lacks memory or disk, or forbids it.")


def run(
    arguments: Sequence[str | Path], *, timeout: float = 60, remedy: Prose = NO_ROOM, locks: Collection[int] = LOCKS
) -> str:
    """Run a tool to its end and return its standard output. It inherits the file descriptors `locks`.

    Raises OutsideFailure when it is missing, when it fails (with the last lines of its standard error), or when it
    takes longer than `timeout` seconds.
    """
    tool = str(arguments[0])
    try:
        done = subprocess.run(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=ENVIRONMENT,
            cwd="/",
            pass_fds=tuple(locks),
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        package = PACKAGES.get(tool, tool)
        raise OutsideFailure(
            "tool-missing", "{tool} is not installed", remedy=Text("apt install {package}", package=package), tool=tool
        ) from error
    except subprocess.TimeoutExpired as error:
        raise OutsideFailure(
            "tool-timed-out", "{tool} did not end within {seconds:g} s", remedy=remedy, tool=tool, seconds=timeout
        ) from error
    if done.returncode != 0:
        raise OutsideFailure(
            "tool-failed",
            "{tool} failed: {reason}",
            remedy=remedy,
            tool=tool,
            reason=last_lines(done.stderr) or Text("exit status {status}", status=done.returncode),
        )
    return done.stdout.decode(errors="replace")


def last_lines(output: bytes, count: int = 5) -> str:
    """The last lines that are not empty, joined by semicolons, safe to print."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return "; ".join(printable(line, 200) for line in lines[-count:])
