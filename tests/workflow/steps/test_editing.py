"""A record that people edit, with sopctl or behind its back."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, by_hand
from sopctl.workflow.steps import editing, letters
from tests.faults.judging import files


def record(desk: Desk, deposit: str) -> Path:
    return dossiers.read(desk.site, deposit).folder / "deposit.yml"


def changed(desk: Desk, deposit: str, tmp_path: Path, old: str, new: str) -> Path:
    path = tmp_path / "baru.yml"
    path.write_text(record(desk, deposit).read_text().replace(old, new))
    return path


def test_an_edit_is_recorded_with_what_was_and_what_is(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    before = dossiers.read(desk.site, deposit)
    source = changed(desk, deposit, tmp_path, "umum@example.org", "tu@example.org")
    done = editing.edit(desk, deposit, source=source, note="ralat")
    after = dossiers.read(desk.site, deposit)
    assert after.deposit.contacts.administrative.email == "tu@example.org"
    assert [line.strip("-+ ") for line in done.data["changed"]] == ["email: umum@example.org", "email: tu@example.org"]
    assert after.standing.since == before.standing.since, "no clock is restarted"
    assert by_hand(after) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("height_units: '2'", "height_units: dua", "height_units"),
        ("id: PS-2026-0001", "id: PS-2026-0009", "the id PS-2026-0001 cannot be changed"),
    ],
)
def test_an_edit_that_is_not_valid_changes_nothing(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path, old: str, new: str, says: str
) -> None:
    deposit = file_request()
    before = record(desk, deposit).read_bytes()
    source = changed(desk, deposit, tmp_path, old.replace("'", ""), new)
    with pytest.raises(InvalidRecord, match=says):
        editing.edit(desk, deposit, source=source, note="ralat")
    assert record(desk, deposit).read_bytes() == before
    assert len(dossiers.read(desk.site, deposit).events) == 1


def test_an_edit_to_anothers_address_leaves_nothing(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    """Also nothing in documents/, where the new record was kept already."""
    first, deposit = file_request(), file_request()
    edited = changed(desk, deposit, tmp_path, "192.0.2.11", "192.0.2.10")
    before = files(desk.site.root)
    with pytest.raises(InvalidRecord, match=first):
        editing.edit(desk.decided_by("staf"), deposit, source=edited, note="x")
    assert files(desk.site.root) == before


def test_the_editor_of_the_person_is_used(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    monkeypatch.setenv("VISUAL", "sed -i s/umum@/tu@/")
    editing.edit(desk, deposit, note="alamat baru")
    assert dossiers.read(desk.site, deposit).events[-1].note == "alamat baru"
    with pytest.raises(NotNow, match="nothing was changed"):
        editing.edit(desk, deposit, note="ralat")


def test_an_edit_behind_our_back_is_shown_and_accepted_by_command_only(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    path = record(desk, deposit)
    path.write_text(path.read_text().replace("umum@example.org", "tu@example.org"))
    shown = by_hand(dossiers.read(desk.site, deposit))
    assert [line.strip("-+ ") for line in shown] == ["email: umum@example.org", "email: tu@example.org"]
    with pytest.raises(Conflict, match="was edited by hand"):
        editing.edit(desk, deposit, source=changed(desk, deposit, tmp_path, "tu@", "sekretariat@"), note="ralat")
    with pytest.raises(UsageError, match="needs a note"):
        editing.accept(desk, deposit, note="")
    editing.accept(desk, deposit, note="surat ralat")
    assert by_hand(dossiers.read(desk.site, deposit)) == []
    with pytest.raises(NotNow, match="as it was accepted"):
        editing.accept(desk, deposit, note="x")
    letters.dispose(desk, deposit, instruction="x")


def test_an_edit_by_hand_stops_every_step_until_it_is_accepted(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    path = record(desk, deposit)
    path.write_text(path.read_text().replace("Dinas Contoh", "Dinas Lain"))
    assert dossiers.read(desk.site, deposit).deposit.unit == "Dinas Contoh", "what was filed is what counts"
    with pytest.raises(Conflict, match="was edited by hand"):
        letters.dispose(desk, deposit, instruction="x")
    editing.accept(desk.decided_by("kabid"), deposit, note="ralat")
    letters.dispose(desk, deposit, instruction="x")


@pytest.mark.parametrize("left", ["as before", "missing"])
def test_a_record_behind_its_history_follows_at_the_next_turn(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path, left: str
) -> None:
    """A crash after the event of an edit, before deposit.yml was written."""
    deposit = file_request()
    path = record(desk, deposit)
    before = path.read_bytes()
    source = changed(desk, deposit, tmp_path, "umum@example.org", "tu@example.org")
    editing.edit(desk, deposit, source=source, note="ralat")
    after = path.read_bytes()
    if left == "missing":
        path.unlink()
    else:
        path.write_bytes(before)
    assert dossiers.read(desk.site, deposit).deposit.contacts.administrative.email == "tu@example.org"
    letters.dispose(desk, deposit, instruction="x")
    assert path.read_bytes() == after


def test_what_was_typed_is_never_lost(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    monkeypatch.setenv("EDITOR", "sed -i 's/Contoh R200/HOURS OF WORK/; s/height_units: 2/height_units: two/'")
    with pytest.raises(InvalidRecord) as caught:
        editing.edit(desk, deposit, note="ralat")
    (draft,) = (desk.site.root / "var/drafts").iterdir()
    assert "HOURS OF WORK" in draft.read_text()
    assert Action("edit", deposit, given={"from": str(draft)}) in caught.value.remedy
    assert draft.stat().st_mode & 0o777 == 0o600
    draft.write_text(draft.read_text().replace("height_units: two", "height_units: 2"))
    editing.edit(desk, deposit, source=draft, note="ralat")
    assert dossiers.read(desk.site, deposit).deposit.server.brand_model == "HOURS OF WORK"


LEAVES = {
    "a tag of Python's": "b'id: !!python/object/apply:os.system [touch canary]\\n'",
    "an alias bomb": "b'a: &a [x, x]\\nb: &b [*a, *a, *a]\\nc: [*b, *b, *b]\\n' + old",
    "a second document": "old + b'---\\n' + old",
    "a key twice": "old + b'unit: Dinas Lain\\n'",
    "bytes that are no text": "old.replace(b'Dinas', b'\\xff\\xfe')",
    "a NUL": "old.replace(b'Dinas', b'Di\\x00nas')",
    "escapes": "old.replace(b'Contoh R200', b'\\x1b[2J')",
    "what is read from right to left": "old.replace(b'Contoh R200', '\\u202e002R'.encode())",
    "too much": "old + b'#' * 300_000",
    "depth": "b'a: ' + b'[' * 50_000",
    "nothing": "b''",
    "another id": "old.replace(b'PS-2026-0001', b'../../x')",
}
"""What an editor leaves, in Python, where `old` is what it found."""


@pytest.mark.parametrize("left", LEAVES)
def test_whatever_an_editor_leaves_is_refused_and_kept(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, left: str
) -> None:
    deposit = file_request()
    before = files(desk.site.root)
    script = tmp_path / "editor"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nold = open(sys.argv[1], 'rb').read()\n"
        f"open(sys.argv[1], 'wb').write({LEAVES[left]})\n"
    )
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRecord) as refused:
        editing.edit(desk, deposit, note="x")
    assert str(refused.value).replace("\n", "").isprintable()
    assert files(desk.site.root) == before
    assert not (tmp_path / "canary").exists()
    assert len(list((desk.site.root / "var/drafts").iterdir())) == 1, "what was typed is kept"


@pytest.mark.parametrize("stands", ["rm -f", 'sh -c \'rm "$0"; mkdir "$0"\'', 'sh -c \'rm "$0"; mkfifo "$0"\''])
def test_an_editor_that_leaves_no_file_changes_nothing(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch, stands: str
) -> None:
    deposit = file_request()
    before = files(desk.site.root)
    monkeypatch.setenv("EDITOR", stands)
    with pytest.raises((InvalidRecord, OutsideFailure)):
        editing.edit(desk, deposit, note="x")
    assert files(desk.site.root) == before


def test_an_edit_by_hand_under_an_open_editor_is_a_conflict(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    path = record(desk, deposit)
    script = f"sed -i 's/power_watts: 400/power_watts: 555/' {path}; sed -i 's/R200/R777/'"
    monkeypatch.setenv("EDITOR", f"sh -c '{script.replace(chr(39), chr(34))} \"$1\"' sh")
    with pytest.raises(Conflict, match="while your editor was open"):
        editing.edit(desk, deposit, note="ralat")
    assert "R777" in next((desk.site.root / "var/drafts").iterdir()).read_text()
    assert "power_watts: 555" in path.read_text(), "theirs is kept too, to be accepted or undone"


@pytest.mark.parametrize("editor", ["vi 'x", "/no/such/editor", "false"])
def test_an_editor_that_does_not_work(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch, editor: str
) -> None:
    deposit = file_request()
    monkeypatch.setenv("VISUAL", editor)
    with pytest.raises(OutsideFailure, match="the editor failed"):
        editing.edit(desk, deposit, note="ralat")
    assert list((desk.site.root / "var/drafts").iterdir()) == []
