"""Following the journal: who looks again learns which deposits were named meanwhile, and when to read all anew."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.store.across.marks import Marks
from sopctl.store.durable import Appender, Unconfirmed
from sopctl.store.journal import (
    MENDED,
    ROSTER,
    Anchor,
    Covered,
    Followed,
    Journal,
    Noted,
    Walked,
    Writer,
    lags,
    roster_of,
)
from tests.store.across.test_marks import end_to_add_at, longer, note

ONE, OTHER = "PS-2026-0001", "PS-2026-0002"


@pytest.fixture
def seen(tmp_path: Path) -> Followed:
    """Up to where a journal of two lines was followed."""
    note(tmp_path, ONE, 0)
    note(tmp_path, OTHER, 0)
    return Journal(tmp_path).follow(None)[1]


def test_what_was_noted_since_is_named_once(tmp_path: Path, seen: Followed) -> None:
    assert Journal(tmp_path).follow(seen) == (set(), seen)
    note(tmp_path, OTHER, 1)
    note(tmp_path, OTHER, 2)
    named, reached = Journal(tmp_path).follow(seen)
    assert (named, reached.stop) == ({OTHER}, Journal(tmp_path).path.stat().st_size)
    assert Journal(tmp_path).follow(reached) == (set(), reached)


def test_a_line_that_is_not_whole_is_not_yet_there(tmp_path: Path, seen: Followed) -> None:
    path = Journal(tmp_path).path
    before = path.read_bytes()
    note(tmp_path, OTHER, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert Journal(tmp_path).follow(seen) == (set(), seen)
    path.write_bytes(before[: seen.start + 5])
    digest = hashlib.sha256(before[: seen.start - 1]).hexdigest()
    assert Journal(tmp_path).follow(seen) == (None, Followed(seen.inode, 0, seen.start, digest))
    path.write_bytes(whole)
    assert Journal(tmp_path).follow(seen)[0] == {OTHER}


@pytest.mark.parametrize("harm", ["cut", "other lines", "another file", "gone"])
def test_another_journal_names_nothing_and_all_is_read(tmp_path: Path, seen: Followed, harm: str) -> None:
    path = Journal(tmp_path).path
    content = path.read_bytes()
    match harm:
        case "cut":
            path.write_bytes(content[: seen.start])
        case "other lines":
            path.write_bytes(content[: seen.start] + content[: seen.start] * 3)
        case "another file":
            other = path.with_name("other")
            other.write_bytes(content + content)
            os.replace(other, path)
        case "gone":
            path.unlink()
    assert Journal(tmp_path).follow(seen)[0] is None


def test_a_site_without_events_has_nothing_to_read_anew(tmp_path: Path) -> None:
    named, nothing = Journal(tmp_path).follow(None)
    assert (named, nothing) == (None, Followed())
    assert Journal(tmp_path).follow(nothing) == (set(), Followed())


def test_of_a_long_journal_only_what_is_new_counts(tmp_path: Path) -> None:
    note(tmp_path, ONE, 0)
    longer(tmp_path, 300)
    named, reached = Journal(tmp_path).follow(None)
    assert (named, reached.stop) == (None, Journal(tmp_path).path.stat().st_size)
    longer(tmp_path, 2)
    named, _ = Journal(tmp_path).follow(reached)
    assert named == {"PS-2024-000000", "PS-2024-000001"}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Said(NamedTuple):
    """What has a line: an event, as the journal knows it."""

    seq: int

    @property
    def hash(self) -> str:
        return digest(b"%d" % self.seq)

    @property
    def at(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)


def events(*numbers: int) -> list[Noted]:
    return [Said(number) for number in numbers]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Of three events of two deposits, a book of the house, and a roster that changed."""
    found = Journal(tmp_path)
    with found.adding() as writer:
        for deposit, seq in ((ONE, 1), (OTHER, 1), (ONE, 2)):
            writer.add(deposit, Said(seq))
        writer.add_roster("ab" * 32, "a person left")
        writer.add("visits", Said(1))
    return found


def add(journal: Journal, deposit: str, seq: int) -> None:
    with journal.adding() as writer:
        writer.add(deposit, Said(seq))


def raw(journal: Journal) -> list[bytes]:
    return journal.path.read_bytes().splitlines()


