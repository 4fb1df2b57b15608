"""How a rung says that it failed: one exception, which never leaves this adapter."""

from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Rung


class Fault(Exception):
    """A rung failed for `cause`; `detail` is a sentence that is safe to print.

    `rung` says which one it was, when that only shows on a later one: a jump host looks up the name as it connects.
    """

    def __init__(self, cause: Cause, detail: str, rung: Rung | None = None) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.rung = rung
