"""konfigurasi 1: the server gets its switch port, its host key is pinned, then the playbook makes it usable. Many
servers in one run.

Later, a configuration can be repeated at any time (`repair`): what was changed by hand since is put right, and the
deposit stays at its step.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sopctl.adapters.ansible.runner import HostResult, RunResult
from sopctl.adapters.ssh import Password
from sopctl.errors import Action, NotNow, SopctlError, UsageError
from sopctl.locale import Prose, Text
from sopctl.model.services import Service
from sopctl.model.sop.entries import Configured, Consented, Entry
from sopctl.model.sop.summary import Summary
from sopctl.store import register
from sopctl.workflow.desk import Desk, StepDone, Turn, act, turn
from sopctl.workflow.ports import deposit_port
from sopctl.workflow.servers import appliances, batch, host_keys, others, surveying
from sopctl.workflow.servers.ansible_view import hosts
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.servers.first_contact import key_set, let_in, password_for_many
from sopctl.workflow.servers.left import Noting
from sopctl.workflow.servers.playbooks import PLAIN, OnEvent, Options, refuse_reduced, silent, waited
from sopctl.workflow.servers.reach import office_account, reach
from sopctl.workflow.servers.surveying import Look, ServerRefuses
from sopctl.workflow.trust import Confirm, Proof, Unconfirmed

PLAYBOOK = "configure.yml"
RAW_PLAYBOOK = "configure_raw.yml"
AT_A_TIME = 10
"""Servers that are looked at at the same time."""


def configure(
    desk: Desk,
    deposit_id: str,
    *,
    by_hand: str = "",
    host_key: str | None = None,
    confirm: Confirm | None = None,
    trusted_path: str = "",
    password: Password | None = None,
    cut_off: Sequence[Service] = (),
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Configure the server with playbooks/configure.yml.

    The first time, its host key is pinned: `host_key` is the fingerprint from the console or the owner's letter, else
    `trusted_path` says why the way to the server is trusted, else `confirm` asks a person. Nobody logs in before that,
    and a key that nobody confirms is recorded as pending. With the owner's `password` the management account is made
    first. With `options.raw` a server without Python gets its accounts only. A host that failed is an answer (no),
    recorded as failed. A network appliance is not configured: see `appliances.configure`. A machine that takes no SSH
    is configured by people: `by_hand` says who did what.

    The server is looked at before anything is changed there: raises OutsideFailure for what is in the way, NotNow for
    services that others would be cut off from, unless the owner has consented to that (`cut_off`, now or before).
    """
    answers = configure_all(
        desk,
        [deposit_id],
        by_hand=by_hand,
        host_key=host_key,
        confirm=confirm,
        trusted_path=trusted_path,
        password=password,
        cut_off=cut_off,
        options=options,
        on_event=on_event,
        cancel=cancel,
    )
    return answers.only()


