"""Following the journal: who looks again learns which deposits were named meanwhile, and when to read all anew."""

import hashlib
import os
from pathlib import Path

import pytest

from sopctl.store.journal import Followed, Journal
from tests.store.across.test_marks import longer, note

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
