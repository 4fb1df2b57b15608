"""How tests wait: none fails because the machine is busy."""

import time
from collections.abc import Callable

PATIENCE = 120.0
"""How long to wait for what must come: only a fault exhausts it."""

LATE = 20.0
"""How much later than its own deadline something may end. What would come without that deadline takes longer still."""


def eventually(true: Callable[[], object], what: str) -> None:
    """Wait until `true()` is so; fail with these words if it never is."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)
