"""Run one command so that none of its processes is left behind, whatever happens to the caller.

ansible-core 2.19 puts each worker into a session of its own, and ssh's connection masters go into the background:
killing a process group reaches neither. This small program makes itself the *subreaper* of everything below it
(PR_SET_CHILD_SUBREAPER, prctl(2)), so that every orphan becomes its child and can be found and ended.

    python -I supervisor.py PIDFILE OUTPUT SOCKETS PARENT COMMAND ARG…

The command's output goes to the new file OUTPUT; its input is empty. The folder SOCKETS is removed in the end. SIGTERM,
SIGINT or SIGHUP, or the death of PARENT, ends the command: SIGTERM, some seconds of grace, SIGKILL. It runs as a
script, without sopctl on its path, and returns the command's exit code (128 + the signal's number).
"""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

MEMORY = 4 * 1024**3
"""Bytes of address space for each process of the command: a server that answers without end must not take all of this
machine's memory through a worker of Ansible's, which has no bound of its own."""

STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main(pid_file: str, output: str, sockets: str, parent: str, *command: str) -> int:
    """Run `command`, wait for it, and end all processes that it left. Returns the exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {*STOPS, signal.SIGCHLD})
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a blocked signal that is also ignored is never delivered
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    Path(pid_file).write_text(str(os.getpid()), encoding="ascii")
    if os.getppid() != int(parent):  # the parent died before PR_SET_PDEATHSIG took effect
        return 128 + signal.SIGTERM
    child = os.fork()
    if child == 0:
        _become(libc, output, command)
    code = _wait(child)
    _sweep()
    _remove(sockets)
    return code


def _become(libc: ctypes.CDLL, output: str, command: tuple[str, ...]) -> None:
    """In the child: become the command, which is to end should the supervisor be killed."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
        resource.setrlimit(resource.RLIMIT_AS, (_least(MEMORY, resource.RLIMIT_AS),) * 2)
        os.execvp(command[0], command)  # noqa: S606 (no shell is the point)
    except OSError as error:
        print(f"ERROR! {command[0]}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(127)


def _least(limit: int, of: int) -> int:
    """The limit, or the stricter one that holds already."""
    there = resource.getrlimit(of)[1]
    return limit if there == resource.RLIM_INFINITY else min(limit, there)


def _wait(child: int) -> int:
    """Wait for `child`, and end it when we are asked to end; returns its exit code."""
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        got = (
            signal.sigwaitinfo({*STOPS, signal.SIGCHLD})
            if left is None
            else signal.sigtimedwait({*STOPS, signal.SIGCHLD}, left)
        )
        if got is None:
            return 128 + signal.SIGKILL  # the sweep kills it
        if got.si_signo == signal.SIGCHLD:
            code = _reap().get(child)
            if code is not None:
                return code
        elif deadline is None:
            deadline = time.monotonic() + GRACE
            os.kill(child, signal.SIGTERM)


def _reap() -> dict[int, int]:
    """Collect every child that has ended: process id → exit code."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = code if code >= 0 else 128 - code


def _sweep() -> None:
    """End every process below this one; the kernel has made all orphans our children."""
    for number, seconds in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            _reap()
            below = _descendants()
            if not below:
                return
            for pid in below:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)


def _remove(folder: str) -> None:
    """Remove the folder of ssh's sockets: the caller, which made it, may have died."""
    try:
        for entry in os.scandir(folder):
            os.unlink(entry)
        os.rmdir(folder)
    except OSError as error:
        print(f"{folder}: {error.strerror}", file=sys.stderr)  # noqa: T201


def _descendants() -> set[int]:
    """The process ids below this process, from /proc/PID/stat (proc(5))."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_bytes()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[stat.rindex(b")") + 2 :].split()[1])
    below: set[int] = set()
    level = {os.getpid()}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level} - below
        below |= level
    return below


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
