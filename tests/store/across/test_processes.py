"""Records read by several processes: as by one, in their order."""

import errno
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import pytest

from sopctl.store import locks
from sopctl.store.across import processes
from sopctl.store.across.processes import AT_ONCE, MANY, beside, in_processes
from tests.patience import PATIENCE


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


def test_they_inherit_what_is_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock could be pickled."""
    monkeypatch.setattr(processes, "MANY", 1)
    known = {"a": 1, "b": 2, "lock": threading.Lock()}
    assert in_processes(lambda names: [known[each] for each in names], ["a", "b"]) == [1, 2]


def _read_for_ever(lock: Path, begun: Path) -> None:
    def read(names: Sequence[str]) -> list[str]:
        begun.with_suffix(f".{names[0]}").touch()
        threading.Event().wait(600)
        return []

    with locks.hold(lock, "the lock"):
        in_processes(read, ["a", "b"])


def test_a_lock_is_free_when_its_holder_was_killed_while_others_read_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MANY", 1)
    monkeypatch.setattr(processes, "AT_ONCE", 1)
    mine = get_context("fork").Process(target=_read_for_ever, args=(tmp_path / "lock", tmp_path / "begun"))
    mine.start()
    deadline = time.monotonic() + PATIENCE
    while not list(tmp_path.glob("begun.*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    mine.kill()
    mine.join()
    with locks.hold(tmp_path / "lock", "the lock", wait=60):
        pass


def who() -> bytes:
    return str(os.getpid()).encode()


@pytest.mark.parametrize("count", [0, MANY - 1, MANY])
def test_another_process_works_beside_where_there_is_much(count: int) -> None:
    with beside(who, count) as answer:
        alone = int(answer()) == os.getpid()
    assert alone == (count < MANY or len(os.sched_getaffinity(0)) == 1 or threading.active_count() > 1)


def test_an_answer_may_be_long_or_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_workers", lambda _count: 2)
    for size in (0, 1, 1 << 20):
        with beside(lambda size=size: os.urandom(1) * size, 1) as answer:  # type: ignore[misc]  # a default binds it
            found = answer()
        assert len(found) == size


def test_of_one_that_dies_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_workers", lambda _count: 2)
    mine = os.getpid()

    def die() -> bytes:
        if os.getpid() != mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"here"

    with beside(die, 1) as answer:
        assert answer() == b"here"


@pytest.mark.parametrize(("call", "number"), [("fork", errno.EAGAIN), ("fork", errno.ENOMEM), ("pipe", errno.EMFILE)])
def test_where_no_process_can_begin_the_work_is_done_here(
    call: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_workers", lambda _count: 2)

    def refuse() -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    before = len(os.listdir("/proc/self/fd"))
    with beside(who, 1) as answer:
        assert answer() == who()
    assert len(os.listdir("/proc/self/fd")) == before


def test_nothing_is_left_of_it_whatever_the_block_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "_workers", lambda _count: 2)
    before = len(os.listdir("/proc/self/fd"))

    def told() -> bytes:
        (tmp_path / "child").write_text(str(os.getpid()))
        return b"-" * (1 << 20)

    with pytest.raises(KeyboardInterrupt), beside(told, 1):  # nobody asks for the answer, which is too long for a pipe
        raise KeyboardInterrupt
    child = int((tmp_path / "child").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert len(os.listdir("/proc/self/fd")) == before
