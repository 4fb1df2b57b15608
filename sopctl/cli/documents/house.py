"""The documents of `visit` and `maintenance`: the books of the house."""

from msgspec import Struct

from sopctl.cli.documents.dossier import Visited
from sopctl.model.house.maintenance import Told, Window


class Visits(Struct, frozen=True, kw_only=True):
    """Visits, the oldest first."""

    visits: list[Visited]


class Maintenance(Struct, frozen=True, kw_only=True):
    """Maintenance that is planned, under way or over."""

    maintenance: list[Window]


class MaintenanceTold(Struct, frozen=True, kw_only=True):
    """A maintenance, and who was told of it just now."""

    maintenance: list[Window]
    told: list[Told]
