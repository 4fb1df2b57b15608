"""The second factor of an account: its owner enrols it, each login asks for it, codes on paper replace it once."""

import secrets
from datetime import datetime

from msgspec import Struct

from sopctl.adapters import codes
from sopctl.errors import NotNow, UsageError
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Factors, Pending
from sopctl.store.site import Site
from sopctl.workflow import accounts

RECOVERY_CODES = 10
FAILURES_OF_CODE = 10
"""How often a code may be wrong in a quarter of an hour, from wherever: whoever gets that far knows the password."""


class Proposal(Struct, frozen=True):
    """A secret for an app, and its address (otpauth://) for a QR code."""

    secret: str
    address: str


def kept(site: Site) -> Factors:
    """The second factors of a site."""
    return Factors(Database(site))


def proposal(site: Site, account: str) -> Proposal:
    """The secret that is proposed to an account, the same until it counts. Raises NotNow where one counts."""
    found = kept(site).find(account)
    if found is None:
        kept(site).propose(account, codes.new_secret())
        found = kept(site).find(account)
    if found is None or found[1] is not None:
        raise _there()
    return Proposal(found[0], codes.address(found[0], account, f"sopctl {site.settings.office.unit}"))


def confirm(site: Site, account: str, code: str, address: str, now: datetime) -> list[str]:
    """Let the proposed secret count, since a code of it was shown. Returns the recovery codes, which are shown once;
    every session of the account ends. Raises NotNow for a wrong code, and where one counts."""
    found = kept(site).find(account)
    if found is None or found[1] is not None:
        raise _there()
    _refuse_guessing(site, account, address, now)
    if not _good(site, account, code, now):
        raise _wrong(site, account, address, now)
    made = ["-".join(_word() for _ in range(4)) for _ in range(RECOVERY_CODES)]
    if not kept(site).confirm(account, now.timestamp(), map(_folded, made)):
        raise _there()
    return made


def waits(site: Site, begun: str, now: datetime) -> bool:
    """Has a login been begun by a password that waits for its code?"""
    return Pending(Database(site)).look(begun, accounts.WAITING, now.timestamp()) is not None


def complete(site: Site, begun: str, code: str, address: str, now: datetime) -> str:
    """End a login that `accounts.log_in` began, with a code of the app or a recovery code. Returns the secret of the
    session. Raises NotNow for a wrong code, for a login that was begun too long ago, and for too many failures."""
    pending = Pending(Database(site))
    name = pending.look(begun, accounts.WAITING, now.timestamp())
    account = accounts.kept(site).find(name) if name else None
    if name is None or account is None or accounts.principal(site.settings, account) is None:
        raise NotNow(
            "login-begun-too-long-ago",
            "the login was begun too long ago: log in again",
            remedy="Begin at the page's login.",
        )
    _refuse_guessing(site, name, address, now)
    if not _good(site, name, code, now) and not kept(site).recover(name, _folded(code)):
        raise _wrong(site, name, address, now)
    if pending.take(begun, accounts.WAITING, now.timestamp()) is None:
        raise NotNow(
            "login-begun-too-long-ago",
            "the login was begun too long ago: log in again",
            remedy="Begin at the page's login.",
        )
    return accounts.begin(site, name, address, now)


def remove(site: Site, account: str, code: str, address: str, now: datetime) -> None:
    """Do without a second factor, since a code of it was shown. Raises NotNow for a wrong code."""
    _refuse_guessing(site, account, address, now)
    if not _good(site, account, code, now) and not kept(site).recover(account, _folded(code)):
        raise _wrong(site, account, address, now)
    kept(site).forget(account)


def forget(site: Site, account: str) -> None:
    """Let somebody who has lost both device and recovery codes log in with the password alone, and enrol again. Raises
    UsageError for an account without a second factor."""
    if not kept(site).forget(account):
        raise UsageError(
            "no-second-factor",
            "the account {name!r} has no second factor",
            remedy="There is nothing to remove: the account logs in with its password alone.",
            name=account,
        )


def _good(site: Site, account: str, code: str, now: datetime) -> bool:
    """Is this a code of the app that nobody has used yet?"""
    found, digits = kept(site).find(account), _folded(code)
    if found is None or len(digits) != 6 or not digits.isascii() or not digits.isdecimal():
        return False
    step = codes.step(found[0], digits, now)
    return step is not None and kept(site).use(account, step)


def _refuse_guessing(site: Site, account: str, address: str, now: datetime) -> None:
    book, at = accounts.sessions(site), now.timestamp()
    if book.failures_anywhere(_counted(account), at) >= FAILURES_OF_CODE:
        book.refused(at, account, address, "too-many-failures", "")
        raise NotNow("too-many-failures", "too many logins failed here", remedy="Wait a quarter of an hour.")


def _wrong(site: Site, account: str, address: str, now: datetime) -> NotNow:
    book, at = accounts.sessions(site), now.timestamp()
    book.failed(_counted(account), address, at)
    book.refused(at, account, address, "code-refused", "")
    return NotNow(
        "code-refused",
        "the code is not right, or was used already",
        remedy=(
            "Wait for the next code and enter it; the device's clock must be right. Without the device, "
            "log in with a recovery code."
        ),
    )


def _counted(account: str) -> str:
    """Under which name wrong codes are counted: no account is called so."""
    return f"{account} (code)"


def _there() -> NotNow:
    return NotNow(
        "second-factor-there",
        "there is a second factor already, or none was proposed",
        remedy=(
            "If one counts already, remove it first, with a code of it. Otherwise open the page of your account again."
        ),
    )


def _word() -> str:
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4))


def _folded(code: str) -> str:
    """A code as it is compared, however it was typed."""
    return code[:64].replace("-", "").replace(" ", "").lower()
