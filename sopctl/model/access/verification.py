"""konfigurasi 3: what was established about the requester's access, by whom, and what follows from it.

Five views prove five different things, and each goes by its own name: a login with the requester's own key, the
management account's look at the requester's account, a login of the management account alone, the ports of a machine
that takes no SSH, and the requester's own word.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.errors import InvalidRecord

if TYPE_CHECKING:  # every list reads what was established, and none climbs a ladder
    from sopctl.model.access.account import Examination
    from sopctl.model.access.ladder import AccessResult

SAYS_NO = "requester-says-no"
"""The cause when the requester says that it does not work."""


class View(StrEnum):
    """Whose view it is, and so what it proves."""

    LOGIN = "requester-login"
    EXAMINATION = "account-examined"
    MANAGEMENT = "management-login"
    PORTS = "ports-open"
    WORD = "requester-word"


class Established(Struct, frozen=True):
    """One thing that was established: `who` is the account, or the person whose word it is; `detail` is safe to
    print."""

    view: View
    who: str
    ok: bool
    cause: str = ""
    detail: str = ""
    how: str = ""
    on: date | None = None
    """By which means the person tried it, and on which day."""


class Word(Struct, frozen=True):
    """What someone of the requesting unit says: whether they can use the server, how they tried it, and on which
    day."""

    by: str
    yes: bool
    note: str = ""
    how: str = ""
    on: date | None = None

    def __post_init__(self) -> None:
        """Raise InvalidRecord for a no without a note, which would help nobody."""
        if not self.yes and not self.note:
            raise InvalidRecord(
                "no-without-note", "a no needs a note: what does not work?", where=self.by, remedy='Add --note "…"'
            )


def from_login(found: "AccessResult", view: View) -> Established:
    """What a login proved."""
    good = found.accessible
    why = "" if good else f"{found.rung}: {found.detail}"
    return Established(view, found.user or "", good, found.cause or "", why)


def from_examination(found: "Examination") -> list[Established]:
    """What the management account proved: its own login, and each account that it looked at."""
    told = [from_login(found.access, View.MANAGEMENT)]
    for account in found.accounts:
        first = account.failed[0] if account.failed else None
        cause, detail = (str(first.cause), f"{first.check}: {first.detail}") if first else ("", "")
        told.append(Established(View.EXAMINATION, account.account, account.ok, cause, detail))
    return told


def from_word(word: Word) -> Established:
    """What the requester's word establishes: itself."""
    return Established(View.WORD, word.by, word.yes, "" if word.yes else SAYS_NO, word.note, word.how, word.on)


def verdict(established: Sequence[Established]) -> tuple[bool, str]:
    """Can the server be accessed (bisa)? Only when everything that was established says so. If not, also the cause:
    what was seen comes before what was said, because it can be repaired."""
    against = [each for each in established if not each.ok]
    return bool(established) and not against, against[0].cause if against else ""
