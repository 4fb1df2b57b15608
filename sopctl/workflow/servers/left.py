"""What a configuration left on a server: noted there when it has ended, with a digest in the history, and compared
later. One connection and one script per server, many at once, without Ansible.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.ssh import Key, load_key, scripts
from sopctl.adapters.ssh.sweep import ScriptJob, run_scripts
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError
from sopctl.model.access import details
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, remedy
from sopctl.model.fingerprint import answer, asked
from sopctl.model.fingerprint.answer import Answer
from sopctl.model.fingerprint.changes import Difference, differences
from sopctl.model.sop.entries import Left
from sopctl.model.text import printable
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors, files_below, listed
from sopctl.store.modes import refuse_writable
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.office_key import office_key, public_key
from sopctl.workflow.servers.ansible_view import variables
from sopctl.workflow.servers.reach import host, office_account
from sopctl.workflow.trust import target

FINGERPRINT = "playbooks/files/fingerprint.sh"
NOTE = "/var/lib/sopctl/left"
KEY = "management_public_key"
"""How a note calls the office's key among what is asked for."""
SECONDS = 120.0
"""For one server: the fingerprint gives itself a minute, and a sudo that waits for the DNS some more."""


class Kept(Struct, frozen=True):
    """What a note keeps of the note before it: what was asked for, and the facts (`KIND KEY`) that stay as they were
    left. For a run of some parts alone."""

    asked: Mapping[str, str]
    facts: tuple[str, ...]


class Noting:
    """The notes that one run of configure.yml leaves; made before it, so that the run is known by what it changed.

    What differed from the note before the run and still does was not the run's. A run of some parts (`tags`) leaves
    that as it was noted; a whole one notes it as it is, and the event says so for what configure.yml should keep.
    """

    def __init__(self, turns: Sequence[Turn], tags: Sequence[str], cancel: threading.Event | None) -> None:
        self._tags = tags
        self._left: dict[str, Left | SopctlError] = {}
        self._unrepaired: dict[str, list[str]] = {}
        self._rewritten: dict[str, list[str]] = {}
        noted = [mine.dossier for mine in turns if mine.newest(Left)]
        found = Look(turns[0].desk.site).compare(noted, cancel) if noted else ()
        of = {dossier.id: dossier for dossier in noted}
        self._before = {name: said for name, said in found if isinstance(said, Answer) and trusted(of[name], said)}

    def finish(self, turns: Sequence[Turn]) -> None:
        """Note what the run left on these servers, on which it succeeded."""
        if not turns:
            return
        look, dossiers = Look(turns[0].desk.site), {mine.dossier.id: mine.dossier for mine in turns}
        kept = {}
        if self._tags:  # without a note there is nothing to keep up
            dossiers = {name: dossier for name, dossier in dossiers.items() if name in self._before}
            for name, after in look.compare(list(dossiers.values())):
                if isinstance(after, Answer):
                    then = self._before[name]
                    wish = asked.after_part(then.asked, look.wanted(dossiers[name]), self._tags)
                    kept[name] = Kept(wish, answer.unchanged(then, after))
            dossiers = {name: dossiers[name] for name in kept}
        for name, (made, differed) in look.note(list(dossiers.values()), kept).items():
            self._left[name] = made
            if differed:
                self._rewritten[name] = sorted(differed.since_proof)
            if name in self._before and differed and not self._tags:
                still = answer.unchanged(self._before[name], differed)
                differing = look.differences(dossiers[name], differed, look.wanted(dossiers[name]))
                self._unrepaired[name] = [each.fact for each in differing if each.part and each.fact in still]

    def of(self, deposit_id: str) -> tuple[list[Left], list[str]]:
        """What the history keeps of a server's note, and what its event says of it."""
        found, facts = self._left.get(deposit_id), self._unrepaired.get(deposit_id, [])
        if isinstance(found, SopctlError):
            return [], [f"keadaan akhir tidak tercatat di server: {told(found)}"]
        rewritten = self._rewritten.get(deposit_id, [])
        said = [f"tetap lain dari yang ditinggalkan sebelumnya: {_some(facts)}"] * bool(facts)
        said += [f"diubah lagi di server sesudah terbukti, sebelum dicatat: {_some(rewritten)}"] * bool(rewritten)
        return [found] if found else [], said


