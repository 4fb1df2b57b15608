"""A site that is a git repository: what a command recorded becomes one commit, where `site.git` asks for it.

Git is a copy with a memory; the proof is the hash chain (`journal.py`). So nothing of it decides: what git does not
take is told (`Site.lagging`) and stays recorded. Only sopctl's own paths are committed, whatever else is staged.
Nothing that the repository brings along is run: no hooks, no file system monitor, no editor.
"""

import os
import subprocess
from collections.abc import Sequence
from getpass import getuser
from pathlib import Path

from sopctl.errors import OutsideFailure, SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.text import counted
from sopctl.store import books, issued, locks
from sopctl.store.site import Site

SECONDS = 120
"""For one call of git: a signature may wait for a person's passphrase."""
OTHERS_SECONDS = 30.0
"""To wait for another sopctl's commit."""
QUIET = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.editor=true",
    "gc.auto=0",
    "advice.statusHints=false",
)


def commit(site: Site, command: str) -> None:
    """Commit the dossiers that this process recorded something of, and the journal, as one commit. Nothing where the
    settings do not ask for it; never raises: what fails is told."""
    try:
        how = site.settings.site.git
        if not (how and site.committed):
            return
        with locks.hold(site.locks / "git", Text("the site's git repository"), wait=OTHERS_SECONDS):
            _commit(site, command, signed=how == "signed")
    except SopctlError as error:
        site.lagging.append(
            OutsideFailure(
                "git-lags",
                "what was recorded is not committed to git: {reason}",
                where=str(site.root),
                remedy="It stays recorded. See to the repository, and commit it and journal.jsonl by hand.",
                reason=error.text,
            )
        )


def _commit(site: Site, command: str, *, signed: bool) -> None:
    events: dict[str, list[int]] = {}
    for deposit, number in site.committed:
        events.setdefault(deposit, []).append(number)
    paths = [*dict.fromkeys(map(_path, events)), "journal.jsonl"]
    _git(site.root, "add", "--", *paths)
    if not _git(site.root, "status", "--porcelain", "--untracked-files=no", "--", *paths).strip():
        return
    sign = ("--gpg-sign",) if signed else ("--no-gpg-sign",)
    _git(site.root, "commit", "--quiet", "--only", *sign, f"--message={_message(command, events)}", "--", *paths)


def _path(name: str) -> str:
    """Where what is called so is kept: a dossier, the reports, or the books of the house."""
    if books.is_book(name):
        return books.FOLDER
    return name if name == issued.NAME else f"deposits/{name}"


def _message(command: str, events: dict[str, list[int]]) -> str:
    said = [f"{deposit} event {', '.join(map(str, numbers))}" for deposit, numbers in events.items()]
    if len(said) == 1:
        return f"{command}: {said[0]}"
    return f"{command}: {counted(len(said), 'deposit')}\n\n" + "\n".join(said)


def _git(root: Path, *words: str) -> str:
    """Run git in the site. Raises OutsideFailure with the first thing that it says."""
    settings = [part for each in (*QUIET, *_identity(root)) for part in ("-c", each)]
    ended = _run(root, [*settings, *words])
    if ended.returncode:
        said = [line for line in (ended.stderr + ended.stdout).splitlines() if line.strip()]
        raise _refused(said[0][:300] if said else Text("git ended with {returncode}", returncode=ended.returncode))
    return ended.stdout


def _identity(root: Path) -> Sequence[str]:
    """Who commits: as git is set up, else the login."""
    if _run(root, ["config", "--get", "user.email"]).returncode == 0:
        return ()
    login = getuser()
    return (f"user.name={login}", f"user.email={login}@localhost")


def _run(root: Path, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"},
            check=False,
        )
    except FileNotFoundError:
        raise _refused(Text("git is not installed")) from None
    except subprocess.TimeoutExpired:
        raise _refused(Text("git has not ended after {seconds} s", seconds=SECONDS)) from None


def _refused(reason: Prose) -> OutsideFailure:
    return OutsideFailure(
        "git-refused",
        "{reason}",
        remedy="What was recorded stays. See to the repository, and commit what is left by hand.",
        reason=reason,
    )
