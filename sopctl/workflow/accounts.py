"""Accounts of the page: who is invited, who logs in, and as whom they then act.

An account is a person's or a unit's of sopctl.yml, or an auditor's who only reads. What it may do follows from that
file each time: whoever is taken out of it may do nothing from then on.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sopctl.adapters import passwords
from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import gettext_noop
from sopctl.model.principal import AccountKind, Principal
from sopctl.model.unit import identity
from sopctl.store.dossiers import Dossier
from sopctl.store.page.accounts import Account, Accounts
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Factors, Pending
from sopctl.store.page.once import Once
from sopctl.store.page.sessions import Sessions
from sopctl.store.settings import Settings
from sopctl.store.site import Site

INVITATION = timedelta(days=7)
LINK = timedelta(days=30)
SHORTEST, LONGEST = 12, 200
"""Characters of a password: NIST SP 800-63B asks for length, and for nothing else."""
FAILURES_OF_ACCOUNT = 5
FAILURES_OF_ADDRESS = 30
"""How often a login may fail within a quarter of an hour: for one account from one address, and from one address.
Nobody can lock an account out from elsewhere."""


WAITING, WAITING_SECONDS = "code", 300
"""What a login is called that waits for the second factor, and how long it waits."""


@dataclass(frozen=True)
class Entered:
    """The secret for the cookie of who has given a password; is it worth nothing before the second factor?"""

    secret: str
    waits_for_code: bool = False


@dataclass(frozen=True)
class Invitation:
    """A link's secret word, shown once, and until when it opens the account."""

    account: str
    kind: AccountKind
    secret: str
    until: datetime


def kept(site: Site) -> Accounts:
    """The accounts of a site."""
    return Accounts(Database(site))


def sessions(site: Site) -> Sessions:
    """The sessions of a site."""
    return Sessions(Database(site))


def invite(site: Site, name: str, now: datetime, kind: AccountKind | None = None) -> Invitation:
    """Open an account for a person or a unit of sopctl.yml, or an auditor (`kind`), or let its password be set again.
    The password from before holds until then.

    Raises UsageError for a name that sopctl.yml does not have, or has as both.
    """
    settings = site.settings
    kinds: list[AccountKind] = []
    if name in settings.people:
        kinds.append("person")
    if name in settings.units:
        kinds.append("unit")
    if kind is None and len(kinds) > 1:
        raise UsageError(
            "account-of-two-kinds",
            "{name!r} is both a person and a unit in sopctl.yml",
            remedy="Say which: --as person, or --as unit.",
            name=name,
        )
    wanted = kind or (kinds[0] if kinds else None)
    if wanted is None or (wanted != "auditor" and wanted not in kinds):
        raise UsageError(
            "no-one-to-invite",
            "sopctl.yml has no {name!r} among its people and units",
            remedy="Add them there first; or invite someone who only reads, with --as auditor.",
            name=name,
        )
    until = now + INVITATION
    secret = secrets.token_urlsafe(32)
    kept(site).invite(name, wanted, secret, until.timestamp())
    return Invitation(name, wanted, secret, until)


def accept(site: Site, secret: str, password: str, now: datetime) -> Account:
    """Set the password of whoever holds an invitation, once. Raises UsageError for a password that is too short, NotNow
    for a link that is used up or too old."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            "password-length",
            "a password has {least} to {most} characters",
            remedy="Nothing was set. Choose another one.",
            least=SHORTEST,
            most=LONGEST,
        )
    account = kept(site).invited(secret, now.timestamp())
    found = account and kept(site).accept(secret, passwords.hashed(password), now.timestamp())
    if found is None:
        raise link_spent()
    return found


def link_spent() -> NotNow:
    """The error for a link that opens nothing (any more)."""
    return NotNow("link-spent", "this link was used already, or is too old", remedy="Ask the office for a new one.")


def link(site: Site, deposit_id: str, now: datetime) -> str:
    """The address of a link by which the deposit's contact person answers, once, without an account; empty where the
    site has no page."""
    if site.settings.page is None:
        return ""
    secret = secrets.token_urlsafe(32)
    Once(Database(site)).link(secret, deposit_id, (now + LINK).timestamp())
    return f"{site.settings.page.url}/tautan/{secret}"


def contact(site: Site, dossier: Dossier) -> Principal:
    """As whom the holder of a deposit's link acts: the unit that it is of."""
    return Principal("page:link", "unit", unit=identity(site.settings.units, dossier.deposit.unit))


