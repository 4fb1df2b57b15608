"""A process that has read the program and its tests, and forks to run some of them: most of a short run is reading
both. What a function does can be changed in it; what a module binds when it is read cannot.

The process is pytest itself, with this as its plugin (`-p tests.faults.warm`): instead of running what it collected, it
answers on a socket.
"""

import gc
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType

import msgspec
import pytest
from _pytest.main import pytest_runtestloop as run_all
from msgspec import Struct

from tests.faults.mutants import mutated

SOCKET = "SOPCTL_WARM"
"""The number of the socket on which the plugin answers."""
LEFT_OUT = ("tests/adapters/signing/", "tests/workflow/house/")
"""What is typeset when these are read has threads, which a fork has not."""
PATIENCE = 5
"""What a run may take, as a multiple of its seconds of CPU."""


class Change(Struct, frozen=True):
    """A mutant: the module (below the checkout), its source without it, which node is changed, and how."""

    file: str
    source: str
    node: int
    how: str


class Asked(Struct, frozen=True):
    """Which tests are run, the seconds of CPU that they may take, and the change."""

    tests: list[str]
    seconds: int
    change: Change | None


class Warm:
    """The process, in a checkout, with these words for pytest."""

    def __init__(self, checkout: Path, words: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lines = self._socket.makefile("rb")
        more = ["--continue-on-collection-errors", *(f"--ignore={each}" for each in LEFT_OUT)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", __name__, *more, *words],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout), SOCKET: str(theirs.fileno())},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def failed(self, tests: Sequence[str], seconds: int, change: Change | None) -> str | None:
        """The first of the tests that fails; empty where they do not end in time."""
        self._socket.sendall(msgspec.json.encode(Asked(list(tests), seconds, change)) + b"\n")
        return msgspec.json.decode(self._lines.readline(), type=str | None)

    def close(self) -> None:
        """End the process."""
        self._lines.close()
        self._socket.close()
        self._process.wait()


class Functions:
    """Those of the program that there are, by the file of their module."""

    def __init__(self) -> None:
        self._by_file: dict[str, list[FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and "/sopctl/" in each.__code__.co_filename:
                self._by_file[each.__code__.co_filename].append(each)

    def change(self, change: Change) -> None:
        """Let those of one module do what they would with a change."""
        file = str(Path(change.file).resolve())
        code = compile(mutated(change.source, change.node, change.how), file, "exec")
        others = {(each.co_qualname, each.co_firstlineno): each for each in _within(code)}
        for each in self._by_file[file]:
            other = others.get((each.__code__.co_qualname, each.__code__.co_firstlineno))
            if other and other.co_freevars == each.__code__.co_freevars:
                each.__code__ = other


def _within(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _within(each)


_failed: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what fails."""
    if report.failed:
        _failed.append(report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> object:
    """Answer, rather than run what was collected."""
    if SOCKET not in os.environ:
        return None
    with socket.socket(fileno=int(os.environ.pop(SOCKET))) as answers, answers.makefile("rb") as lines:
        items, functions = {each.nodeid: each for each in session.items}, Functions()
        gc.freeze()
        for line in lines:
            asked = msgspec.json.decode(line, type=Asked)
            session.items = [items[each] for each in asked.tests if each in items]
            if not (child := os.fork()):
                _run(session, asked, functions, answers)
            ends = os.pidfd_open(child)
            if not select.select([ends], [], [], asked.seconds * PATIENCE)[0]:
                os.kill(child, signal.SIGKILL)
            os.close(ends)
            _, status = os.waitpid(child, 0)
            if status:
                answers.sendall(b'""\n')
    return True


def _run(session: pytest.Session, asked: Asked, functions: Functions, answers: socket.socket) -> None:
    """In a process of its own, which ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (asked.seconds, asked.seconds))
    code = 1
    try:
        if asked.change:
            functions.change(asked.change)
        with suppress(session.Failed):
            run_all(session)
        answers.sendall(msgspec.json.encode(_failed[0] if _failed else None) + b"\n")
        code = 0
    finally:
        os._exit(code)
