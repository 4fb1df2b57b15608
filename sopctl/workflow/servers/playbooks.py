"""One playbook run for the dossiers whose turn it is: started, run, and what its end means for each record."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.runner import HostResult, Outcome, RunResult, TaskEvent
from sopctl.errors import Interrupted, InvalidRecord, OutsideFailure, SopctlError, TimedOut
from sopctl.model.sop.entries import AnsibleRun, Entry
from sopctl.workflow.desk import Turn
from sopctl.workflow.servers import first_contact, host_keys
from sopctl.workflow.servers.reach import host, reach

OnEvent = Callable[[TaskEvent], None]
OnFacts = Callable[[Sequence[HostResult]], None]
"""Told of each server as soon as its facts are read, with them; of several that answered at once together."""

RUN_SECONDS = 900.0
"""How long a run may take: for as many servers as are served at a time."""


class Options(Struct, frozen=True):
    """What an admin may add to a run: variables, files of them, only these `tags`, `forks` servers at a time; `raw` for
    servers without Python."""

    variables: Mapping[str, Any] = {}
    variable_files: tuple[Path, ...] = ()
    tags: tuple[str, ...] = ()
    forks: int = 10
    raw: bool = False


PLAIN = Options()
"""A run as the playbook has it."""


def silent(_event: TaskEvent) -> None:
    """Report nothing."""


def run_for(
    mine: Turn,
    playbook: str,
    *,
    variables: Mapping[str, Any] | None = None,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> RunResult:
    """Record `started`, run the playbook on this dossier's server, and return a result that is OK or FAILED.

    As `run_on`, and raises OutsideFailure, recorded, when the server cannot be reached.
    """
    refuse_unfit(mine)
    options = Options(variables=variables or {})
    result = run_on([mine], playbook, options=options, on_event=on_event, cancel=cancel)
    error = record_unreachable(mine, result)
    if error:
        raise error
    return result


def refuse_unfit(mine: Turn) -> None:
    """Raise OutsideFailure for a key that is missing or open to others, and for a server whose host key changed; NotNow
    for one on which the office may only take inventory."""
    site = mine.desk.site
    way = reach(site, mine.dossier)
    site.key_file(way.key)
    if way.host.pinned:
        host_keys.refuse_changed(mine.dossier)
    if mine.dossier.summary.reduced:
        first_contact.regain(mine)


def run_on(
    turns: Sequence[Turn],
    playbook: str,
    *,
    started: Mapping[str, Sequence[Entry]] = {},
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    on_facts: OnFacts | None = None,
    cancel: threading.Event | None = None,
) -> RunResult:
    """One run on the servers of all these turns: `started` (by deposit id) is recorded first for each.

    Returns a result that is OK, FAILED or UNREACHABLE; each host has its own in it. Every other end is recorded for
    each turn that `on_facts` has not ended, and raised: Interrupted on Ctrl-C or cancel, TimedOut, InvalidRecord when
    Ansible refuses a playbook, OutsideFailure when Ansible is missing or crashed.
    """
    site = turns[0].desk.site
    name = turns[0].dossier.id if len(turns) == 1 else "many"
    run_dir = site.new_run(f"{name}-{playbook.removesuffix('.yml')}")
    run_name = str(run_dir.relative_to(site.root))
    for mine in turns:
        mine.start(AnsibleRun(run=run_name), *started.get(mine.dossier.id, ()))
    try:
        result = runner.run_playbook(
            site.root,
            playbook,
            limit=[mine.dossier.id for mine in turns],
            run_dir=run_dir,
            variables=options.variables,
            variable_files=options.variable_files,
            tags=options.tags,
            forks=options.forks,
            timeout=RUN_SECONDS * math.ceil(len(turns) / options.forks),
            on_event=on_event,
            on_facts=on_facts,
            cancel=cancel,
        )
    except BaseException as error:
        for mine in turns:
            if not mine.ended:
                mine.break_off(error)
        raise
    if result.outcome not in (Outcome.OK, Outcome.FAILED, Outcome.UNREACHABLE):
        cut_off = result.outcome is Outcome.CANCELLED
        for mine in turns:
            if not mine.ended:
                mine.fail(f"{result.outcome}: {explain(mine, result)}", AnsibleRun(run=run_name), cut_off=cut_off)
        raise _unfinished(result, run_name)
    return result


def record_unreachable(mine: Turn, result: RunResult) -> OutsideFailure | None:
    """Was this turn's server not reached? Then that is recorded, and the error for it returned: with both fingerprints
    where ssh refused it for its host key."""
    said = result.hosts.get(mine.dossier.id)
    if said is None or said.failed or not said.unreachable:
        return None
    changed = host_keys.changed(mine.dossier) if said.cause == "host-key-changed" else None
    why = explain(mine, result)
    mine.fail(f"{Outcome.UNREACHABLE}: {changed.message if changed else why}")
    return changed or OutsideFailure(
        "could-not-reached",
        "{id} could not be reached: {why}",
        remedy=f"Look where it fails: sopctl probe {host(mine.dossier).place}; then run the command again; "
        f"what Ansible did: sopctl runs show {mine.dossier.id}",
        id=mine.dossier.id,
        why=why,
    )


def explain(mine: Turn, result: RunResult) -> str:
    """One sentence on what failed: the task and its message, else what Ansible said."""
    said = result.hosts.get(mine.dossier.id)
    if said and said.failed_task:
        return f"{said.failed_task}: {said.message}{waited(said)}"
    return (said.message if said else "") or result.message


def waited(host: HostResult) -> str:
    """What a record says of a server that was slow to tell what it is, and why that may be; else nothing."""
    if not host.waited:
        return ""
    return f"; fakta baru terbaca setelah {host.waited:.0f} s: nama server sendiri tidak dikenal?"


def _unfinished(result: RunResult, run_name: str) -> SopctlError:
    again = f"then run the command again; the run's events are in {run_name}"
    match result.outcome:
        case Outcome.PARSER_ERROR:
            return InvalidRecord(
                "ansible-refused-playbook",
                "Ansible refused the playbook: {reason}",
                remedy=f"Mend the site's playbooks, {again}",
                reason=result.message,
            )
        case Outcome.TIMED_OUT:
            return TimedOut(
                "what-servers-had-begun-may",
                "{reason} What the servers had begun may go on there.",
                remedy=f"See why, {again}",
                reason=result.message,
            )
        case Outcome.CANCELLED:
            return Interrupted(
                "failed", "{reason}", remedy="Run the command again when you are ready.", reason=result.message
            )
    return OutsideFailure(
        "run-did-not-finish",
        "the run did not finish ({outcome}): {reason}",
        remedy=f"See why, {again}",
        outcome=result.outcome,
        reason=result.message,
    )
