"""Dossiers and the journal: what was acknowledged is kept; what was altered shows; a full disk loses nothing."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from sopctl.store import codec, dossiers
from sopctl.store.durable import write_atomic
from sopctl.store.journal import ROSTER, Journal
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.setup import journal
from sopctl.workflow.steps import handover, inspecting, letters, notifying


def test_ids_count_up_within_a_year(file_request: Callable[..., str]) -> None:
    assert [file_request() for _ in range(3)] == ["PS-2026-0001", "PS-2026-0002", "PS-2026-0003"]


def test_a_refused_request_leaves_nothing(desk: Desk, file_request: Callable[..., str]) -> None:
    with pytest.raises(InvalidRecord):
        file_request({"height_units: 2": "height_units: many"})
    assert dossiers.ids(desk.site) == []
    assert list((desk.site.root / "deposits").iterdir()) == []


def test_those_that_name_a_text_are_found_without_being_read(desk: Desk, file_request: Callable[..., str]) -> None:
    first, second, third = (file_request() for _ in range(3))
    letters.dispose(desk, first, instruction="nomor X-1 (lama)")
    letters.dispose(desk, third, instruction="nomor X-2")
    assert list(dossiers.naming(desk.site, ["X-1 (lama)"])) == [first]
    assert list(dossiers.naming(desk.site, ["X-2", "X-1"])) == [first, third]
    assert [list(dossiers.naming(desk.site, texts)) for texts in ((), ["X.1"], ["X-3"])] == [[], [], []]
    assert second in dossiers.ids(desk.site)


@pytest.mark.parametrize("deposit", ["../x", "ps-2026-0001", "PS-2026-9999", "A/B", "-x", ""])
def test_an_id_that_is_none(desk: Desk, deposit: str) -> None:
    with pytest.raises(UsageError):
        dossiers.read(desk.site, deposit)


def test_a_dossier_behind_a_link_is_refused(desk: Desk, file_request: Callable[..., str]) -> None:
    folder = desk.site.root / "deposits" / file_request()
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")
    with pytest.raises(InvalidRecord, match="is a symbolic link"):
        dossiers.read(desk.site, folder.name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("by: kadis", "by: kabid"),
        ("note: Mohon", "note: Tolak"),
        ("outcome: selesai\n  by: kadis", "outcome: tersedia\n  by: kadis"),
        ("seq: 2", "seq: 3"),
    ],
)
def test_a_history_changed_by_hand_is_detected(
    desk: Desk, file_request: Callable[..., str], old: str, new: str
) -> None:
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="Mohon")
    letters.dispose(desk, deposit, instruction="x")
    history = desk.site.root / "deposits" / deposit / "history.yml"
    text = history.read_text()
    assert old in text
    history.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidRecord, match="history was altered") as caught:
        dossiers.read(desk.site, deposit)
    assert caught.value.where == str(history)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "# looked at\n" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text + "...\n",
        lambda text: "".join("  " + line for line in text.splitlines(keepends=True)),
    ],
    ids=["comment", "no newline", "document end", "indented"],
)
def test_a_history_laid_out_otherwise_goes_on_whole(
    desk: Desk, file_request: Callable[..., str], change: Callable[[str], str]
) -> None:
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    history = desk.site.root / "deposits" / deposit / "history.yml"
    history.write_text(change(history.read_text()))
    letters.dispose(desk, deposit, instruction="x")
    assert [event.seq for event in dossiers.read(desk.site, deposit).events] == [1, 2, 3]


def test_a_history_is_parsed_once_as_long_as_its_bytes_are_the_same(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever records several events in one dossier reads each but once; a byte that differs is reason to read all."""
    deposit = file_request()
    parsed: list[str] = []
    real = codec.parse

    def parse(content: bytes, kind: type[Any], *, where: str, **more: Any) -> Any:
        parsed.append(where)
        return real(content, kind, where=where, **more)

    monkeypatch.setattr(codec, "parse", parse)
    before = dossiers.read(desk.site, deposit)
    letters.dispose(desk, deposit, instruction="x")
    after = dossiers.read(desk.site, deposit)
    assert (len(before.events), len(after.events)) == (1, 2)
    path = str(after.folder / "history.yml")
    assert parsed.count(path) == 1
    with monkeypatch.context() as anew:
        anew.setattr(dossiers, "_sound", {})
        assert dossiers.read(desk.site, deposit) == after, "the same as what its bytes say"
    assert parsed.count(path) == 2
    other = after.folder.with_name("PS-2026-0009")
    shutil.copytree(after.folder, other)
    with pytest.raises(InvalidRecord, match="does not follow"):
        dossiers.read(desk.site, other.name)


