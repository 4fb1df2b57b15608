"""The documents of `account`: who may come to the page, and whom it refused."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Literal

from msgspec import Struct

from sopctl.model.principal import AccountKind
from sopctl.store.page.tokens import Token
from sopctl.workflow.accounts import Standing


class Invitation(Struct, frozen=True, kw_only=True):
    """An invitation to the page: a link that works once, until then."""

    account: str
    kind: AccountKind
    link: str
    until: datetime


class PageAccount(Struct, frozen=True, kw_only=True):
    """An account of the page. `standing`: it is `open`, was only `invited`, or is `unknown`: sopctl.yml no longer lists
    whose it is. `code`: it asks for a second factor."""

    account: str
    kind: AccountKind
    standing: Standing
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


class ProgramToken(Struct, frozen=True, kw_only=True):
    """A program's token, without its secret: whose it is, what it is for, what it may do, when it was made and ends,
    and when it was last used (null: never)."""

    id: str
    account: str
    label: str
    scope: Literal["read", "act"]
    made: datetime
    until: datetime
    used: datetime | None


class ProgramTokens(Struct, frozen=True, kw_only=True):
    """The tokens that were made and not revoked."""

    tokens: list[ProgramToken]


class NewToken(Struct, frozen=True, kw_only=True):
    """A token that was made; its secret is shown this once."""

    id: str
    account: str
    scope: Literal["read", "act"]
    secret: str
    until: datetime


class Revoked(Struct, frozen=True, kw_only=True):
    """The account or the token that was revoked."""

    revoked: str


class CodeForgotten(Struct, frozen=True, kw_only=True):
    """The account whose second factor was removed."""

    account: str


def tokens(found: Sequence[Token], zone: tzinfo | None) -> ProgramTokens:
    """The document of `account token list`, with times in the office's zone."""
    return ProgramTokens(
        tokens=[
            ProgramToken(
                id=each.id,
                account=each.account,
                label=each.label,
                scope=each.scope,
                made=_when(each.made, zone),
                until=_when(each.until, zone),
                used=_when(each.used, zone) if each.used else None,
            )
            for each in found
        ]
    )


def new_token(made: Token, secret: str, zone: tzinfo | None) -> NewToken:
    """The document of `account token create`."""
    until = _when(made.until, zone)
    return NewToken(id=made.id, account=made.account, scope=made.scope, secret=secret, until=until)


def _when(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(int(at), zone)
