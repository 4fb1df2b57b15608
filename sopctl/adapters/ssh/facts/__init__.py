"""The facts of servers over the connection of the access check: a module's code is piped into the server's own Python.

Nothing is written on the server but what the code itself needs, and Ansible is not started. It is tried as root, then
as the account itself, then without Python: what facts.yml does, in the same order.
"""

import secrets
import shlex
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.sweep import Conversation, converse
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target
from sopctl.model.facts.linux.answered import MOST, NO_PYTHON, Answered, of_module, of_script

SECONDS = 420.0
"""For the whole conversation after the login, whatever the server does."""

TRY_SECONDS = 180.0
"""For one way of asking. A network mount whose server is gone blocks a read for ever; without Python, or as another
account, there may still be an answer."""

AT_ONCE = 32
"""Servers that are asked at the same time unless the caller says how many: each takes a connection, not a process."""

LIMIT = 3 * MOST
"""Bytes that one server may send, all tries together."""


class Module(Struct, frozen=True):
    """What is run on a server: the module's code, which Python reads from its standard input; the interpreters that
    may run it, the best first; and the POSIX sh `script` for servers without any."""

    code: bytes
    interpreters: tuple[str, ...]
    script: bytes


class Asked(Struct, frozen=True):
    """A server to ask. `as_root`: may the account become root by sudo or doas, where it is not root itself?"""

    name: str
    target: Target
    key: Key
    as_root: bool = True


Way = Literal["as root", "without root", "without Python"]


class Try(NamedTuple):
    """One way of asking, and how it ended."""

    way: Way
    answer: Answered
    seconds: float


class Said(NamedTuple):
    """What a server said, each try in its order; the last is the answer, if there is one."""

    tries: tuple[Try, ...]

    @property
    def answer(self) -> Try | None:
        """The try that gave facts."""
        last = self.tries[-1] if self.tries else None
        return last if last and not last.answer.why else None


# The login shell can be any, so these are one line each, without what csh or fish would read otherwise.
_FIND = (
    'word=$1 run=$2; shift 2; for name in "$@"; do python=$(command -v "$name" 2>/dev/null); '
    'case $python in /*) break;; esac; python=; done; if test -z "$python"; then echo "$word none"; exit; fi; '
)
_AS_ITSELF = _FIND + 'exec sh -c "$run" sh "$word" "$python"'
_AS_ROOT = _FIND + (
    'if test "$(id -u)" = 0; then exec sh -c "$run" sh "$word" "$python"; fi; '
    'if command -v sudo >/dev/null; then exec sudo -n -H -- sh -c "$run" sh "$word" "$python"; fi; '
    'exec doas -n sh -c "$run" sh "$word" "$python"'
)
_RUN = 'echo "$1"; exec "$2" - 2>/dev/null'
# The script is read before it runs: no tool that it calls can read on in it.
_SCRIPT = 'script=$(cat); echo "$1"; exec sh -c "$script" sh </dev/null 2>/dev/null'
assert NO_PYTHON in _FIND.encode()  # noqa: S101 (what the answer's reader looks for)


Came = list[tuple[str, AccessResult, Said | None]]
"""Of each server its name, how far it got, and what it said; None where it could not be asked."""


def gather(
    asked: Sequence[Asked], module: Module, *, at_once: int = AT_ONCE, cancel: threading.Event | None = None
) -> Generator[Came, None, None]:
    """Ask these servers, `at_once` at the same time; yields what came of each as soon as it is in (as `converse`).

    Raises Interrupted when `cancel` was set; whatever a server does, the others are asked.
    """
    yield from gather_as_they_come(iter([(asked, module)]), at_once=at_once, cancel=cancel)


def gather_as_they_come(
    batches: Iterator[tuple[Sequence[Asked], Module]], *, at_once: int = AT_ONCE, cancel: threading.Event | None = None
) -> Generator[Came, None, None]:
    """As `gather`, of servers that come one batch after another, as in `sweep_as_they_come`."""
    jobs = ([_job(each, module) for each in asked] for asked, module in batches)
    yield from converse(jobs, at_once=at_once, cancel=cancel)


def _job(each: Asked, module: Module) -> Conversation:
    def talk(climb: Climb) -> Said:
        return _talk(climb, module, as_root=each.as_root)

    return Conversation(each.name, each.target, each.key, talk, SECONDS, LIMIT)


def _talk(climb: Climb, module: Module, *, as_root: bool) -> Said:
    """The tries, until one gives an answer. Raises Fault when the connection ends meanwhile."""
    tries: list[Try] = []
    ways: tuple[Way, ...] = ("as root", "without root", "without Python")
    with climb.on(Rung.COMMAND) as note:
        for way in ways if as_root else ways[1:]:  # a refusal would be logged as a sudo incident
            if way == "without root" and tries and tries[-1].answer.why == "no-python":
                continue
            began = time.monotonic()
            try:
                found = _asked(climb, module, way)
            except Fault as fault:
                if fault.cause is not Cause.TIMEOUT or climb.deadline.passed:
                    raise
                found = Answered(why="slow")
            tries.append(Try(way, found, time.monotonic() - began))
            if not found.why:
                break
        note.append(tries[-1].way if not tries[-1].answer.why else "no facts")
    return Said(tuple(tries))


def _asked(climb: Climb, module: Module, way: Way) -> Answered:
    assert climb.session is not None  # noqa: S101 (logged in)
    word = f"sopctl-{secrets.token_hex(8)}"
    if way == "without Python":
        command = shlex.join(["sh", "-c", _SCRIPT, "sh", word])
        _, said = climb.session.run_with_input(command, module.script, MOST, TRY_SECONDS, "details.sh")
        return of_script(said, word.encode())
    inner = _AS_ROOT if way == "as root" else _AS_ITSELF
    command = shlex.join(["sh", "-c", inner, "sh", word, _RUN, *module.interpreters])
    _, said = climb.session.run_with_input(command, module.code, MOST, TRY_SECONDS, "python")
    return of_module(said, word.encode())
