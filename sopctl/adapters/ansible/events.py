"""Ansible's job events, tallied per host into results that are safe to print.

Events come from Ansible's callback plugin on this machine, but a module's result (`res`) was written by a server that
belongs to someone else: it is truncated and sanitised before it goes anywhere.
"""

import difflib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from sopctl.locale import gettext_noop
from sopctl.model.facts.linux.bounded import MAX_DETAILS, MAX_TEXT, bound
from sopctl.model.text import printable

Status = Literal["ok", "changed", "skipped", "failed", "unreachable"]

Why = Literal["", "host-key-changed", "host-key-unknown", "no-reason", "no-turn", "facts-too-large"]
"""Which of our own sentences a host's message is. Empty: it is quoted from Ansible, from ssh or from the server."""

NO_REASON = gettext_noop("The module failed without saying why.")
HOST_KEY_REFUSED: dict[Why, str] = {
    "host-key-changed": gettext_noop(
        "Host key verification failed: the server shows another key than the pinned one. Nothing was sent."
    ),
    "host-key-unknown": gettext_noop(
        "Host key verification failed: no key that this server shows is pinned. Nothing was sent."
    ),
}
"""ssh's own words would fill a screen."""

SETUP = frozenset({"setup", "ansible.builtin.setup", "ansible.legacy.setup"})
FACTS = frozenset({"server_facts"})
"""Our own module. Its result has `facts`, named as setup names them, and `details`."""
NAME_WAIT = 9.0
"""Seconds. A server whose own name does not resolve waits for the DNS before it returns its facts: twice 5 s
(resolv.conf(5))."""

RAW = frozenset({"raw", "ansible.builtin.raw"})
DETAILS_TASK = "Read what setup leaves out"
"""The task of facts.yml that prints details with `raw`.

Only the results of these actions count as facts: any module may claim to return some. The task's name and action come
from this machine, never from the server."""

DEBUG = frozenset({"debug", "ansible.builtin.debug"})
NOTE_TASK = "Say what is left to the owner"
"""The task with which a role reports what it leaves to a person. It is not a failure."""

WINDOW_ROLES = frozenset({"armed_window", "inventory_only"})
_WINDOW = re.compile(r"^window (closed|[0-9]{1,5})\r?$", re.MULTILINE)
"""What the armed window's script prints, on a terminal where `raw` runs it: in how many seconds the server puts back by
itself what is changed from then on."""

CLOSE_TASK = "Close the window"
"""The task of armed_window after which the server keeps what was changed. Where its answer is missing, nobody knows."""

MAX_NOTES = 20


class Outcome(StrEnum):
    """How a run ended. A parser error and an unreachable host, which share Ansible's exit code 4, are told apart."""

    OK = "ok"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    PARSER_ERROR = "parser-error"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"


class TaskEvent(Struct, frozen=True):
    """A task has ended on a host. `message` is one line, safe to print. `diff` has the lines that it changed, or would
    change, if the run was asked for them."""

    host: str
    role: str
    task: str
    status: Status
    message: str
    diff: tuple[str, ...] = ()


class HostResult(Struct, frozen=True):
    """A host's result of a run: numbers of tasks, the first task that failed and why, and facts if gathered.

    `notes`: what roles left to the owner, each a printable line. `facts` is the result of Ansible's `setup`, `details`
    the output of details.sh; both are truncated and untrusted.
    """

    host: str
    ok: int
    changed: int
    failed: int
    unreachable: bool
    failed_task: str
    message: str
    facts: dict[str, object] | None
    details: str = ""
    notes: tuple[str, ...] = ()
    waited: float = 0.0
    """Seconds that gathering its facts took, if as long as a server waits for a DNS that does not know its name."""
    cause: Why = ""
    window: float = 0.0
    """Seconds until the server puts back by itself what the run has changed; 0 if no window of its is open."""


class RunResult(Struct, frozen=True):
    """A run. `hosts` has every host that was asked for; `message` says what went wrong when no host's result does.
    `roles`: seconds by role, the sum of all hosts ("" for tasks without a role)."""

    outcome: Outcome
    hosts: dict[str, HostResult]
    seconds: float
    message: str
    roles: dict[str, float] = {}


