"""The books of the house: what concerns no single deposit (visits to the room, maintenance of a rack).

A book is a history like a dossier's: the same events, the same chain, a line of the journal for each. There is one for
each kind and year, so that none grows without end: `house/visits-2026.yml`, with its papers in `house/visits-2026/`.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from sopctl.errors import InvalidRecord, NotNow, SopctlError
from sopctl.model.house import maintenance, visits
from sopctl.model.house.maintenance import Window
from sopctl.model.house.visits import VisitState
from sopctl.model.sop import history
from sopctl.model.sop.entries import Kept
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers, locks
from sopctl.store.durable import listed, make_folder, sweep, write_tentative
from sopctl.store.site import SITE_LOCK_SECONDS, Site

Kind = Literal["visits", "maintenance"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FOLDER = "house"
MAX_BYTES = 8 * 1024 * 1024
"""How large a book may be: twice as many events as a dossier may have, for one year."""

_NAME = re.compile(rf"({'|'.join(KINDS)})-(\d{{4}})\Z")


@dataclass(frozen=True)
class Book:
    """A book as read, with the bytes that say so; empty where nothing was noted in that year."""

    kind: Kind
    year: int
    path: Path
    events: tuple[Event, ...]
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.year}"


def names(site: Site) -> list[str]:
    """The names of all books that are there, the oldest first."""
    found = [path.stem for path in listed(site.folder(FOLDER), "*.yml")]
    return sorted((name for name in found if _NAME.match(name)), key=lambda name: name.rpartition("-")[::-1])


def is_book(name: str) -> bool:
    """Is this the name of a book, and not the id of a deposit?"""
    return _NAME.match(name) is not None


def read(site: Site, kind: Kind, year: int) -> Book:
    """Read a book and check its chain. Raises InvalidRecord when it is broken, OutsideFailure when it is unreadable."""
    name = f"{kind}-{year}"
    path = site.folder(FOLDER) / f"{name}.yml"
    if not path.is_symlink() and not path.exists():
        return Book(kind, year, path, (), b"")
    content = codec.read(path, MAX_BYTES, links=False)
    return Book(kind, year, path, dossiers.chained(name, content, str(path), MAX_BYTES), content)


def read_named(site: Site, name: str) -> Book:
    """The book of this name. Raises as `read`."""
    kind, _, year = name.rpartition("-")
    return read(site, next(each for each in KINDS if each == kind), int(year))


@contextmanager
def open_alone(site: Site, kind: Kind, year: int) -> Iterator[Book]:
    """Read a book and hold it: nobody else writes in it meanwhile. Raises Conflict when someone does already."""
    name = f"{kind}-{year}"
    with locks.hold(site.locks / name, name, wait=SITE_LOCK_SECONDS):
        site.refuse_moved()
        make_folder(site.folder(FOLDER))
        book = read(site, kind, year)
        sweep(site.folder(FOLDER), of=book.path.name)
        _settle(book, lambda: book.events)
        try:
            yield book
        finally:
            with suppress(SopctlError):  # whoever writes in it next does it
                _settle(book, lambda: _events_now(book))


def _settle(book: Book, events: Callable[[], Sequence[Event]]) -> None:
    """Take back the papers that were kept and are named by no event."""
    sweep(book.path.with_suffix(""), lambda: history.named(events(), book.name))


def _events_now(book: Book) -> Sequence[Event]:
    now = codec.read(book.path, MAX_BYTES, links=False) if book.path.exists() else b""
    return dossiers.and_added(book.events, book.content, now, str(book.path))


def append(site: Site, book: Book, event: Event) -> Book:
    """Note an event in a book that is held, then in the journal. Raises as `dossiers.append`."""
    bound = dossiers.bind(book.name, book.events, event)
    events = (*book.events, bound)
    content = dossiers.history_with(book.content, events, dossiers.readable(bound))
    if len(content) > MAX_BYTES:
        raise NotNow(
            "book-full",
            "the book {book} is full: {mib} MiB is the most",
            remedy="Nothing was recorded. The next year begins a new book.",
            book=book.name,
            mib=MAX_BYTES >> 20,
        )
    dossiers.commit(
        site, book.name, book.path, content, events, lambda: read(site, book.kind, book.year).content == book.content
    )
    return replace(book, events=events, content=content)


def keep(book: Book, name: str, content: bytes) -> Kept:
    """Write a paper of a book that is held, named after the event that will carry it: without one it is gone again once
    the book is let go. Its path is relative to the house's folder."""
    folder = book.path.with_suffix("")
    if folder.is_symlink():
        raise InvalidRecord(
            "book-folder-is-symlink",
            "a book's folder may not be a symbolic link",
            remedy="Put the folder itself there, with what is in it, in place of the link.",
            where=str(folder),
        )
    make_folder(folder)
    name = f"{len(book.events) + 1:04}-{name}"
    write_tentative(folder / name, content)
    return Kept(f"{folder.name}/{name}", hashlib.sha256(content).hexdigest())


def all_visits(site: Site, until: datetime | None = None) -> list[VisitState]:
    """The visits of all books, in order, as they stood at `until`."""
    found = [read_named(site, name) for name in names(site) if name.startswith("visits-")]
    return [each for book in found for each in visits.visits(book.year, book.events, until)]


def all_windows(site: Site) -> list[Window]:
    """The maintenance of all books, in order."""
    found = [read_named(site, name) for name in names(site) if name.startswith("maintenance-")]
    return [each for book in found for each in maintenance.windows(book.year, book.events)]


def windows_of(site: Site, years: Iterable[int]) -> list[Window]:
    """The maintenance that was planned in these years: none is planned for more than a year ahead."""
    found = [read(site, "maintenance", year) for year in years]
    return [each for book in found for each in maintenance.windows(book.year, book.events)]
