"""Can a server be reached? Targets, the ladder's rungs, causes of failure, and the verdict.

The ladder follows the order in which a client meets a server: RFC 4253 (transport), RFC 4252 (login),
RFC 4254 (session). A check stops at the first rung that fails; that rung and its cause are the answer.
"""

from enum import StrEnum

from msgspec import Struct


class Rung(StrEnum):
    """The steps of an access check, in order."""

    NAME = "name"
    TCP = "tcp"
    BANNER = "banner"
    KEX = "kex"
    HOST_KEY = "host-key"
    LOGIN = "login"
    COMMAND = "command"
    SERVICE = "service"


class Cause(StrEnum):
    """Why a rung failed; stable codes for scripts. `REMEDIES` has the sentence for people."""

    NO_SUCH_NAME = "no-such-name"
    RESOLVER_DOWN = "resolver-down"
    REFUSED = "refused"
    FILTERED = "filtered"
    NO_ROUTE = "no-route"
    THROTTLED = "throttled"
    CLOSED = "closed"
    SILENT = "silent"
    NOT_SSH = "not-ssh"
    NO_COMMON_ALGORITHM = "no-common-algorithm"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    DENIED = "denied"
    ACCOUNT_EXPIRED = "account-expired"
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 (a cause, not a password)
    SHELL_BROKEN = "shell-broken"
    COMMAND_FAILED = "command-failed"
    PORT_CLOSED = "port-closed"
    TIMEOUT = "timeout"


class HostKey(Struct, frozen=True):
    """A server's public host key: `type` as in RFC 4253, `key` base64, `sha256` as ssh-keygen -lf shows it."""

    type: str
    key: str
    sha256: str


class Target(Struct, frozen=True):
    """What to check: where, as whom, and what must be found there.

    `expect_key` is the pinned host key or its fingerprint ("SHA256:…"); without one, the check ends with
    `host-key-unknown` before any credential is sent. Without a `user` it ends after the host key, and
    an absent pin is then no failure: the key found is the answer.
    `services` are TCP ports that must accept a connection from here.
    """

    host: str
    port: int = 22
    user: str | None = None
    expect_key: str | None = None
    command: str = "true"
    services: tuple[int, ...] = ()
    timeout: float = 20.0
    """Seconds for the whole check, all rungs together."""


class RungResult(Struct, frozen=True):
    """One rung: passed or not, how long it took (seconds), and what was seen, safe to print."""

    rung: Rung
    ok: bool
    seconds: float
    detail: str = ""


class Verdict(StrEnum):
    ACCESSIBLE = "accessible"
    INACCESSIBLE = "inaccessible"


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
