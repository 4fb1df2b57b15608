"""A record that people edit, with sopctl or behind its back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import Conflict, InvalidRecord, NotNow, UsageError
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import editing, letters


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
    done = editing.edit(desk, deposit, source=source)
    after = dossiers.read(desk.site, deposit)
    assert after.deposit.contacts.administrative.email == "tu@example.org"
    assert [line.strip("-+ ") for line in done.data["changed"]] == ["email: umum@example.org", "email: tu@example.org"]
    assert after.standing.since == before.standing.since, "no clock is restarted"
    assert editing.by_hand(after) == []


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
        editing.edit(desk, deposit, source=source)
    assert record(desk, deposit).read_bytes() == before
    assert len(dossiers.read(desk.site, deposit).events) == 1


def test_the_editor_of_the_person_is_used(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    monkeypatch.setenv("VISUAL", "sed -i s/umum@/tu@/")
    editing.edit(desk, deposit, note="alamat baru")
    assert dossiers.read(desk.site, deposit).events[-1].note == "alamat baru"
    with pytest.raises(NotNow, match="nothing was changed"):
        editing.edit(desk, deposit)


def test_an_edit_behind_our_back_is_shown_and_accepted_by_command_only(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    path = record(desk, deposit)
    path.write_text(path.read_text().replace("umum@example.org", "tu@example.org"))
    shown = editing.by_hand(dossiers.read(desk.site, deposit))
    assert [line.strip("-+ ") for line in shown] == ["email: umum@example.org", "email: tu@example.org"]
    with pytest.raises(Conflict, match="was edited by hand"):
        editing.edit(desk, deposit, source=changed(desk, deposit, tmp_path, "tu@", "sekretariat@"))
    with pytest.raises(UsageError, match="needs a note"):
        editing.accept(desk, deposit, note="")
    editing.accept(desk, deposit, note="surat ralat")
    assert editing.by_hand(dossiers.read(desk.site, deposit)) == []
    with pytest.raises(NotNow, match="as it was accepted"):
        editing.accept(desk, deposit, note="x")
    letters.dispose(desk, deposit, instruction="x")
