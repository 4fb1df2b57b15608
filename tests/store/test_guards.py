"""What must hold of what is kept, each line with a guard of its own: tests/cases/store_guards.yml. Each probe passes as
the store is, and fails when its guard is taken out."""

import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from sopctl.errors import SopctlError
from sopctl.model.sop.entries import ConditionInspected
from sopctl.store import codec, dossiers
from sopctl.store import site as stored
from sopctl.store.across import origin
from sopctl.store.journal import Journal
from sopctl.store.site import MOVED, Site
from sopctl.workflow.desk import Desk, act
from sopctl.workflow.setup import journal
from sopctl.workflow.steps import acts, editing, letters
from tests.cases import rows
from tests.faults.judging import files, litter
from tests.guards import take_out, twice

ROWS = rows("store_guards")
NAMES = {"codec": codec, "os": os, "nullcontext": nullcontext}
"""What the table's expressions may name."""


@dataclass
class World:
    """A site with one deposit, and what happens to it."""

    desk: Desk
    deposit: str
    file: Callable[..., str]
    beside: Path
    """A folder beside the site."""

    @property
    def root(self) -> Path:
        return self.desk.site.root

    @property
    def dossier(self) -> Path:
        return self.root / "deposits" / self.deposit

    def fresh(self) -> Desk:
        """As another command has it."""
        return Desk(Site(self.root), self.desk.deciding, self.desk.clock, clock_is_right=True)

    def hold(self, reason: str = "x") -> None:
        acts.hold(self.fresh().decided_by("staf"), self.deposit, reason=reason)

    def changed(self, file: str, old: str, new: str) -> None:
        """Someone changes a file of the dossier by hand."""
        path = self.dossier / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def world(desk: Desk, file_request: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(stored, "SITE_LOCK_SECONDS", 0.05)
    return World(desk, file_request(), file_request, tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["line"])
def test_each_line_holds(world: World, row: dict[str, str]) -> None:
    globals()[row["probe"]](world)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["line"])