def test_each_line_names_the_one_before(journal: Journal) -> None:
    lines, written = journal.lines(), raw(journal)
    said = f"{'ab' * 32} a person left"
    assert [(each.deposit, each.seq, each.hash, each.note) for each in lines] == [
        (ONE, 1, Said(1).hash, ""),
        (OTHER, 1, Said(1).hash, ""),
        (ONE, 2, Said(2).hash, ""),
        (ROSTER, 3, digest(said.encode()), said),
        ("visits", 1, Said(1).hash, ""),
    ]
    assert [each.prev for each in lines] == ["", *map(digest, written[:-1])]
    assert journal.anchor() == Anchor(5, digest(written[-1]))
    assert str(journal.anchor()) == f"5:{digest(written[-1])}"
    assert (journal.newest(), journal.size(), roster_of(lines[3])) == (ONE, journal.path.stat().st_size, "ab" * 32)
    with journal.adding() as writer:
        assert writer.roster == "ab" * 32
    assert [journal.has(each) for each in (ONE, OTHER, "PS-2026-0009")] == [True, True, False]
    assert [journal.given(each) for each in ("PS-2026-", "PS-2025-", "vis")] == [2, 0, 0]


def test_the_newest_event_of_a_dossier_may_be_the_first_line_of_a_long_journal(journal: Journal) -> None:
    first, *_, book = raw(journal)
    journal.path.write_bytes(b"\n".join([first, *[book] * 3000]) + b"\n")
    assert journal.newest() == ONE


def test_a_dossier_whose_number_begins_as_anothers_is_not_there(tmp_path: Path) -> None:
    found = Journal(tmp_path)
    add(found, "PS-2026-10000", 1)
    assert [found.has(each) for each in ("PS-2026-10000", "PS-2026-1000", "PS-2026-0100")] == [True, False, False]
    with pytest.raises(InvalidRecord):
        found.catch_up("PS-2026-1000", events(1))


def test_a_site_without_a_journal(tmp_path: Path) -> None:
    empty = Journal(tmp_path)
    assert (empty.lines(), empty.newest(), empty.size(), empty.stamps(), empty.after(0, 9)) == ([], None, 0, [], [])
    assert (empty.anchor(), empty.walk()) == (Anchor(0, ""), Walked(Covered(), [], [], {}))
    assert empty.given("PS-2026-") == 0
    empty.refuse_other_than(Anchor(0, ""))


def test_a_line_that_a_crash_tore_is_written_over(journal: Journal) -> None:
    before = journal.path.read_bytes()
    journal.path.write_bytes(before + b'{"deposit":"PS-20')
    assert (len(journal.lines()), journal.size(), journal.newest()) == (5, len(before), ONE)
    assert journal.walk() == Journal(journal.path.parent).walk()
    add(journal, OTHER, 2)
    assert journal.path.read_bytes().startswith(before + b'{"deposit":"PS-2026-0002","seq":2,')
    assert (len(journal.lines()), journal.newest()) == (6, OTHER)


def test_more_than_a_torn_line_is_no_crash(journal: Journal) -> None:
    whole = journal.path.read_bytes()
    for more, refused in ((4096, False), (4097, True)):
        journal.path.write_bytes(whole + b"x" * more)
        for look in (journal.lines, journal.walk, partial(end_to_add_at, journal.path.parent), journal.anchor):
            if not refused:
                assert look()
                continue
            with pytest.raises(InvalidRecord) as caught:
                look()
            assert (caught.value.id, caught.value.where) == ("journal-altered", f"{journal.path}:6:1")


def altered(lines: list[bytes], harm: str) -> tuple[list[bytes], int]:
    """What became of the lines, and which of them tells."""
    match harm:
        case "a hash":
            return [lines[0].replace(Said(1).hash.encode(), Said(7).hash.encode()), *lines[1:]], 2
        case "a note":
            return [*lines[:3], lines[3].replace(b"left", b"came"), *lines[4:]], 4
        case "moved":
            return [lines[1], lines[0], *lines[2:]], 1
        case "removed":
            return [lines[0], *lines[2:]], 2
        case "added":
            return [*lines[:2], lines[1], *lines[2:]], 3
        case "no line":
            return [*lines[:4], b"{}"], 5
    raise AssertionError(harm)


