"""Can a server be reached? The ladder's rungs, and the verdict. (What to reach: target.py. Why not: causes.py.)

The ladder follows the order in which a client meets a server: RFC 4253 (transport), RFC 4252 (login),
RFC 4254 (session). A check stops at the first rung that fails; that rung and its cause are the answer.
"""

from enum import StrEnum

from msgspec import Struct

from sopctl.model.access.causes import REMEDIES, SERVICE_REMEDIES, Cause
from sopctl.model.access.target import HostKey, ServiceKind
from sopctl.model.text import printable


class Rung(StrEnum):
    """The steps of an access check, in order. `jump` only with a jump host, the last three only with services."""

    JUMP = "jump"
    NAME = "name"
    TCP = "tcp"
    BANNER = "banner"
    KEX = "kex"
    HOST_KEY = "host-key"
    LOGIN = "login"
    COMMAND = "command"
    SERVICE = "service"
    TLS = "tls"
    HTTP = "http"


class RungResult(Struct, frozen=True):
    """One rung: passed or not, how long it took (seconds), and what was seen, safe to print."""

    rung: Rung
    ok: bool
    seconds: float
    detail: str = ""


class ServiceResult(Struct, frozen=True):
    """How one service was found: `detail` is safe to print; `expires` is its certificate's end (ISO 8601, UTC)."""

    port: int
    kind: ServiceKind
    cause: Cause | None = None
    detail: str = ""
    expires: str | None = None
    status: int | None = None
    """Of its HTTP answer."""


class Verdict(StrEnum):
    ACCESSIBLE = "accessible"
    INACCESSIBLE = "inaccessible"


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


def remedy(result: AccessResult) -> str:
    """What to do about `result`, in one sentence; empty when there is nothing to do."""
    if result.cause is None:
        return ""
    if result.rung is Rung.JUMP and result.jump:
        there = f"at the jump host {result.jump.host}: "
        return there + REMEDIES[result.cause].format(port=result.jump.port, user=printable(result.jump.user, 64))
    services = SERVICE_REMEDIES if result.rung in (Rung.TLS, Rung.HTTP) else {}
    sentence = services.get(result.cause, REMEDIES[result.cause])
    return sentence.format(port=result.port, user=printable(result.user, 64) if result.user else "the user")
