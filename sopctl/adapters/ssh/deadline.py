"""One deadline for a whole check, which can also be cancelled."""

import threading
import time

from sopctl.errors import stopped

TICK = 0.1
"""Seconds after which a waiting thread looks whether it was cancelled."""


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
        return time.monotonic() >= self._end

    @property
    def cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()

    def postpone(self, seconds: float) -> None:
        """Move the whole check by `seconds`, for which we kept the host waiting."""
        self.started += seconds
        self._end += seconds

    def extend(self, seconds: float) -> None:
        """Allow the check `seconds` more, for what follows the login."""
        self._end += seconds

    def tick(self) -> float:
        """How long the next wait may last; 0 once the time is up. Raises Interrupted when cancelled."""
        if self.cancelled:
            raise stopped()
        return min(TICK, self.left())
