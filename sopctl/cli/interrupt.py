"""Ctrl-C for long work that keeps what is done: nothing that is being written is cut off in the middle."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cancel_on_interrupt() -> Iterator[threading.Event]:
    """Yields an event that Ctrl-C or SIGTERM sets; the work looks at it. A second Ctrl-C interrupts at once."""
    cancel = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(_signal: int, _frame: FrameType | None) -> None:
        cancel.set()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, ask)
    try:
        yield cancel
    finally:
        restore()
