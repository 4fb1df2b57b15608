"""Another key of the office on the servers: beside the old one, in an armed window, until it has logged in again
and become root; then the old one is taken out, in a window too, and the new one logs in again.

Each step is in the deposit's history as soon as it has succeeded, and the history never names a key that the server
does not know: whatever breaks off in between, the key that it names opens the server, and the command run again goes
on. Where the old key is lost, the owner lets the new one in: by the account of the first contact, or by hand.
"""

import threading
from collections.abc import Iterator, Sequence

from sopctl.adapters.ssh import Key, Password, load_key, run_as_root, scripts
from sopctl.adapters.ssh.sweep import ScriptJob, run_scripts
from sopctl.errors import Action, InvalidRecord, NotNow, OutsideFailure, SopctlError
from sopctl.locale import Sentence, Text
from sopctl.model.access import details
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, remedy
from sopctl.model.sop.entries import Left, OfficeKey
from sopctl.model.text import printable
from sopctl.store import register
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.store.modes import refuse_writable
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, Turn, act
from sopctl.workflow.messages.notes import told
from sopctl.workflow.office_key import fingerprint, key_state, key_states, public_key
from sopctl.workflow.servers import batch, first_contact
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.servers.left import FINGERPRINT, note_key
from sopctl.workflow.servers.reach import host, lets_us_in, office_account
from sopctl.workflow.trust import target

WAY_IN = "playbooks/files/way_in.sh"
WINDOW = "playbooks/roles/armed_window/files/window.sh"
FOLDER = "/var/lib/sopctl/window"
WINDOW_SECONDS = 120
"""From the change to the login that proves it; then the server puts back what it had."""
SECONDS = 240.0
"""For one connection: the window looks at the whole server first, which may take a minute."""
AT_A_TIME = 100
"""Servers whose dossiers are held together: a crash loses no more than what is under way on them."""
UNKNOWN = "kunci yang hilang"
"""What a history calls a key that is lost, and was never named in it."""


def due(desk: Desk) -> list[str]:
    """The deposits whose servers do not have the current key alone."""
    found, state = register.summaries(desk.site), key_states(desk.site)
    return [each.id for each in found if each.let_in and each.in_our_hands and state(each) != "current"]


def rotate(
    desk: Desk,
    ids: Sequence[str],
    *,
    password: Password | None = None,
    answers: Answers | None = None,
    cancel: threading.Event | None = None,
) -> Answers:
    """Put the current key on these servers, and take the one before it out.

    Where no key of ours opens the server any more, the owner's `password`, or else the key of the first contact, opens
    the account that lets the new one in. A server that fails gets its error, and keeps what it had; the others go on.
    Raises InvalidRecord or OutsideFailure for keys that cannot be used, and Interrupted: what is in a window then comes
    back by itself.
    """
    answers = answers or Answers()
    chosen = list(dict.fromkeys(ids))
    for begin in range(0, len(chosen), AT_A_TIME):
        some = chosen[begin : begin + AT_A_TIME]
        with batch.held(some, lambda deposit_id: act(desk, deposit_id, "rotate"), _admit, answers) as turns:
            if turns:
                _Rotation(desk.site, turns, answers, password, cancel).run()
    return answers


def refuse_without_account(dossier: Dossier) -> None:
    """Raise NotNow where the office has no account on the server, or the server is not in its hands."""
    if not (lets_us_in(dossier.summary) and dossier.summary.in_our_hands):
        raise NotNow(
            "no-account-of-ours",
            "{deposit} has no account of the office's, so there is no key to change",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
        )


def _admit(mine: Turn) -> None:
    refuse_without_account(mine.dossier)
    if key_state(mine.desk.site, mine.dossier.summary) == "current":
        raise NotNow(
            "key-is-current",
            "{deposit} has the current key, and no other",
            remedy=Action("key status"),
            deposit=mine.dossier.id,
        )


