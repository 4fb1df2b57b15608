"""One writer at a time: who waits and for how long, whom it is told that it waits for, and what a lock is made of."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sopctl.errors import Conflict, OutsideFailure
from sopctl.store import locks
from tests.patience import PATIENCE


@contextmanager
def held(path: Path, line: bytes) -> Iterator[None]:
    """By somebody else, who names itself so: a lock is of an open file, not of a process."""
    path.write_bytes(line)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        yield


def open_here(path: Path) -> list[int]:
    """This process's descriptors of the file."""
    return [int(each.name) for each in Path("/proc/self/fd").iterdir() if os.path.realpath(each) == str(path)]


def refused(path: Path, *, wait: float = 0) -> Conflict:
    with pytest.raises(Conflict) as refusal, locks.hold(path, "PS-2026-0001", wait=wait):
        pass
    return refusal.value


def test_a_lock_is_made_with_its_folder_and_stays(tmp_path: Path) -> None:
    lock = tmp_path / "var" / "locks" / "PS-2026-0001"
    for _ in range(2):
        with locks.hold(lock, "PS-2026-0001"):
            assert refused(lock).id == "held-by-another"
    found = lock.stat()
    assert (stat.S_IMODE(lock.parent.stat().st_mode), stat.S_IMODE(found.st_mode)) == (0o750, 0o640)
    assert found.st_size == locks.HOLDER_BYTES


@pytest.mark.parametrize("words", [["check", "--all"], ["x" * 999], ["\udcff"], []])
def test_its_holder_is_named_in_full_as_far_as_its_line_goes(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a longer line that was there before."""
    lock = tmp_path / "lock"
    lock.write_bytes(b"1 " + b"before " * 99)
    monkeypatch.setattr(sys, "argv", ["sopctl", *words])
    with locks.hold(lock, "PS-2026-0001"):
        told = refused(lock).values
    line = f"{os.getpid()} {' '.join(words)}".encode(errors="replace")[: locks.HOLDER_BYTES].decode()
    process, _, command = line.partition(" ")
    assert (told["what"], told["process"], str(told["command"])) == ("PS-2026-0001", process, command or "unknown")


def test_a_holder_that_has_not_named_itself_yet_is_not_known(tmp_path: Path) -> None:
    with held(tmp_path / "lock", b""):
        told = refused(tmp_path / "lock").values
    assert (str(told["process"]), str(told["command"])) == ("unknown", "unknown")


def test_it_is_waited_for_and_no_longer(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock, b"1 check"):
        began = time.monotonic()
        refused(lock, wait=0.2)
        assert 0.2 <= time.monotonic() - began < PATIENCE
    free = threading.Event()
    with held(lock, b"1 check"), pytest.raises(Conflict), locks.hold(lock, "PS-2026-0001"):
        free.set()
    assert not free.is_set(), "who does not wait is not let in"


def test_who_waits_has_it_when_it_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    began, had = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        with locks.hold(lock, "PS-2026-0001", wait=PATIENCE):
            had.set()

    waiting = threading.Thread(target=wait, daemon=True)
    with held(lock, b"1 check"):
        waiting.start()
        assert began.wait(PATIENCE)
        assert not had.wait(0.05)
    waiting.join(PATIENCE)
    assert had.is_set()


def test_who_waits_sleeps_longer_the_longer_it_waits_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    with held(tmp_path / "lock", b"1 check"):
        refused(tmp_path / "lock", wait=1)
    assert (slept[0], slept[-1]) == (locks.FIRST_POLL, locks.LAST_POLL) == (0.0002, 0.02)
    assert slept == sorted(slept)
    assert len(set(slept)) > 3, "by a share of what was waited"
    assert 1 <= sum(slept) < 1 + locks.LAST_POLL


def test_those_who_share_a_lock_hold_it_together(tmp_path: Path) -> None:
    """And nobody alone meanwhile."""
    lock = tmp_path / "lock"
    with locks.hold(lock, "the site", shared=True), locks.hold(lock, "the site", shared=True):
        assert refused(lock).id == "held-by-another"
    with held(lock, b"1 backup"), pytest.raises(Conflict) as refusal, locks.hold(lock, "the site", shared=True):
        pass
    assert refusal.value.values["process"] == "1"


def test_no_holder_is_named_that_is_not_there(tmp_path: Path) -> None:
    """Of several, the last to come may have left first."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    with held(tmp_path / "lock", f"{ended.pid} backup".encode()):
        assert str(refused(tmp_path / "lock").values["process"]) == "unknown"


def test_a_lock_that_everybody_has_left_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "var" / "locks" / "recording"
    locks.wait_until_free(lock, "the site", 0)
    for shared in (True, False):
        with locks.hold(lock, "the site", shared=shared), pytest.raises(Conflict):
            locks.wait_until_free(lock, "the site", 0.01)
    locks.wait_until_free(lock, "the site", 0)


def test_what_is_no_file_of_ours_is_not_locked(tmp_path: Path) -> None:
    """A link may lead to anybody's file, and a pipe would wait for ever."""
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(OutsideFailure), locks.hold(tmp_path / "link", "PS-2026-0001"):
        pass
    assert (tmp_path / "there").read_text() == "mine"


def test_it_is_closed_also_where_the_block_fails_and_not_passed_on(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with suppress(ValueError), locks.hold(lock, "PS-2026-0001"):
        assert [os.get_inheritable(each) for each in open_here(lock)] == [False]
        raise ValueError
    assert open_here(lock) == []


def test_a_child_that_is_just_being_started_does_not_keep_it(tmp_path: Path) -> None:
    """It has copies of all descriptors until it becomes its command; this one has them for longer."""
    lock = tmp_path / "lock"
    for take in (locks.hold(lock, "PS-2026-0001"), locks.hold(lock, "PS-2026-0001", shared=True)):
        with take:
            child = subprocess.Popen(["sleep", "600"], pass_fds=open_here(lock))
        try:
            with locks.hold(lock, "PS-2026-0001"):
                assert child.poll() is None
        finally:
            child.kill()
            child.wait()


def test_what_cannot_be_unlocked_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, really = tmp_path / "lock", fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        if how == fcntl.LOCK_UN:
            raise OSError(errno.EIO, "Input/output error")
        really(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    for _ in range(2):
        with locks.hold(lock, "PS-2026-0001"):
            pass
    assert open_here(lock) == []


def test_a_child_does_not_free_what_is_held_here(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    parent = os.getpid()
    try:
        with locks.hold(lock, "PS-2026-0001"):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                assert refused(lock).values["process"] == str(parent)
    finally:
        if os.getpid() != parent:
            os._exit(0)


def test_threads_that_start_commands_do_not_hold_up_each_other(tmp_path: Path) -> None:
    """As those of the page do, and of a proof on several servers."""
    ended = threading.Event()

    def start() -> None:
        while not ended.is_set():
            subprocess.run(["true"], check=True)

    starting = threading.Thread(target=start)
    starting.start()
    try:
        for _ in range(20_000):
            with locks.hold(tmp_path / "lock", "PS-2026-0001"):
                pass
    finally:
        ended.set()
        starting.join(PATIENCE)
