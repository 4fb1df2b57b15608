"""The facts of many servers without Ansible: what facts.yml does, over the connection of the access check.

It is done only where the site's playbook, its settings and its inventory are sopctl's own in what matters here: what an
administrator changed is Ansible's to read.
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from msgspec import Struct

from sopctl.adapters.ansible.events import NAME_WAIT, HostResult, TaskEvent
from sopctl.adapters.ansible.module import build
from sopctl.adapters.ssh import facts, load_key
from sopctl.adapters.ssh.facts import Asked, Module, Said, Try
from sopctl.errors import Action, OutsideFailure, SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.access import details
from sopctl.model.access.ladder import AccessResult, Rung, remedy
from sopctl.model.text import printable
from sopctl.store.durable import disk_errors, files_below
from sopctl.store.modes import refuse_writable
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.servers import host_keys
from sopctl.workflow.servers.reach import host, reach
from sopctl.workflow.trust import target

PLAYBOOK = "playbooks/facts.yml"
MODULE = "playbooks/library/server_facts.py"
DETAILS = "playbooks/files/details.sh"
LOOKUP = "{{ lookup('ansible.builtin.file', 'details.sh') }}"
"""How the playbook puts details.sh into its script."""

AS_PACKED = (PLAYBOOK, "ansible.cfg", "inventory/deposits.sopctl.yml")
VARIABLES = ("inventory", "playbooks/group_vars", "playbooks/host_vars")
"""Where variables are that Ansible would read."""
TELLING = (b"ansible_", b"sopctl_", b"$ANSIBLE_VAULT")
"""A file of variables with one of these may say how servers are reached or asked."""

TASK = "Read what the server is"

LOGIN_SECONDS = 30.0
"""Until the login is done."""


class Nothing(Struct, frozen=True):
    """A server was asked and gave no facts; `noted`: why, for the history."""

    noted: str


Found = HostResult | Nothing | SopctlError
"""What a server gave, or why it could not be asked."""

_WAYS = {"as root": "sebagai root", "without root": "tanpa root", "without Python": "tanpa Python"}
_WHY = {
    "not-started": "tidak dapat dijalankan",
    "no-python": "tidak ada Python",
    "too-large": "faktanya lebih besar daripada yang mungkin",
    "failed": "gagal",
    "no-answer": "tidak ada jawaban yang dapat dibaca",
    "slow": "tidak selesai pada waktunya",
}


def own_way(site: Site, packed: Path) -> Prose:
    """What of the site's only Ansible can read, so that its playbook has to gather the facts; empty for nothing.
    `packed`: where sopctl's own playbooks are."""
    for name in AS_PACKED:
        if _read(site.root / name) != _read(packed / name):
            return Text("{name} is the site's own", name=name)
    if (site.root / "playbooks/action_plugins/server_facts.py").exists():
        return Text("server_facts has an action plugin")
    for folder in VARIABLES:
        for path in files_below(site.root / folder):
            name = str(path.relative_to(site.root))
            if name not in AS_PACKED and any(word in _read(path) for word in TELLING):
                return Text("{name} says how servers are reached or asked", name=name)
    return ""


def module(site: Site, packed: Path) -> Module:
    """What is run on the servers, built once for all of them.

    Raises OutsideFailure where the facts have to be gathered by the site's playbook, with the reason; InvalidRecord
    where another login could change what would be run.
    """
    refuse_writable(site.root)
    if own := own_way(site, packed):
        raise OutsideFailure(
            "facts-by-playbook", "facts are gathered by Ansible and the site's playbook: {reason}", reason=own
        )
    playbook = yaml.safe_load(_read(site.root / PLAYBOOK))
    script = playbook[0]["vars"]["sopctl_script"].replace(LOOKUP, _read(site.root / DETAILS).decode().rstrip())
    built = build(site.root, site.root / MODULE, {"script": script})
    return Module(built.code, built.interpreters, script.encode())


def gather(
    turns: Sequence[Turn], what: Module, *, at_once: int, cancel: threading.Event | None
) -> Iterator[list[tuple[Turn, Found]]]:
    """Ask these servers, `at_once` at the same time; each one's facts, or why there are none, as soon as it is known:
    with several where they came while the caller was busy. Raises Interrupted when `cancel` was set."""
    by_id, asked, early = {mine.dossier.id: mine for mine in turns}, [], list[tuple[Turn, Found]]()
    for mine in turns:
        try:
            asked.append(_asked(mine))
        except SopctlError as error:
            early.append((mine, error))
    if early:
        yield early
    for came in facts.gather(asked, what, at_once=at_once, cancel=cancel):
        yield [(by_id[name], _found(by_id[name], result, said)) for name, result, said in came]


def event(mine: Turn, found: Found) -> TaskEvent:
    """The same as the end of a task, for who watches."""
    if isinstance(found, HostResult):
        return TaskEvent(mine.dossier.id, "", TASK, "ok", "")
    if isinstance(found, Nothing):
        return TaskEvent(mine.dossier.id, "", TASK, "failed", found.noted)
    return TaskEvent(mine.dossier.id, "", TASK, "unreachable", found.message)


def told_of(why: Nothing | SopctlError) -> str:
    """Why a server gave no facts, for the history."""
    return why.noted if isinstance(why, Nothing) else told(why)


def _asked(mine: Turn) -> Asked:
    site, dossier = mine.desk.site, mine.dossier
    way = reach(site, dossier.summary)
    return Asked(
        dossier.id,
        target(way.host, way.account, timeout=LOGIN_SECONDS),
        load_key(site.key_file(way.key)),
        as_root=not dossier.summary.reduced,
    )


def _found(mine: Turn, result: AccessResult, said: Said | None) -> Found:
    if said is None:
        return _unreached(mine, result)
    if said.answer is None:
        return Nothing("; ".join(f"{_WAYS[each.way]}: {_WHY[each.answer.why]}{_quoted(each)}" for each in said.tries))
    answer, seconds = said.answer.answer, said.answer.seconds
    return HostResult(
        host=mine.dossier.id,
        ok=1,
        changed=0,
        failed=0,
        unreachable=False,
        failed_task="",
        message="",
        facts=answer.facts,
        details=answer.details,
        waited=seconds if answer.facts is not None and seconds >= NAME_WAIT else 0.0,
    )


def _quoted(tried: Try) -> str:
    words = printable(" ".join(tried.answer.said.split()), 300)
    return f" ({words})" if words else ""


def _unreached(mine: Turn, result: AccessResult) -> OutsideFailure:
    """The error for a server that could not be asked: with both fingerprints where it shows another key."""
    where = host(mine.desk.site, mine.dossier.summary)
    if changed := host_keys.changed_error(where, result):
        return changed
    if result.rung is Rung.COMMAND:
        return OutsideFailure(
            "server-not-looked-at",
            "{rung}: {detail}",
            remedy=remedy(result),
            rung=result.rung,
            detail=details.read(result.detail),
        )
    return OutsideFailure(
        "server-unreachable",
        "{deposit} could not be reached: {reason}",
        remedy=(remedy(result), "To see where it fails:", Action("probe", where.place)),
        deposit=mine.dossier.id,
        reason=details.read(f"{result.rung}: {result.detail}"),
    )


def _read(path: Path) -> bytes:
    with disk_errors(path, "read"):
        return path.read_bytes() if path.is_file() else b""
