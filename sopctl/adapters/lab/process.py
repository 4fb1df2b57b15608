"""Processes that the lab started: identified by pid and start time, so that a recycled pid is never hit."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.lab import command
from sopctl.errors import OutsideFailure, in_words

# The record is on disk before the program runs, and standard input is the caller's lock: whoever gets that lock next
# finds every process that was started. The console goes through a pipe because systemd-nspawn buffers its output to a
# regular file until it ends.
LAUNCHER = """
set -eu
record=$1 log=$2; shift 2
exec 2>>"$log"
cat /proc/$$/stat >"$record.new"
mv "$record.new" "$record"
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift
rm -f "$log.pipe"; mkfifo -m 600 "$log.pipe"
cat "$log.pipe" </dev/null >>"$log" 2>/dev/null &
exec "$@" </dev/null >"$log.pipe" 2>&1
"""


class Process(Struct, frozen=True):
    """`pid` and `start_ticks` (proc(5), /proc/PID/stat fields 1 and 22) name one process for one boot."""

    pid: int
    start_ticks: int

    @classmethod
    def parse(cls, stat: bytes) -> "Process":
        """From the bytes of /proc/PID/stat. Raises ValueError on anything else."""
        before, _, after = stat.rpartition(b")")  # the name between may hold blanks and brackets
        fields = after.split()
        if len(fields) < 20:
            raise ValueError("not the content of /proc/PID/stat")
        return cls(int(before.split()[0]), int(fields[19]))

    @classmethod
    def read(cls, record: Path) -> "Process | None":
        """From a file with a copy of /proc/PID/stat; None when it is missing or incomplete."""
        with suppress(OSError, ValueError, IndexError):
            return cls.parse(record.read_bytes())
        return None

    @classmethod
    def current(cls) -> "Process":
        return cls.parse(Path("/proc/self/stat").read_bytes())

    def dump(self) -> bytes:
        """The content of the file for `read`."""
        return Path(f"/proc/{self.pid}/stat").read_bytes()

    def alive(self) -> bool:
        """Whether exactly this process still runs; a zombie does not."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return Process.parse(stat) == self and stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to exactly this process; nothing happens when it is gone."""
        signal_if(self.pid, number, self.alive)


def signal_if(pid: int, number: signal.Signals, still_it: Callable[[], bool]) -> None:
    """Signal `pid` if `still_it` returns True. A pidfd (pidfd_open(2)) keeps the pid from being recycled in between."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if still_it():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def launch(
    arguments: Sequence[str | Path], *, record: Path, log: Path, lock_fd: int, cgroups: Sequence[Path] = ()
) -> None:
    """Start a program that outlives this process, in a session of its own and in the given `cgroups`.

    Returns once the program runs, its `record` is written, and its output goes to `log`. Raises OutsideFailure when it
    cannot be started.
    """
    try:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", LAUNCHER, "launcher", record, log, *cgroups, "--", *arguments],
            stdin=lock_fd,
            stdout=subprocess.PIPE,  # closed when the program starts: run() waits for that
            stderr=subprocess.DEVNULL,
            env=command.ENVIRONMENT,
            cwd="/",
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise OutsideFailure(
            "program-not-started",
            "{program} could not be started: {reason}",
            remedy="See whether that program is installed here, and memory free.",
            program=str(arguments[0]),
            reason=in_words(error),
        ) from error


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Poll until `condition` holds (True), or `seconds` have passed (False)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)
    return True