def note_key(
    site: Site, dossiers: Sequence[Dossier], cancel: threading.Event | None = None
) -> dict[str, Left | SopctlError]:
    """Note on these servers that the office's key is another now, where its account has that key alone; all else stays
    as it was noted. Servers without a note that is to be trusted get none."""
    look, found, kept = Look(site), dict[str, Left | SopctlError](), dict[str, Kept]()
    noted = {each.id: each for each in dossiers if each.newest(Left)}
    for name, said in look.compare(list(noted.values()), cancel):
        if isinstance(said, SopctlError):
            found[name] = said
        elif trusted(noted[name], said):
            line = public_key(site, office_key(site, noted[name].summary)) + "\n"
            alone = f"1 keys {hashlib.sha256(line.encode()).hexdigest()}"
            ours = f"keys {office_account(site, noted[name].summary)} "
            facts = [each for each in sorted({*said.then, *said.now}) if not each.startswith("look ")]
            stay = [each for each in facts if not (each.startswith(ours) and said.now.get(each) == alone)]
            wanted = look.wanted(noted[name])
            kept[name] = Kept({**said.asked, KEY: wanted[KEY]}, tuple(stay))
    for name, (made, _) in look.note([noted[name] for name in kept], kept).items():
        found[name] = made
    return found


class Look:
    """Looks at servers of a site, many at once; what is the same for all of them is read once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._mark = secrets.token_hex(16)
        self._keys: dict[str, Key] = {}

    def note(
        self, dossiers: Sequence[Dossier], kept: Mapping[str, Kept] = {}
    ) -> dict[str, tuple[Left | SopctlError, Answer | None]]:
        """Note on these servers what a configuration left, with the office's account. By id: the note, or the error
        where that failed; and what was another in the note before."""
        found: dict[str, tuple[Left | SopctlError, Answer | None]] = {}
        jobs, wishes = [], {}
        of = {dossier.id: dossier for dossier in dossiers}
        for name, dossier in of.items():
            try:
                wishes[name] = kept[name].asked if name in kept else self.wanted(dossier)
                jobs.append(self._job(dossier, "note", wishes[name], kept[name].facts if name in kept else ()))
            except SopctlError as error:
                found[name] = error, None
        for name, result, output in run_scripts(jobs):
            said = self._read(result, output)
            if isinstance(said, SopctlError):
                found[name] = said, None
            elif said.note in ("absent", "incomplete"):
                found[name] = _unusable(), None
            else:
                was = of[name].newest(Left) if name in kept else None  # a part is no proof that all was done by these
                by = (was.playbooks, was.tasks) if was else (self.playbooks, self.tasks)
                made = Left(left=said.note, asked=asked.digest(wishes[name]), playbooks=by[0], tasks=by[1])
                found[name] = made, said
        return found

    def compare(
        self, dossiers: Sequence[Dossier], cancel: threading.Event | None = None
    ) -> Iterator[tuple[str, Answer | SopctlError]]:
        """Compare these servers with their notes; each as soon as it is in. Changes nothing."""
        jobs = []
        for dossier in dossiers:
            try:
                jobs.append(self._job(dossier, "compare"))
            except SopctlError as error:
                yield dossier.id, error
        for name, result, output in run_scripts(jobs, cancel=cancel):
            said = self._read(result, output)
            if isinstance(said, Answer) and said.deposit not in ("", name):
                said = of_another(said.deposit, name)
            yield name, said

    def wanted(self, dossier: Dossier) -> dict[str, str]:
        """What the letter and the site ask of the server now, by name (`asked.asked`). Raises what `variables`
        raises."""
        return asked.asked(variables(self._site, dossier, dossier.deposit.access.address))

    def differences(self, dossier: Dossier, found: Answer, wanted: Mapping[str, str]) -> list[Difference]:
        """What differs on a server, and whose it is."""
        office, *letter = self._accounts(dossier)
        return differences(found, office, letter, wanted)

    @cached_property
    def playbooks(self) -> str:
        """The digest (SHA-256, hex) of the site's playbooks without its own tasks."""
        return _digest(self._site.root, ["playbooks"], without="hooks")

    @cached_property
    def tasks(self) -> str:
        """The digest of the site's own tasks (hooks) and of the variables in its inventory."""
        return _digest(self._site.root, ["playbooks/hooks", "inventory/group_vars", "inventory/host_vars"])

    def _accounts(self, dossier: Dossier) -> tuple[str, ...]:
        """The accounts that matter on the server: the office's first, then the letter's."""
        letter = [account.name for account in dossier.deposit.access.accounts]
        return tuple(dict.fromkeys((office_account(self._site, dossier.summary), *letter)))

    def _job(self, dossier: Dossier, verb: str, wish: Mapping[str, str] = {}, facts: Sequence[str] = ()) -> ScriptJob:
        return ScriptJob(
            dossier.id,
            target(host(self._site, dossier.summary), office_account(self._site, dossier.summary), timeout=SECONDS),
            self._key(office_key(self._site, dossier.summary)),
            scripts.left(self._fingerprint, wish, facts, as_proven=not self._has_last_tasks),
            (self._mark, verb, NOTE, *self._accounts(dossier)),
        )

    @cached_property
    def _has_last_tasks(self) -> bool:
        """Has the site tasks of its own that come after what a run proves?"""
        return bool(listed(self._site.root / "playbooks/hooks/after", "*.yml"))

    def _key(self, name: str) -> Key:
        if name not in self._keys:
            self._keys[name] = load_key(self._site.key_file(name))
        return self._keys[name]

    @cached_property
    def _fingerprint(self) -> str:
        """The script, which runs as root: nobody else may be able to change it."""
        path = self._site.root / FINGERPRINT
        if not path.is_file():
            raise InvalidRecord(
                "fingerprint-missing",
                "the site's playbooks have no fingerprint.sh, with which sopctl looks at what a configuration left",
                where=str(path),
                remedy="Copy it from sopctl's own playbooks: the site was made by an older version.",
            )
        refuse_writable(self._site.root)
        with disk_errors(path, "read"):
            return path.read_text()

    def _read(self, result: AccessResult, output: bytes) -> Answer | SopctlError:
        if result.cause:
            return OutsideFailure(
                "server-not-looked-at",
                "{rung}: {detail}",
                remedy=remedy(result),
                rung=result.rung,
                detail=details.read(result.detail),
            )
        return answer.read(output, self._mark) or _unusable()