def test_a_missing_dossier_shows_in_the_journal(desk: Desk, file_request: Callable[..., str]) -> None:
    first, second = file_request(), file_request()
    assert journal.check(desk).gaps == []
    (desk.site.root / "deposits" / first).rename(desk.site.root / "gone")
    assert journal.check(desk).gaps == [f"{first}: the dossier is missing"]
    assert dossiers.ids(desk.site) == [second]


def test_a_history_cut_short_shows_in_the_journal(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    history = desk.site.root / "deposits" / deposit / "history.yml"
    before = history.read_bytes()
    letters.dispose(desk, deposit, instruction="x")
    history.write_bytes(before)
    assert journal.check(desk).gaps == [f"{deposit}: event 2 is missing"]


def test_an_altered_journal_is_detected_at_its_line(desk: Desk, file_request: Callable[..., str]) -> None:
    file_request(), file_request(), file_request()
    path = desk.site.root / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(InvalidRecord, match="the journal was altered") as caught:
        Journal(desk.site.root).lines()
    assert caught.value.where == f"{path}:2:1"


def test_a_journal_behind_its_histories_catches_up(desk: Desk, file_request: Callable[..., str]) -> None:
    """A crash between the history and the journal: the next event of the dossier brings both lines."""
    deposit = file_request()
    path = desk.site.root / "journal.jsonl"
    before = path.read_bytes()
    letters.dispose(desk, deposit, instruction="x")
    path.write_bytes(before + b'{"deposit":"PS-20')  # torn by the crash
    letters.dispose(desk, deposit, instruction="x")
    lines = [line for line in Journal(desk.site.root).lines() if line.deposit != ROSTER]
    assert [(line.deposit, line.seq) for line in lines] == [(deposit, n) for n in (1, 2, 3)]
    assert journal.check(desk).gaps == []


def test_documents_are_compared_with_what_was_issued(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    request, message, form, said = integrity.documents(desk, deposit)
    assert {each.state for each in (request, message, form, said)} == {"intact"}
    assert Path(form.file).read_bytes().startswith(b"%PDF-")
    Path(message.file).write_text("something else")
    Path(form.file).unlink()
    assert [each.state for each in integrity.documents(desk, deposit)] == ["intact", "altered", "missing", "intact"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(desk: Desk, file_request: Callable[..., str], umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = desk.site.root / "deposits" / file_request()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.yml")} == {0o640}


def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path) -> None:
    """The kernel refuses the rest of a write (EFBIG, a limit that root has too)."""
    target = tmp_path / "record.yml"
    write_atomic(target, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OutsideFailure, match="cannot write: File too large"):
            write_atomic(target, b"y" * 20 * 1024)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["record.yml"]


def test_an_event_stands_that_the_disk_does_not_confirm(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is renamed into its place by then: it goes into the journal, and the command warns."""
    deposit = file_request()
    folder, synchronise = (desk.site.root / "deposits" / deposit).stat(), os.fsync

    def fail(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), folder):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        synchronise(descriptor)

    monkeypatch.setattr("os.fsync", fail)
    letters.dispose(desk, deposit, instruction="x")
    assert [error.id for error in desk.site.lagging] == ["write-unconfirmed"]
    assert len(dossiers.read(desk.site, deposit).events) == 2
    assert (journal.check(desk).gaps, journal.check(desk).lagging) == ([], [])


def test_killed_writers_leave_the_old_state_or_the_new_one(desk: Desk, file_request: Callable[..., str]) -> None:
    """A process that appends events is killed at random moments: what it acknowledged is there, nothing is torn."""
    deposit = file_request()
    script = textwrap.dedent(f"""
        import sys
        from datetime import datetime, timezone
        from pathlib import Path
        from sopctl.model.sop.history import Event
        from sopctl.store import dossiers
        from sopctl.store.site import Site
        site = Site(Path({str(desk.site.root)!r}))
        while True:
            with dossiers.open_alone(site, {deposit!r}) as dossier:
                event = Event(0, datetime.now(timezone.utc), "penitipan", 2, "failed", "x", "x", "")
                done = dossiers.append(site, dossier, event)
            print(len(done.events), flush=True)
    """)
    acknowledged = 1
    for delay in range(12):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        for _ in range(1 + delay % 5):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        acknowledged = int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged
        kept = dossiers.read(desk.site, deposit).events
        assert len(kept) in (acknowledged, acknowledged + 1)
        acknowledged = len(kept)
        lines = [line for line in Journal(desk.site.root).lines() if line.deposit != ROSTER]
        assert len(lines) in (len(kept), len(kept) - 1)
