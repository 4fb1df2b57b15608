"""Who decides, and by what, is in the journal when it changes: with who noticed it and when."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord
from sopctl.store import roster
from sopctl.store.library import SHIPPED
from sopctl.store.roster import Member, Roster, differences
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal
from sopctl.workflow.steps import acts, letters

KADIS = Member("Nama Lama", "Kepala Dinas", "kadis", "")
NOW = Roster({"kadis": KADIS}, ("everyone",), "kadis", {"1": "kabid"}, {"penitipan": "1 abc"})


def _rest() -> tuple[tuple[str, ...], str, dict[str, str], dict[str, str]]:
    return NOW.clerks, NOW.head, NOW.escalation, NOW.procedures


def anew(desk: Desk) -> Desk:
    """The desk of the next command."""
    return Desk(Site(desk.site.root), desk.deciding, desk.clock)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (Roster({}, NOW.clerks, NOW.head, NOW.escalation, NOW.procedures), "kadis tidak lagi: Nama Lama, Kepala Dinas"),
        (
            Roster({"kadis": KADIS, "staf": Member("B", "", "pelaksana", "b")}, *_rest()),
            "staf baru: B, pelaksana, login b",
        ),
        (
            Roster({"kadis": Member("Nama Baru", "Kepala Dinas", "kadis", "")}, *_rest()),
            "kadis: Nama Lama, Kepala Dinas, kadis → Nama Baru, Kepala Dinas, kadis",
        ),
        (
            Roster(NOW.people, ("operator",), NOW.head, NOW.escalation, NOW.procedures),
            "clerks: ('everyone',) → ('operator',)",
        ),
        (
            Roster(NOW.people, NOW.clerks, NOW.head, NOW.escalation, {"penitipan": "2 def"}),
            "prosedur penitipan: 1 (abc) → 2 (def)",
        ),
    ],
)
def test_what_is_different(now: Roster, said: str) -> None:
    assert [each for each in differences(NOW, now) if each.startswith(said)]
    assert differences(now, now) == []


def test_the_journal_says_when_people_and_procedures_changed(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    assert [each.said for each in journal.check(desk).rosters] == ["dicatat untuk pertama kali"]
    letters.dispose(desk, deposit, instruction="x")
    assert len(journal.check(desk).rosters) == 1, "nothing has changed"
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("name: Kepala Dinas,", "name: Pejabat Baru,"))
    own = desk.site.root / "procedures/penitipan.yml"
    own.parent.mkdir()
    own.write_text((SHIPPED / "penitipan.yml").read_text().replace('version: "1"', 'version: "2"'))
    later = anew(desk)
    acts.hold(later.decided_by("staf"), deposit, reason="x")
    found = journal.check(later)
    assert found.gaps == []
    _, changed = found.rosters
    assert str(changed).startswith("2026-11-23T09:30:00+07:00 root: ")
    assert (
        "kadis: Kepala Dinas, Kepala Dinas Kominfo, kadis → Pejabat Baru, Kepala Dinas Kominfo, kadis" in changed.said
    )
    assert "prosedur penitipan: 1 (" in changed.said
    assert len(list((desk.site.root / "roster").iterdir())) == 2


@pytest.mark.parametrize("how", ["altered", "missing"])
def test_a_kept_roster_that_was_changed_shows(desk: Desk, file_request: Callable[..., str], how: str) -> None:
    letters.dispose(desk, file_request(), instruction="x")
    (kept,) = (desk.site.root / "roster").iterdir()
    if how == "altered":
        kept.write_text(kept.read_text().replace("Kepala Dinas", "Kepala Desa"))
    else:
        kept.unlink()
    found = roster.check(desk.site, [kept.stem])
    assert found == [f"roster/{kept.name} {'was altered' if how == 'altered' else 'is missing'}"]
    assert journal.check(desk).gaps


def test_a_roster_line_is_chained_like_any_other(desk: Desk, file_request: Callable[..., str]) -> None:
    letters.dispose(desk, file_request(), instruction="x")
    path = Path(desk.site.root / "journal.jsonl")
    path.write_text(path.read_text().replace("pertama kali", "kedua kali"))
    with pytest.raises(InvalidRecord, match="was altered here"):
        journal.check(desk)


def test_an_event_stands_whatever_comes_of_the_roster(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    (desk.site.root / "roster").write_text("in the way")
    letters.dispose(desk, deposit, instruction="x")
    assert [error.id for error in desk.site.lagging]
    (desk.site.root / "roster").unlink()
    letters.dispose(desk, deposit, instruction="x")
    assert len(journal.check(desk).rosters) == 1
