"""A line that is appended and confirmed by itself, where the journal confirms several together."""

from pathlib import Path

from sopctl.store.durable import Appender, disk_errors


def append_line(path: Path, line: bytes, *, over: int = 0) -> None:
    """Append `line` and a newline durably, over the last `over` bytes. Raises OutsideFailure; the file is then as it
    was."""
    with disk_errors(path), Appender(path) as appender:
        appender.add(line, over=over)
        try:
            appender.confirm()
        except OSError:
            appender.take_back()
            raise
