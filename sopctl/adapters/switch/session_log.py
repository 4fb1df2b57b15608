"""The log of a session, with secrets redacted."""

import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sopctl.errors import OutsideFailure


class Redacted(io.BufferedIOBase):
    """A session log's file. It is written a whole line at a time, so that no secret slips through in two halves."""

    _LINE = re.compile(
        rb"(?i)\b(password|secret|community|passphrase|pre-shared-key|psk|key-string|private-key)(\s*[=:]?\s*)\S.*$"
    )

    def __init__(self, file: io.BufferedWriter, words: Sequence[str]) -> None:
        self._file = file
        self._words = [word.encode() for word in words if word]
        self._rest = b""
        """The beginning of a line whose end has not come yet."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            self._put(line + b"\n")
        return len(data)

    def end(self) -> None:
        """Write what is left and close the file."""
        self._put(self._rest)
        self._file.close()

    def _put(self, line: bytes) -> None:
        for word in self._words:
            line = line.replace(word, b"********")
        self._file.write(self._LINE.sub(rb"\1\2********", line))


@contextlib.contextmanager
def session_log(path: Path, words: Sequence[str]) -> Iterator[Redacted]:
    """Open the log at `path` for appending; a new file is readable by its owner only. `words` are secrets to redact.

    Raises OutsideFailure when the file cannot be written or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutsideFailure(
            "session-log-not-written",
            "the session log cannot be written: {reason}",
            where=str(path),
            reason=error.strerror,
        ) from None
    with os.fdopen(descriptor, "ab") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise OutsideFailure(
                "session-log-readable-by-others",
                "others may read this session log",
                where=str(path),
                remedy=f"chmod 600 {path}",
            )
        sink = Redacted(file, words)
        try:
            yield sink
        finally:
            sink.end()
