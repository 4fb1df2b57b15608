"""The document of `sanitise` without a method: which disks of a server are accounted for."""

from msgspec import Struct

from sopctl.model.sanitisation import DiskRow, Listed, Missing, Wanted


class Disks(Struct, frozen=True, kw_only=True):
    """What was done to a server's disks, a row for each; those that it listed; how many must be accounted for at least;
    and what is left: disks by their names, and how many more."""

    id: str
    rows: list[DiskRow]
    listed: list[Listed]
    count: int
    left: Missing


def disks(id: str, rows: tuple[DiskRow, ...], wanted: Wanted, left: Missing) -> Disks:
    """The document."""
    return Disks(id=id, rows=list(rows), listed=list(wanted.listed), count=wanted.count, left=left)