def _some(facts: Sequence[str]) -> str:
    return ", ".join([printable(fact, 80) for fact in facts[:5]] + ["…"] * (len(facts) > 5))


def trusted(dossier: Dossier, found: Answer) -> bool:
    """Is the server's note the one that the history has the digest of, and was all looked at?"""
    kept = dossier.newest(Left)
    return kept is not None and found.note == kept.left and found.complete


def of_another(noted: str, deposit: str) -> OutsideFailure:
    """The error for a server that carries the id of another deposit, as a configuration noted it there."""
    return OutsideFailure(
        "server-of-another-deposit",
        "this is the server of {noted}, by the note there, not of {deposit}",
        remedy=Cause.OTHER_DEPOSIT.remedy(port="", user=""),
        noted=noted,
        deposit=deposit,
    )


def _unusable() -> OutsideFailure:
    return OutsideFailure(
        "look-unusable",
        "the server's answer is not complete, or no answer to what was asked",
        remedy="Look on the server itself what sh and awk print there, or use --check.",
    )


def _digest(root: Path, folders: Sequence[str], without: str = "") -> str:
    whole = hashlib.sha256()
    for folder in folders:
        for path in files_below(root / folder):
            name = path.relative_to(root)
            if "__pycache__" not in name.parts and (not without or name.parts[1] != without):
                with disk_errors(path, "read"):
                    whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
