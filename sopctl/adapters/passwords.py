"""Passwords, hashed by argon2id (RFC 9106, its second recommended option): a hash costs 64 MiB and some 50 ms."""

import threading
from typing import TYPE_CHECKING

from sopctl.errors import missing_extra

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_AT_ONCE = threading.BoundedSemaphore(2)
"""More hashes at once would only take memory: an attacker chooses how many logins come in."""


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return str(_hasher().hash(password))


def matches(kept: str, password: str) -> bool:
    """Is this the password? It takes as long where nothing is kept (`kept` is empty): the time tells nobody which
    accounts there are."""
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = _hasher()
    with _AT_ONCE:
        try:
            if not kept:
                hasher.hash(password)
                return False
            return bool(hasher.verify(kept, password))
        except (VerificationError, InvalidHashError):
            return False


def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise missing_extra("page") from None
    return PasswordHasher()