def log_in(site: Site, name: str, password: str, address: str, now: datetime) -> Entered:
    """Begin a session, or the half of one. Raises NotNow: one answer for a wrong password, an unknown account, and one
    that sopctl.yml no longer knows; another one for too many failures."""
    book, at = sessions(site), now.timestamp()
    of_account, of_address = book.failures(name, address, at)
    if of_account >= FAILURES_OF_ACCOUNT or of_address >= FAILURES_OF_ADDRESS:
        book.refused(at, name, address, "too-many-failures", "")
        raise NotNow("too-many-failures", "too many logins failed here", remedy="Wait a quarter of an hour.")
    account = kept(site).find(name)
    good = passwords.matches(account.password if account else "", password[: LONGEST + 1])
    if account is None or not good or principal(site.settings, account) is None:
        book.failed(name[:100], address, at)
        book.refused(at, name, address, "login-refused", "")
        raise NotNow(
            "login-refused",
            "the name or the password is not right",
            remedy=(
                "Check both: capitals, and the keyboard's layout. Whoever runs the page can invite you "
                "again, to set a new password."
            ),
        )
    if Factors(Database(site)).counts(name):
        secret = secrets.token_urlsafe(32)
        Pending(Database(site)).keep(secret, WAITING, name, at, at + WAITING_SECONDS)
        return Entered(secret, waits_for_code=True)
    return Entered(begin(site, name, address, now))


def begin(site: Site, name: str, address: str, now: datetime) -> str:
    """Begin a session of someone who has proved who they are. Returns its secret, for the cookie."""
    book = sessions(site)
    book.succeeded(name, address)
    secret = secrets.token_urlsafe(32)
    book.begin(secret, name, now.timestamp())
    return secret


def who(site: Site, secret: str, now: datetime) -> tuple[Account, Principal] | None:
    """Who holds a session, as sopctl.yml has them now; None for nobody."""
    name = sessions(site).account(secret, now.timestamp()) if secret else None
    account = kept(site).find(name) if name else None
    found = principal(site.settings, account) if account else None
    return (account, found) if account and found else None


def revoke(site: Site, name: str) -> None:
    """Close an account. Raises UsageError when there is none."""
    if not kept(site).revoke(name):
        raise UsageError("no-such-account", "there is no account {name!r}", remedy=Action("account list"), name=name)


Standing = Literal["open", "invited", "unknown"]
KINDS = (gettext_noop("person"), gettext_noop("unit"), gettext_noop("auditor"))
"""Whose an account may be, for who words it."""


def standing(settings: Settings, account: Account) -> Standing:
    """Whether an account can be used now: it has a password, was only invited, or sopctl.yml no longer lists whose it
    is."""
    if principal(settings, account) is None:
        return "unknown"
    return "open" if account.password else "invited"


def principal(settings: Settings, account: Account) -> Principal | None:
    """As whom an account acts: with the rights that sopctl.yml gives now, or None where it knows them no more."""
    login = f"page:{account.name}"
    listed = settings.clerks != "everyone" and login in settings.clerks
    match account.kind:
        case "person":
            mine = settings.people.get(account.name)
            if mine is None:
                return None
            also = (key for key, each in settings.people.items() if mine.login and each.login == mine.login)
            return Principal(login, "person", tuple(dict.fromkeys((account.name, *also))), clerk=listed)
        case "unit":
            return Principal(login, "unit", unit=account.name) if account.name in settings.units else None
        case "auditor":
            return Principal(login, "reader")
