"""One deadline over a whole check, and the wish to stop it earlier."""

import threading
import time

from sopctl.errors import Interrupted

TICK = 0.1
"""Seconds between two looks at a cancellation: how late, at most, a wait notices it."""


class Deadline:
    """Ends after `seconds`, or when `cancel` is set."""

    def __init__(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.started = time.monotonic()
        self._end = self.started + seconds
        self._cancel = cancel

    def left(self) -> float:
        """Seconds until the end, never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left() == 0.0

    @property
    def cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()

    def postpone(self, seconds: float) -> None:
        """Put it all off: `seconds` in which we let the host wait do not count."""
        self.started += seconds
        self._end += seconds

    def tick(self) -> float:
        """How long the next wait may last; 0 once the time is up. Raises Interrupted when cancelled."""
        if self.cancelled:
            raise Interrupted("stopped", "stopped")
        return min(TICK, self.left())
