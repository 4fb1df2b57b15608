"""What a configuration left on a server: noted there when it has ended, with a digest in the history, and compared
later. One connection and one script per server, many at once, without Ansible.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.ssh import load_key
from sopctl.adapters.ssh.left import script
from sopctl.adapters.ssh.sweep import ScriptJob, run_scripts
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError
from sopctl.model.access.ladder import AccessResult, remedy
from sopctl.model.fingerprint import answer, asked
from sopctl.model.fingerprint.answer import Answer
from sopctl.model.sop.entries import Left
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.servers.ansible_view import variables
from sopctl.workflow.servers.reach import host
from sopctl.workflow.trust import target

FINGERPRINT = "playbooks/files/fingerprint.sh"
NOTE = "/var/lib/sopctl/left"
SECONDS = 75.0
"""For one server: the fingerprint gives itself a minute."""


class Kept(Struct, frozen=True):
    """What a note keeps of the note before it: what was asked for, and the facts (`KIND KEY`) that stay as they were
    left. For a run of some parts alone."""

    asked: Mapping[str, str]
    facts: tuple[str, ...]


class Noting:
    """The notes that one run of configure.yml leaves. Made before it: a run of some parts (`tags`) alone may not make
    anything else look as if it had been left so, so what differed before and still does stays as it was noted."""

    def __init__(self, turns: Sequence[Turn], tags: Sequence[str], cancel: threading.Event | None) -> None:
        self._tags = tags
        self._noted: dict[str, Left | SopctlError] = {}
        noted = [mine.dossier for mine in turns if mine.newest(Left)] if tags else []
        self._before = dict(compare(turns[0].desk.site, noted, cancel=cancel)) if noted else {}

    def finish(self, turns: Sequence[Turn]) -> None:
        """Note what the run left on these servers, on which it succeeded."""
        if not turns:
            return
        site, dossiers = turns[0].desk.site, {mine.dossier.id: mine.dossier for mine in turns}
        if not self._tags:
            self._noted = note(site, list(dossiers.values()))
            return
        before = {
            deposit_id: found
            for deposit_id, found in self._before.items()
            if deposit_id in dossiers and isinstance(found, Answer) and trusted(dossiers[deposit_id], found)
        }
        kept = {}
        for deposit_id, after in compare(site, [dossiers[deposit_id] for deposit_id in before]):
            if isinstance(after, Answer):
                then = before[deposit_id]
                wish = asked.after_part(then.asked, wanted(site, dossiers[deposit_id]), self._tags)
                kept[deposit_id] = Kept(wish, answer.unchanged(then, after))
        self._noted = note(site, [dossiers[deposit_id] for deposit_id in kept], kept)

    def of(self, deposit_id: str) -> tuple[list[Left], list[str]]:
        """What the history keeps of a server's note, and what its event says where it could not be made."""
        found = self._noted.get(deposit_id)
        if isinstance(found, SopctlError):
            return [], [f"keadaan akhir tidak tercatat di server: {told(found)}"]
        return [found] if found else [], []


def wanted(site: Site, dossier: Dossier) -> dict[str, str]:
    """What the letter and the site ask of the server now, by name (`asked.asked`). Raises what `variables` raises."""
    return asked.asked(variables(site, dossier))


def note(site: Site, dossiers: Sequence[Dossier], kept: Mapping[str, Kept] = {}) -> dict[str, Left | SopctlError]:
    """Note on these servers what a configuration left, by id; an error where that failed. With the office's account."""
    found: dict[str, Left | SopctlError] = {}
    jobs, wishes, mark = [], {}, _mark()
    for dossier in dossiers:
        try:
            wishes[dossier.id] = kept[dossier.id].asked if dossier.id in kept else wanted(site, dossier)
            facts = kept[dossier.id].facts if dossier.id in kept else ()
            jobs.append(_job(site, dossier, "note", mark, wishes[dossier.id], facts))
        except SopctlError as error:
            found[dossier.id] = error
    for deposit_id, result, output in run_scripts(jobs):
        said = _answer(result, output, mark)
        if isinstance(said, Answer) and said.note not in ("absent", "incomplete"):
            wish = asked.digest(wishes[deposit_id])
            found[deposit_id] = Left(left=said.note, asked=wish, playbooks=playbooks(site), tasks=tasks(site))
        else:
            found[deposit_id] = said if isinstance(said, SopctlError) else _unusable()
    return found


def compare(
    site: Site, dossiers: Sequence[Dossier], *, cancel: threading.Event | None = None
) -> Iterator[tuple[str, Answer | SopctlError]]:
    """Compare these servers with their notes; each as soon as it is in. Changes nothing."""
    jobs, mark = [], _mark()
    for dossier in dossiers:
        try:
            jobs.append(_job(site, dossier, "compare", mark))
        except SopctlError as error:
            yield dossier.id, error
    for deposit_id, result, output in run_scripts(jobs, cancel=cancel):
        yield deposit_id, _answer(result, output, mark)


def trusted(dossier: Dossier, found: Answer) -> bool:
    """Is the server's note the one that the history has the digest of, and was all looked at?"""
    kept = dossier.newest(Left)
    return kept is not None and found.note == kept.left and found.complete


def playbooks(site: Site) -> str:
    """The digest (SHA-256, hex) of the site's playbooks without its own tasks."""
    return _digest(site.root, ["playbooks"], without="hooks")


def tasks(site: Site) -> str:
    """The digest of the site's own tasks (hooks) and of the variables in its inventory."""
    return _digest(site.root, ["playbooks/hooks", "inventory/group_vars", "inventory/host_vars"])


def accounts(site: Site, dossier: Dossier) -> tuple[str, ...]:
    """The accounts that matter on the server: the office's first, then the letter's."""
    letter = [account.name for account in dossier.deposit.access.accounts]
    return tuple(dict.fromkeys((site.settings.management.account, *letter)))


def _mark() -> str:
    return secrets.token_hex(16)


def _job(
    site: Site,
    dossier: Dossier,
    verb: str,
    mark: str,
    wish: Mapping[str, str] = {},
    facts: Sequence[str] = (),
) -> ScriptJob:
    ours = site.settings.management
    return ScriptJob(
        dossier.id,
        target(host(dossier), ours.account, timeout=SECONDS),
        load_key(site.key_file(ours.key)),
        script(_fingerprint(site), wish, facts),
        (mark, verb, NOTE, *accounts(site, dossier)),
    )


def _fingerprint(site: Site) -> str:
    path = site.root / FINGERPRINT
    if not path.is_file():
        raise InvalidRecord(
            "fingerprint-missing",
            "the site's playbooks have no fingerprint.sh, with which sopctl looks at what a configuration left",
            where=str(path),
            remedy="Copy it from sopctl's own playbooks: the site was made by an older version.",
        )
    with disk_errors(path, "read"):
        return path.read_text()


def _answer(result: AccessResult, output: bytes, mark: str) -> Answer | SopctlError:
    if result.cause:
        return OutsideFailure(
            "server-not-looked-at", "{rung}: {detail}", remedy=remedy(result), rung=result.rung, detail=result.detail
        )
    return answer.read(output, mark) or _unusable()


def _unusable() -> OutsideFailure:
    return OutsideFailure(
        "look-unusable",
        "the server's answer is not complete, or no answer to what was asked",
        remedy="Look on the server itself what sh and awk print there, or use --check.",
    )


def _digest(root: Path, folders: Sequence[str], without: str = "") -> str:
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and "__pycache__" not in name.parts and (not without or name.parts[1] != without):
                with disk_errors(path, "read"):
                    whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
