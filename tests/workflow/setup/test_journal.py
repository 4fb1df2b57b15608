"""The journal as evidence: what was cut, removed, altered or recreated shows; what a crash leaves is no alarm."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from sopctl.errors import InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.store import dossiers
from sopctl.store.across import extracts, processes
from sopctl.store.journal import Journal, Line
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import init, journal, scheduling
from sopctl.workflow.steps import acts, letters
from tests.authority import Authority, real_now, timestamps
from tests.conftest import Ran


@pytest.fixture
def path(desk: Desk, file_request: Callable[..., str]) -> Path:
    """The journal of a site with two deposits of three events each; its third line is the first roster."""
    for _ in range(2):
        deposit = file_request()
        for _ in range(2):
            letters.dispose(desk, deposit, instruction="x")
    return desk.site.root / "journal.jsonl"


def test_a_whole_journal_is_in_order(desk: Desk, path: Path) -> None:
    found = journal.check(desk)
    assert (found.lines, found.gaps, found.lagging, found.mended) == (7, [], [], [])


@pytest.mark.parametrize("kept", range(8))
def test_every_cut_shows_but_of_the_newest_event(desk: Desk, path: Path, kept: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:kept]))
    found = journal.check(desk)
    assert bool(found.gaps) == (kept < 6)
    if not found.gaps:
        assert bool(found.lagging) == (kept == 6)


@pytest.mark.parametrize("again", [False, True])
def test_what_is_recorded_while_it_looks_is_no_gap(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """Histories are read before the journal, and some again after it."""
    if again:
        assert journal.check(desk).gaps == []
    real = Journal.walk

    def walk(*arguments: Any) -> Any:
        acts.hold(desk.decided_by("staf"), "PS-2026-0001", reason="x")
        walked = real(*arguments)
        acts.resume(desk.decided_by("staf"), "PS-2026-0001")
        acts.hold(desk.decided_by("staf"), "PS-2026-0001", reason="y")
        acts.resume(desk.decided_by("staf"), "PS-2026-0001")
        return walked

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "walk", walk)
        assert journal.check(desk).gaps == []
    found = journal.check(desk)
    assert (found.gaps, found.lagging, found.lines) == ([], [], 11)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))
    assert journal.check(desk).gaps


def test_several_processes_say_what_one_says(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a history that cannot be read, which holds up no other."""
    for _ in range(3):
        file_request()
    broken = desk.site.root / "deposits" / "PS-2026-0002" / "history.yml"
    broken.write_bytes(broken.read_bytes()[:-20])
    alone = journal.check(desk)
    assert [gap for gap in alone.gaps if str(gap).startswith("PS-2026-0002: ")]
    monkeypatch.setattr(processes, "MANY", 1)
    monkeypatch.setattr(processes, "AT_ONCE", 1)
    assert journal.check(desk) == alone


def test_a_deleted_journal_shows(desk: Desk, path: Path) -> None:
    path.unlink()
    assert len(journal.check(desk).gaps) == 2
    with pytest.raises(InvalidRecord, match="the journal lacks 3 events of PS-2026-0002"):
        acts.hold(desk.decided_by("staf"), "PS-2026-0002", reason="x")
    assert len(dossiers.read(desk.site, "PS-2026-0002").events) == 3, "nothing was recorded"


def test_a_deposit_deleted_with_the_journal_leaves_the_others_as_witnesses(desk: Desk, path: Path) -> None:
    path.unlink()
    (desk.site.root / "deposits/PS-2026-0002").rename(desk.site.root / "gone")
    assert journal.check(desk).gaps == [
        "PS-2026-0001: 3 of its events are not in the journal, more than a crash can leave out"
    ]


def test_an_anchor_shows_what_the_journal_alone_cannot(desk: Desk, path: Path, sopctl: Callable[..., Ran]) -> None:
    """The last event is taken out of the history and out of the journal: only what was kept elsewhere knows of it."""
    anchor = sopctl("journal", "anchor").out.strip()
    assert sopctl("journal", "verify", "--against", anchor).code == 0
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    history = desk.site.root / "deposits/PS-2026-0002/history.yml"
    text = history.read_text()
    history.write_text(text[: text.index("- seq: 3")])
    assert journal.check(desk).gaps == []
    refused = sopctl("journal", "verify", "--against", anchor)
    assert (refused.code, "does not continue from its anchor" in refused.err) == (3, True)
    assert sopctl("journal", "verify", "--against", "57").code == 2


def test_reading_never_writes(desk: Desk, path: Path) -> None:
    torn = path.read_bytes() + b'{"deposit":"PS-20'
    path.write_bytes(torn)
    assert journal.check(desk).gaps == []
    assert path.read_bytes() == torn
    path.write_bytes(torn + b"x" * 5_000)
    with pytest.raises(InvalidRecord, match="altered"):
        journal.check(desk)
    with pytest.raises(InvalidRecord, match="altered"):
        acts.hold(desk.decided_by("staf"), "PS-2026-0001", reason="x")


