"""Processes and locks: no root needed, real processes, real kills."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.adapters.lab import command, lock
from sopctl.adapters.lab.process import Process, launch, signal_if, wait_until
from sopctl.errors import Conflict, OutsideFailure
from tests.patience import PATIENCE


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def identity(pid: int) -> Process:
    return Process.parse(Path(f"/proc/{pid}/stat").read_bytes())


def test_a_name_with_blanks_and_brackets_does_not_shift_the_fields() -> None:
    stat = b"77 (a) S (1 2) R " + b" ".join(str(n).encode() for n in range(4, 53))
    assert Process.parse(stat) == Process(77, 22)


@pytest.mark.parametrize("content", [b"", b"12", b"12 (x) S 1", b"\xff" * 40, b") 1 2 3"])
def test_a_damaged_record_is_no_process(content: bytes, tmp_path: Path) -> None:
    record = tmp_path / "process"
    record.write_bytes(content)
    assert Process.read(record) is None


def test_another_process_with_the_same_pid_is_never_hit(sleeper: "subprocess.Popen[bytes]") -> None:
    it = identity(sleeper.pid)
    recycled = Process(it.pid, it.start_ticks - 1)
    assert it.alive()
    assert not recycled.alive()
    recycled.send(signal.SIGKILL)
    signal_if(it.pid, signal.SIGKILL, lambda: False)
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(0.2)
    it.send(signal.SIGTERM)
    assert sleeper.wait(PATIENCE) == -signal.SIGTERM
    it.send(signal.SIGTERM)  # gone: nothing happens


def test_a_zombie_is_not_alive(sleeper: "subprocess.Popen[bytes]") -> None:
    it = identity(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    assert wait_until(lambda: not it.alive(), PATIENCE)
    assert Path(f"/proc/{sleeper.pid}").exists(), "nobody has waited for it yet"


def test_launch_records_the_program_before_it_runs_and_keeps_the_lock_until_then(tmp_path: Path) -> None:
    record, log = tmp_path / "process", tmp_path / "log"
    with lock.held(tmp_path / "lock", what="it") as ours:
        launch(["sh", "-c", "echo here; exec sleep 60"], record=record, log=log, lock_fd=ours.fd)
        it = Process.read(record)
    assert it is not None
    try:
        assert it.alive()
        assert os.getsid(it.pid) == it.pid, "a session of its own"
        assert wait_until(lambda: log.read_text() == "here\n", PATIENCE)
        with lock.held(tmp_path / "lock", what="it"):
            pass  # the program itself does not hold it
    finally:
        it.send(signal.SIGKILL)


def test_launch_of_a_missing_program_says_so_in_the_log(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", what="it") as ours:
        launch(["/nonexistent"], record=tmp_path / "process", log=tmp_path / "log", lock_fd=ours.fd)
    assert wait_until(lambda: "nonexistent" in (tmp_path / "log").read_text(), PATIENCE)
    it = Process.read(tmp_path / "process")
    assert it is not None
    assert wait_until(lambda: not it.alive(), PATIENCE)


def test_a_held_lock_names_its_holder(tmp_path: Path) -> None:
    code = "import sys, time; from sopctl.adapters.lab import lock; from pathlib import Path\n"
    code += "with lock.held(Path(sys.argv[1]), what='it'): print('held', flush=True); time.sleep(60)"
    path = tmp_path / "folder" / "lock"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict, match=rf"it is held by process {holder.pid}"), lock.held(path, what="it"):
            pass
        holder.kill()
        holder.wait()
    with lock.held(path, what="it"):
        pass


def test_a_tool_of_a_killed_run_keeps_the_lock_until_it_ends(tmp_path: Path) -> None:
    code = "import sys; from sopctl.adapters.lab import command, lock; from pathlib import Path\n"
    code += "with lock.held(Path(sys.argv[1]), what='it'): command.run(['sh', '-c', 'echo $$ >' + sys.argv[2]"
    code += " + '; exec sleep 0.7'])"
    path, pid = tmp_path / "lock", tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", code, path, pid]) as holder:
        assert wait_until(lambda: pid.exists() and pid.read_text() != "", PATIENCE)
        tool = identity(int(pid.read_text()))
        holder.kill()
        holder.wait()
        assert tool.alive()
        with lock.held(path, what="it"):  # waits: the holder is dead, its tool is not
            assert not tool.alive()


def test_a_lock_file_that_is_removed_while_held_does_not_let_two_in(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.held(path, what="it") as ours:
        waiting = os.open(path, os.O_RDWR)
        ours.remove()
        with lock.held(path, what="it"):  # a new file: the old one no longer counts
            assert os.fstat(waiting).st_ino != path.stat().st_ino
        os.close(waiting)


def test_tools_failures_are_one_sentence_that_is_safe_to_print() -> None:
    with pytest.raises(OutsideFailure, match=r"sh failed: one; \\x1b\[31mtwo"):
        command.run(["sh", "-c", r"printf 'one\n\n\033[31mtwo\n' >&2; exit 1"])
    with pytest.raises(OutsideFailure, match="not installed") as caught:
        command.run(["no-such-tool"])
    assert caught.value.remedy == ("apt install no-such-tool",)
    with pytest.raises(OutsideFailure, match=r"within 0\.1 s"):
        command.run(["sleep", "5"], timeout=0.1)


def test_tools_get_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "canary")
    assert "canary" not in command.run(["env"])
