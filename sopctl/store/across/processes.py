"""Thousands of records read by several processes: reading is work for a processor, and Python uses one at a time."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, TypeVar

MANY = 1_000
"""Fewer are read faster than processes start."""
AT_ONCE = 250
"""How many a process reads before it answers."""
MOST = 8
"""Processes."""

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""

T = TypeVar("T")


_reading: Callable[[Sequence[str]], list[Any]]
"""What this process was forked to do."""


def in_processes(read: Callable[[Sequence[str]], list[T]], names: Sequence[str]) -> list[T]:
    """What `read` makes of these names, in their order. Where there are many, and this process has no other thread that
    a fork could tear, parts of them are read in processes of their own. They know all that this one does, such as the
    procedures that it has read; what `read` returns must be picklable."""
    workers = _workers(len(names))
    if workers == 1:
        return read(names)
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    with ProcessPoolExecutor(workers, get_context("fork"), initializer=_begin, initargs=(read, os.getpid())) as pool:
        return list(chain.from_iterable(pool.map(_part, parts)))


def _workers(count: int) -> int:
    """How many processes may read so many records."""
    return 1 if count < MANY or threading.active_count() > 1 else min(len(os.sched_getaffinity(0)), MOST)


@contextmanager
def beside(work: Callable[[], bytes], count: int) -> Iterator[Callable[[], bytes]]:
    """What `work` makes of so many records, while the block does something else; the block is given what to ask for it.
    Where they are many, a process of its own does it, as in `in_processes`; else this one, when it is asked. `work` may
    not raise."""
    begun = _begun(work) if _workers(count) > 1 else None
    if begun is None:
        yield work
        return
    child, reading = begun

    def answer() -> bytes:
        with os.fdopen(os.dup(reading), "rb") as file:
            size, content = file.read(_SIZE), file.read()
        whole = size and int.from_bytes(size) == len(content)
        return content if whole else work()  # the child died, perhaps for lack of memory

    try:
        yield answer
    finally:
        os.close(reading)  # a child that still writes ends at that
        os.waitpid(child, 0)


_SIZE = 8
"""Bytes before an answer: its length."""


def _begun(work: Callable[[], bytes]) -> tuple[int, int] | None:
    """A child that does the work: its id, and where its answer comes from. None where the system allows no more of
    them."""
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return None
    if child == 0:
        os.close(reading)  # else it would wait for itself to read
        _answer(work, writing)
    os.close(writing)
    return child, reading


def _answer(work: Callable[[], bytes], writing: int) -> None:
    """In the child. Ctrl-C is for the process that asked; nothing of that is to be ended or written here. If that dies,
    nobody takes the answer, which ends this one too."""
    status = 1
    with suppress(BaseException):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        content = work()
        with os.fdopen(writing, "wb") as file:
            file.write(len(content).to_bytes(_SIZE) + content)
        status = 0
    os._exit(status)


def _begin(read: Callable[[Sequence[str]], list[Any]], parent: int) -> None:
    """A fork inherits `read`: nothing of it has to be picklable. It inherits the locks too, so it ends with the process
    that asked, however that ends; Ctrl-C is for that process."""
    import ctypes

    global _reading  # noqa: PLW0603 (a process of its own)
    _reading = read
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before that took effect
        os._exit(1)


def _part(names: Sequence[str]) -> list[Any]:
    return _reading(names)