def test_a_symbolic_link_is_no_journal(desk: Desk, path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    with pytest.raises(InvalidRecord, match="a symbolic link"):
        journal.check(desk)


def test_a_lost_journal_is_mended_in_the_open(desk: Desk, path: Path) -> None:
    with pytest.raises(NotNow, match="nothing to mend"):
        journal.mend(desk, "x")
    path.unlink()
    with pytest.raises(UsageError, match="needs a reason"):
        journal.mend(desk, " ")
    found = journal.mend(desk.decided_by("staf"), "disk rusak")
    assert (found.gaps, len(found.mended)) == ([], 1)
    assert "staf (root): disk rusak" in str(found.mended[0])
    assert (found.mended[0].at, found.mended[0].by) == (desk.now(), "staf (root)")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0].replace(b"disk", b"disc") + b"".join(lines[1:]))
    with pytest.raises(InvalidRecord, match="altered"):
        journal.check(desk)


def test_an_altered_journal_is_kept_beside_the_new_one(desk: Desk, path: Path) -> None:
    altered = path.read_bytes().replace(b"PS-2026-0001", b"PS-2026-0002", 1)
    path.write_bytes(altered)
    found = journal.mend(desk.decided_by("staf"), "diubah orang")
    assert found.gaps == []
    (kept,) = path.parent.glob("journal.jsonl.*.altered")
    assert kept.read_bytes() == altered
    assert kept.name.split(".")[2] in str(found.mended[0])


def test_a_timestamp_shows_when_the_journal_was_there(desk: Desk, path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no timestamp authority"):
        journal.stamp(desk)
    authority, root = Authority(real_now()), desk.site.root
    (tmp_path / "tsa").mkdir()
    for name, files in {
        "roots": {"akar.pem": authority.root.pem},
        "others": {"penerbit.pem": authority.middle.pem},
        "revocation": dict(zip(("akar.crl", "penerbit.crl"), authority.crl(), strict=True)),
    }.items():
        (root / "certificates" / name).mkdir(parents=True)
        for file, content in files.items():
            (root / "certificates" / name / file).write_bytes(content)
    settings = root / "sopctl.yml"
    assert "stamp" not in {job.name for job in scheduling.jobs(desk.site)}
    with timestamps(authority, tmp_path / "tsa") as url:
        settings.write_text(settings.read_text() + f"\nsigning: {{tsa: '{url}', stamp_journal: true}}\n")
        desk = replace(desk, site=Site(root), clock=real_now)
        stamped = journal.stamp(desk)
    assert "stamp" in {job.name for job in scheduling.jobs(desk.site)}
    assert (stamped.anchor, stamped.authority) == (str(journal.anchor(desk)), "Penerbit Uji")
    acts.hold(desk.decided_by("staf"), "PS-2026-0002", reason="x")
    found = journal.check(desk)
    assert (found.gaps, str(found.stamped).startswith("line 7 was there on ")) == ([], True)
    kept = Path(stamped.file)
    lists = root / "certificates" / "revocation"
    (lists / "penerbit.crl").rename(tmp_path / "penerbit.crl")
    assert "not checked" in journal.check(desk).stamped
    (tmp_path / "penerbit.crl").rename(lists / "penerbit.crl")
    true = kept.read_bytes()
    for forged, word in ((true[:-9] + bytes([true[-9] ^ 1]) + true[-8:], "broken"), (b"", "unreadable")):
        kept.write_bytes(forged)
        assert [f"does not hold: {word}" in gap for gap in journal.check(desk).gaps] == [True]
    kept.write_bytes(true)
    other = kept.rename(kept.with_name(f"7-{'0' * 64}.tsr"))
    assert len(journal.check(desk).gaps) == 2, "it is of another journal, and of another than its name says"
    other.rename(kept)
    assert not journal.check(desk).gaps


def test_an_authority_that_gives_no_timestamp_is_told(desk: Desk, path: Path) -> None:
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + "\nsigning: {tsa: 'http://127.0.0.1:9/'}\n")
    with pytest.raises(OutsideFailure, match="gave no answer"):
        journal.stamp(replace(desk, site=Site(desk.site.root)))
    assert not (desk.site.root / "timestamps").exists()


def test_what_is_the_same_to_the_last_byte_is_not_parsed_again(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.check(desk)
    parsed: list[str] = []
    real = dossiers.read

    def reading(site: Site, name: str) -> dossiers.Dossier:
        parsed.append(name)
        return real(site, name)

    monkeypatch.setattr(dossiers, "read", reading)
    assert (journal.check(desk), parsed) == (first, [])
    acts.hold(desk.decided_by("staf"), "PS-2026-0002", reason="x")
    parsed.clear()
    assert (journal.check(desk).lines, parsed) == (8, ["PS-2026-0002"])
    assert journal.check(desk, whole=True) == journal.check(desk)
    parsed.clear()
    journal.check(desk, journal.Kept(journal.anchor(desk)))
    assert parsed == ["PS-2026-0001", "PS-2026-0002"], "against an anchor, all of it is"


def test_a_line_that_a_crash_left_out_is_known_once_it_is_there(desk: Desk, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"{")])
    assert journal.check(desk).lagging
    assert journal.check(desk).lagging, "and it is told each time"
    path.write_bytes(whole)
    assert (journal.check(desk).lagging, journal.check(desk).gaps) == ([], [])


