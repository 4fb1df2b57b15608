"""A lock that an interrupt breaks off is free at once, whichever line the interrupt hits."""

import contextlib
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from sopctl.adapters.lab import command, lock
from sopctl.errors import Conflict, OutsideFailure

HERE = {lock.__file__, contextlib.__file__}


def test_who_holds_it_is_said_and_it_is_free_afterwards(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path / "lock", what="the lab x"),
        pytest.raises(Conflict, match=r"the lab x is held by process \d+"),
        lock.held(tmp_path / "lock", what="the lab x"),
    ):
        pass
    with lock.held(tmp_path / "lock", what="the lab x"):
        pass


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_line_leaves_it_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    moment = 0
    while _interrupted_at(moment, path):
        with lock.held(path, what="the lab x"):
            assert len(command.LOCKS) == 1
        assert not command.LOCKS
        moment += 1
    assert moment > 20


def test_who_may_not_look_is_told_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lab down` of an ordinary user named a site's owner."""

    def denied(_path: str, _flags: int) -> int:
        raise PermissionError

    monkeypatch.setattr(lock, "_open", denied)
    with pytest.raises(OutsideFailure, match="only root"), lock.held(tmp_path / "lock", what="the lab x"):
        pass


def _interrupted_at(moment: int, path: Path) -> bool:
    """Take the lock with an interrupt at the `moment`th line of its code; False when it has fewer lines."""
    left = moment

    def at_line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if event in ("line", "return"):
            if left == 0:
                sys.settrace(None)
                left -= 1
                raise KeyboardInterrupt
            left -= 1
        return at_line

    def at_call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return at_line if frame.f_code.co_filename in HERE else None

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        with lock.held(path, what="the lab x"):
            pass
    except KeyboardInterrupt as error:
        traceback.clear_frames(error.__traceback__)
        return True
    finally:
        sys.settrace(before)
    return False
