"""The documents of `account`: who may come to the page, and whom it refused."""

from datetime import datetime

from msgspec import Struct


class Invitation(Struct, frozen=True, kw_only=True):
    """An invitation to the page: a link that works once, until then."""

    account: str
    kind: str
    link: str
    until: datetime


class PageAccount(Struct, frozen=True, kw_only=True):
    """An account of the page: of which kind, how it stands, and whether it takes a code (a second factor)."""

    account: str
    kind: str
    standing: str
    code: bool


class PageAccounts(Struct, frozen=True, kw_only=True):
    """The accounts of the page."""

    accounts: list[PageAccount]


class Refusal(Struct, frozen=True, kw_only=True):
    """What the page refused: when, to which account and address (empty where not known), what, and at which path."""

    at: datetime
    account: str
    address: str
    what: str
    path: str


class Refusals(Struct, frozen=True, kw_only=True):
    """What the page refused."""

    refusals: list[Refusal]
