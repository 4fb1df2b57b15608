"""Can a server be reached? What a check found, rung by rung. (What to reach: target.py. Why not: causes.py.)

A check stops at the first rung that fails; that rung and its cause are the answer.
"""

from enum import StrEnum

from msgspec import Struct

from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.access.causes import Cause
from sopctl.model.access.rung import Rung as Rung  # noqa: PLC0414 (a result is read with its rungs)
from sopctl.model.access.target import HostKey, ServiceKind
from sopctl.model.text import printable


class RungResult(Struct, frozen=True):
    """One rung: passed or not, how long it took (seconds), and what was seen, safe to print."""

    rung: Rung
    ok: bool
    seconds: float
    detail: str = ""


class ServiceResult(Struct, frozen=True):
    """What was found at one service: `detail` is safe to print; `expires` is its certificate's end (ISO 8601, UTC)."""

    port: int
    kind: ServiceKind
    cause: Cause | None = None
    detail: str = ""
    expires: str | None = None
    status: int | None = None
    """The status of its HTTP response."""


class Verdict(StrEnum):
    ACCESSIBLE = gettext_noop("accessible")
    INACCESSIBLE = gettext_noop("inaccessible")


class JumpHost(Struct, frozen=True):
    """The jump host from which a check was made; `expect_key` is its pinned host key, as `target.pin` reads it."""

    host: str
    port: int = 22
    user: str = ""
    expect_key: str | None = None


class AccessResult(Struct, frozen=True):
    """The answer of one check. `rung` is the last one reached; `cause` and `detail` say why it failed."""

    host: str
    port: int
    verdict: Verdict
    rung: Rung
    cause: Cause | None
    detail: str
    seconds: float
    rungs: tuple[RungResult, ...]
    user: str | None = None
    host_key: HostKey | None = None
    banner: str = ""
    algorithms: dict[str, str] = {}
    services: tuple[ServiceResult, ...] = ()
    jump: JumpHost | None = None
    at: int = 0
    """When it was seen, where it was seen: whole seconds since 1970 (UTC), however late the answer arrives."""

    @property
    def accessible(self) -> bool:
        return self.verdict is Verdict.ACCESSIBLE


def nothing_tried(host: str) -> AccessResult:
    """The answer where nothing at the host can be tried."""
    return AccessResult(host, 0, Verdict.ACCESSIBLE, Rung.NAME, None, "", 0.0, ())


def remedy(result: AccessResult) -> Prose:
    """What to do about `result`, in one sentence; empty when there is nothing to do."""
    if result.cause is None:
        return ""
    if result.rung is Rung.JUMP and result.jump:
        helps = result.cause.remedy(port=result.jump.port, user=printable(result.jump.user, 64))
        return Text("at the jump host {host}: {helps}", host=result.jump.host, helps=helps)
    user = printable(result.user, 64) if result.user else Text("the user")
    return result.cause.remedy(port=result.port, user=user, rung=result.rung)