def what_is_said(desk: Desk, *, whole: bool) -> object:
    try:
        return journal.check(desk, whole=whole)
    except InvalidRecord as error:
        return str(error)


def test_a_check_that_goes_on_says_what_a_whole_one_says(desk: Desk, path: Path) -> None:
    """Whatever was changed since the last one, in the journal, the histories and the records; also by lines that are
    chained and histories that were recreated from older ones."""
    root, random = desk.site.root, Random(25)
    journal.check(desk)
    acts.hold(desk.decided_by("staf"), "PS-2026-0001", reason="y")
    acts.hold(desk.decided_by("staf"), "PS-2026-0002", reason="x")
    files = [path, *sorted(root.glob("deposits/*/*.yml")), *sorted(root.glob("roster/*"))]
    kept = {each: each.read_bytes() for each in (*files, root / "var" / extracts.FILE_NAME)}
    found = []
    for number in range(120):
        changed = files[number % len(files)] if number % 3 else path
        content = kept[changed]
        lines, at = content.splitlines(keepends=True), random.randrange(len(content))
        one, other = sorted(random.sample(range(len(lines) + 1), 2)) if len(lines) > 1 else (0, 1)
        new = random.choice(
            [
                content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
                content[:at],
                b"".join(lines[:one] + lines[other:]),
                b"".join(lines[:other] + lines[one:]),
                rechained(lines[:one] + lines[other:]) if changed == path else b"",
                content,
            ]
        )
        changed.write_bytes(new)
        went_on, whole = what_is_said(desk, whole=False), what_is_said(desk, whole=True)
        assert went_on == whole, (changed.name, number)
        found.append(went_on)
        for each, before in kept.items():
            each.write_bytes(before)
    assert sum(isinstance(each, journal.Check) and not each.gaps for each in found) in range(10, 60)


def rechained(lines: list[bytes]) -> bytes:
    """These lines of a journal, as someone would chain them who knows how."""
    made: list[bytes] = []
    for each in lines:
        prev = hashlib.sha256(made[-1][:-1]).hexdigest() if made else ""
        line = msgspec.structs.replace(msgspec.json.decode(each, type=Line), prev=prev)
        made.append(msgspec.json.encode(line) + b"\n")
    return b"".join(made)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM kept WHERE name = 'PS-2026-0001'",
        "DELETE FROM kept WHERE name = ''",
        "UPDATE kept SET name = 'PS-2026-0009' WHERE name = 'PS-2026-0001'",
        "UPDATE kept SET stamp = '' WHERE name = 'PS-2026-0001'",
        "DROP TABLE kept",
    ],
)
def test_harm_to_what_was_kept_costs_a_whole_check(desk: Desk, path: Path, harm: str) -> None:
    """A dossier is removed, and what was known of it."""
    journal.check(desk)
    with sqlite3.connect(desk.site.root / "var" / extracts.FILE_NAME) as database:
        database.execute(harm)
    (desk.site.root / "deposits/PS-2026-0001").rename(desk.site.root / "gone")
    assert set(journal.check(desk).gaps) == {"PS-2026-0001: the dossier is missing"}
    (desk.site.root / "gone").rename(desk.site.root / "deposits/PS-2026-0001")
    assert journal.check(desk).gaps == []


def test_no_lock_is_held_while_it_reads(desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is recorded, and a dossier opened, after the histories were read: what the journal says of them is no
    gap."""
    real = Journal.walk

    def walking(*args: Any, **kwargs: Any) -> object:
        monkeypatch.setattr(Journal, "walk", real)
        next(acting)
        letters.request(desk, record)
        return real(*args, **kwargs)

    def act() -> Iterator[object]:
        yield acts.hold(desk.decided_by("staf"), "PS-2026-0001", reason="meanwhile")
        yield acts.resume(desk.decided_by("staf"), "PS-2026-0001")

    acting = act()
    record = path.parent.parent / "meanwhile.yml"
    record.write_text(init.EXAMPLE_REQUEST)
    for _ in range(2):
        desk = desk.knowing("for the test")
        monkeypatch.setattr(Journal, "walk", walking)
        found = journal.check(desk)
        assert (found.gaps, found.lagging) == ([], [])


def test_a_file_that_is_gone_shows_although_nothing_is_parsed_again(
    desk: Desk, path: Path, until_space: Callable[..., str]
) -> None:
    """The files that events name are looked for at each check, whatever the last one found."""
    deposit = until_space()
    folder = desk.site.root / "deposits" / deposit
    assert journal.check(desk).gaps == []
    gone = next((folder / "documents").glob("*.yml"))
    kept = gone.read_bytes()
    gone.unlink()
    assert [gap for gap in journal.check(desk).gaps if gone.name in gap and "recorded" in gap]
    gone.write_bytes(kept)
    assert journal.check(desk).gaps == []
