"""Marks make an event cheap, and decide nothing: whatever becomes of them, the journal is the same."""

import random
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sopctl.errors import InvalidRecord
from sopctl.store import journal
from sopctl.store.across import marks
from sopctl.store.across.marks import End, Mark, Marks
from sopctl.store.durable import opened
from sopctl.store.journal import Journal, Noted

NAMES = ("PS-2026-0001", "PS-2026-0002", "PS-2025-0107", "visits")


class Event:
    """An event as the journal knows it."""

    def __init__(self, seq: int) -> None:
        self.seq, self.hash, self.at = seq, f"{seq:064x}", datetime(2026, 11, 2, tzinfo=UTC)


def events(count: int) -> list[Noted]:
    return [Event(seq) for seq in range(1, count + 1)]


def note(root: Path, name: str, count: int) -> None:
    """Note the event after `count` others."""
    found = Journal(root)
    if count:
        found.catch_up(name, events(count))
    with found.adding() as writer:
        writer.add(name, Event(count + 1))


def end_to_add_at(root: Path) -> End:
    """Where the journal ends, for who adds to it."""
    with Journal(root).adding() as writer:
        return writer._end


def longer(root: Path, lines: int) -> None:
    """Add lines of other deposits, as they stand in the journal of a large site."""
    text, prev = [], end_to_add_at(root).digest
    for number in range(lines):
        raw = msgspec.json.encode(journal.Line(f"PS-2024-{number:06}", 1, "0" * 64, prev))
        prev = journal._digest(raw)
        text.append(raw + b"\n")
    with Journal(root).path.open("ab") as file:
        file.writelines(text)


def test_an_event_reads_a_few_lines_of_a_long_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(tmp_path, NAMES[0], 0)
    longer(tmp_path, 5_000)
    note(tmp_path, NAMES[0], 1)  # takes in what others have added
    read: list[tuple[int, int]] = []

    @contextmanager
    def counted(path: Path, **how: Any) -> Any:
        with opened(path, **how) as file:
            taken = 0

            class Counting:
                def __getattr__(self, name: str) -> Any:
                    return getattr(file, name)

                def __iter__(self) -> Any:
                    nonlocal taken
                    for line in file:
                        taken += len(line)
                        yield line

                def read(self, size: int = -1) -> bytes:
                    nonlocal taken
                    content = file.read(size)
                    taken += len(content)
                    return content

            yield Counting()
            read.append((taken, file.tell()))

    monkeypatch.setattr(journal, "opened", counted)
    note(tmp_path, NAMES[0], 2)
    assert read
    assert sum(taken for taken, _ in read) < 1_000
    Marks(tmp_path).forget()
    read.clear()
    note(tmp_path, NAMES[0], 3)
    assert sum(taken for taken, _ in read) > 500_000, "without marks all of it is read"


def folder(root: Path) -> Path:
    return root / "var" / marks.FOLDER


def of_old(root: Path, kept: Path, *names: str) -> None:
    """Put the marks back as they were: all, or these, as a power cut may leave them."""
    if not names:
        shutil.rmtree(folder(root))
        shutil.copytree(kept, folder(root))
    for name in names:
        shutil.copyfile(kept / name, folder(root) / name)


def written(root: Path, content: bytes, *names: str) -> None:
    for name in names:
        (folder(root) / name).write_bytes(content)


def lost(root: Path, *names: str) -> None:
    for name in names:
        (folder(root) / name).unlink()


def ended(root: Path, **other: Any) -> None:
    """The file of the end, with something else in it and the hash of that."""
    end = Marks(root).end()
    assert end is not None
    Marks(root).keep(msgspec.structs.replace(end, **other), {})


HARMS: dict[str, Callable[[Path, Path], None]] = {
    "gone": lambda root, kept: Marks(root).forget(),
    "the folder is gone": lambda root, kept: shutil.rmtree(folder(root)),
    "no marks": lambda root, kept: written(root, b"x" * 5_000, *NAMES, marks.THE_END),
    "empty": lambda root, kept: written(root, b"", *NAMES, marks.THE_END),
    "of an hour ago": of_old,
    "one is of an hour ago": lambda root, kept: of_old(root, kept, NAMES[0]),
    "the end is of an hour ago": lambda root, kept: of_old(root, kept, marks.THE_END),
    "one is another's": lambda root, kept: written(root, (folder(root) / NAMES[1]).read_bytes(), NAMES[0]),
    "one leads behind the end": lambda root, kept: written(root, b"[4,999999]\n", NAMES[0]),
    "one leads nowhere": lambda root, kept: written(root, b"[4,-1]\n", NAMES[0]),
    "one leads too far": lambda root, kept: written(root, b"[4,%d]\n" % 2**63, NAMES[0]),
    "all but the end are gone": lambda root, kept: lost(root, *NAMES),
    "the end is gone": lambda root, kept: lost(root, marks.THE_END),
    "the end is wrong": lambda root, kept: ended(root, stop=7),
    "the end is that of another journal": lambda root, kept: ended(root, digest="x"),
    "a number is wrong": lambda root, kept: a_number_less(root),
}


def a_number_less(root: Path) -> None:
    content = (folder(root) / marks.THE_END).read_bytes()
    assert b'"PS-2025-":107' in content
    written(root, content.replace(b'"PS-2025-":107', b'"PS-2025-":100'), marks.THE_END)


