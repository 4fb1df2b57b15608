"""Tokens, by which programs ask in the name of an account, with its rights as sopctl.yml gives them at the time."""

import secrets
from datetime import datetime, timedelta

from msgspec import Struct

from sopctl.errors import Action, UsageError
from sopctl.model.principal import Principal
from sopctl.store.page.accounts import Account
from sopctl.store.page.database import Database
from sopctl.store.page.tokens import Scope, Token, Tokens
from sopctl.store.site import Site
from sopctl.workflow import accounts

PREFIX = "sopctl_"
"""By which scanners of repositories know a token that somebody put there."""
LENGTH = len(PREFIX) + 43
LONGEST = timedelta(days=366)
LABEL_LENGTH = 100


class Made(Struct, frozen=True):
    """A new token, and its secret, which is shown once."""

    token: Token
    secret: str


def kept(site: Site) -> Tokens:
    """The tokens of a site."""
    return Tokens(Database(site))


def create(site: Site, account: str, label: str, scope: Scope, lasting: timedelta, now: datetime) -> Made:
    """Make a token. Raises UsageError for an account that is not there, or that sopctl.yml does not know; and for a
    label or a time that is too long."""
    found = accounts.kept(site).find(account)
    if found is None or accounts.principal(site.settings, found) is None:
        raise UsageError("no-such-account", "there is no account {name!r}", remedy=Action("account list"), name=account)
    if not timedelta() < lasting <= LONGEST:
        raise UsageError(
            "token-too-long",
            "a token lasts at most {most} days",
            remedy="Name a number of days from 1 to that; a new token can follow it.",
            most=LONGEST.days,
        )
    if len(label) > LABEL_LENGTH or not label.isprintable():
        raise UsageError(
            "label-unfit",
            "a label has at most {most} characters, on one line",
            remedy="Write one line within that length.",
            most=LABEL_LENGTH,
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(secrets.token_hex(4), account, label, scope, now.timestamp(), (now + lasting).timestamp())
    kept(site).add(token, secret)
    return Made(token, secret)


def who(site: Site, secret: str, now: datetime) -> tuple[Account, Principal, Scope] | None:
    """In whose name a token asks, and what it may; None for one that is not good (any more)."""
    if not (secret.startswith(PREFIX) and len(secret) == LENGTH and secret.isascii()):
        return None
    token = kept(site).find(secret, now.timestamp())
    account = accounts.kept(site).find(token.account) if token else None
    found = accounts.principal(site.settings, account) if account else None
    return (account, found, token.scope) if token and account and found else None


def revoke(site: Site, id: str) -> None:
    """Make a token worthless. Raises UsageError when there is none of this id."""
    if not kept(site).revoke(id):
        raise UsageError("no-such-token", "there is no token {id!r}", remedy=Action("account token list"), id=id)
