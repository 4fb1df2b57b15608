"""Many forms at once: typesetting in worker processes.

typst uses one core however many threads call it, and the facts of a hundred servers may arrive within a second. A
worker is this module run as a program: it reads forms from its standard input, one per line as JSON, and answers each
with a line of JSON and the PDF. It ends at the end of its input, so that none outlives its parent. typst keeps what it
laid out for the last few forms: a worker that has grown large by that begins afresh.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec
from msgspec import Struct

import sopctl
from sopctl.adapters.documents.forms import Form
from sopctl.adapters.documents.pdf import prepare, render
from sopctl.errors import Action, ExitCode, InvalidRecord, OutsideFailure, SopctlError
from sopctl.model.as_json import from_json

MOST = 4
"""The most workers: each takes some 100 MiB, for forms of tables full of long texts more."""
LARGE = 400
"""MiB of memory with which a worker begins afresh."""


class _Problem(Struct):
    """An error of `render`, as data."""

    id: str
    template: str
    values: dict[str, Any]
    where: str
    remedy: tuple[str | Action, ...]
    invalid: bool
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: SopctlError) -> "_Problem":
        values = {name: value if isinstance(value, str | int) else str(value) for name, value in error.values.items()}
        invalid = error.exit_code == ExitCode.INVALID
        remedy = tuple(each if isinstance(each, Action) else str(each) for each in error.remedy)
        return cls(error.id, error.template, values, error.where, remedy, invalid, tuple(map(str, error.lines)))

    def as_error(self) -> SopctlError:
        kind = InvalidRecord if self.invalid else OutsideFailure
        return kind(self.id, self.template, where=self.where, remedy=self.remedy, lines=self.lines, **self.values)


class _Reply(Struct):
    """The line before a PDF of `size` bytes; or, instead of one, the `problem`."""

    size: int = 0
    problem: _Problem | None = None


class Press:
    """Makes forms: in `workers`, which start at once; without any, in this process, each form when its PDF is asked
    for."""

    def __init__(self, workers: int = 0) -> None:
        self._workers = [_Worker() for _ in range(min(workers, MOST))]
        self._idle = list(self._workers)
        self._threads = ThreadPoolExecutor(len(self._workers), "press") if self._workers else None
        if not workers:  # loading typst takes longer than a form, so it is done while the servers still answer
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
        """Start a form. Returns a function that gives its PDF, or raises what `render` raises."""
        return self._threads.submit(self._make, form).result if self._threads else partial(render, form)

    def _make(self, form: Form) -> bytes:
        worker = self._idle.pop()  # as many threads as workers: there is always one
        try:
            return worker.render(form)
        except (OSError, EOFError, ValueError):  # it died, perhaps for lack of memory
            worker.replace()
            return render(form)
        finally:
            self._idle.append(worker)


class _Worker:
    """A process that typesets. `render` raises OSError, EOFError or ValueError when the process died."""

    def __init__(self) -> None:
        self._process = _begun()

    def replace(self) -> None:
        """Take a new process for the forms to come, if the system has room for one; it is asked again at the next."""
        self.close()
        with suppress(OSError):
            self._process = _begun()

    def render(self, form: Form) -> bytes:
        source, sink = self._process.stdin, self._process.stdout
        if source is None or sink is None:
            raise EOFError
        source.write(msgspec.json.encode(form) + b"\n")
        source.flush()
        line = sink.readline()
        if not line:
            raise EOFError
        reply = from_json(line, _Reply)
        if reply.problem:
            raise reply.problem.as_error()
        content = sink.read(reply.size)
        if len(content) < reply.size:
            raise EOFError
        return content

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def _begun() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: nothing is imported from the current folder
        [sys.executable, "-P", "-m", __name__, str(LARGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(sopctl.__file__).parents[1])},
        start_new_session=True,  # Ctrl-C is handled by this process
    )


def serve(source: BinaryIO, sink: BinaryIO, large: int) -> None:
    """Answer every form in `source`, until it ends. What comes in has been answered before the next form follows, so
    that nothing is lost by beginning afresh, with more than `large` MiB."""
    prepare()
    for line in source:
        content = b""
        try:
            content = render(from_json(line, Form))  # type: ignore[arg-type]  # a union is no type to mypy
            reply = _Reply(size=len(content))
        except SopctlError as error:
            reply = _Reply(problem=_Problem.of(error))
        sink.write(msgspec.json.encode(reply) + b"\n" + content)
        sink.flush()
        if _resident() > large:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606  # as this process was started


def _resident() -> float:
    """MiB of memory that this process has now (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
    except BrokenPipeError:  # whoever wanted the form is gone; an exit by Python would write to them once more
        os._exit(1)
