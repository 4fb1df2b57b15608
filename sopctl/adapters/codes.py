"""Codes of six digits that change every half minute (TOTP, RFC 6238), as authenticator apps show them; by pyotp."""

from datetime import datetime
from typing import TYPE_CHECKING

from sopctl.errors import missing_extra

if TYPE_CHECKING:
    from pyotp import TOTP

STEP_SECONDS = 30
DRIFT = 1
"""How many steps a device's clock may be off, either way (RFC 6238, 5.2)."""


def new_secret() -> str:
    """A secret for an app: 160 random bits, in base32."""
    from pyotp import random_base32

    return str(random_base32(32))


def step(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, near `at`; None for a wrong one."""
    made, now = _codes(secret), int(at.timestamp()) // STEP_SECONDS
    found = None
    for each in range(now - DRIFT, now + DRIFT + 1):
        if made.verify(code, for_time=each * STEP_SECONDS):
            found = each
    return found


def address(secret: str, account: str, issuer: str) -> str:
    """The otpauth:// address that an app reads from a QR code."""
    return str(_codes(secret).provisioning_uri(name=account, issuer_name=issuer))


def _codes(secret: str) -> "TOTP":
    try:
        from pyotp import TOTP
    except ImportError:
        raise missing_extra("page") from None
    return TOTP(secret)
