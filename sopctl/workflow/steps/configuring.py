"""konfigurasi 1: the server gets its switch port, its host key is pinned, then the playbook makes it usable. Many
servers in one run.

Afterwards a configuration can be repeated at any time (`repair`): what was changed by hand since is put right, and the
deposit stays at the step where it stands.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sopctl.adapters.ansible.runner import RunResult
from sopctl.adapters.ssh import Password
from sopctl.errors import NotNow, SopctlError, UsageError
from sopctl.model.sop.entries import Configured, Entry, WayIn
from sopctl.model.sop.summary import Summary
from sopctl.store import register
from sopctl.workflow.desk import Desk, StepDone, Turn, act, turn
from sopctl.workflow.ports import deposit_port
from sopctl.workflow.servers import appliances, host_keys
from sopctl.workflow.servers.ansible_view import hosts, key_in_use
from sopctl.workflow.servers.first_contact import let_in
from sopctl.workflow.servers.host_keys import Confirm, Unconfirmed
from sopctl.workflow.servers.playbooks import (
    PLAIN,
    OnEvent,
    Options,
    explain,
    record_unreachable,
    refuse_unfit,
    run_on,
    silent,
    waited,
)

PLAYBOOK = "configure.yml"
RAW_PLAYBOOK = "configure_raw.yml"


@dataclass
class Answers:
    """What came of each deposit: a step done (its answer says how well), or the error that kept it from ending."""

    done: dict[str, StepDone] = field(default_factory=dict)
    errors: dict[str, SopctlError] = field(default_factory=dict)

    def only(self) -> StepDone:
        """The answer for the one deposit that was asked for. Raises its error."""
        for error in self.errors.values():
            raise error
        return next(iter(self.done.values()))


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
    `trusted_path` says why the way to the server is trusted, else `confirm` asks a person. Nothing logs in before
    that: a key that nobody confirms is kept as pending. With the owner's `password` the management account is made
    first. With `options.raw` a server without Python gets its accounts alone. A failed host is an answer (no), recorded
    as failed. A network appliance is not configured: see `appliances.configure`.
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
    """Configure these servers in one run; one that cannot be configured does not keep the others from it.

    Raises what ends the run for all of them (see `playbooks.run_on`), and UsageError for tags: a first configuration
    is done whole.
    """
    if options.tags:
        raise UsageError(
            "konfigurasi-done-whole",
            "konfigurasi 1 is done whole",
            remedy="To do a part of it again later: --repair --tags …",
        )
    if password and len(ids) > 1:
        raise UsageError("password-opens-one-server-not", "a password opens one server, not several")
    answers, begun = Answers(), dict[str, list[Entry]]()
    with ExitStack() as held:
        turns = []
        for deposit_id in dict.fromkeys(ids):
            try:
                mine = held.enter_context(turn(desk, deposit_id, "configure"))
                _refuse_without_way_in(mine, password, options)
                no_port = _port(mine)
                if no_port:
                    answers.done[deposit_id] = no_port
                    continue
                with _begun_work(mine):
                    pinned = host_keys.to_pin(mine, host_key, confirm, trusted_path)
                    begun[deposit_id] = [pinned] if pinned else []
                    if appliances.is_appliance(mine.dossier):
                        answers.done[deposit_id] = _appliance(mine, begun.pop(deposit_id), cancel)
                        continue
                    if password:
                        begun[deposit_id] = [_first_contact(mine, begun[deposit_id], password, cancel)]
                    else:
                        refuse_unfit(mine)
            except SopctlError as error:
                answers.errors[deposit_id] = error
            else:
                turns.append(mine)
        _run(turns, begun, answers, options, on_event, cancel)
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
    """Configure servers again that were configured before, in one run; the deposits stay at their steps.

    Raises what ends the run for all of them (see `playbooks.run_on`).
    """
    answers = Answers()
    with ExitStack() as held:
        turns = []
        for deposit_id in dict.fromkeys(ids):
            try:
                mine = held.enter_context(act(desk, deposit_id, "repair"))
                refuse_unmanaged(mine.dossier.summary, "there is nothing to repair")
                refuse_unfit(mine)
            except SopctlError as error:
                answers.errors[deposit_id] = error
            else:
                turns.append(mine)
        _run(turns, {}, answers, options, on_event, cancel)
    return answers


def due(desk: Desk) -> list[str]:
    """The deposits that wait for their configuration, and for no person to look or decide first."""
    today = desk.now().date()
    return [each.id for each in register.summaries(desk.site) if each.verb == "configure" and each.goes_on(today)]


def managed(desk: Desk) -> list[str]:
    """The deposits whose servers are configured and in the office's hands, and where it may do more than inventory."""
    found = register.summaries(desk.site)
    return [each.id for each in found if each.managed and each.in_our_hands and not each.reduced]


