"""Who acts. The edge proves it (a login on this machine, a session on a page, a rule that acts by itself); the workflow
only ever trusts a principal. And what they may see: every list, count, search, dossier and document asks here."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from sopctl.model.unit import Unit, identity

AUTOMATIC = "sopctl"
"""Who decides what follows from a rule alone: a reservation that expired, the waiting list that moves up."""

AccountKind = Literal["person", "unit", "auditor"]
"""Whose an account of the page is: a person's of sopctl.yml, a unit's, or someone's who only reads."""


class Principal(Struct, frozen=True):
    """Who acts, and what was proved of them.

    `login` is the account that enters it, and is recorded as such. A person may have several entries in `people` (two
    offices held by one); a unit is known by its key in `units`. A reader looks, and decides nothing. Someone who is
    none of these is nobody: they may act only as far as they are a clerk.
    """

    login: str
    kind: Literal["person", "unit", "reader", "automation", "nobody"] = "nobody"
    people: tuple[str, ...] = ()
    """A person's keys in sopctl.yml."""
    unit: str = ""
    """A unit's key in sopctl.yml."""
    clerk: bool = False
    """May they record what others decided? The site says so (`clerks`); both names go into the record."""


class Sight(Struct, frozen=True):
    """`unit`: only the deposits of this unit; empty for all. `personal`: people's numbers and addresses unmasked.
    `papers`: documents, which name people, may be taken away. `house`: what concerns no single deposit: racks, say."""

    unit: str = ""
    personal: bool = False
    papers: bool = False
    house: bool = False

    def sees(self, units: Mapping[str, Unit], of: str) -> bool:
        """May they see a deposit of the unit that its letter calls `of`?"""
        return not self.unit or identity(units, of) == self.unit


def sight_of(who: Principal) -> Sight | None:
    """What a principal may see; None for one who may see nothing."""
    match who.kind:
        case "person" | "automation":
            return Sight(personal=True, papers=True, house=True)
        case "unit":
            return Sight(unit=who.unit, personal=True, papers=True) if who.unit else None
        case "reader":
            return Sight(house=True)
        case _:
            return None
