"""One playbook run for one dossier, in its turn: started, run, and what its end means for the record."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.runner import Outcome, RunResult, TaskEvent
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError
from sopctl.model import history
from sopctl.workflow import hostkeys
from sopctl.workflow.desk import Turn
from sopctl.workflow.inventory_view import key_in_use, pinned_key

OnEvent = Callable[[TaskEvent], None]


def silent(_event: TaskEvent) -> None:
    """Report nothing."""


def run_for(
    mine: Turn,
    playbook: str,
    *,
    started: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> RunResult:
    """Record `started`, run the playbook on this dossier's server, and return a result that is OK or FAILED.

    A key that is missing or open to others, and a server whose host key changed, are refused before anything is
    recorded (OutsideFailure). Every other end is recorded and raised: Interrupted on Ctrl-C, OutsideFailure when the
    server cannot be reached or Ansible is missing or crashed, InvalidRecord when Ansible refuses a playbook.
    """
    site = mine.desk.site
    site.key_file(key_in_use(site, mine.dossier))
    if pinned_key(mine.dossier):
        hostkeys.refuse_changed(mine.dossier)
    run_dir = site.new_run(f"{mine.dossier.id}-{playbook.removesuffix('.yml')}")
    run_name = str(run_dir.relative_to(site.root))
    mine.start({"run": run_name, **(started or {})})
    try:
        result = runner.run_playbook(
            site.root,
            playbook,
            limit=[mine.dossier.id],
            run_dir=run_dir,
            variables=variables or {},
            on_event=on_event,
            cancel=cancel,
        )
    except BaseException as error:
        note = error.message if isinstance(error, SopctlError) else type(error).__name__
        cut_off = isinstance(error, KeyboardInterrupt) or getattr(error, "exit_code", 0) == 130
        mine.record(history.INTERRUPTED if cut_off else history.FAILED, note=note)
        raise
    _raise_unless_judged(mine, result, run_name)
    return result


def explain(mine: Turn, result: RunResult) -> str:
    """One sentence on what failed: the task and its message, else what Ansible said."""
    host = result.hosts.get(mine.dossier.id)
    if host and host.failed_task:
        return f"{host.failed_task}: {host.message}"
    return (host.message if host else "") or result.message


def _raise_unless_judged(mine: Turn, result: RunResult, run_name: str) -> None:
    if result.outcome in (Outcome.OK, Outcome.FAILED):
        return
    why = explain(mine, result)
    mine.record(history.FAILED, note=f"{result.outcome}: {why}"[:1000], data={"run": run_name})
    again = f"then run the command again; the run's events are in {run_name}"
    if result.outcome is Outcome.UNREACHABLE:
        address = f"{mine.deposit.access.address}:{mine.deposit.access.port}"
        raise OutsideFailure(
            f"{mine.dossier.id} could not be reached: {why}",
            remedy=f"Look where it fails: sopctl probe {address}; {again}",
        )
    if result.outcome is Outcome.PARSER_ERROR:
        raise InvalidRecord(f"Ansible refused the playbook: {why}", remedy=f"Mend the site's playbooks, {again}")
    raise OutsideFailure(f"the run did not finish ({result.outcome}): {why}", remedy=f"See why, {again}")
