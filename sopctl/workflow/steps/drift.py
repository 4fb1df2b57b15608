"""What a configuration would change on servers now, because something was done by hand, or the letter has changed.

Nothing is changed and nothing is recorded: a look is not a step.
"""

import threading
from collections.abc import Sequence

from msgspec import Struct

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.runner import TaskEvent
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import first_contact
from sopctl.workflow.servers.playbooks import PLAIN, OnEvent, Options, silent, unfinished
from sopctl.workflow.steps.configuring import refuse_unmanaged


class Change(Struct, frozen=True):
    """One task that would change something. `diff` has the lines of a unified diff, if the task can give one."""

    role: str
    task: str
    diff: tuple[str, ...]


class Drift(Struct, frozen=True):
    """One server. `message` says why it could not be looked at; empty if it could."""

    id: str
    changes: tuple[Change, ...]
    message: str


def look(
    desk: Desk,
    ids: Sequence[str],
    *,
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> list[Drift]:
    """Run playbooks/configure.yml with --check on these servers at once.

    Raises NotNow for a server that was never configured, is not in the office's hands, or is reduced to inventory; what
    ends the run before every server had its turn (`playbooks.unfinished`), and what `run_playbook` raises.
    """
    chosen = list(dict.fromkeys(ids))
    for deposit_id in chosen:
        summary = dossiers.read(desk.site, deposit_id).summary
        refuse_unmanaged(summary, "it cannot differ from its configuration")
        if summary.reduced:
            raise first_contact.reduced(deposit_id)
    if not chosen:
        return []
    found: dict[str, list[Change]] = {deposit_id: [] for deposit_id in chosen}

    def keep(event: TaskEvent) -> None:
        if event.status == "changed":
            found[event.host].append(Change(event.role, event.task, event.diff))
        on_event(event)

    run_dir = desk.site.new_run("check-configure")
    result = runner.run_playbook(
        desk.site.root,
        "configure.yml",
        limit=chosen,
        run_dir=run_dir,
        check=True,
        variables=options.variables,
        variable_files=options.variable_files,
        tags=options.tags,
        forks=options.forks,
        on_event=keep,
        cancel=cancel,
    )
    error = unfinished(result, str(run_dir.relative_to(desk.site.root)))
    if error:
        raise error
    return [Drift(each, tuple(found[each]), _trouble(result.hosts[each])) for each in chosen]


def _trouble(host: runner.HostResult) -> str:
    if host.failed or host.unreachable:
        return f"{host.failed_task}: {host.message}" if host.failed_task else host.message
    return ""
