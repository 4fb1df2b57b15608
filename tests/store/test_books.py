"""The books of the house: chained, journaled, and told apart from dossiers where that matters."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sopctl.errors import Conflict, InvalidRecord, NotNow
from sopctl.model.house.visits import Visit
from sopctl.model.sop.history import Event
from sopctl.store import backup, books
from sopctl.store.journal import Journal
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import visits
from sopctl.workflow.setup import journal, validation
from tests.conftest import NOW, Clock

VISIT = Visit(("Teknisi AC",), "perawatan AC")


def event(at: datetime = NOW) -> Event:
    return Event(0, at, "kunjungan", 1, "diumumkan", "staf", "root", "", note="x")


def noted(site: Site, times: int) -> Path:
    with books.open_alone(site, "visits", 2026) as held:
        book = held
        for _ in range(times):
            book = books.append(site, book, event())
    return book.path


def test_books_that_are_written_at_the_same_time_do_not_disturb_each_other(site: Site) -> None:
    """What a killed command was writing is swept with the book that it is of."""
    path = noted(site, 1)
    others, mine = path.parent / ".visits-2026.yml.ab12cd34.tmp", path.parent / ".maintenance-2026.yml.ab12cd34.tmp"
    for each in (others, mine):
        each.write_bytes(b"being written")
    with books.open_alone(site, "maintenance", 2026):
        assert (others.exists(), mine.exists()) == (True, False)
    with books.open_alone(site, "visits", 2026):
        assert not others.exists()


def test_what_is_noted_is_read_back_with_its_line_in_the_journal(site: Site) -> None:
    noted(site, 3)
    book = books.read(site, "visits", 2026)
    lines = [line for line in Journal(site.root).lines() if line.deposit == "visits-2026"]
    assert [(line.deposit, line.seq, line.hash) for line in lines] == [
        ("visits-2026", each.seq, each.hash) for each in book.events
    ]
    assert books.names(site) == ["visits-2026"]
    assert site.committed == [("visits-2026", 1), ("visits-2026", 2), ("visits-2026", 3)]


def test_a_book_that_is_not_there_is_empty(site: Site) -> None:
    assert books.read(site, "maintenance", 2026).events == ()
    assert books.names(site) == []
    assert not (site.root / "house").exists(), "reading makes nothing"


@pytest.mark.parametrize("change", [("x", "y"), ("diumumkan", "masuk"), ("seq: 2", "seq: 3")], ids=str)
def test_an_altered_book_is_refused(site: Site, desk: Desk, change: tuple[str, str]) -> None:
    path = noted(site, 3)
    path.write_text(path.read_text().replace(f"note: {change[0]}", f"note: {change[1]}").replace(*change, 1))
    with pytest.raises(InvalidRecord, match="does not follow"):
        books.read(site, "visits", 2026)
    assert [error.id for error in validation.validate(desk)[1]] == ["event-out-of-chain"]
    assert journal.check(desk).gaps


def test_a_book_that_was_removed_shows(site: Site, desk: Desk) -> None:
    noted(site, 2).unlink()
    assert journal.check(desk).gaps == ["visits-2026: the book is missing"]


def test_a_crash_may_leave_out_the_line_of_the_newest_event_even_of_the_first(site: Site, desk: Desk) -> None:
    noted(site, 1)
    (site.root / "journal.jsonl").unlink()
    found = journal.check(desk)
    assert (found.gaps, found.lagging) == (
        [],
        ["visits-2026: its newest event is not in the journal yet; the next one adds it"],
    )
    noted(site, 1)
    assert (journal.check(desk).gaps, journal.check(desk).lagging) == ([], [])
    lines = [line.seq for line in Journal(site.root).lines() if line.deposit == "visits-2026"]
    assert lines == [1, 2]


def test_a_journal_that_was_cut_shows(site: Site, desk: Desk) -> None:
    noted(site, 3)
    path = site.root / "journal.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert "2 of its events are not in the journal" in journal.check(desk).gaps[0]
    with pytest.raises(InvalidRecord, match="the journal lacks 2 events of visits-2026"):
        noted(site, 1)
    assert not journal.mend(desk, "disk rusak").gaps


def test_two_do_not_write_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "SITE_LOCK_SECONDS", 0)
    with books.open_alone(site, "visits", 2026), pytest.raises(Conflict, match="visits-2026 is held by another"):
        noted(site, 1)
    with books.open_alone(site, "visits", 2026) as book:
        (site.root / "house" / "visits-2026.yml").write_bytes(b"[]\n")
        with pytest.raises(Conflict, match="was changed by someone else"):
            books.append(site, book, event())


def test_a_full_book_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MAX_BYTES", 700)
    with pytest.raises(NotNow, match="is full"):
        noted(site, 9)
    assert 0 < len(books.read(site, "visits", 2026).events) < 9


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_a_file_is_a_book(site: Site, tmp_path: Path, kind: str) -> None:
    path = site.root / "house" / "visits-2026.yml"
    path.parent.mkdir()
    if kind == "link":
        (tmp_path / "elsewhere.yml").write_text("[]")
        path.symlink_to(tmp_path / "elsewhere.yml")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(InvalidRecord):
        books.read(site, "visits", 2026)


def test_a_backup_has_the_books(desk: Desk, tmp_path: Path, file_request: Callable[..., str]) -> None:
    file_request()
    visits.announce(desk, VISIT)
    made = backup.write(desk.site, tmp_path / "cadangan.tar.gz", desk.now(), is_secret=lambda _path: False)
    assert "house/visits-2026.yml" in made.files
    backup.restore(tmp_path / "cadangan.tar.gz", tmp_path / "again")
    assert books.read(Site(tmp_path / "again"), "visits", 2026).events == books.read(desk.site, "visits", 2026).events


def test_a_new_year_has_a_new_book(desk: Desk, clock: Clock) -> None:
    assert visits.announce(desk, VISIT).id == "K-2026-0001"
    clock.now += timedelta(days=60)
    assert visits.announce(desk, VISIT).id == "K-2027-0001"
    visits.come_in(desk, announced="K-2026-0001", identity="KTP", escort="staf", carried=None)
    assert books.names(desk.site) == ["visits-2026", "visits-2027"]
    assert [len(books.read(desk.site, "visits", year).events) for year in (2026, 2027)] == [2, 1]