class _Host:
    """What is known of one host so far."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(("ok", "changed", "failed", "skipped", "unreachable"), 0)
        self.failed_task = ""
        self.message = ""
        self.last_message = ""
        self.cause: Why = ""
        self.facts: dict[str, object] | None = None
        self.details = ""
        self.notes: list[str] = []
        self.waited = 0.0
        self.gathered = False
        self.window_ends = 0.0


class Tally:
    """Collects a run's events for the hosts that it was limited to; events of other hosts are dropped."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = {host: _Host() for host in hosts}
        self.roles: dict[str, float] = {}
        self.finished = False
        """Whether Ansible reached its final statistics. Only then did every host have its turn."""

    def add(self, event: Mapping[str, object]) -> TaskEvent | None:
        """Add one event. Returns what it says about a task, if it is about one."""
        data = event.get("event_data")
        if not isinstance(data, dict):
            return None
        kind = event.get("event")
        if kind == "playbook_on_stats":
            self._finish(data)
            return None
        ended = _STATUS.get(str(kind))
        name = data.get("host")
        host = self._hosts.get(name) if isinstance(name, str) else None
        if ended is None or host is None:
            return None
        result = data.get("res")
        result = result if isinstance(result, dict) else {}
        status = ended(data, result)
        message = _message(result) if status in ("failed", "unreachable") else ""
        task = TaskEvent(
            host=str(name),
            role=printable(str(data.get("role") or ""), 100),
            task=printable(str(data.get("task") or ""), 200),
            status=status,
            message=message,
            diff=_diff(result) if status == "changed" else (),
        )
        self._count(host, task)
        if status == "unreachable":  # only then it is ssh that speaks, not a module on the server
            host.cause = _host_key_refused(result) or host.cause
        took = data.get("duration")
        if isinstance(took, int | float):
            self.roles[task.role] = self.roles.get(task.role, 0.0) + took
            if data.get("task_action") in SETUP | FACTS and took >= NAME_WAIT:
                host.waited = max(host.waited, float(took))
        if task.role in WINDOW_ROLES:
            self._keep_window(host, result)
        if status in ("ok", "changed"):
            self._keep(host, data, result)
        return task

    @staticmethod
    def _keep_window(host: _Host, result: Mapping[str, object]) -> None:
        """Until when the server waits for us. A server that lies about it is believed for a day at most."""
        said = result.get("stdout")
        for word in _WINDOW.findall(said[:MAX_TEXT]) if isinstance(said, str) else ():
            host.window_ends = 0.0 if word == "closed" else time.monotonic() + int(word)

    @staticmethod
    def _count(host: _Host, task: TaskEvent) -> None:
        host.counts[task.status] += 1
        if task.status == "changed":
            host.counts["ok"] += 1  # as Ansible counts: a changed task is also ok
        if task.status in ("failed", "unreachable"):
            if not host.failed_task:
                host.failed_task = task.task
                host.message = task.message
                host.cause = "no-reason" if task.message == NO_REASON else ""
            elif task.message != host.message:
                host.cause = ""
            host.last_message = task.message

    def _keep(self, host: _Host, data: Mapping[str, object], result: Mapping[str, object]) -> None:
        """Keep the facts, details or note that a task returned, if it is one of those that may."""
        action = data.get("task_action")
        if action in SETUP:
            self._keep_facts(host, result.get("ansible_facts"))
        elif action in FACTS:
            self._keep_facts(host, result.get("facts"))
            self._keep_details(host, result.get("details"))
        elif action in RAW and data.get("task") == DETAILS_TASK:
            self._keep_details(host, result.get("stdout"))
        elif action in DEBUG and data.get("task") == NOTE_TASK:
            said = result.get("msg")
            if isinstance(said, str) and len(host.notes) < MAX_NOTES:
                host.notes.append(_line(said, 300))

    @staticmethod
    def _keep_details(host: _Host, said: object) -> None:
        host.details = said[:MAX_DETAILS] if isinstance(said, str) else ""
        host.gathered = True

    @staticmethod
    def _keep_facts(host: _Host, facts: object) -> None:
        if isinstance(facts, dict):
            bounded = bound(facts)
            host.facts = bounded if isinstance(bounded, dict) else None
        elif not host.message:
            host.message = gettext_noop("The server's facts are larger than any real server's and were dropped.")
            host.cause = "facts-too-large"

    def _finish(self, stats: Mapping[str, object]) -> None:
        """Take over Ansible's own counts: they allow for rescued and ignored failures."""
        self.finished = True
        for name, host in self._hosts.items():
            for key, count in (("ok", "ok"), ("changed", "changed"), ("failures", "failed"), ("dark", "unreachable")):
                numbers = stats.get(key)
                number = numbers.get(name, 0) if isinstance(numbers, dict) else 0
                host.counts[count] = number if isinstance(number, int) else 0
            if not host.counts["failed"] and not host.counts["unreachable"]:
                host.failed_task = ""

    def outcome(self) -> tuple[Outcome, str]:
        """The outcome of a finished run, with a message where no host has one."""
        counts = [host.counts for host in self._hosts.values()]
        if any(count["failed"] for count in counts):
            return Outcome.FAILED, ""
        if any(count["unreachable"] for count in counts):
            return Outcome.UNREACHABLE, ""
        if not all(any(count.values()) for count in counts):
            return Outcome.PARSER_ERROR, gettext_noop(
                "The playbook or the inventory has nothing for some of these hosts."
            )
        return Outcome.OK, ""

    def hand_over(self, name: str) -> HostResult | None:
        """A host's result so far, with its facts, which are then dropped here; None until they are complete."""
        host = self._hosts[name]
        if not host.gathered:
            return None
        result = self._result(name, host)
        host.facts, host.details, host.gathered = None, "", False
        return result

    def results(self) -> dict[str, HostResult]:
        """The result of every host that was asked for, also of those that never had their turn."""
        return {name: self._result(name, host) for name, host in self._hosts.items()}

    def _result(self, name: str, host: _Host) -> HostResult:
        silent = not any(host.counts.values())
        return HostResult(
            host=name,
            ok=host.counts["ok"],
            changed=host.counts["changed"],
            failed=host.counts["failed"],
            unreachable=host.counts["unreachable"] > 0,
            failed_task=host.failed_task,
            message=_both(host) or ("The run ended before this host had its turn." if silent else ""),
            facts=host.facts,
            details=host.details,
            notes=tuple(host.notes),
            waited=host.waited,
            cause=host.cause or ("no-turn" if silent else ""),
            window=max(0.0, host.window_ends - time.monotonic()) if host.window_ends else 0.0,
        )


