"""The labs of a test session go with it, however it ends: a process beside it takes them down, also when it is killed.

It waits for the end of its standard input, a pipe that only the session holds open; so nothing has to be told to it. It
holds the lock of the session's name until all is down: no other session takes a name whose labs are still up.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import state
from sopctl.errors import Conflict

SECONDS = 900.0
"""How long a lab may be held by a command of the session that outlives it: a machine's boot takes its time."""


def labs_of(session: str) -> list[str]:
    """The labs of a session: that of its name, and those whose names begin with it, as `ci-vm`."""
    return [name for name in state.names() if name == session or name.startswith(f"{session}-")]


def sweep(session: str) -> None:
    """Take down all labs of a session. Raises Conflict when one is held for too long."""
    deadline = time.monotonic() + SECONDS
    while left := labs_of(session):
        for name in left:
            try:
                servers.down(name)
            except Conflict:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.5)


@contextmanager
def swept(session: str, lock: int) -> Iterator[None]:
    """Have the labs of `session` taken down at the end; `lock` is the descriptor that holds its name."""
    command = [sys.executable, "-m", "tests.lab.sweeping", session]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(lock,),
        start_new_session=True,  # Ctrl-C does not reach it
    ) as sweeper:
        try:
            yield
        finally:
            _, said = sweeper.communicate()
            assert sweeper.returncode == 0, said.decode()


if __name__ == "__main__":
    sys.stdin.read()
    sweep(sys.argv[1])