@pytest.mark.parametrize("harm", ["a hash", "a note", "moved", "removed", "added", "no line"])
def test_an_altered_journal_tells_where(journal: Journal, harm: str) -> None:
    lines, place = altered(raw(journal), harm)
    journal.path.write_bytes(b"\n".join(lines) + b"\n")
    for look in (journal.lines, journal.walk, journal.anchor, lambda: journal.refuse_other_than(Anchor(1, ""))):
        with pytest.raises(InvalidRecord) as caught:
            look()
        assert (caught.value.id, caught.value.where) == ("journal-altered", f"{journal.path}:{place}:1")


def test_a_journal_that_goes_on_from_its_anchor(journal: Journal) -> None:
    written = raw(journal)
    for number, line in enumerate(written, 1):
        journal.refuse_other_than(Anchor(number, digest(line)))
        journal.refuse_other_than(Anchor(0, digest(line)))
    for anchor in (Anchor(1, digest(written[1])), Anchor(6, digest(written[-1])), Anchor(0, "ab")):
        with pytest.raises(InvalidRecord) as caught:
            journal.refuse_other_than(anchor)
        assert (caught.value.id, caught.value.where) == ("journal-not-anchored", f"{journal.path}:{anchor.lines}:1")


def test_a_beginning_that_is_known_is_not_read_again(journal: Journal) -> None:
    whole = journal.walk(numbers=(1, 4, 9))
    assert whole is not None
    written = raw(journal)
    assert (whole.fresh, [each.deposit for each in whole.notes]) == (journal.lines(), [ROSTER])
    assert whole.heads == {1: digest(written[0]), 4: digest(written[3])}
    assert whole.anchor == journal.anchor()
    add(journal, OTHER, 2)
    more = journal.walk(whole.covered, (1,))
    assert more is not None
    assert ([each.seq for each in more.fresh], more.notes, more.heads) == ([2], whole.notes, {1: digest(written[0])})
    assert (more.covered.lines, more.anchor) == (6, journal.anchor())
    assert more.covered == journal.walk().covered  # type: ignore[union-attr]


@pytest.mark.parametrize("harm", ["another line", "shorter", "another size", "other lines"])
def test_a_journal_that_does_not_begin_as_was_known(journal: Journal, harm: str) -> None:
    whole = journal.walk()
    assert whole is not None
    covered, lines = whole.covered, raw(journal)
    match harm:
        case "another line":
            lines[0] = lines[0].replace(b"0001", b"0003")
        case "shorter":
            lines = lines[:4]
        case "another size":
            covered = msgspec.structs.replace(covered, size=covered.size - 1)
        case "other lines":
            covered = msgspec.structs.replace(covered, lines=4)
    journal.path.write_bytes(b"\n".join(lines) + b"\n")
    assert journal.walk(covered) is None


def test_readers_go_on_from_where_they_were(journal: Journal) -> None:
    ends = [end for _, end in journal.after(0, 9)]
    assert ends == [sum(len(line) + 1 for line in raw(journal)[:n]) for n in range(1, 6)]
    assert [line for line, _ in journal.after(0, 9)] == journal.lines()
    assert [(line.deposit, line.seq) for line, _ in journal.after(ends[1], 2)] == [(ONE, 2), (ROSTER, 3)]
    assert journal.after(ends[-1], 9) == []
    with pytest.raises(InvalidRecord):
        journal.after(ends[-1] + 1, 9)
    with pytest.raises(InvalidRecord) as caught:
        journal.after(ends[0] + 1, 9)
    assert caught.value.where == f"{journal.path}:2:1"


def test_timestamps_are_kept_by_how_long_the_journal_was(journal: Journal) -> None:
    anchors = [Anchor(n, digest(b"%d" % n)) for n in (10, 9)]
    for anchor in anchors:
        path = journal.keep_stamp(anchor, str(anchor).encode())
        assert path.name == f"{anchor.lines}-{anchor.head}.tsr"
    (path.parent / "0-x.tsr").write_bytes(b"")
    found = journal.stamps()
    assert [each.anchor for each in found] == anchors[::-1]
    assert [each.content for each in found] == [str(each.anchor).encode() for each in found]


@pytest.mark.parametrize(
    ("name", "missing", "of", "lag"),
    [
        (ONE, [], 3, True),
        (ONE, [3], 3, True),
        (ONE, [2], 3, False),
        (ONE, [2, 3], 3, False),
        (ONE, [1], 1, False),
        ("visits", [1], 1, True),
        ("visits", [1, 2], 2, False),
    ],
)
def test_what_a_crash_can_leave_out(name: str, missing: list[int], of: int, lag: bool) -> None:
    assert lags(name, missing, of) is lag


