"""A dossier for the archive: whole, told in plain words, the same each time, and checked by what its own text says."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters.documents.archive import packed
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.model.facts.server import ServerFacts
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import archive
from tests.conftest import edit
from tests.workflow.views.test_inventories import gather
from tests.workflow.views.test_months import configured, facts, leave

__all__ = ["configured", "facts"]

DOCS = Path(__file__).parents[3] / "docs/id/verify.md"


@pytest.fixture
def life(desk: Desk, configured: Callable[[str], str], facts: ServerFacts) -> str:
    """A deposit from its letter to its end, edited once and inventoried."""
    deposit = configured("192.0.2.7")
    gather(desk, deposit, facts)
    edit(desk, deposit, "name: web1.example.org", "name: web2.example.org")
    leave(desk, deposit, "SN-192.0.2.7-22")
    return deposit


def exported(desk: Desk, deposit: str, folder: Path) -> Path:
    """The folder that an archive was unpacked into."""
    file = folder / "arsip.zip"
    archive.export(desk, deposit, file)
    there = folder / "arsip"
    with zipfile.ZipFile(file) as packed_:
        packed_.extractall(there)
    return there


def commands(text: str) -> list[str]:
    """The commands of the text: a shell's, and the script to save."""
    (shell,), (script,) = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sh", "python"))
    assert len([line for line in script.splitlines() if line]) <= 10
    return [shell, script]


def check(there: Path) -> str:
    """Do exactly what docs/verify.md in the archive says. Returns what failed, or the head that it prints."""
    shell, script = commands((there / "docs/verify.md").read_text())
    ran = subprocess.run(["sh", "-ec", shell], cwd=there, capture_output=True, text=True, check=False)
    if ran.returncode:
        return f"sha256sum: {ran.stdout}"
    (there.parent / "periksa.py").write_text(script)
    isolated = [sys.executable, "-I", str(there.parent / "periksa.py")]
    told = subprocess.run(isolated, cwd=there, capture_output=True, text=True, check=False)
    return told.stdout.strip() if told.returncode == 0 else f"python: {told.stderr.strip()}"


def sums_again(there: Path) -> None:
    """What a forger does: the list of sums is recreated."""
    files = sorted(path for path in there.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(there)}\n" for path in files)
    (there / "SHA256SUMS").write_text("".join(lines))


def test_an_auditor_checks_it_as_the_text_says(desk: Desk, life: str, tmp_path: Path) -> None:
    there = exported(desk, life, tmp_path)
    dossier = dossiers.read(desk.site, life)
    assert check(there) == f"{len(dossier.events)} peristiwa, kepala {dossier.head}"
    assert DOCS.read_bytes() == (there / "docs/verify.md").read_bytes(), "run: make docs"
    names = {str(path.relative_to(there)) for path in there.rglob("*") if path.is_file()}
    kept = {str(path.relative_to(dossier.folder)) for path in dossier.folder.rglob("*/*") if path.is_file()}
    assert names == kept | {"ID", "SHA256SUMS", "deposit.yml", "history.jsonl", "riwayat.html", "docs/verify.md"}


def test_every_file_that_was_altered_is_found(desk: Desk, life: str, tmp_path: Path) -> None:
    there = exported(desk, life, tmp_path)
    for path in sorted(
        path for path in there.rglob("*") if path.is_file() and path.name not in ("SHA256SUMS", "verify.md")
    ):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert str(path.relative_to(there)) in check(there)
        path.unlink()
        assert str(path.relative_to(there)) in check(there)
        path.write_bytes(before)


def test_what_was_altered_with_its_sums_is_found_by_the_chain(desk: Desk, life: str, tmp_path: Path) -> None:
    there = exported(desk, life, tmp_path)
    history = there / "history.jsonl"
    lines = history.read_bytes().splitlines(keepends=True)
    for number in range(len(lines) - 1):
        forged = lines[number].replace(b'"outcome":"', b'"outcome":"x')
        history.write_bytes(b"".join([*lines[:number], forged, *lines[number + 1 :]]))
        sums_again(there)
        assert check(there).startswith(f"python: BERUBAH: peristiwa {number + 2} ")
    for fewer in ([*lines[:3], *lines[4:]], [lines[1], lines[0], *lines[2:]], lines[1:]):
        history.write_bytes(b"".join(fewer))
        sums_again(there)
        assert check(there).startswith("python: BERUBAH: ")
    history.write_bytes(b"".join(lines))
    for path in (*(there / "documents").iterdir(), *(there / "facts").iterdir()):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        sums_again(there)
        assert check(there) == f"python: BERUBAH: {path.relative_to(there)}"
        path.write_bytes(before)
    head = dossiers.read(desk.site, life).head
    history.write_bytes(b"".join(lines[:-1]))
    sums_again(there)
    assert head not in check(there), "an end that was cut shows by the head that the office has"


