"""The facts of many servers without Ansible: what facts.yml does, over the connection of the access check.

It is done only where the site's playbook, its settings and its inventory are sopctl's own in what matters here: what an
administrator changed is Ansible's to read.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import yaml
from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.ansible.events import NAME_WAIT, HostResult, TaskEvent
from sopctl.adapters.ansible.module import build
from sopctl.adapters.ssh import facts, load_key
from sopctl.adapters.ssh.facts import Asked, Module, Said, Try
from sopctl.errors import Action, Interrupted, OutsideFailure, SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.access import details
from sopctl.model.access.ladder import AccessResult, Rung, remedy
from sopctl.model.access.shards import Answer, Check, Workers, shards
from sopctl.model.facts.linux.answered import unpacked
from sopctl.model.text import printable
from sopctl.store import locks
from sopctl.store.durable import disk_errors, files_below
from sopctl.store.modes import refuse_writable
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk, Turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.servers import host_keys
from sopctl.workflow.servers.engine import answering, choosing
from sopctl.workflow.servers.engine.both import Source, together
from sopctl.workflow.servers.reach import host, reach
from sopctl.workflow.trust import target

PLAYBOOK = "playbooks/facts.yml"
MODULE = "playbooks/library/server_facts.py"
DETAILS = "playbooks/files/details.sh"
LOOKUP = "{{ lookup('ansible.builtin.file', 'details.sh') }}"
"""How the playbook puts details.sh into its script."""

ACTION = "playbooks/action_plugins/server_facts.py"
"""How Ansible runs the module. A site from before there was one lacks it."""

AS_PACKED = (PLAYBOOK, "ansible.cfg", "inventory/deposits.sopctl.yml")
VARIABLES = ("inventory", "playbooks/group_vars", "playbooks/host_vars")
"""Where variables are that Ansible would read."""
TELLING = (b"ansible_", b"sopctl_", b"$ANSIBLE_VAULT")
"""A file of variables with one of these may say how servers are reached or asked."""

TASK = "Read what the server is"

LOGIN_SECONDS = 30.0
"""Until the login is done."""

MINUTES = 20
"""For which a worker still begins to ask, which is longer than the slowest servers of a run keep it."""


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
    with disk_errors(site.root / ACTION, "read"):
        older = not (site.root / ACTION).exists()
    for name in AS_PACKED if older else (*AS_PACKED, ACTION):
        if _read(site.root / name) != _read(packed / name):
            return Text("{name} is the site's own", name=name)
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
            "facts-by-playbook",
            "facts are gathered by Ansible and the site's playbook: {reason}",
            remedy="Nothing needs to be done: Ansible gathers the same facts, only more slowly.",
            reason=own,
        )
    return built(site.root)


def built(root: Path) -> Module:
    """What the playbook of this folder runs on the servers. Raises OutsideFailure where it cannot be built."""
    playbook = yaml.safe_load(_read(root / PLAYBOOK))
    script = playbook[0]["vars"]["sopctl_script"].replace(LOOKUP, _read(root / DETAILS).decode().rstrip())
    found = build(root, root / MODULE, {"script": script})
    return Module(found.code, found.interpreters, script.encode())


def gather(
    turns: Sequence[Turn], what: Module, *, at_once: int | None, cancel: threading.Event | None
) -> Iterator[list[tuple[Turn, Found]]]:
    """Ask these servers, `at_once` at the same time (None: as many as is usual), and meanwhile let workers ask those of
    their networks; each one's facts, or why there are none, as soon as it is known: with several where they came while
    the caller was busy. Raises Interrupted when `cancel` was set."""
    near, away, early = {}, dict[str, tuple[Turn, str, Check]](), list[tuple[Turn, Found]]()
    for mine in turns:
        try:
            if of := choosing.served(mine.desk.site, mine.dossier.summary):
                away[mine.dossier.id] = mine, of, _check(mine)
            else:
                near[mine.dossier.id] = mine, _asked(mine)
        except SopctlError as error:
            early.append((mine, error))
    if early:
        yield early

    def here(stop: threading.Event) -> Iterator[_Came]:
        for came in facts.gather(
            [asked for _, asked in near.values()], what, at_once=at_once or facts.AT_ONCE, cancel=stop
        ):
            for name, result, said in came:
                yield _Came(near[name][0], _found(near[name][0], result, said))

    sources: list[Source[_Came]] = [here] if near else []
    if away:
        sources.append(lambda stop: _by_workers(turns[0].desk, away, stop))
    errors: list[SopctlError] = []
    with closing(together(sources, cancel=cancel or threading.Event(), errors=errors)) as given:
        for came in given:
            yield [(each.mine, each.found) for each in came]
            for each in came:
                each.kept()
    if errors:
        raise errors[0]


class _Came(Struct, frozen=True):
    """What came of one server; `kept` is to be called when that is in the store."""

    mine: Turn
    found: Found
    kept: Callable[[], None] = lambda: None


def _by_workers(
    desk: Desk, away: Mapping[str, tuple[Turn, str, Check]], cancel: threading.Event
) -> Generator[_Came, None, None]:
    """Let workers ask these servers, each with its network. What ends that is each one's answer. Raises Interrupted
    when `cancel` was set."""
    site, run, left = desk.site, uuid4().hex, dict(away)
    checks = defaultdict[str, list[Check]](list)
    for _, network, check in away.values():
        checks[network].append(check)
    try:
        parts = shards(run, checks, desk.clock() + timedelta(minutes=MINUTES), admitting.destinations(site))
        engine = choosing.over_broker(site, lambda: desk.clock().timestamp(), facts=True)
        # One run at a time: it begins with an empty queue, and takes all answers.
        with locks.hold(site.locks / "facts", Text("the gathering of facts by workers")):
            for each in engine.answers(parts, cancel=cancel):
                answer = each.answer
                if answer.run != run or answer.id not in left:
                    each.recorded()  # an earlier run ended without it: its server is asked anew
                    continue
                mine, network, _ = left.pop(answer.id)
                yield _Came(mine, _claimed(mine, network, answer), each.recorded)
            known = engine.networks() if left else {}
        for network, count in engine.refused.items():
            site.tell(answering.refused(network, count))
        for mine, network, _ in left.values():
            yield _Came(mine, _unanswered(mine, network, known[network]))
    except Interrupted:
        raise
    except SopctlError as error:
        for mine, *_ in left.values():
            yield _Came(mine, error)


def _claimed(mine: Turn, network: str, answer: Answer) -> Found:
    """What a worker says that a server said."""
    if answer.result is None:
        return answering.not_made(network, answer)
    try:
        tries = tuple(Try(each.way, unpacked(each.packed), each.seconds) for each in answer.told)
    except ValueError:
        return OutsideFailure(
            "facts-not-believed",
            "what a worker of the network {network} says of {deposit} is no answer of a server",
            remedy="Look at the worker's version of sopctl, and at who else has its certificate.",
            deposit=answer.id,
            network=network,
        )
    return _found(mine, answer.result, Said(tries) if tries else None)


def _unanswered(mine: Turn, network: str, workers: Workers) -> OutsideFailure:
    """Why a server has not been asked."""
    remedy = ("See whether its worker is alive:", Action("engine status"))
    deposit = mine.dossier.id
    if not workers.alive:
        return OutsideFailure(
            "network-without-worker",
            "{deposit} was not asked for its facts: the network {network} is not watched, no worker of it is alive",
            remedy=remedy,
            deposit=deposit,
            network=network,
        )
    if not any(each.facts for each in workers.alive):
        return OutsideFailure(
            "worker-too-old",
            "{deposit} was not asked for its facts: the workers of the network {network} have an older sopctl, which "
            "only checks",
            remedy="Install this version where they run, and start them again.",
            deposit=deposit,
            network=network,
        )
    return OutsideFailure(
        "facts-not-answered",
        "no worker of the network {network} gave an answer for {deposit} that could be believed, or in time",
        remedy=remedy,
        deposit=deposit,
        network=network,
    )


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


def _check(mine: Turn) -> Check:
    """What a worker is asked to do: as `_asked`, by its own way and with its own key of that name."""
    way = reach(mine.desk.site, mine.dossier.summary)
    where = replace(target(way.host, way.account, timeout=LOGIN_SECONDS), jump=None, destinations=None)
    return Check(mine.dossier.id, where, way.key, "without root" if mine.dossier.summary.reduced else "as root")


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
