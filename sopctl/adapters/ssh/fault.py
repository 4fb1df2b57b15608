"""How a rung says that it failed: one exception, which never leaves this adapter."""

from sopctl.model.access import Cause


class Fault(Exception):
    """A rung failed for `cause`; `detail` is a sentence that is safe to print."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