class _Rotation:
    """The change on some servers at once, whose turns are held."""

    def __init__(
        self,
        site: Site,
        turns: Sequence[Turn],
        answers: Answers,
        password: Password | None,
        cancel: threading.Event | None,
    ) -> None:
        self._site, self._turns, self._answers = site, turns, answers
        self._password, self._cancel = password, cancel
        self._new = usable(site, site.settings.management.key)
        before = site.settings.management.before
        self._old = usable(site, before) if before and (site.folder("keys") / before).is_file() else None
        self._old_line = public_key(site, before) if before and fingerprint(site, before) else ""
        refuse_writable(site.root)
        self._scripts = [_text(site, name) for name in (WAY_IN, WINDOW, FINGERPRINT)]
        self._in_window: set[str] = set()

    def run(self) -> None:
        """Change the key on all of them; each gets its answer."""
        try:
            opened = self._beside()
            self._without_old([mine for mine in opened if self._recorded_both(mine)])
        except BaseException as error:
            for mine in self._turns:
                if mine.dossier.id in self._in_window:
                    mine.break_off(error, after=_window_note())
            raise

    def _beside(self) -> list[Turn]:
        """The turns on whose servers the new key has logged in again, and become root."""
        states = {mine.dossier.id: key_state(self._site, mine.dossier.summary) for mine in self._turns}
        old, both, lost = (
            [mine for mine in self._turns if states[mine.dossier.id] == state] for state in ("before", "both", "none")
        )
        added = []
        self._in_window |= {mine.dossier.id for mine in old}
        for mine, found in self._each("add", old, self._old):
            if found is None:
                added.append(mine)
                continue
            self._in_window.discard(mine.dossier.id)
            if found.cause is Cause.DENIED:
                lost.append(mine)  # the site was restored from before the change, say
            else:
                self._answers.give(mine.dossier.id, failed(mine.dossier.id, found))
        return [*both, *self._proved(added), *self._let_in(lost)]

    def _proved(self, turns: Sequence[Turn]) -> list[Turn]:
        """Those on whose servers the new key has logged in and closed the window; the others get back what they had."""
        good = []
        for mine, found in self._each("close", turns, self._new):
            if found is None:
                self._in_window.discard(mine.dossier.id)
                good.append(mine)
            else:
                self._put_back(mine, found)
        return good

    def _let_in(self, turns: Sequence[Turn]) -> list[Turn]:
        """Those that the new key opens, because the owner let it in, or does so now."""
        good = []
        for mine, found in self._each("close", turns, self._new):
            try:
                if found is not None and found.cause is not Cause.DENIED:
                    raise failed(mine.dossier.id, found)
                if found is not None:
                    self._install(mine)
                    again = next(found for _, found in self._each("close", [mine], self._new))
                    if again is not None:
                        raise failed(mine.dossier.id, again)
                good.append(mine)
            except SopctlError as error:
                self._answers.give(mine.dossier.id, error)
        return good

    def _install(self, mine: Turn) -> None:
        """Let the new key in by the owner's account. Raises NotNow where nothing opens that, OutsideFailure."""
        site, contact = self._site, mine.deposit.access.first_contact
        way: Key | Password | None
        if self._password:
            way = first_contact.with_key(site, mine.dossier.summary, self._password)
        else:
            way = first_contact.key_of(site, mine.dossier.summary)
        if contact is None or way is None:
            raise locked_out(site, mine.dossier.id)
        where = target(host(site, mine.dossier.summary), contact.user, timeout=SECONDS)
        found = run_as_root(where, way, self._script(mine), self._words("install", mine), cancel=self._cancel)
        if found.cause is Cause.DENIED and not self._password:
            raise locked_out(site, mine.dossier.id)
        if found.cause:
            raise first_contact.refused(mine.dossier.id, found, by_password=self._password is not None)

    def _without_old(self, turns: Sequence[Turn]) -> None:
        removed = []
        known = self._old.fingerprint if self._old else ""
        self._in_window |= {mine.dossier.id for mine in turns}
        lost = [mine for mine in turns if mine.dossier.summary.key_leaving != known]
        kept = [mine for mine in turns if mine not in lost]
        for each in (self._each("remove", kept, self._new), self._each("alone", lost, self._new)):
            for mine, found in each:
                if found is None:
                    removed.append(mine)
                else:
                    self._in_window.discard(mine.dossier.id)
                    self._answers.give(mine.dossier.id, failed(mine.dossier.id, found))
        done = self._proved(removed)
        noted = note_key(self._site, [mine.dossier for mine in done if not mine.dossier.summary.reduced], self._cancel)
        for mine in done:
            self._record_alone(mine, noted.get(mine.dossier.id))

    def _recorded_both(self, mine: Turn) -> bool:
        """Does the history name both keys? One that takes no event holds up nobody else, and its server keeps both."""
        if mine.dossier.summary.key_leaving:
            return True
        new, old = self._new.fingerprint, mine.dossier.summary.office_key
        leaving = old or (self._old.fingerprint if self._old else UNKNOWN)
        note = f"kunci {new} membuka akun kantor di samping {leaving}"
        try:
            mine.record(mine.verb.outcome, OfficeKey(office_key=new, key_leaving=leaving), note=note)
        except SopctlError as error:
            self._answers.give(mine.dossier.id, error)
        return mine.ended

    def _record_alone(self, mine: Turn, left: Left | SopctlError | None) -> None:
        note = f"hanya kunci {self._new.fingerprint} yang membuka akun kantor"
        if isinstance(left, SopctlError):
            note += f"; keadaan akhir tidak tercatat di server: {told(left)}"
        entries = [left] if isinstance(left, Left) else []
        key = OfficeKey(office_key=self._new.fingerprint)
        try:
            self._answers.give(mine.dossier.id, mine.record(mine.verb.outcome, key, *entries, note=note[:1000]))
        except SopctlError as error:
            self._answers.give(mine.dossier.id, error)

    def _put_back(self, mine: Turn, found: AccessResult) -> None:
        """The new key does not open the server: it gets back what it had, at once where the old one still opens it."""
        error = failed(mine.dossier.id, found)
        by_old = [again for _, again in self._each("back", [mine], self._old)] if self._old else [found]
        self._in_window.discard(mine.dossier.id)
        at_once = by_old[0] is None
        later = Text("Within {seconds} s the server puts it back.", seconds=WINDOW_SECONDS)
        said = Text("What was changed is put back.") if at_once else later
        error.remedy = (said, *error.remedy)
        mine.break_off(error, after="; yang diubah sudah dikembalikan" if at_once else _window_note())
        self._answers.give(mine.dossier.id, error)

    def _each(self, verb: str, turns: Sequence[Turn], key: Key | None) -> Iterator[tuple[Turn, AccessResult | None]]:
        """Run a step on these servers, many at once: for each how far it got, or None where it succeeded."""
        by_id, jobs = {mine.dossier.id: mine for mine in turns}, []
        for mine in turns:
            assert key is not None  # noqa: S101 (without the old one, the server is among the lost)
            where = target(
                host(self._site, mine.dossier.summary),
                office_account(self._site, mine.dossier.summary),
                timeout=SECONDS,
            )
            words, as_root = self._words(verb, mine), not mine.dossier.summary.reduced
            jobs.append(ScriptJob(mine.dossier.id, where, key, self._script(mine), words, 4096, as_root))
        for name, result, _ in run_scripts(jobs, cancel=self._cancel):
            yield by_id[name], result if result.cause else None

    def _script(self, mine: Turn) -> bytes:
        return scripts.office_key(mine.dossier.id, *self._scripts)

    def _words(self, verb: str, mine: Turn) -> tuple[str, ...]:
        new = public_key(self._site, self._site.settings.management.key)
        account = office_account(self._site, mine.dossier.summary)
        return (verb, account, self._old_line, new, FOLDER, str(WINDOW_SECONDS))


