"""konfigurasi 1: the server gets its switch port, its host key is pinned, then the playbook makes it usable. Many
servers in one run.

Later, a configuration can be repeated at any time (`repair`): what was changed by hand since is put right, and the
deposit stays at its step.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sopctl.adapters.ansible.runner import HostResult, RunResult
from sopctl.adapters.ssh import Password
from sopctl.errors import Action, NotNow, SopctlError, UsageError
from sopctl.model.sop.entries import Configured, Entry, WayIn
from sopctl.model.sop.summary import Summary
from sopctl.store import register
from sopctl.workflow.desk import Desk, StepDone, Turn, act, turn
from sopctl.workflow.ports import deposit_port
from sopctl.workflow.servers import appliances, batch, host_keys
from sopctl.workflow.servers.ansible_view import hosts
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.servers.first_contact import let_in
from sopctl.workflow.servers.left import Noting
from sopctl.workflow.servers.playbooks import PLAIN, OnEvent, Options, refuse_unfit, silent, waited
from sopctl.workflow.servers.reach import reach
from sopctl.workflow.trust import Confirm, Proof, Unconfirmed

PLAYBOOK = "configure.yml"
RAW_PLAYBOOK = "configure_raw.yml"


def configure(
    desk: Desk,
    deposit_id: str,
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    trusted_path: str = "",
    password: Password | None = None,
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Configure the server with playbooks/configure.yml.

    The first time, its host key is pinned: `host_key` is the fingerprint from the console or the owner's letter, else
    `trusted_path` says why the way to the server is trusted, else `confirm` asks a person. Nobody logs in before that,
    and a key that nobody confirms is recorded as pending. With the owner's `password` the management account is made
    first. With `options.raw` a server without Python gets its accounts only. A host that failed is an answer (no),
    recorded as failed. A network appliance is not configured: see `appliances.configure`.
    """
    answers = configure_all(
        desk,
        [deposit_id],
        host_key=host_key,
        confirm=confirm,
        trusted_path=trusted_path,
        password=password,
        options=options,
        on_event=on_event,
        cancel=cancel,
    )
    return answers.only()


def configure_all(
    desk: Desk,
    ids: Sequence[str],
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    trusted_path: str = "",
    password: Password | None = None,
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """Configure these servers in one run; one that cannot be configured does not hold up the others.

    Raises what ends the run for all of them (see `playbooks.run_on`), and UsageError for tags, or for a password with
    several servers.
    """
    if options.tags:
        raise UsageError(
            "first-configuration-whole",
            "the first configuration cannot be limited to tags",
            remedy="Leave out --tags. A part of it can be done again later, with --repair.",
        )
    if password and len(ids) > 1:
        raise UsageError("password-for-many", "a password opens one server, not several")
    answers, begun = Answers(), dict[str, Sequence[Entry]]()

    def admit(mine: Turn) -> StepDone | None:
        _refuse_without_way_in(mine, password, options)
        no_port = _port(mine)
        if no_port:
            return no_port
        with _begun_work(mine):
            pinned = host_keys.to_pin(mine, Proof(host_key, trusted_path, confirm))
            first = [pinned] if pinned else []
            if appliances.is_appliance(mine.dossier):
                return _appliance(mine, first, cancel)
            if password:
                begun[mine.dossier.id] = [_first_contact(mine, first, password, cancel)]
            else:
                begun[mine.dossier.id] = first
                refuse_unfit(mine)
        return None

    with batch.held(ids, lambda deposit_id: turn(desk, deposit_id, "configure"), admit, answers) as turns:
        _run(turns, answers, options, on_event, cancel, begun)
    for deposit_id, problem in answers.errors.items():
        if isinstance(problem, Unconfirmed):
            host_keys.keep_pending(desk, deposit_id, problem.key)
    return answers


def repair(
    desk: Desk,
    ids: Sequence[str],
    *,
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """Configure again, in one run, servers that were configured before; the deposits stay at their steps.

    Raises what ends the run for all of them (see `playbooks.run_on`).
    """
    answers = Answers()

    def admit(mine: Turn) -> None:
        refuse_unmanaged(mine.dossier.summary, "there is nothing to repair")
        refuse_unfit(mine)

    with batch.held(ids, lambda deposit_id: act(desk, deposit_id, "repair"), admit, answers) as turns:
        _run(turns, answers, options, on_event, cancel)
    return answers


def due(desk: Desk) -> list[str]:
    """The deposits that wait for their configuration, where no person has to look or decide first."""
    today = desk.now().date()
    return [each.id for each in register.summaries(desk.site) if each.verb == "configure" and each.goes_on(today)]


def managed(desk: Desk) -> list[str]:
    """The deposits whose servers are configured, in the office's hands, and not reduced to inventory."""
    found = register.summaries(desk.site)
    return [each.id for each in found if each.managed and each.in_our_hands and not each.reduced]


def refuse_unmanaged(each: Summary, so: str) -> None:
    """Raise NotNow for a server that is not configured or not in the office's hands; `so` says what follows."""
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
    view = hosts(desk.site.root)
    groups = {group for host in view for group in host.groups}
    for limit in limits:
        if limit not in groups and limit not in ids:
            there = ", ".join(sorted(groups)) or "none"
            raise UsageError(
                "no-such-group",
                "no server and no group is called {limit!r}",
                remedy=f"The groups are: {there}.",
                limit=limit,
            )
    of = {host.name: {host.name, *host.groups} for host in view}
    return [each for each in ids if of.get(each, {each}) & set(limits)]


def _run(
    turns: Sequence[Turn],
    answers: Answers,
    options: Options,
    on_event: OnEvent,
    cancel: threading.Event | None,
    begun: Mapping[str, Sequence[Entry]] = {},
) -> None:
    def good(mine: Turn, host: HostResult, result: RunResult) -> StepDone:
        note = f"{host.ok} tugas, {host.changed} perubahan, {result.seconds:.0f} s{waited(host)}"
        if options.raw:
            note = f"tanpa Python: akun dan kunci saja; {note}"
        entries, unnoted = noting.of(mine.dossier.id)
        note = "; ".join((note, *host.notes, *unnoted))
        established = Configured(changed=host.changed, raw=options.raw)
        return mine.record(mine.verb.outcome or "selesai", established, *entries, note=note)

    noting = Noting(turns, options.tags, cancel)
    playbook = RAW_PLAYBOOK if options.raw else PLAYBOOK
    batch.run(
        turns,
        playbook,
        good,
        answers,
        started=begun,
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
            reach(mine.desk.site, mine.dossier)  # raises where only a password opens it
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
        host_keys.refuse_changed(mine.dossier)
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


def _first_contact(mine: Turn, begun: Sequence[Entry], password: Password, cancel: threading.Event | None) -> WayIn:
    """Make the management account by password. The start of the work is recorded first, with the pinned key."""
    mine.start(*begun)
    try:
        return let_in(mine, password, cancel=cancel)
    except BaseException as error:
        mine.break_off(error)
        raise
