"""Many forms at once: typesetting in processes of its own.

typst keeps one core busy however many threads ask it, and a run over a hundred servers may get their answers in one
second. A worker is this module as a program: it reads forms, one a line of JSON, from its standard input and answers
each with a line of JSON and the PDF. It ends with its input, so that none outlives who started it.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
from msgspec import Struct

import sopctl
from sopctl.adapters.documents.forms import Form
from sopctl.adapters.documents.pdf import prepare, render
from sopctl.errors import ExitCode, InvalidRecord, OutsideFailure, SopctlError

MOST = 4
"""Workers, at most: each takes some 100 MiB."""


class _Head(Struct):
    """What comes before a PDF of `size` bytes; or instead of it, what is wrong."""

    size: int = 0
    id: str = ""
    wrong: str = ""
    where: str = ""
    remedy: str = ""
    invalid: bool = False


class Press:
    """Makes forms: in this process, each when it is asked for, or in `workers` that begin at once."""

    def __init__(self, workers: int = 0) -> None:
        self._workers = [_Worker() for _ in range(min(workers, MOST))]
        self._idle = list(self._workers)
        self._threads = ThreadPoolExecutor(len(self._workers), "press") if self._workers else None
        if not workers:  # what typesetting loads takes longer than a form: it is loaded while servers answer
            threading.Thread(target=prepare, name="press", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def start(self, form: Form) -> Callable[[], bytes]:
        """Begin with a form. What is returned gives the PDF when it is called, or raises what `render` raises."""
        return self._threads.submit(self._make, form).result if self._threads else partial(render, form)

    def _make(self, form: Form) -> bytes:
        worker = self._idle.pop()  # as many threads as workers: there is always one
        try:
            return worker.render(form)
        except (OSError, EOFError, ValueError):  # it died, say for want of memory
            return render(form)
        finally:
            self._idle.append(worker)


class _Worker:
    """A process that typesets. `render` raises OSError, EOFError or ValueError when it died, else what it met."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],  # -P: what lies in the folder that we are in is not imported
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(sopctl.__file__).parents[1])},
            start_new_session=True,  # Ctrl-C is for us to answer
        )

    def render(self, form: Form) -> bytes:
        source, sink = self._process.stdin, self._process.stdout
        if source is None or sink is None:
            raise EOFError
        source.write(msgspec.json.encode(form) + b"\n")
        source.flush()
        line = sink.readline()
        if not line:
            raise EOFError
        head = msgspec.json.decode(line, type=_Head)
        if head.wrong:
            kind = InvalidRecord if head.invalid else OutsideFailure
            raise kind(head.id, "{reason}", where=head.where, remedy=head.remedy, reason=head.wrong)
        content = sink.read(head.size)
        if len(content) < head.size:
            raise EOFError
        return content

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every form that is read from `source`, until it ends."""
    prepare()
    decoder = msgspec.json.Decoder(Form)
    for line in source:
        content = b""
        try:
            content = render(decoder.decode(line))
            head = _Head(size=len(content))
        except SopctlError as error:
            invalid = error.exit_code == ExitCode.INVALID
            head = _Head(id=error.id, wrong=error.message, where=error.where, remedy=error.advice, invalid=invalid)
        sink.write(msgspec.json.encode(head) + b"\n" + content)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
