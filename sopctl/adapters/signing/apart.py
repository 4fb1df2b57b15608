"""Examining strangers' PDFs in a process of its own, bounded in memory and time.

The process is this module run as a program: it reads one question after the other from its standard input, and answers
each. It ends at the end of its input, so that none outlives its parent. A file that kills it, or takes too long, is one
that cannot be read; the next file has a new process.
"""

import os
import resource
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Timer
from types import TracebackType
from typing import IO, BinaryIO, Self

import msgspec
from msgspec import Struct

import sopctl
from sopctl.errors import OutsideFailure, missing_extra
from sopctl.model.signing.signatures import Examined, Trust

SECONDS = 60.0
"""How long one file may take; those of an office take a tenth of a second."""
MEMORY = 1 << 30
"""Bytes of address space of the process."""

COMMAND: tuple[str, ...] = ("-m", __name__)
"""What the process runs."""


class Question(Struct, frozen=True, array_like=True):
    """What to look at: a PDF, whom to believe, what time it is, and the paper that was issued."""

    content: bytes
    trust: Trust
    now: datetime
    issued: bytes | None = None


class Reply(Struct, frozen=True):
    """What was found; nothing where the extra is not installed."""

    examined: Examined | None = None


class Examiner:
    """Examines files one by one. It starts its process at the first."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds, self._memory = seconds, memory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def examine(self, content: bytes, trust: Trust, now: datetime, issued: bytes | None = None) -> Examined:
        """As `examining.examine`. Raises OutsideFailure where the extra is missing."""
        process = self._process or self._started()
        late = Event()
        watch = Timer(self._seconds, _end_late, (process, late))
        watch.daemon = True
        watch.start()
        try:
            _write(process.stdin, msgspec.msgpack.encode(Question(content, trust, now, issued)))
            found = msgspec.msgpack.decode(_read(process.stdout), type=Reply)
        except (OSError, EOFError, msgspec.MsgspecError):
            self._end()
            return Examined(problem="it takes too long" if late.is_set() else "whatever reads it ends")
        finally:
            watch.cancel()
        if found.examined is None:
            raise missing_extra("sign")
        return found.examined

    def _started(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            [sys.executable, "-P", *COMMAND, str(self._memory)],  # -P: nothing is imported from the current folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a library says of a stranger's file is the stranger's
            env={**os.environ, "PYTHONPATH": str(Path(sopctl.__file__).parents[1])},
            start_new_session=True,  # Ctrl-C is handled by this process
        )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            with suppress(OSError):
                process.communicate()


def _end_late(process: "subprocess.Popen[bytes]", late: Event) -> None:
    late.set()
    process.kill()


def _write(sink: IO[bytes] | None, content: bytes) -> None:
    if sink is None:
        raise EOFError
    sink.write(len(content).to_bytes(8, "big") + content)
    sink.flush()


def _read(source: IO[bytes] | None) -> bytes:
    """One message. Raises EOFError at the end of the input."""
    head = source.read(8) if source else b""
    content = source.read(int.from_bytes(head, "big")) if source and len(head) == 8 else b""
    if len(head) < 8 or len(content) < int.from_bytes(head, "big"):
        raise EOFError
    return content


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every question in `source`, until it ends."""
    from sopctl.adapters.signing.examining import examine

    with suppress(EOFError):
        while True:
            asked = msgspec.msgpack.decode(_read(source), type=Question)
            try:
                reply = Reply(examine(asked.content, asked.trust, asked.now, asked.issued))
            except OutsideFailure:
                reply = Reply()
            _write(sink, msgspec.msgpack.encode(reply))


def main() -> None:
    """Serve this process's input within bounds; its one argument is the bytes of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