def refuse_unmanaged(each: Summary, so: str) -> None:
    """Raise NotNow for a server that is not configured, or not in the office's hands; `so` says what follows."""
    if each.platform:
        raise NotNow(
            "network-appliance",
            "{deposit} is a network appliance: sopctl configures nothing on it, so {so}",
            remedy=f"What it is now: sopctl inventory collect {each.id}",
            deposit=each.id,
            so=so,
        )
    if not (each.managed and each.in_our_hands):
        raise NotNow(
            "not-configured-so",
            "{deposit} is not configured, so {so}",
            remedy=f"Look where it stands: sopctl show {each.id}",
            deposit=each.id,
            so=so,
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
                "no-server-no-group-called",
                "no server and no group is called {limit!r}",
                remedy=f"The groups are: {there}",
                limit=limit,
            )
    of = {host.name: {host.name, *host.groups} for host in view}
    return [each for each in ids if of.get(each, {each}) & set(limits)]


def _run(
    turns: Sequence[Turn],
    begun: Mapping[str, Sequence[Entry]],
    answers: Answers,
    options: Options,
    on_event: OnEvent,
    cancel: threading.Event | None,
) -> None:
    if not turns:
        return
    playbook = RAW_PLAYBOOK if options.raw else PLAYBOOK
    result = run_on(turns, playbook, started=begun, options=options, on_event=on_event, cancel=cancel)
    for mine in turns:
        error = record_unreachable(mine, result)
        if error:
            answers.errors[mine.dossier.id] = error
        else:
            answers.done[mine.dossier.id] = _judge(mine, result, raw=options.raw)


def _refuse_without_way_in(mine: Turn, password: Password | None, options: Options) -> None:
    """What nobody can log in to is not even looked at. Raises InvalidRecord or OutsideFailure; UsageError for an
    appliance that is to get what only a server can."""
    if not appliances.is_appliance(mine.dossier):
        if password is None:
            key_in_use(mine.desk.site, mine.dossier)
        return
    if password or options.raw:
        raise UsageError(
            "network-appliance",
            "{id} is a network appliance: there is no account to make on it",
            remedy="Its owner's account for the office stands in access.first_contact, with a key or a password file.",
            id=mine.dossier.id,
        )
    appliances.login(mine.desk.site, mine.dossier)


def _appliance(mine: Turn, begun: Sequence[Entry], cancel: threading.Event | None) -> StepDone:
    if not begun:  # pinned before
        host_keys.refuse_changed(mine.dossier)
    mine.start(*begun)
    return appliances.configure(mine, cancel=cancel)


def _port(mine: Turn) -> StepDone | None:
    """Give the server its switch port; the failed step where that is no use."""
    tried, no_use = deposit_port.configured(mine)
    return mine.fail(deposit_port.note(no_use), *tried) if no_use else None


@contextmanager
def _begun_work(mine: Turn) -> Iterator[None]:
    """Where the port was opened, work has begun: an error on the way to the run ends it."""
    try:
        yield
    except SopctlError as error:
        if mine.begun and not mine.ended:
            mine.fail(error.message)
        raise


def _first_contact(mine: Turn, begun: Sequence[Entry], password: Password, cancel: threading.Event | None) -> WayIn:
    """Have the management account made by password; the work is recorded as begun before, with the pinned key."""
    mine.start(*begun)
    try:
        return let_in(mine, password, cancel=cancel)
    except BaseException as error:
        mine.break_off(error)
        raise


def _judge(mine: Turn, result: RunResult, *, raw: bool) -> StepDone:
    host = result.hosts.get(mine.dossier.id)
    if host is None or host.failed:
        return mine.fail(explain(mine, result))
    note = f"{host.ok} tugas, {host.changed} perubahan, {result.seconds:.0f} s{waited(host)}"
    if raw:
        note = f"tanpa Python: akun dan kunci saja; {note}"
    note = "; ".join((note, *host.notes))
    return mine.record(mine.verb.outcome or "selesai", Configured(changed=host.changed, raw=raw), note=note)
