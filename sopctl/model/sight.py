"""What someone may see: every list, count, search, dossier and document asks here."""

from collections.abc import Mapping

from msgspec import Struct

from sopctl.model.principal import Principal
from sopctl.model.unit import Unit, identity


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


def of(who: Principal) -> Sight | None:
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