def test_a_journal_catches_up_with_one_event(journal: Journal) -> None:
    """Of a dossier's the newest alone; more were cut off."""
    journal.catch_up(ONE, events(1, 2))
    assert len(journal.lines()) == 5
    journal.catch_up(ONE, events(1, 2, 3))
    assert [(each.deposit, each.seq) for each in journal.lines()[5:]] == [(ONE, 3)]
    for deposit, numbers, count in ((OTHER, (1, 2, 3), "2 events"), ("PS-2026-0009", (1,), "1 event")):
        with pytest.raises(InvalidRecord) as caught:
            journal.catch_up(deposit, events(*numbers))
        assert caught.value.id == "journal-cut"
        assert caught.value.message.startswith(f"the journal lacks {count} of {deposit}, ")
    assert len(journal.lines()) == 6
    journal.catch_up("books", events(1))
    add(journal, "books", 2)
    assert [(each.deposit, each.seq) for each in journal.lines()[6:]] == [("books", 1), ("books", 2)]


@contextmanager
def turn(taken: list[str]) -> Iterator[None]:
    taken.append("begun")
    try:
        yield
    finally:
        taken.append("over")


def test_who_is_up_to_date_waits_for_nobody(journal: Journal) -> None:
    """A turn is taken only where a line is missing, or the marks do not tell."""
    taken: list[str] = []
    for numbers, turns in (((1, 2), 0), ((1, 2, 3), 1), ((1, 2, 3), 0)):
        taken.clear()
        journal.catch_up(ONE, events(*numbers), partial(turn, taken))
        assert taken == ["begun", "over"] * turns
    Marks(journal.path.parent).forget()
    Journal(journal.path.parent).catch_up(ONE, events(1, 2, 3), partial(turn, taken))
    assert taken == ["begun", "over"]
    with journal.path.open("ab") as file:
        file.write(b"x" * 4097)
    with pytest.raises(InvalidRecord):
        Journal(journal.path.parent).catch_up(ONE, events(1, 2, 3), partial(turn, taken))