@pytest.mark.parametrize("harm", HARMS)
def test_marks_that_are_wrong_cost_time_and_nothing_else(tmp_path: Path, harm: str) -> None:
    for name in NAMES:
        for count in range(3):
            note(tmp_path, name, count)
    kept = tmp_path / "kept"
    shutil.copytree(folder(tmp_path), kept)
    for name in NAMES:
        note(tmp_path, name, 3)
    HARMS[harm](tmp_path, kept)
    for count in (4, 5):
        for name in NAMES:
            note(tmp_path, name, count)
        assert Journal(tmp_path).given("PS-2026-") == 2
        assert Journal(tmp_path).given("PS-2025-") == 107
    lines = Journal(tmp_path).lines()
    assert sorted((line.deposit, line.seq) for line in lines) == sorted((n, s) for n in NAMES for s in range(1, 7))
    assert Marks(tmp_path).of(NAMES[0]) == Mark(6, place(tmp_path, NAMES[0], 6)), "and it heals"


def test_marks_that_could_not_be_kept_whole_end_where_they_did(tmp_path: Path) -> None:
    """Ctrl-C among the marks: with a new end beside old marks, each event of those histories would read the whole."""
    for name in NAMES:
        note(tmp_path, name, 0)
    before = Marks(tmp_path).end()

    class Interrupted(dict[str, Mark]):
        def items(self) -> Any:
            yield NAMES[0], Mark(2, 3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Marks(tmp_path).keep(End(1, 2, 3), Interrupted())
    assert Marks(tmp_path).end() == before


def test_no_history_has_a_mark_outside_of_their_folder(tmp_path: Path) -> None:
    """A journal that came from elsewhere may name anything."""
    path = Journal(tmp_path).path
    line = journal.Line("../../outside", 1, "0" * 64, "")
    path.write_bytes(msgspec.json.encode(line) + b"\n")
    note(tmp_path, NAMES[0], 0)
    there = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert there == {"journal.jsonl", f"var/marks/{marks.THE_END}", f"var/marks/{NAMES[0]}"}


def test_a_mark_is_written_through_no_link(tmp_path: Path) -> None:
    note(tmp_path, NAMES[0], 0)
    other, mark = tmp_path / "other", folder(tmp_path) / NAMES[0]
    other.write_bytes(b"of another")
    mark.unlink()
    mark.symlink_to(other)
    note(tmp_path, NAMES[0], 1)
    assert other.read_bytes() == b"of another"
    assert [line.seq for line in Journal(tmp_path).lines()] == [1, 2]


@pytest.mark.parametrize("lines", [0, 1])
def test_a_deposit_is_known_by_its_line_with_and_without_a_mark(tmp_path: Path, lines: int) -> None:
    note(tmp_path, "PS-2026-0002", 0)
    for _ in range(lines):
        note(tmp_path, "PS-2026-0001", 0)
    for gone in ((), ("PS-2026-0002",), (marks.THE_END,)):
        lost(tmp_path, *gone)
        has = [Journal(tmp_path).has(f"PS-2026-{number:04}") for number in (1, 2, 3)]
        assert has == [bool(lines), True, False]


def place(root: Path, name: str, seq: int) -> int:
    content = Journal(root).path.read_bytes()
    return content.index(f'{{"deposit":"{name}","seq":{seq},'.encode())


@pytest.mark.parametrize("gone", range(6))
def test_a_line_that_was_cut_out_is_missed_with_marks_too(tmp_path: Path, gone: int) -> None:
    for count in range(6):
        note(tmp_path, NAMES[0], count)
    path = Journal(tmp_path).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    if gone == 5:  # the newest: a crash leaves that, too
        note(tmp_path, NAMES[0], 6)
    else:
        with pytest.raises(InvalidRecord, match="the journal lacks"):
            note(tmp_path, NAMES[0], 6)


def test_a_line_that_a_crash_tore_is_added_anew(tmp_path: Path) -> None:
    note(tmp_path, NAMES[0], 0)
    with Journal(tmp_path).path.open("ab") as file:
        file.write(f'{{"deposit":"{NAMES[0]}","seq":2,"ha'.encode())
    note(tmp_path, NAMES[0], 2)
    assert [line.seq for line in Journal(tmp_path).lines()] == [1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_the_marks_are_those_of_a_whole_reading(tmp_path: Path, seed: int) -> None:
    """Events, kills between line and marks, torn lines and mends in any order."""
    chance = random.Random(seed)
    counts = dict.fromkeys(NAMES, 0)
    path = Journal(tmp_path).path
    kept = tmp_path / "kept"
    for _ in range(60):
        name = chance.choice(NAMES)
        match chance.randrange(6):
            case 0 if folder(tmp_path).exists():
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder(tmp_path), kept)
            case 1 if kept.exists():
                of_old(tmp_path, kept)
            case 2 if path.exists():
                with path.open("ab") as file:
                    file.write(f'{{"deposit":"{name}","seq":{counts[name]},"ha'.encode())
            case 3 if path.exists() and counts[name]:
                Journal(tmp_path).mend("x", [(name, Event(seq)) for seq in range(1, counts[name] + 1)])
            case _:
                note(tmp_path, name, counts[name])
                counts[name] += 1
    by_marks = end_to_add_at(tmp_path)
    found = {name: Marks(tmp_path).of(name) for name in NAMES}
    Marks(tmp_path).forget()
    assert end_to_add_at(tmp_path) == by_marks
    assert {name: Marks(tmp_path).of(name) for name in NAMES} == found
    have = [(line.deposit, line.seq) for line in Journal(tmp_path).lines() if line.deposit != journal.MENDED]
    assert sorted(have) == sorted((name, seq) for name in NAMES for seq in range(1, counts[name] + 1))


def test_what_an_older_version_kept_goes(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / marks.EARLIER).write_bytes(b"SQLite format 3\0")
    note(tmp_path, NAMES[0], 0)
    assert [each.name for each in (tmp_path / "var").iterdir()] == [marks.FOLDER]