def test_no_line_holds_without_its_guard(world: World, row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(row, monkeypatch, NAMES)
    with pytest.raises(AssertionError):
        globals()[row["probe"]](world)


def test_no_guard_has_two_rows() -> None:
    assert twice(ROWS) == []


def refused(do: Callable[[], object]) -> str:
    """The id of the error that ends this; empty when nothing does."""
    try:
        do()
    except SopctlError as error:
        return error.id
    return ""


# The probes. -----------------------------------------------------------------------------------------------------


def changed_event(world: World) -> None:
    letters.dispose(world.fresh(), world.deposit, instruction="x")
    world.changed("history.yml", "by: pemohon", "by: kadis")
    assert refused(lambda: dossiers.read(world.fresh().site, world.deposit)) == "event-out-of-chain"


def history_of_another(world: World) -> None:
    one, other = (world.root / "deposits" / world.file() for _ in range(2))
    shutil.copy(one / "history.yml", other / "history.yml")
    assert refused(lambda: dossiers.read(world.fresh().site, other.name)) == "event-out-of-chain"


def accepted_record(world: World) -> None:
    for name in ("deposit.yml", "documents/0001-permohonan.yml"):
        world.changed(name, "SN-0001", "SN-9999")
    assert refused(lambda: dossiers.read(world.fresh().site, world.deposit)) == "accepted-record-altered"


def edited_by_hand(world: World) -> None:
    world.changed("deposit.yml", "SN-0001", "SN-9999")
    assert refused(world.hold) == "edited-by-hand"


def moved_meanwhile(world: World) -> None:
    def write_over() -> None:
        with act(world.fresh().decided_by("staf"), world.deposit, "hold") as mine:
            kept = (world.dossier / "history.yml").read_bytes()
            (world.dossier / "history.yml").write_bytes(kept + b"# theirs\n")
            mine.record(mine.verb.outcome, note="x")

    assert refused(write_over) == "history-changed-meanwhile"


def held_by_one(world: World) -> None:
    with act(world.fresh().decided_by("staf"), world.deposit, "hold"):
        assert refused(world.hold) == "held-by-another"


def alone_while_another_records(world: World) -> None:
    site, other = world.fresh().site, world.fresh().site
    with site.recording():
        assert refused(lambda: _alone(other)) == "held-by-another"


def recording_while_one_is_alone(world: World) -> None:
    site, other = world.fresh().site, world.fresh().site
    _alone(other)
    with site.alone():
        assert refused(lambda: _record(other)) == "held-by-another"


def _alone(site: Site) -> None:
    with site.alone():
        pass


def _record(site: Site) -> None:
    with site.recording():
        pass


def two_lines_at_once(world: World) -> None:
    site, other = world.fresh().site, world.fresh().site
    with Journal(site.root).adding(site.in_order):
        assert refused(lambda: _add(other)) == "held-by-another"


def _add(site: Site) -> None:
    with Journal(site.root).adding(site.in_order):
        pass


def moved_site(world: World) -> None:
    (world.root / MOVED).write_text("at: 2026-11-26T09:00:00+07:00\nby: x\nbackup: x\n")
    assert refused(world.hold) == "site-moved"


def newer_site(world: World) -> None:
    (world.root / origin.FILE_NAME).write_text("format: 99\n")
    assert refused(world.fresh) == "site-newer"


def id_as_path(world: World) -> None:
    shutil.copytree(world.dossier, world.root / "copy")
    assert refused(lambda: dossiers.folder_of(world.fresh().site, "../copy")) == "not-an-id"


def linked_folder(world: World) -> None:
    (world.root / "deposits").rename(world.beside / "away")
    (world.root / "deposits").symlink_to(world.beside / "away")
    assert refused(lambda: dossiers.ids(world.fresh().site)) == "site-folder-is-symlink"


def linked_dossier(world: World) -> None:
    world.dossier.rename(world.beside / "away")
    world.dossier.symlink_to(world.beside / "away")
    assert refused(lambda: dossiers.read(world.fresh().site, world.deposit)) == "dossier-is-symlink"


def pipe_as_record(world: World) -> None:
    os.mkfifo(world.beside / "pipe")
    assert refused(lambda: letters.request(world.fresh(), world.beside / "pipe")) == "not-a-file"


def long_note(world: World) -> None:
    assert refused(lambda: world.hold("x" * 5000)) in ("note-too-long", "event-too-large", "reason-too-long")


def full_history(world: World) -> None:
    limit = dossiers.HISTORY_BYTES - dossiers.LEFT_FOR_STEPS
    path = world.dossier / "history.yml"
    path.write_bytes(path.read_bytes() + b"#" * limit + b"\n")
    assert refused(world.hold) == "history-full"


def refused_edit(world: World) -> None:
    """An edit to the address of another."""
    other = world.file()
    edited = world.beside / "edited.yml"
    edited.write_text((world.root / f"deposits/{other}/deposit.yml").read_text().replace("192.0.2.11", "192.0.2.10"))
    editing.edit(world.fresh().decided_by("staf"), other, source=edited, note="x")


def paper_of_nothing(world: World) -> None:
    assert refused(lambda: refused_edit(world))
    assert litter(world.root) == []


def paper_of_something(world: World) -> None:
    letter = world.beside / "scan.png"
    letter.write_bytes(b"\x89PNG\r\n\x1a\n")
    letters.dispose(world.fresh(), world.deposit, instruction="x", letter=letter)
    assert (world.dossier / "documents/0002-disposisi.png").is_file()


def cut_journal(world: World) -> None:
    letters.dispose(world.fresh(), world.deposit, instruction="x")
    letters.dispose(world.fresh(), world.deposit, instruction="x")
    path = world.root / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    assert refused(world.hold) == "journal-cut"


def changed_line(world: World) -> None:
    other = world.file()
    path = world.root / "journal.jsonl"
    path.write_text(path.read_text().replace(world.deposit, other, 1))
    assert refused(lambda: journal.check(world.fresh(), whole=True)) == "journal-altered"


def id_once(world: World) -> None:
    shutil.rmtree(world.dossier)
    assert world.file() != world.deposit


def one_server(world: World) -> None:
    before = files(world.root)
    assert refused(lambda: refused_edit(world)), sorted(files(world.root).keys() - before.keys())


def another_role(world: World) -> None:
    assert refused(lambda: letters.dispose(world.fresh().decided_by("staf"), world.deposit, instruction="x"))


def edit_without_gate(world: World) -> None:
    edited = world.beside / "edited.yml"
    edited.write_text((world.dossier / "deposit.yml").read_text().replace("192.0.2.10", "169.254.169.254"))
    assert refused(lambda: editing.edit(world.fresh().decided_by("staf"), world.deposit, source=edited, note="x"))


def entry_of_another_verb(world: World) -> None:
    told = ""
    with act(world.fresh().decided_by("staf"), world.deposit, "hold") as mine:
        try:
            mine.record(mine.verb.outcome, ConditionInspected(serial="x"), note="x")
        except ValueError as error:
            told = str(error)
    assert "may not establish" in told