def configure_all(
    desk: Desk,
    ids: Sequence[str],
    *,
    by_hand: str = "",
    host_key: str | None = None,
    confirm: Confirm | None = None,
    trusted_path: str = "",
    password: Password | None = None,
    cut_off: Sequence[Service] = (),
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """Configure these servers in one run; one that cannot be configured does not hold up the others.

    Raises what ends the run for all of them (see `playbooks.run_on`), and UsageError for tags, or for a password or a
    consent with several servers.
    """
    if options.tags:
        raise first_is_whole()
    _refuse_for_many(password, cut_off, ids)
    answers = Answers()
    pinnings: dict[str, host_keys.Pinning | None] = {}
    looks = _Looks(desk, cut_off, options.raw, cancel)

    def admit(mine: Turn) -> StepDone | None:
        others.refuse_misplaced(mine.dossier, by_hand)
        if others.is_other(mine.dossier):
            return _port(mine) or others.configure(mine, by_hand)
        _refuse_without_way_in(mine, password, options)
        no_port = _port(mine)
        if no_port:
            return no_port
        proof = Proof(host_key, trusted_path, confirm)
        if appliances.is_appliance(mine.dossier):
            with _begun_work(mine):
                pinned = host_keys.to_pin(mine, proof)
                return _appliance(mine, [pinned] if pinned else [], cancel)
        pinnings[mine.dossier.id] = host_keys.pinning(mine, proof)
        if pinnings[mine.dossier.id] is None and password is None:
            with _begun_work(mine):
                refuse_reduced(mine)
        return None

    with batch.held(ids, lambda deposit_id: turn(desk, deposit_id, "configure"), admit, answers) as turns:
        ready = looks.at(turns, answers, pinnings, password)
        _first_contacts(ready, looks, password, cancel)
        _run(ready, answers, options, on_event, cancel, looks)
    for deposit_id, problem in answers.errors.items():
        if isinstance(problem, Unconfirmed):
            host_keys.keep_pending(desk, deposit_id, problem.key)
    return answers


def repair(
    desk: Desk,
    ids: Sequence[str],
    *,
    password: Password | None = None,
    cut_off: Sequence[Service] = (),
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """Configure again, in one run, servers that were configured before; the deposits stay at their steps.

    With the owner's `password`, the management account is made again first: its owner has reinstalled the server.

    The servers are looked at first, as by `configure`. Raises what ends the run for all of them (see
    `playbooks.run_on`), and UsageError for a password or a consent with several servers, and for tags with a password.
    """
    if password and options.tags:
        raise UsageError(
            "reinstalled-whole",
            "a server that was reinstalled is configured whole, not limited to tags",
            remedy="Leave out --tags.",
        )
    _refuse_for_many(password, cut_off, ids)
    answers = Answers()
    looks = _Looks(desk, cut_off, options.raw, cancel)

    def admit(mine: Turn) -> None:
        refuse_unmanaged(mine.dossier.summary, Text("there is nothing to repair"))
        refuse_reduced(mine)

    with batch.held(ids, lambda deposit_id: act(desk, deposit_id, "repair"), admit, answers) as turns:
        ready = looks.at(turns, answers, password=password)
        _first_contacts(ready, looks, password, cancel)
        _run(ready, answers, options, on_event, cancel, looks)
    return answers


def due(desk: Desk) -> list[str]:
    """The deposits that wait for their configuration, where no person has to look or decide first."""
    today = desk.now().date()
    return [each.id for each in register.summaries(desk.site) if each.verb == "configure" and each.goes_on(today)]


def managed(desk: Desk) -> list[str]:
    """The deposits whose servers are configured, on site, and not reduced to inventory."""
    found = register.summaries(desk.site)
    return [each.id for each in found if each.managed and each.in_our_hands and not each.reduced]


def refuse_unmanaged(each: Summary, so: Prose) -> None:
    """Raise NotNow for a server that is not configured or not on site; `so` says what follows."""
    if each.kind == "other":
        raise NotNow(
            "other-not-configured",
            "{deposit} takes no SSH of ours: sopctl configures nothing on it, so {consequence}",
            remedy=Action("show", each.id),
            deposit=each.id,
            consequence=so,
        )
    if each.platform:
        raise NotNow(
            "appliance-not-configured",
            "{deposit} is a network appliance: sopctl configures nothing on it, so {consequence}",
            remedy=("To see what it is now:", Action("inventory", each.id)),
            deposit=each.id,
            consequence=so,
        )
    if not (each.managed and each.in_our_hands):
        raise NotNow(
            "not-configured",
            "{deposit} is not configured, so {consequence}",
            remedy=Action("show", each.id),
            deposit=each.id,
            consequence=so,
        )


def limited(desk: Desk, ids: Sequence[str], limits: Sequence[str]) -> list[str]:
    """Those of `ids` that are named in `limits` or in one of the groups named there, as Ansible's inventory has them
    (unit_…, rack_…, step_…, os_…). Raises UsageError for a limit that names nothing."""
    if not limits:
        return list(ids)
    errors: list[SopctlError] = []
    view = hosts(desk.site.root, errors)
    desk.site.tell(*errors)
    groups = {group for host in view for group in host.groups}
    for limit in limits:
        if limit not in groups and limit not in ids:
            there = ", ".join(sorted(groups)) or "none"
            raise UsageError(
                "no-such-group",
                "no server and no group is called {limit!r}",
                remedy=Text("The groups are: {there}.", there=there),
                limit=limit,
            )
    of = {host.name: {host.name, *host.groups} for host in view}
    return [each for each in ids if of.get(each, {each}) & set(limits)]


class _Looks:
    """The looks of one run: at each server before it is changed, and what they let begin."""

    def __init__(self, desk: Desk, cut_off: Sequence[Service], raw: bool, cancel: threading.Event | None) -> None:
        self._desk, self._consents, self._raw, self._cancel = desk, tuple(cut_off), raw, cancel
        self._found: dict[str, Look] = {}
        self.begun: dict[str, Sequence[Entry]] = {}
        """What the beginning of the work establishes, by deposit."""

    def at(
        self,
        turns: Sequence[Turn],
        answers: Answers,
        pinnings: Mapping[str, host_keys.Pinning | None] = {},
        password: Password | None = None,
    ) -> list[Turn]:
        """Look at these servers, several at a time. Returns the turns that go on; the others get their answers."""

        def one(mine: Turn) -> Look | SopctlError:
            try:
                return surveying.look(
                    self._desk,
                    mine.dossier,
                    password=password,
                    pinning=pinnings.get(mine.dossier.id),
                    raw=self._raw,
                    cancel=self._cancel,
                )
            except SopctlError as error:
                return error

        # A person is asked about one key at a time; a look that asks nobody is done beside the others.
        if len(turns) < 2 or any(pinnings.values()):
            found = list(map(one, turns))
        else:
            with ThreadPoolExecutor(min(AT_A_TIME, len(turns))) as pool:
                found = list(pool.map(one, turns))
        ready = []
        for mine, look in zip(turns, found, strict=True):
            pinning = pinnings.get(mine.dossier.id)
            first: list[Entry] = [pinning.pinned] if pinning and pinning.pinned else []
            try:
                self._admit(mine, look, first)
            except SopctlError as error:
                answers.give(mine.dossier.id, error)
            else:
                ready.append(mine)
        return ready

    def _admit(self, mine: Turn, look: Look | SopctlError, first: list[Entry]) -> None:
        """Raise what keeps the server out of the run. What the server itself says is recorded. That a person is asked
        is not, unless something was established before: a timer comes again, and says so again."""
        try:
            if isinstance(look, SopctlError):
                raise look
            surveying.refuse_blocked(look)
            surveying.refuse_unconsented(look, (*surveying.consents(mine.dossier), *self._consents))
        except SopctlError as error:
            if mine.begun or first or isinstance(error, ServerRefuses):
                if not mine.begun:
                    mine.start(*first)
                mine.break_off(error)
            raise
        self._found[mine.dossier.id] = look
        cut = look.comparison.cut_off
        consented = [Consented(consented=tuple(str(each.service) for each in cut))] if cut else []
        self.begun[mine.dossier.id] = [*first, *consented]

    def established(self, deposit_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the run has cut off, and what stays open past the letter, as a history keeps it."""
        look = self._found.get(deposit_id)
        if look is None:
            return (), ()
        return surveying.closed(look.comparison.cut_off), surveying.stays_open(look.comparison.stays_open)


def _refuse_for_many(password: Password | None, cut_off: Sequence[Service], ids: Sequence[str]) -> None:
    """Raise UsageError for what is of one server, where there are several."""
    if password and len(ids) > 1:
        raise password_for_many()
    if cut_off and len(ids) > 1:
        raise consent_for_many()


def consent_for_many() -> UsageError:
    """The error for a consent to being cut off that was given for several servers, or for a preview."""
    return UsageError(
        "consent-for-many",
        "a consent is for the configuration of one server",
        remedy="Give --cut-off with its ID, and without --check.",
    )


def first_is_whole() -> UsageError:
    """The error for tags with which a part of the first configuration would be left out."""
    return UsageError(
        "first-configuration-whole",
        "the first configuration cannot be limited to tags",
        remedy="Leave out --tags. A part of it can be done again later, with --repair.",
    )


def _run(
    turns: Sequence[Turn],
    answers: Answers,
    options: Options,
    on_event: OnEvent,
    cancel: threading.Event | None,
    looks: _Looks,
) -> None:
    def good(mine: Turn, host: HostResult, result: RunResult) -> StepDone:
        note = f"{host.ok} tugas, {host.changed} perubahan, {result.seconds:.0f} s{waited(host)}"
        if options.raw:
            note = f"tanpa Python: akun dan kunci saja; {note}"
        closed, stay = looks.established(mine.dossier.id)
        entries, unnoted = noting.of(mine.dossier.id)
        if closed:
            note += f"; ditutup dengan persetujuan pemilik: {', '.join(closed)}"
        if stay:
            note += f"; tetap terbuka di luar surat: {', '.join(stay)}"
        note = "; ".join((note, *host.notes, *unnoted))[:1000]
        key = key_set(mine) if not options.tags or "accounts" in options.tags else []
        established = Configured(
            changed=host.changed,
            raw=options.raw,
            cut_off=closed or None,
            stays_open=stay or None,
            account=office_account(mine.desk.site, mine.dossier.summary),
            parts=tuple(options.tags) or None,
        )
        return mine.record(mine.verb.outcome or "selesai", established, *entries, *key, note=note)

    noting = Noting(turns, options.tags, cancel)
    playbook = RAW_PLAYBOOK if options.raw else PLAYBOOK
    batch.run(
        turns,
        playbook,
        good,
        answers,
        started=looks.begun,
        options=options,
        on_event=on_event,
        finish=noting.finish,
        cancel=cancel,
    )


def _refuse_without_way_in(mine: Turn, password: Password | None, options: Options) -> None:
    """Raise what keeps anyone from logging in, before anything else is tried: InvalidRecord or OutsideFailure;
    UsageError for an appliance that is to be treated like a server."""
    if not appliances.is_appliance(mine.dossier):
        if password is None:
            reach(mine.desk.site, mine.dossier.summary)  # raises where only a password opens it
        return
    if password or options.raw:
        raise UsageError(
            "appliance-has-no-account",
            "{deposit} is a network appliance: there is no account to make on it",
            remedy="Name its owner's account for the office in access.first_contact, with a key or a password file.",
            deposit=mine.dossier.id,
        )
    appliances.login(mine.desk.site, mine.dossier)


def _appliance(mine: Turn, begun: Sequence[Entry], cancel: threading.Event | None) -> StepDone:
    if not begun:  # pinned before
        host_keys.refuse_changed(mine.desk.site, mine.dossier)
    mine.start(*begun)
    return appliances.configure(mine, cancel=cancel)


def _port(mine: Turn) -> StepDone | None:
    """Give the server its switch port. Returns the failed step if it cannot have it."""
    tried, no_use = deposit_port.configured(mine)
    return mine.fail(deposit_port.note(no_use), *tried) if no_use else None


@contextmanager
def _begun_work(mine: Turn) -> Iterator[None]:
    """Once the port was opened, work has begun: an error on the way to the run is then recorded."""
    try:
        yield
    except SopctlError as error:
        if mine.begun and not mine.ended:
            mine.break_off(error)
        raise


def _first_contacts(
    turns: Sequence[Turn], looks: _Looks, password: Password | None, cancel: threading.Event | None
) -> None:
    """Where the owner's password was given, make the management accounts with it."""
    if password:
        for mine in turns:
            looks.begun[mine.dossier.id] = _first_contact(mine, looks.begun[mine.dossier.id], password, cancel)


def _first_contact(
    mine: Turn, begun: Sequence[Entry], password: Password, cancel: threading.Event | None
) -> list[Entry]:
    """Make the management account by password. The start of the work is recorded first, with the pinned key."""
    mine.start(*begun)
    try:
        return [let_in(mine, password, cancel=cancel), *key_set(mine)]
    except BaseException as error:
        mine.break_off(error)
        raise
