"""One playbook run for the dossiers whose turn it is: begun, run, and what its end means for each of their records."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.events import CLOSE_TASK, Why
from sopctl.adapters.ansible.runner import HostResult, Outcome, RunResult, TaskEvent
from sopctl.adapters.ssh import load_key
from sopctl.errors import Action, Interrupted, InvalidRecord, OutsideFailure, SopctlError, TimedOut
from sopctl.model.sop.entries import AnsibleRun, Entry
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.servers import first_contact, host_keys
from sopctl.workflow.servers.ansible_view import refuse_unread
from sopctl.workflow.servers.reach import host, reach

OnEvent = Callable[[TaskEvent], None]
OnFacts = Callable[[Sequence[HostResult]], None]
"""Called with each server's result as soon as its facts are read; with several if they answered at the same time."""

RUN_SECONDS = 900.0
"""How long a run may take for one batch: as many servers as are worked on at a time."""

_NOTES: dict[Why, str] = {
    "facts-too-large": "faktanya lebih besar daripada yang mungkin, jadi tidak diambil",
    "host-key-changed": "kunci host bukan yang dikonfirmasi; tidak ada yang dikirim",
    "host-key-unknown": "kunci host belum dikonfirmasi; tidak ada yang dikirim",
    "no-reason": "gagal tanpa menyebut sebab",
    "no-turn": "proses berakhir sebelum giliran server ini",
}
"""How a history words those of a host's messages that are sopctl's own."""


class Options(Struct, frozen=True):
    """What an administrator may choose for a run: more variables, files of variables, only these `tags`, how many
    servers at a time (`forks`), and `raw` for servers without Python."""

    variables: Mapping[str, Any] = {}
    variable_files: tuple[Path, ...] = ()
    tags: tuple[str, ...] = ()
    forks: int = 10
    raw: bool = False


PLAIN = Options()
"""A run of the playbook as it is."""


def skeleton() -> Path:
    """Where the playbooks of a new site come from: the installed package, or the checkout that it is run from."""
    package = Path(__file__).parents[2]
    installed = package / "skeleton"
    return installed if installed.is_dir() else package.parent


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
    """Run the playbook on the server of one turn. Returns a result that is OK or FAILED.

    Raises as `refuse_unfit` and `run_on`, and OutsideFailure when the server cannot be reached, which is recorded.
    """
    refuse_unfit(mine)
    options = Options(variables=variables or {})
    result = run_on([mine], playbook, options=options, on_event=on_event, cancel=cancel)
    error = record_unreachable(mine, result)
    if error:
        raise error
    return result


def refuse_unfit(mine: Turn) -> None:
    """Raise what keeps a server out of a run: OutsideFailure for a private key that is missing or readable by others,
    and for a changed host key; NotNow where the office may only take inventory, and its owner has not changed that."""
    site = mine.desk.site
    way = reach(site, mine.dossier.summary)
    key = load_key(site.key_file(way.key))
    if way.host.pinned:
        host_keys.refuse_changed(mine.desk.site, mine.dossier, way.account, key)
    refuse_reduced(mine)


def refuse_reduced(mine: Turn) -> None:
    """Get full sudo back where the office may only take inventory. Raises NotNow where the owner does not allow it."""
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
    """One run on the servers of all these turns. First the start of the work is recorded for each, with what
    `started` has for the deposit.

    Returns a result that is OK, FAILED or UNREACHABLE, with that of each host in it. Any other end is recorded for each
    turn that `on_facts` has not ended, and raised: Interrupted on Ctrl-C or `cancel`, TimedOut, InvalidRecord when
    Ansible refuses the playbook, OutsideFailure when Ansible is missing or crashes.
    """
    site = turns[0].desk.site
    if playbook.startswith("configure"):
        refuse_unread(site)
    name = turns[0].dossier.id if len(turns) == 1 else "many"
    if turns[0].desk.sure_of_the_clock():
        site.forget_runs(turns[0].desk.now())
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
        windows = error.values.pop("windows", {}) if isinstance(error, SopctlError) else {}
        for mine in turns:
            if not mine.ended:
                mine.break_off(error, after=_in_window(mine, windows.get(mine.dossier.id, 0.0)))
        _say_windows(error, windows)
        raise
    ended = unfinished(result, run_name)
    if ended:
        windows = {name: host.window for name, host in result.hosts.items() if host.window}
        for mine in turns:
            if not mine.ended:
                after = _in_window(mine, windows.get(mine.dossier.id, 0.0))
                mine.break_off(ended, AnsibleRun(run=run_name), after=after)
        _say_windows(ended, windows)
        raise ended
    return result


