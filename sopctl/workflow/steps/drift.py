"""What a configuration would change on servers now, because something was done by hand, or the letter has changed.

Nothing is changed and nothing is recorded: a look is not a step. `look` asks the playbook itself, task by task.
`compare` asks what differs from what the last configuration left: one script per server, at a fraction of the cost.
"""

import threading
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.runner import TaskEvent
from sopctl.errors import SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.fingerprint import asked
from sopctl.model.fingerprint.answer import Answer
from sopctl.model.fingerprint.asked import Asked
from sopctl.model.fingerprint.changes import Difference
from sopctl.model.sop.entries import Left
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import first_contact
from sopctl.workflow.servers.ansible_view import refuse_unread
from sopctl.workflow.servers.left import Look, trusted
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


class Differs(Struct, frozen=True):
    """One server: what differs from what was left there, what is asked for since, and what else is to be known.
    `message` says why it could not be compared; empty if it was."""

    id: str
    differences: tuple[Difference, ...] = ()
    asked: tuple[Asked, ...] = ()
    notices: tuple[Prose, ...] = ()
    message: Prose = ""

    @property
    def drifted(self) -> bool:
        """Would a configuration put anything right? What only concerns the owner does not count."""
        return bool(self.asked) or any(each.part for each in self.differences)

    @property
    def counts(self) -> dict[str, int]:
        """How many things differ, by the part that keeps them, and how many are asked for since (`asked`)."""
        parts = Counter(each.part for each in self.differences if each.part)
        return {**parts, "asked": len(self.asked)}


def look(
    desk: Desk,
    ids: Sequence[str],
    *,
    options: Options = PLAIN,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> list[Drift]:
    """Run playbooks/configure.yml with --check on these servers at once.

    Raises NotNow for a server that was never configured, is not on site, or is reduced to inventory;
    InvalidRecord for a setting that no role of the site reads; what ends the run before every server had its turn
    (`playbooks.unfinished`), and what `run_playbook` raises.
    """
    chosen = list(dict.fromkeys(ids))
    for deposit_id in chosen:
        summary = dossiers.read(desk.site, deposit_id).summary
        refuse_unmanaged(summary, Text("it cannot differ from its configuration"))
        if summary.reduced:
            raise first_contact.reduced(deposit_id)
    if not chosen:
        return []
    refuse_unread(desk.site)  # "nothing differs" would be no answer about such a setting
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


def compare(desk: Desk, ids: Sequence[str], *, cancel: threading.Event | None = None) -> list[Differs]:
    """What differs on these servers from what their last configuration left, and what the letter and the site ask for
    since. One connection each, many at once.

    Raises as `look` for servers that are not configured, not on site, or reduced, and Interrupted.
    """
    chosen = {}
    for deposit_id in dict.fromkeys(ids):
        dossier = dossiers.read(desk.site, deposit_id)
        refuse_unmanaged(dossier.summary, Text("it cannot differ from its configuration"))
        if dossier.summary.reduced:
            raise first_contact.reduced(deposit_id)
        chosen[deposit_id] = dossier
    found = {name: Differs(name, message=_NO_NOTE) for name, each in chosen.items() if each.newest(Left) is None}
    noted = [dossier for name, dossier in chosen.items() if name not in found]
    look = Look(desk.site)
    for name, answer in look.compare(noted, cancel):
        found[name] = _differs(look, chosen[name], answer)
    return [found[name] for name in chosen]


_NO_NOTE = Text(
    "its last configuration noted nothing of what it left (it was done by an older version, or by one that could not): "
    "--repair does; until then, --check tells what differs"
)
_NOT_THE_NOTE = Text(
    "the note of what was left is not there, or not the one that the last configuration made: --check tells what "
    "differs, and --repair makes a new one"
)
_NOT_ALL = Text("not all of it could be looked at, or it was noted by another version: --check tells what differs")
_OTHER_PLAYBOOKS = Text(
    "the site's playbooks are others than those that configured it: --check tells what they would change"
)


def _differs(look: Look, dossier: Dossier, answer: Answer | SopctlError) -> Differs:
    then = dossier.newest(Left)
    if then is None or isinstance(answer, SopctlError):
        return Differs(dossier.id, message=answer.text if isinstance(answer, SopctlError) else _NO_NOTE)
    wanted = look.wanted(dossier)
    notices = [_OTHER_PLAYBOOKS] * (then.playbooks != look.playbooks)
    if not trusted(dossier, answer):
        changed = [Text("the letter or the site asks for something else since")] * (then.asked != asked.digest(wanted))
        message = _NOT_THE_NOTE if answer.note != then.left else _NOT_ALL
        return Differs(dossier.id, notices=(*changed, *notices), message=message)
    since = asked.since(answer.asked, wanted)
    if then.tasks != look.tasks:
        since.append(Asked("tasks", Text("the site's own tasks or variables have changed (hooks, inventory)"), "", ""))
    return Differs(dossier.id, tuple(look.differences(dossier, answer, wanted)), tuple(since), notices=tuple(notices))


def _trouble(host: runner.HostResult) -> str:
    if host.failed or host.unreachable:
        return f"{host.failed_task}: {host.message}" if host.failed_task else host.message
    return ""
