"""Thousands of records read by several processes: reading is work for a processor, and Python uses one at a time."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from typing import TypeVar

MANY = 1_000
"""Fewer are read faster than processes start."""
AT_ONCE = 250
"""How many a process reads before it answers."""
MOST = 8
"""Processes."""

T = TypeVar("T")


def in_processes(read: Callable[[Sequence[str]], list[T]], names: Sequence[str]) -> list[T]:
    """What `read` makes of these names, in their order. Where there are many, and this process has no other thread that
    a fork could tear, parts of them are read in processes of their own; what `read` returns must be picklable then."""
    workers = min(len(os.sched_getaffinity(0)), MOST)
    if len(names) < MANY or workers == 1 or threading.active_count() > 1:
        return read(names)
    parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    with ProcessPoolExecutor(workers, get_context("fork"), initializer=_quiet) as pool:
        return list(chain.from_iterable(pool.map(read, parts)))


def _quiet() -> None:
    """Ctrl-C is for the process that asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
