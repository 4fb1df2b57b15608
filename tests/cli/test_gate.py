"""What the system refuses, and no adapter has worded closer, is one sentence: never raw, and never called a bug."""

import errno
import os
from pathlib import Path

import click
import pytest

from sopctl.cli import main

REFUSED = [
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/etc/a"), "/etc/a: cannot use it: Permission denied"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), b"/etc/a"), "/etc/a: cannot use it: No space left on device"),
    (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), Path("a")), "a: cannot use it: No such file"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the system refuses what was begun: Connection"),
    (TimeoutError(), "the system refuses what was begun: TimeoutError"),
    (OSError("of a library"), "the system refuses what was begun: of a library"),
    (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "the system refuses what was begun: Resource"),
]


@pytest.mark.parametrize(("error", "words"), REFUSED, ids=lambda value: type(value).__name__)
def test_it_passes_one_gate(
    error: OSError, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", fails)
    monkeypatch.setattr("sys.argv", ["sopctl", "list"])
    assert main._run() == 6
    said = capsys.readouterr().err
    assert words in said
    assert "Errno" not in said
    assert "error in sopctl itself" not in said


def test_what_could_not_be_printed_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = open("/dev/full", "w", buffering=1)  # noqa: SIM115 (the command leaves it open)
    monkeypatch.setattr(main.cli, "main", lambda **_: click.echo("x", file=full))
    monkeypatch.setattr("sys.argv", ["sopctl", "list"])
    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr("sopctl.cli.options.opened", [])
    assert main._run() == 6
    assert "the result cannot be written to standard output: No space left" in capsys.readouterr().err