def test_a_turn_is_over_before_the_disk_has_confirmed_the_line(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So others have theirs meanwhile, and each is on the disk when its writer goes on."""
    taken: list[str] = []
    real = os.fdatasync

    def synchronise(descriptor: int) -> None:
        taken.append("synchronised")
        monkeypatch.setattr(os, "fdatasync", real)
        add(Journal(journal.path.parent), OTHER, 2)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", synchronise)
    with journal.adding(partial(turn, taken)) as writer:
        writer.add(ONE, Said(3))
    assert taken == ["begun", "over", "synchronised"]
    assert [(each.deposit, each.seq) for each in journal.lines()[5:]] == [(ONE, 3), (OTHER, 2)]


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_a_line_that_the_disk_refuses_is_taken_back_where_it_can_be(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, others: bool, again: bool
) -> None:
    """What another has chained to it meanwhile cannot go without it: it is written once more. If the disk refuses that
    too, it is told that nobody knows whether it will stand; it does not count, and comes before the next event."""
    before, real = journal.path.read_bytes(), os.fdatasync
    refused: list[int] = []

    def refuse(descriptor: int) -> None:
        if others and not refused:
            monkeypatch.setattr(os, "fdatasync", real)
            add(Journal(journal.path.parent), OTHER, 2)
            monkeypatch.setattr(os, "fdatasync", refuse)
        refused.append(descriptor)
        if len(refused) == 1 or not again:
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", refuse)
    taken: list[str] = []
    told: OutsideFailure | None = None
    try:
        with journal.adding(partial(turn, taken)) as writer:
            writer.add(ONE, Said(3))
    except OutsideFailure as error:
        told = error
    assert taken == ["begun", "over"] * 2
    assert (told is None, isinstance(told, Unconfirmed)) == (others and again, others and not again)
    found = [(each.deposit, each.seq) for each in journal.lines()[5:]]
    assert found == ([(ONE, 3), (OTHER, 2)] if others else [])
    assert others or journal.path.read_bytes() == before
    if others and not again:  # whoever goes on finds it, and that nobody confirmed it
        with pytest.raises(OutsideFailure, match="cannot write: Input/output error") as caught:
            Journal(journal.path.parent).catch_up(ONE, events(1, 2, 3))
        assert not isinstance(caught.value, Unconfirmed), "nothing was written"
    made: list[int] = []
    monkeypatch.setattr(os, "fdatasync", made.append)
    Journal(journal.path.parent).catch_up(ONE, events(1, 2, 3))
    assert bool(made) is not (others and again), "it is confirmed once"
    assert [(each.deposit, each.seq) for each in journal.lines()[5:]] == (found or [(ONE, 3)])


def test_a_line_whose_writer_died_before_it_was_confirmed_does_not_count(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next event's line could go too, and a journal without two was cut."""
    died: list[str] = []
    monkeypatch.setattr(Appender, "confirm", lambda _: died.append("killed"))
    monkeypatch.setattr(Writer, "keep_marks", lambda _: None)
    add(journal, ONE, 3)
    monkeypatch.undo()
    made: list[int] = []
    monkeypatch.setattr(os, "fdatasync", made.append)
    for synchronised in (True, False):
        made.clear()
        Journal(journal.path.parent).catch_up(ONE, events(1, 2, 3))
        assert bool(made) is synchronised
    assert (died, len(journal.lines())) == (["killed"], 6)


def test_what_is_taken_back_costs_the_next_event_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    kept = Marks(journal.path.parent).end()
    monkeypatch.setattr(os, "fdatasync", refuse)
    with pytest.raises(OutsideFailure), journal.adding() as writer:
        writer.add(ONE, Said(3))
    assert Marks(journal.path.parent).end() == kept


def test_marks_that_another_has_made_meanwhile_are_taken(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several who wait for their turn to make them, one does."""
    Marks(journal.path.parent).forget()

    @contextmanager
    def after_another() -> Iterator[None]:
        with Journal(journal.path.parent).adding():
            monkeypatch.setattr(Journal, "_lines_of", lambda *_: pytest.fail("all is read again"))
        yield

    Journal(journal.path.parent).catch_up(ONE, events(1, 2), after_another)


def test_a_book_is_begun_without_a_journal(journal: Journal) -> None:
    """It is lost, and what was marked in it is not: that is told by who verifies it."""
    journal.path.unlink()
    Journal(journal.path.parent).catch_up("visits-2026", ())
    add(Journal(journal.path.parent), "visits-2026", 1)
    assert [each.deposit for each in journal.lines()] == ["visits-2026"]


def test_what_was_added_is_on_the_disk_also_where_the_block_fails(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(os, "fdatasync", made.append)
    with suppress(ValueError), journal.adding() as writer:
        writer.add(ONE, Said(3))
        raise ValueError
    assert (len(made), len(journal.lines())) == (1, 6)


@pytest.mark.parametrize("harm", ["", "altered"])
def test_a_mended_journal_has_every_event_and_says_why(journal: Journal, harm: str) -> None:
    before = raw(journal)
    if harm:
        before = [before[1], before[0]]
        journal.path.write_bytes(b"\n".join(before) + b"\n")
    journal.mend("lost", [(ONE, each) for each in events(1, 2, 3)])
    lines = journal.lines()
    if not harm:
        assert raw(journal)[:5] == before
        assert [(each.deposit, each.seq, each.note) for each in lines[5:]] == [(MENDED, 5, "lost"), (ONE, 3, "")]
        assert sorted(path.name for path in journal.path.parent.glob("*.altered")) == []
        return
    content = b"\n".join(before) + b"\n"
    assert [(each.deposit, each.seq) for each in lines] == [(MENDED, 0), (ONE, 1), (ONE, 2), (ONE, 3)]
    assert lines[0].note == f"lost; berkas sebelumnya: sha256 {digest(content)}"
    kept = journal.path.with_name(f"journal.jsonl.{digest(content)[:12]}.altered")
    assert kept.read_bytes() == content
    assert [each.deposit for each in journal.walk().notes] == [MENDED]  # type: ignore[union-attr]


def test_two_versions_that_git_left_are_told_as_such(journal: Journal) -> None:
    journal.path.write_bytes(journal.path.read_bytes() + b"<<<<<<< HEAD\n")
    with pytest.raises(InvalidRecord) as caught:
        journal.lines()
    assert caught.value.id == "merge-conflict"
