"""How long to wait before a server is tried again, and when another try is useless.

The wait starts with the cause's own (declared with it) and doubles up to MOST_SECONDS. Up to a quarter is added at
random, so that many callers do not retry at the same moment. OpenSSH (since 9.8, sshd_config(5): PerSourcePenalties)
refuses an address for a while when its penalties, 1 s for a connection without a login and 5 s for a refused login, add
up to 15 s. So a try that sshd has seen is not repeated within 15 s, and one that it has refused is not repeated within
a minute.
"""

from sopctl.model.access.causes import Cause

MOST_SECONDS = 120.0
JITTER = 0.25


def wait(cause: Cause | str, tried: int, chance: float) -> float | None:
    """Seconds until the next try, after `tried` tries that ended with `cause`; `chance` is a random number from 0 to 1.

    None if the cause does not go away by itself.
    """
    known = Cause.of(cause)
    if known is None or known.first_wait is None:
        return None
    doubled: float = min(known.first_wait * 2.0 ** (tried - 1), MOST_SECONDS)
    return doubled * (1 + JITTER * chance)
