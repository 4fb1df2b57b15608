"""The documents of `visit`, `maintenance` and `sanitise`: the books of the house."""

from msgspec import Struct

from sopctl.cli.documents.dossier import Visited
from sopctl.model.house.maintenance import Told, Window
from sopctl.model.sanitisation import DiskRow, Listed, Missing, Wanted


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


class Disks(Struct, frozen=True, kw_only=True):
    """What was done to a server's disks, one row each; the disks that it listed; the least number that must be
    accounted for; and what is missing: disks by name, and how many more."""

    id: str
    rows: list[DiskRow]
    listed: list[Listed]
    count: int
    left: Missing


def disks(id: str, rows: tuple[DiskRow, ...], wanted: Wanted, left: Missing) -> Disks:
    """The document of `sanitise` without a method."""
    return Disks(id=id, rows=list(rows), listed=list(wanted.listed), count=wanted.count, left=left)
