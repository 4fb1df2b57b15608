"""What else happened in the house, for people and for the month's report: of one dossier, what happened on its server.

Everything is counted by when it was recorded, so that a month that has passed stays as it was.
"""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from sopctl.model.sanitisation import DiskRow
from sopctl.model.sop.entries import Sanitised, Task, TaskDone
from sopctl.store.dossiers import Dossier


class TaskLine(Struct, frozen=True):
    """A task that was done on a server."""

    id: str
    at: datetime
    by: str
    task: Task


class DiskLine(Struct, frozen=True):
    """What was recorded of a disk of a server."""

    id: str
    at: datetime
    row: DiskRow


def tasks(dossier: Dossier, first: date, last: date) -> Iterator[TaskLine]:
    """The tasks of a dossier that were recorded from `first` to `last`, oldest first."""
    for event, each in reversed(list(dossier.established(TaskDone))):
        if first <= event.at.date() <= last:
            yield TaskLine(dossier.id, event.at, event.by, each.task)


def sanitised(dossier: Dossier, first: date, last: date) -> Iterator[DiskLine]:
    """What was recorded of a dossier's disks from `first` to `last`, oldest first."""
    for event, each in reversed(list(dossier.established(Sanitised))):
        if first <= event.at.date() <= last:
            yield from (DiskLine(dossier.id, event.at, row) for row in each.sanitised)