def _both(host: _Host) -> str:
    """The message of the first failure and, where a rescue was tried and ended the run, that of the last."""
    return f"{host.message} | {host.last_message}" if host.last_message not in ("", host.message) else host.message


def _ok(data: Mapping[str, object], result: Mapping[str, object]) -> Status:
    return "changed" if result.get("changed") is True else "ok"


def _failed(data: Mapping[str, object], result: Mapping[str, object]) -> Status:
    return "ok" if data.get("ignore_errors") is True else "failed"


_STATUS: dict[str, Callable[[Mapping[str, object], Mapping[str, object]], Status]] = {
    "runner_on_ok": _ok,
    "runner_on_failed": _failed,
    "runner_on_skipped": lambda data, result: "skipped",
    "runner_on_unreachable": lambda data, result: "unreachable",
}


def _message(result: Mapping[str, object]) -> str:
    """Why a task failed, from its module's result: one printable line."""
    items = result.get("results")
    if isinstance(items, list):  # a loop: the items have the reasons
        failed = [item for item in items[:1000] if isinstance(item, dict) and item.get("failed")]
        if failed:
            return _message({**failed[0], "results": None})
    refused = _host_key_refused(result)
    if refused:
        return HOST_KEY_REFUSED[refused]
    parts = [result.get(key) for key in ("msg", "stderr", "module_stderr", "module_stdout", "stdout")]
    texts = [_line(part, 700) for part in parts if isinstance(part, str) and part.strip()]
    if len(texts) > 1 and texts[0] == "non-zero return code":  # adds nothing to the program's own message
        texts.pop(0)
    return ": ".join(dict.fromkeys(texts[:2])) or NO_REASON


def _host_key_refused(result: Mapping[str, object]) -> Why:
    """Did ssh refuse the server for its host key?"""
    said = result.get("msg")
    if not isinstance(said, str) or "Host key verification failed" not in said[:MAX_TEXT]:
        return ""
    return "host-key-changed" if "IDENTIFICATION HAS CHANGED" in said[:MAX_TEXT] else "host-key-unknown"


MAX_DIFF_LINES = 200
CHANGED = "changed: "
"""With this the playbooks' scripts begin the line of each change that they make, or would make."""


def _diff(result: Mapping[str, object]) -> tuple[str, ...]:
    """What a module says it changed, as lines of a unified diff: truncated, printable, with one line of context."""
    entries: list[object] = []
    for answer in (result, *_answers(result)):
        said = answer.get("diff")
        entries += said if isinstance(said, list) else [said]
    lines: list[str] = []
    for entry in entries[:100]:
        if isinstance(entry, dict):
            if isinstance(entry.get("prepared"), str):
                lines += str(entry["prepared"])[:MAX_TEXT].splitlines()
            before, after = (_side(entry.get(side)) for side in ("before", "after"))
            old, new = (str(entry.get(f"{side}_header") or side)[:200] for side in ("before", "after"))
            lines += difflib.unified_diff(before, after, old, new, n=1, lineterm="")
    said = result.get("stdout")
    if isinstance(said, str):  # a script of ours, which names each of its changes
        lines += [f"+{line.removeprefix(CHANGED)}" for line in said[:MAX_TEXT].splitlines() if line.startswith(CHANGED)]
    return tuple(printable(line, 200) for line in lines[:MAX_DIFF_LINES])


def _answers(result: Mapping[str, object]) -> list[dict[str, object]]:
    """The results of a loop's items."""
    items = result.get("results")
    return [item for item in items[:100] if isinstance(item, dict)] if isinstance(items, list) else []


def _side(value: object) -> list[str]:
    """One side of a diff as lines: of a text, or of attributes as `name: value`."""
    if isinstance(value, dict):
        return [f"{key}: {text}"[:400] for key, text in sorted(value.items(), key=str)[:100]]
    return value[:20_000].splitlines() if isinstance(value, str) else []


def _line(text: str, limit: int) -> str:
    """`text` as one printable line."""
    return printable(" ".join(text[: limit * 4].split()), limit)
