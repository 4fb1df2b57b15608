"""Records read by several processes: as by one, in their order."""

import os
import threading
from collections.abc import Sequence

import pytest

from sopctl.store.across import processes
from sopctl.store.across.processes import AT_ONCE, MANY, in_processes


def read(names: Sequence[str]) -> list[tuple[str, int]]:
    return [(name.upper(), os.getpid()) for name in names]


@pytest.mark.parametrize("count", [0, 3, MANY - 1, MANY, MANY + AT_ONCE + 1])
def test_each_is_read_once_and_in_order(count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    found = in_processes(read, names)
    assert [name for name, _ in found] == [name.upper() for name in names]
    alone = {pid for _, pid in found} <= {os.getpid()}
    assert alone == (count < MANY or len(os.sched_getaffinity(0)) == 1 or threading.active_count() > 1)


def test_a_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MANY", 2)
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    assert {pid for _, pid in in_processes(read, ["a", "b", "c"])} == {os.getpid()}
    stop.set()
    other.join()


def fail(_names: Sequence[str]) -> list[str]:
    raise ValueError("no")


def test_what_one_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="no"):
        in_processes(fail, ["x"] * MANY)
