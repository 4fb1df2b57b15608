"""The office's own papers: each record names its files and the record before it, and the journal names it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sopctl.errors import Conflict, InvalidRecord, NotNow, OutsideFailure
from sopctl.store import issued
from sopctl.store.durable import Unconfirmed
from sopctl.store.issued import Issued, SentTo
from sopctl.store.journal import Journal, Writer
from sopctl.store.site import Moved, Site

AT = datetime(2026, 12, 1, tzinfo=UTC)


def new(seq: int, **more: Any) -> Issued:
    return Issued(seq, "LAPORAN-2026-11", f"555/{seq}", AT, "ayu", "budi", (), **more)


def issue(site: Site, seq: int, **contents: bytes) -> Issued:
    return issued.issue(site, issued.read(site), new(seq), {f"{name}.pdf": each for name, each in contents.items()})


def test_a_report_is_issued_after_the_one_before(site: Site) -> None:
    assert issued.read(site) == []
    first, second = issue(site, 1, report=b"one", summary=b"two"), issue(site, 2, report=b"three")
    assert issued.read(site) == [first, second]
    assert [each.file for each in first.files] == ["reports/0001-report.pdf", "reports/0001-summary.pdf"]
    assert [each.sha256 for each in first.files] == [hashlib.sha256(each).hexdigest() for each in (b"one", b"two")]
    assert [(site.root / each.file).read_bytes() for each in first.files] == [b"one", b"two"]
    assert (first.prev, second.prev) == ("", hashlib.sha256((site.root / "reports/0001.json").read_bytes()).hexdigest())
    assert [(each.deposit, each.seq, each.hash) for each in Journal(site.root).lines()] == [
        ("reports", 1, first.hash),
        ("reports", 2, second.hash),
    ]
    assert site.committed == [("reports", 1), ("reports", 2)]
    assert {path.stat().st_nlink for path in (site.root / "reports").iterdir()} == {1}


@pytest.mark.parametrize("harm", ["altered", "laid out otherwise", "missing", "another number", "moved", "no record"])
def test_a_register_that_was_altered_is_refused_at_the_record(site: Site, harm: str) -> None:
    for seq in (1, 2, 3):
        issue(site, seq, report=b"x")
    folder, at = site.root / "reports", "0002.json"
    path = folder / at
    match harm:
        case "altered":
            path.write_bytes(path.read_bytes().replace(b"budi", b"ayuu"))
            at = "0003.json"
        case "laid out otherwise":
            path.write_bytes(path.read_bytes().rstrip())
        case "missing":
            path.unlink()
            at = "0003.json"
        case "another number":
            path.write_bytes(msgspec.structs.replace(issued.read(site)[1], seq=3).content)
        case "moved":
            path.rename(folder / "0009.json")
            at = "0003.json"
        case "no record":
            path.write_bytes(b"[]")
    with pytest.raises(InvalidRecord) as caught:
        issued.read(site)
    assert (caught.value.id, caught.value.where) == ("register-altered", str(folder / at))


def test_two_cannot_issue_the_same_number(site: Site) -> None:
    before = issued.read(site)
    issue(site, 1, report=b"x")
    for known, seq in ((before, 1), (issued.read(site), 1), (issued.read(site), 3)):
        with pytest.raises(Conflict) as caught:
            issued.issue(site, known, new(seq), {})
        assert caught.value.id == "issued-meanwhile"
    site.mark_moved(Moved(AT, "ayu", "x"))
    with pytest.raises(NotNow):
        issue(site, 2)


def test_files_without_a_record_are_taken_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> None:
        raise OutsideFailure("disk-full", "full")

    with monkeypatch.context() as full:
        full.setattr(issued, "write_atomic", refuse)
        with pytest.raises(OutsideFailure):
            issue(site, 1, report=b"x")
    assert list((site.root / "reports").iterdir()) == []
    assert (Journal(site.root).lines(), site.committed) == ([], [])


def test_what_fails_after_the_record_is_told_and_made_good(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> None:
        raise OutsideFailure("disk-full", "full")

    with monkeypatch.context() as full:
        full.setattr(Writer, "add_hash", refuse)
        first = issue(site, 1, report=b"x")
    assert [(each.id, each.values["number"]) for each in site.lagging] == [("report-journal-lags", "555/1")]
    assert (issued.read(site), Journal(site.root).lines(), site.committed) == ([first], [], [("reports", 1)])
    issue(site, 2, report=b"y")
    assert [each.seq for each in Journal(site.root).lines()] == [1, 2]

    def unconfirmed(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        raise Unconfirmed("write-unconfirmed", "not confirmed")

    monkeypatch.setattr(issued, "write_atomic", unconfirmed)
    issue(site, 3, report=b"z")
    assert len(issued.read(site)) == 3
    assert site.lagging[-1].id == "write-unconfirmed"


def test_what_issues_a_report_and_what_says_what_became_of_it() -> None:
    assert new(1).is_report
    assert not new(1, sent=SentTo("a@example.org", "x")).is_report
    assert b"signed" not in new(1).content
    assert new(1).content.endswith(b"}\n")


def test_a_file_for_people_to_look_at(site: Site) -> None:
    assert issued.keep(site, "draft.pdf", b"x").read_bytes() == b"x"
    assert issued.read(site) == []