def _in_window(mine: Turn, seconds: float) -> str:
    """What a history says of a server whose armed window was open when its run ended; empty for others."""
    if seconds <= 0:
        return ""
    at = (mine.desk.now() + timedelta(seconds=seconds)).strftime("%H:%M:%S")
    return f"; pukul {at} (dalam {seconds:.0f} s) server itu sendiri mengembalikan yang telah diubah"


def _say_windows(error: BaseException, windows: Mapping[str, float]) -> None:
    """Say with the error what these servers will do by themselves, and when."""
    if isinstance(error, SopctlError) and windows:
        said = ", ".join(f"{name} in {seconds:.0f} s" for name, seconds in sorted(windows.items()))
        error.remedy = (
            f"What the run had changed, the server puts back by itself: {said}. Wait for that.",
            *error.remedy,
        )


def record_unreachable(mine: Turn, result: RunResult) -> OutsideFailure | None:
    """If this turn's server could not be reached, record it and return the error: with both fingerprints where ssh
    refused the server for its host key."""
    said = result.hosts.get(mine.dossier.id)
    if said is None or said.failed or not said.unreachable:
        return None
    changed = host_keys.changed(mine.desk.site, mine.dossier) if said.cause == "host-key-changed" else None
    if changed:
        mine.fail(told(changed))
        return changed
    mine.fail(f"server tidak terjangkau: {noted(mine, result)}")
    return OutsideFailure(
        "server-unreachable",
        "{deposit} could not be reached: {reason}",
        remedy=(
            "To see where it fails:",
            Action("probe", host(mine.desk.site, mine.dossier.summary).place),
            "To see what Ansible did:",
            Action("runs show", mine.dossier.id),
        ),
        deposit=mine.dossier.id,
        reason=explain(mine, result),
    )


def explain(mine: Turn, result: RunResult) -> str:
    """What failed on a turn's server, in one sentence: the task and its message, or what Ansible said."""
    said = result.hosts.get(mine.dossier.id)
    if said and said.failed_task:
        slow = f"; its facts took {said.waited:.0f} s" if said.waited else ""
        left = f"; in {said.window:.0f} s the server puts back by itself what was changed" if said.window else ""
        left += ", unless it had closed its window" if left and said.failed_task == CLOSE_TASK else ""
        return f"{said.failed_task}: {said.message}{slow}{left}"
    return (said.message if said else "") or result.message


def noted(mine: Turn, result: RunResult) -> str:
    """The same for the history. Tasks, and what Ansible or the server said, are quoted as they are."""
    said = result.hosts.get(mine.dossier.id)
    if said is None:
        return result.message
    words = _NOTES.get(said.cause, said.message)
    if said.failed_task:
        window = _in_window(mine, said.window)
        window += ", kecuali jendelanya sudah ditutup" if window and said.failed_task == CLOSE_TASK else ""
        return f"{said.failed_task}: {words}{waited(said)}{window}"
    return words or result.message or "server tidak memberi jawaban"


def waited(host: HostResult) -> str:
    """What a history says of a server that took long to give its facts; empty for others. Why it did was not seen."""
    return f"; fakta baru terbaca setelah {host.waited:.0f} s" if host.waited else ""


def unfinished(result: RunResult, run: str) -> SopctlError | None:
    """The error for a run that ended before every server had its turn; None for one that ended as it should. `run` is
    where its events are kept."""
    remedy = (f"See the run's events in {run}.", "Then run the command again.")
    match result.outcome:
        case Outcome.OK | Outcome.FAILED | Outcome.UNREACHABLE:
            return None
        case Outcome.PARSER_ERROR:
            return InvalidRecord(
                "playbook-refused",
                "Ansible refused the playbook: {reason}",
                remedy=("Correct the site's playbooks or its inventory.", *remedy),
                reason=result.message,
            )
        case Outcome.TIMED_OUT:
            return TimedOut(
                "run-timed-out",
                "the run was ended after {seconds:.0f} s; tasks already started on the servers may still be running",
                remedy=remedy,
                seconds=result.seconds,
            )
        case Outcome.CANCELLED:
            return cancelled()
    return OutsideFailure(
        "run-unfinished",
        "the run did not finish ({outcome}): {reason}",
        remedy=remedy,
        outcome=result.outcome,
        reason=result.message,
    )


def cancelled() -> Interrupted:
    """The error for a run that someone stopped."""
    return Interrupted("run-cancelled", "the run was cancelled", remedy="Run the command again when you are ready.")
