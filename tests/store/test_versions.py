"""A site in a git repository: one commit a command, of what sopctl wrote; nothing that the repository has is run."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord
from sopctl.store import dossiers, versions
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from tests.conftest import Ran


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The desk's site, as a repository with one commit."""
    root = desk.site.root
    monkeypatch.setenv("HOME", str(root.parent))  # nobody's own settings of git
    monkeypatch.delenv("GIT_DIR", raising=False)
    with (root / "sopctl.yml").open("a") as file:
        file.write("site: {git: commit}\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "begin")
    return root


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    path = tmp_path / "surat.yml"
    path.write_text(EXAMPLE_REQUEST)
    return path


def test_a_command_is_one_commit_of_its_own_paths(
    repository: Path, request_file: Path, sopctl: Callable[..., Ran]
) -> None:
    (repository / "racks" / "B1.yml").write_text("name: B1\n")
    git(repository, "add", "racks/B1.yml")
    (repository / "notes.txt").write_text("not ours")
    assert sopctl("request", str(request_file)).code == 0
    assert git(repository, "log", "--format=%s").splitlines() == ["sopctl request: PS-2026-0001 event 1", "begin"]
    changed = git(repository, "show", "--name-only", "--format=").splitlines()
    assert changed
    assert all(name.startswith("deposits/PS-2026-0001/") or name == "journal.jsonl" for name in changed)
    assert git(repository, "status", "--porcelain").splitlines() == ["A  racks/B1.yml", "?? notes.txt"]
    assert sopctl("list").code == 0
    assert len(git(repository, "log", "--format=%s").splitlines()) == 2, "reading commits nothing"


def test_the_books_and_the_reports_are_committed_too(repository: Path, sopctl: Callable[..., Ran]) -> None:
    for words in (
        ("visit", "announce", "--who", "Tamu", "--purpose", "melihat rak", "--by", "staf"),
        ("document", "make", "report", "--by", "staf"),
    ):
        ran = sopctl(*words)
        assert (ran.code, ran.err) == (0, "")
    said = git(repository, "log", "--format=%s").splitlines()
    assert [line.partition(":")[0] for line in said] == ["sopctl document", "sopctl visit", "begin"]
    assert git(repository, "status", "--porcelain", "house", "reports", "journal.jsonl") == ""


def test_no_hook_is_run(repository: Path, request_file: Path, sopctl: Callable[..., Ran]) -> None:
    for name in ("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {repository}/hooked\nexit 1\n")
        hook.chmod(0o755)
    assert sopctl("request", str(request_file)).code == 0
    assert not (repository / "hooked").exists()
    assert len(git(repository, "log", "--format=%s").splitlines()) == 2


def test_what_git_refuses_is_told_and_stays_recorded(
    repository: Path, request_file: Path, sopctl: Callable[..., Ran], desk: Desk
) -> None:
    (repository / ".git" / "index.lock").write_text("")
    ran = sopctl("request", str(request_file))
    assert ran.code == 0
    assert "what was recorded is not committed to git: fatal: Unable to create" in ran.err
    assert "It stays recorded" in ran.err
    assert dossiers.ids(desk.site) == ["PS-2026-0001"]


def test_without_the_setting_or_git_nothing_is_committed(
    repository: Path, request_file: Path, sopctl: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = repository / "sopctl.yml"
    settings.write_text(settings.read_text().replace("site: {git: commit}\n", ""))
    assert sopctl("request", str(request_file)).code == 0
    assert git(repository, "log", "--format=%s").splitlines() == ["begin"]
    settings.write_text(settings.read_text() + "site: {git: commit}\n")
    monkeypatch.setenv("PATH", str(repository / "nothing"))
    ran = sopctl("hold", "PS-2026-0001", "--reason", "x", "--by", "staf")
    assert ran.code == 0
    assert "git is not installed" in ran.err


def test_what_somebody_has_committed_already_is_no_fault(
    repository: Path, request_file: Path, sopctl: Callable[..., Ran]
) -> None:
    assert sopctl("request", str(request_file)).code == 0
    before, site = git(repository, "log", "--format=%s"), Site(repository)
    site.committed.append(("PS-2026-0001", 1))
    versions.commit(site, "request")
    assert (site.lagging, git(repository, "log", "--format=%s")) == ([], before)


def test_without_an_event_git_is_not_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    versions.commit(desk.site, "sopctl list")
    assert desk.site.lagging == []


def test_two_versions_in_one_file_are_told_with_the_way_out(
    repository: Path, request_file: Path, sopctl: Callable[..., Ran], desk: Desk
) -> None:
    assert sopctl("request", str(request_file)).code == 0
    history = repository / "deposits" / "PS-2026-0001" / "history.yml"
    text = history.read_text()
    history.write_text(f"{text}<<<<<<< HEAD\n- seq: 2\n=======\n- seq: 2\n>>>>>>> other\n")
    errors = validation.validate(desk).errors
    assert [each.id for each in errors] == ["merge-conflict"]
    number = len(text.splitlines()) + 1
    assert errors[0].where.endswith(f"history.yml:{number}:1")
    history.write_text(text)
    lines = repository / "journal.jsonl"
    lines.write_text(f"<<<<<<< HEAD\n{lines.read_text()}=======\n>>>>>>> other\n")
    with pytest.raises(InvalidRecord, match="git left two versions"):
        journal.check(desk)