def usable(site: Site, name: str) -> Key:
    """The site's key `name`. Raises as `load_key`, and InvalidRecord where its two halves are of different keys: the
    public one is what a server gets."""
    key = load_key(site.key_file(name))
    public_key(site, name)  # raises where it is missing
    if fingerprint(site, name) != key.fingerprint:
        raise InvalidRecord(
            "key-halves-differ",
            "the public half beside the key {key} is that of another key",
            where=str(site.folder("keys") / f"{name}.pub"),
            remedy=Text("Make it again: ssh-keygen -y -f {what}", what=site.folder("keys") / name),
            key=name,
        )
    return key


def failed(deposit_id: str, found: AccessResult) -> OutsideFailure:
    """The error for a server whose key was not changed: it keeps the one that it has."""
    return OutsideFailure(
        "key-not-changed",
        "the key on {deposit} is not changed: {rung}: {detail}",
        where=f"{found.host}:{found.port}",
        remedy=(
            Sentence("{helps}", helps=remedy(found)),
            "Then run the command again:",
            Action("rotate", deposit_id),
        ),
        deposit=deposit_id,
        rung=found.rung,
        detail=details.read(found.detail),
    )


def locked_out(site: Site, deposit_id: str) -> NotNow:
    """The error for a server that no key of ours opens any more, and how its owner lets us in again."""
    line = printable(public_key(site, site.settings.management.key), 1000)
    by_key = Action("login", deposit_id, needs=("file",))
    return NotNow(
        "key-lost",
        "no key in keys/ opens the account of the office on {deposit}",
        remedy=(
            Text("Ask the owner to put this line into the account's ~/.ssh/authorized_keys: {line}", line=line),
            "Then run the command again. Or use the account of the first contact, with its password, or its key:",
            Action("rotate", deposit_id, given={"ask-password": ""}, alternatives=(by_key,)),
        ),
        deposit=deposit_id,
    )


def _window_note() -> str:
    return f"; dalam {WINDOW_SECONDS} s server itu sendiri mengembalikan yang telah diubah"


def _text(site: Site, name: str) -> str:
    path = site.root / name
    if not path.is_file():
        raise InvalidRecord(
            "playbook-missing",
            "the site's playbooks have no {name}, which changing a key needs",
            where=str(path),
            remedy="Copy it from sopctl's own playbooks: the site was made by an older version.",
            name=path.name,
        )
    with disk_errors(path, "read"):
        return path.read_text()
