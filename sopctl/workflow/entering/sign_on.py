"""Logging in by the office's identity provider, for those whom sopctl.yml names (`page: oidc`).

The provider says who somebody is; which account that is, sopctl.yml says; what it may do, its people and units. An
account must have been opened (`account invite`), and one that was revoked stays closed.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from sopctl.adapters import oidc
from sopctl.adapters.oidc import Begun, Provider
from sopctl.errors import NotNow, UsageError
from sopctl.model.as_json import from_json
from sopctl.store.page import database
from sopctl.store.page.database import Database
from sopctl.store.page.factors import Pending
from sopctl.store.settings import OpenID
from sopctl.store.site import Site
from sopctl.workflow import accounts

BACK = "/masuk/penyedia/kembali"
KIND, TYPED, SECONDS = "oidc", "typed", 600
"""What a login by the provider is called while it lasts, and what was typed before it; and how long it may last."""


class _Kept(Struct, frozen=True):
    begun: Begun
    there: str


def begin(site: Site, browser: str, there: str, now: datetime) -> str:
    """Begin a login of whoever holds the secret `browser`, which then leads to `there`. Returns the provider's address.
    Raises UsageError where the site has no provider, OutsideFailure when it cannot be asked."""
    begun = oidc.begin(_provider(site))
    text = msgspec.json.encode(_Kept(begun, there)).decode()
    Pending(Database(site)).keep(browser, KIND, text, now.timestamp(), now.timestamp() + SECONDS)
    return begun.address


def finish(site: Site, browser: str, answer: Mapping[str, str], address: str, now: datetime) -> tuple[str, str]:
    """End it with what the browser brought back, once. Returns the secret of the session, and where it leads.

    Raises NotNow for an answer that is not to the login that this browser began, and for somebody whom sopctl.yml does
    not name; OutsideFailure when the provider cannot be asked.
    """
    text = Pending(Database(site)).take(browser, KIND, now.timestamp())
    kept = from_json(text, _Kept) if text else None
    provider, settings = _provider(site), _settings(site)
    begun_here = kept is not None and hmac.compare_digest(answer.get("state", "").encode(), kept.begun.state.encode())
    if (
        kept is None
        or not begun_here
        or not answer.get("code")
        or answer.get("iss", provider.issuer) != provider.issuer
    ):
        raise _refused(site, "", address, now)
    claims = oidc.finish(provider, kept.begun, answer["code"][:2000], settings.claim)
    who = claims.get(settings.claim)
    name = settings.accounts.get(who) if isinstance(who, str) else None
    proved = settings.claim != "email" or claims.get("email_verified") is True
    account = accounts.kept(site).find(name) if name and proved else None
    if account is None or accounts.principal(site.settings, account) is None:
        raise _refused(site, who if isinstance(who, str) else "", address, now)
    return accounts.begin(site, account.name, address, now), kept.there


def keep_typed(site: Site, browser: str, typed: str, now: datetime) -> None:
    """Keep what somebody typed whose session had ended, while they are at the provider."""
    Pending(Database(site)).keep(browser, TYPED, typed, now.timestamp(), now.timestamp() + SECONDS)


def typed(site: Site, browser: str, now: datetime) -> str:
    """What was kept, once; empty for nothing."""
    return Pending(Database(site)).take(browser, TYPED, now.timestamp()) or ""


def _settings(site: Site) -> OpenID:
    page = site.settings.page
    if page is None or page.oidc is None:
        raise UsageError(
            "no-identity-provider",
            "the site has no identity provider",
            remedy="Log in with a password. A provider is named in sopctl.yml (page.oidc).",
        )
    return page.oidc


def _provider(site: Site) -> Provider:
    settings, page = _settings(site), site.settings.page
    url = page.url if page else ""
    return Provider(settings.issuer.rstrip("/"), settings.client, database.client_secret(site), url + BACK)


def _refused(site: Site, who: str, address: str, now: datetime) -> NotNow:
    accounts.sessions(site).refused(now.timestamp(), who[:100], address, "login-refused", BACK)
    return NotNow(
        "identity-without-account",
        "the identity provider names nobody who has an account here",
        remedy=(
            "Whoever runs the page invites you, and names you in sopctl.yml as the provider does (page.oidc.accounts)."
        ),
    )
