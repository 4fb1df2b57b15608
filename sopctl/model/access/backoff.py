"""How long to wait before a server is tried again, and for which causes trying again is of no use.

The wait doubles from the cause's first one up to MOST_SECONDS; up to a quarter is added at random, so that many callers
do not come at once. OpenSSH (since 9.8, sshd_config(5): PerSourcePenalties) refuses an address for a while when its
penalties, 1 s for a connection without a login and 5 s for a refused login, add up to 15 s. So a connection that sshd
has seen is not repeated within 15 s, and one that it has turned away not within a minute.
"""

from sopctl.model.access.causes import Cause

MOST_SECONDS = 120.0
JITTER = 0.25

FIRST_SECONDS: dict[Cause, float] = {
    Cause.RESOLVER_DOWN: 5.0,
    Cause.REFUSED: 2.0,
    Cause.FILTERED: 2.0,
    Cause.NO_ROUTE: 2.0,
    Cause.PORT_CLOSED: 15.0,
    Cause.NOT_TLS: 15.0,
    Cause.NOT_HTTP: 15.0,
    Cause.HTTP_STATUS: 15.0,
    Cause.CLOSED: 15.0,
    Cause.SILENT: 15.0,
    Cause.TIMEOUT: 15.0,
    Cause.THROTTLED: 60.0,
}
"""The causes that may pass by themselves, with the first wait. For any other, a person must act."""


def wait(cause: Cause | str, tried: int, chance: float) -> float | None:
    """Seconds until the next try, after `tried` tries that ended with `cause`; `chance` is a random number from 0 to 1.

    None when another try would end the same.
    """
    first = FIRST_SECONDS.get(Cause(cause)) if cause in list(Cause) else None
    if first is None:
        return None
    doubled: float = min(first * 2.0 ** (tried - 1), MOST_SECONDS)
    return doubled * (1 + JITTER * chance)