def test_the_page_tells_it_in_plain_words(desk: Desk, life: str, tmp_path: Path) -> None:
    page = (exported(desk, life, tmp_path) / "riwayat.html").read_text()
    assert "Mendisposisi surat permohonan" in page
    assert "Berkas telah ditutup (selesai)." in page
    assert page.count("<li>") == len(dossiers.read(desk.site, life).events)
    assert "://" not in page


def test_hostile_text_is_only_text(desk: Desk, file_request: Callable[..., str], tmp_path: Path) -> None:
    deposit = file_request({"Dinas Contoh": '"Dinas <script>alert(1)</script>"'})
    page = (exported(desk, deposit, tmp_path) / "riwayat.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_same_dossier_gives_the_same_file(desk: Desk, life: str, tmp_path: Path) -> None:
    first, second = (archive.export(desk, life, tmp_path / name) for name in ("a.zip", "b.zip"))
    assert first.sha256 == second.sha256
    assert packed({"a": b"1"}) == packed({"a": b"1"})
    assert [entry.filename for entry in zipfile.ZipFile(io.BytesIO(packed({"b": b"", "a": b""}))).filelist] == [
        "SHA256SUMS",
        "a",
        "b",
    ]


@pytest.mark.parametrize("what", ["file", "folder", "link", "pipe"])
def test_what_stands_there_stays(desk: Desk, file_request: Callable[..., str], tmp_path: Path, what: str) -> None:
    deposit, target = file_request(), tmp_path / "there.zip"
    match what:
        case "file":
            target.write_bytes(b"mine")
        case "folder":
            target.mkdir()
        case "link":
            target.symlink_to(tmp_path / "nowhere")
        case "pipe":
            os.mkfifo(target)
    before = target.lstat()
    with pytest.raises(UsageError, match="exists already"):
        archive.export(desk, deposit, target)
    assert target.lstat() == before
    assert [path.name for path in tmp_path.glob(".*.tmp")] == []


def test_devices_the_site_itself_and_missing_folders_are_refused(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    with pytest.raises(UsageError, match="exists already"):
        archive.export(desk, deposit, Path("/dev/null"))
    with pytest.raises(UsageError, match="lies in the site itself"):
        archive.export(desk, deposit, desk.site.root / "x.zip")
    with pytest.raises(OutsideFailure):
        archive.export(desk, deposit, tmp_path / "none" / "x.zip")


def test_secrets_are_never_in_it(desk: Desk, life: str, tmp_path: Path) -> None:
    canary = "canary-9f2c"
    (desk.site.root / "keys/vault").write_text(canary)
    folder = dossiers.read(desk.site, life).folder
    (folder / "documents/9999-rahasia.txt").write_text(canary)
    (folder / ".draft").write_text(canary)
    content = b"".join(path.read_bytes() for path in exported(desk, life, tmp_path).rglob("*") if path.is_file())
    assert canary.encode() not in content
    assert b"PRIVATE KEY" not in content


@pytest.mark.parametrize("damage", ["altered", "missing", "link", "key"])
def test_an_archive_that_would_not_prove_it_is_not_made(desk: Desk, life: str, tmp_path: Path, damage: str) -> None:
    dossier = dossiers.read(desk.site, life)
    path = next(path for path in sorted((dossier.folder / "documents").iterdir()) if path.suffix == ".pdf")
    match damage:
        case "altered":
            path.write_bytes(b"x")
        case "missing":
            path.unlink()
        case "link":
            (tmp_path / "elsewhere").write_bytes(path.read_bytes())
            path.unlink()
            path.symlink_to(tmp_path / "elsewhere")
        case "key":
            with pytest.raises(InvalidRecord, match="private key"):
                archive._without_key("x", b"a\n-----BEGIN OPENSSH PRIVATE KEY-----\n")
            return
    with pytest.raises(SopctlError):
        archive.export(desk, life, tmp_path / "x.zip")
    assert list(tmp_path.glob("*.zip")) == []
