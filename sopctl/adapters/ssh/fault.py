"""The exception of a failed rung. It never leaves this adapter."""

from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Rung


class Fault(Exception):
    """A rung failed for `cause`; `detail` is a sentence that is safe to print.

    `rung` is the rung at fault where it is not the current one: a jump host looks the name up only when it connects.
    """

    def __init__(self, cause: Cause, detail: str, rung: Rung | None = None) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.rung = rung
