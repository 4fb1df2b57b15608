"""The log of a session, with secrets redacted."""

import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sopctl.errors import OutsideFailure, in_words
from sopctl.locale import Text

MAX_LINE = 65_536
"""Bytes of a line that are kept; the rest of a longer one is left out."""
_LONGEST_SECRET = 2048
"""Bytes."""


class Redacted(io.BufferedIOBase):
    """A session log's file. It is written a whole line at a time, so that no secret slips through in two halves."""

    _LINE = re.compile(
        rb"(?i)\b(password|secret|community|passphrase|pre-shared-key|psk|key-string|private-key)([ \t=:]*+)[^ \t=:].*"
    )

    def __init__(self, file: io.BufferedWriter, words: Sequence[str]) -> None:
        self._file = file
        self._words = [word.encode() for word in words if word]
        self._rest = b""
        """The beginning of a line whose end has not come yet."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        first, *others = bytes(data).split(b"\n")
        self._rest = (self._rest + first)[: MAX_LINE + 1]
        for line in others:
            self._put(self._rest, b"\n")
            self._rest = line[: MAX_LINE + 1]
        return len(data)

    def end(self) -> None:
        """Write what is left and close the file."""
        self._put(self._rest, b"")
        self._file.close()

    def _put(self, line: bytes, end: bytes) -> None:
        if len(line) > MAX_LINE:
            end = b" ..." + end
        kept = line
        for word in self._words:
            kept = kept.replace(word, b"********")
        if len(line) > MAX_LINE:  # a secret may have been cut in two at its end
            kept = kept[:-_LONGEST_SECRET]
        self._file.write(self._LINE.sub(rb"\1\2********", kept) + end)


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
            remedy="Name a file in a folder that exists and is yours; a symbolic link is not followed.",
            where=str(path),
            reason=in_words(error),
        ) from None
    with os.fdopen(descriptor, "ab") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise OutsideFailure(
                "session-log-readable-by-others",
                "others may read this session log",
                where=str(path),
                remedy=Text("chmod 600 {path}", path=path),
            )
        sink = Redacted(file, words)
        try:
            yield sink
        finally:
            sink.end()
