"""The supervisor alone: exit codes, output, and processes that try to get away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sopctl.adapters.ansible import supervisor
from tests.patience import LATE, PATIENCE
from tests.processes import alive

AWAY = """
import os, time
read, write = os.pipe()
if os.fork():
    os.read(read, 1)
    os._exit(7)
os.setsid()
if os.fork():
    os._exit(0)
"""
"""A process that puts itself into the background as a daemon does."""


def start(folder: Path, *command: str, parent: int | None = None) -> subprocess.Popen[bytes]:
    words = [
        sys.executable,
        "-I",
        supervisor.__file__,
        str(folder / "pid"),
        str(folder / "out"),
        str(folder / "sockets"),
    ]
    (folder / "sockets").mkdir()
    (folder / "sockets/master").touch()
    return subprocess.Popen([*words, str(parent or os.getpid()), *command])


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 4", 4), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_it_ends_as_the_command_does(tmp_path: Path, script: str, code: int) -> None:
    assert start(tmp_path, "sh", "-c", script).wait(PATIENCE) == code
    assert not (tmp_path / "sockets").exists()


def test_output_is_kept_privately_and_input_is_empty(tmp_path: Path) -> None:
    assert start(tmp_path, "sh", "-c", "cat; echo out; echo err >&2").wait(PATIENCE) == 0
    assert (tmp_path / "out").read_text() == "out\nerr\n"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_a_missing_program_is_127(tmp_path: Path) -> None:
    assert start(tmp_path, "/no/such/program").wait(PATIENCE) == 127
    assert "No such file" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("ignores", ["", "import signal; signal.signal(15, signal.SIG_IGN)\n"])
def test_a_daemon_does_not_get_away(tmp_path: Path, ignores: str) -> None:
    body = f"{AWAY}{ignores}print(os.getpid(), flush=True)\nos.write(write, b'x')\ntime.sleep(600)"
    began = time.monotonic()
    assert start(tmp_path, sys.executable, "-c", body).wait(PATIENCE) == 7
    assert not alive(int((tmp_path / "out").read_text()))
    assert time.monotonic() - began < LATE


def test_a_command_that_ignores_being_asked_is_ended(tmp_path: Path) -> None:
    body = "import os,signal,time\nsignal.signal(15, signal.SIG_IGN)\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    supervised = start(tmp_path, sys.executable, "-c", body)
    deadline = time.monotonic() + PATIENCE
    while not ((tmp_path / "out").exists() and (tmp_path / "out").read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    supervised.send_signal(signal.SIGINT)
    assert supervised.wait(supervisor.GRACE + 10) == 137
    assert not alive(int((tmp_path / "out").read_text()))


def test_it_does_not_begin_for_a_dead_caller(tmp_path: Path) -> None:
    assert start(tmp_path, "touch", str(tmp_path / "ran"), parent=1 if os.getpid() != 1 else 2).wait(PATIENCE) == 143
    assert not (tmp_path / "ran").exists()


def test_no_process_of_it_takes_the_machines_memory(tmp_path: Path) -> None:
    """As a worker of Ansible's would that reads an answer without end."""
    hungry = f"x = bytearray({supervisor.MEMORY})"
    ran = start(tmp_path, sys.executable, "-c", hungry)
    assert ran.wait(timeout=60) == 1
    assert "MemoryError" in (tmp_path / "out").read_text()
