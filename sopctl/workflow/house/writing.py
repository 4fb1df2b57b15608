"""Writing in a book of the house: hold it, look what is there, note an event."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sopctl.errors import UsageError
from sopctl.locale import Prose, Text
from sopctl.model import names
from sopctl.model.sop.entries import Entry, Kept, to_data
from sopctl.model.sop.history import Event
from sopctl.store import books, dossiers
from sopctl.store.books import Book, Kind
from sopctl.workflow.desk import Desk

LONGEST = 500
"""Characters of what a person says."""


@dataclass
class Writing:
    """A book that is held by this process until the block ends. `procedure` is what its events are called by."""

    desk: Desk
    book: Book
    procedure: str
    by: str

    @property
    def next_number(self) -> int:
        """The number of what is noted here first."""
        return max((event.step for event in self.book.events), default=0) + 1

    def note(self, number: int, outcome: str, *entries: Entry, note: str = "") -> Event:
        """Note what happened to the visit or maintenance of this number. Raises as `books.append`."""
        event = Event(
            seq=len(self.book.events) + 1,
            at=self.desk.now(),
            procedure=self.procedure,
            step=number,
            outcome=outcome,
            by=self.by,
            typed=self.desk.typed,
            prev="",
            note=note[:1000],
            data=to_data(entries),
        )
        self.book = books.append(self.desk.site, self.book, event)
        return self.book.events[-1]

    def keep(self, name: str, content: bytes) -> Kept:
        """Keep a paper, named after the event that will carry it."""
        return books.keep(self.book, name, content)


@contextmanager
def writing(desk: Desk, kind: Kind, year: int, procedure: str) -> Iterator[Writing]:
    """Hold a book to write in it. Who writes is the person named, else the one who acts."""
    by = desk.deciding.anyone(desk.site.settings.people)
    with books.open_alone(desk.site, kind, year) as book:
        yield Writing(desk, book, procedure, by)


def number_of(desk: Desk, prefix: str, text: str) -> tuple[int, int]:
    """Year and number of what is called `K-2026-0007`, or `7` this year. Raises UsageError for anything else."""
    parts = text.strip().upper().split("-")
    year, number = (parts[1], parts[2]) if len(parts) == 3 and parts[0] == prefix else (str(desk.now().year), text)
    if not (year.isascii() and year.isdecimal() and len(year) == 4 and number.isascii() and number.isdecimal()):
        raise UsageError(
            "not-a-number-in-the-book",
            "{text!r} is not the number of an entry",
            remedy=Text("It looks like {prefix}-{year}-0001.", prefix=prefix, year=desk.now().year),
            text=text[:40],
        )
    return int(year), int(number[:9])


def one_line(text: str, what: Prose) -> str:
    """What a person says, as one line. Raises UsageError for more than that: it stands in lists and on papers."""
    said = text.strip()
    if len(said) > LONGEST or not re.match(names.LINE, said):
        raise UsageError(
            "not-one-line",
            "{what} is one line of at most {most} characters, without control characters",
            remedy="Write one line within that length.",
            what=what,
            most=LONGEST,
        )
    return said


def known(desk: Desk, ids: tuple[str, ...]) -> tuple[str, ...]:
    """These deposits, each once. Raises UsageError for one that does not exist."""
    for deposit_id in ids:
        dossiers.folder_of(desk.site, deposit_id)
    return tuple(dict.fromkeys(ids))
