"""What becomes of the data on the disks of a server that leaves: a row for each disk.

The methods are those of NIST SP 800-88: `clear` (overwritten by ordinary commands), `purge` (beyond a laboratory's
reach: the drive's own sanitise, a cryptographic erase), `destroy`. A disk that its owner took back as it was
(`returned`) is accounted for too.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, get_args

from msgspec import Struct

Method = Literal["clear", "purge", "destroy", "returned"]
METHODS: tuple[Method, ...] = get_args(Method)
Result = Literal["ok", "failed"]
RESULTS: tuple[Result, ...] = get_args(Result)


class DiskRow(Struct, frozen=True):
    """What was done to one disk. `disk` is its serial number, or its name where it shows none; `described` its size and
    model as the server said; `unlisted` says why a disk counts that the server did not list."""

    disk: str
    method: Method
    result: Result
    by: str
    on: date
    tool: str = ""
    checked: str = ""
    """How someone made sure that nothing can be read any more; empty where nobody did."""
    described: str = ""
    unlisted: str = ""

    @property
    def accounts_for_it(self) -> bool:
        """Is nothing left to be done about this disk?"""
        return self.result == "ok"


class Listed(Struct, frozen=True):
    """A disk that a server listed."""

    disk: str
    described: str = ""


class Wanted(Struct, frozen=True):
    """The disks that must be accounted for: those that the server `listed`, and at least `count` altogether, which was
    counted by a person or declared where the server said less."""

    listed: tuple[Listed, ...]
    count: int

    def find(self, disk: str) -> Listed | None:
        """The listed disk of this serial number or name, however it is spelled."""
        return next((each for each in self.listed if _folded(each.disk) == _folded(disk)), None)


class Missing(Struct, frozen=True):
    """What is not accounted for: disks by name, and how many more."""

    disks: tuple[str, ...]
    more: int

    def __bool__(self) -> bool:
        return bool(self.disks or self.more)


def newest(rows: Iterable[DiskRow]) -> tuple[DiskRow, ...]:
    """The newest row of each disk, in the order in which the disks came; `rows` are oldest first."""
    return tuple({_folded(row.disk): row for row in rows}.values())


def missing(wanted: Wanted, rows: Sequence[DiskRow]) -> Missing:
    """Which disks have no row that accounts for them; `rows` are oldest first."""
    good = {_folded(row.disk) for row in newest(rows) if row.accounts_for_it}
    named = tuple(each.disk for each in wanted.listed if _folded(each.disk) not in good)
    return Missing(named, max(0, wanted.count - len(good) - len(named)))


def _folded(disk: str) -> str:
    return disk.strip().casefold()
