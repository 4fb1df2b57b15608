"""Run a site's playbook on some of its servers through ansible-runner, and leave nothing behind.

ansible-runner is used in an unusual way, because servers are not trusted and runs may be cut short:

- It normally reads events from the terminal, framed by escape sequences that a server's text can imitate (one forged
  frame ends the whole run). Here the output goes to a file, and events are read where Ansible's callback plugin leaves
  them: in the run's folder, where no server can write.
- It normally ends a run with SIGKILL to one process group, which orphans Ansible's workers. Here `supervisor.py` stands
  in between, and a cancellation, a time-out, Ctrl-C or the death of this process ends all of them.
"""

import errno
import json
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace

import sopctl
from sopctl.adapters.ansible import supervisor
from sopctl.adapters.ansible.connection import refuse_path
from sopctl.adapters.ansible.events import HostResult, Outcome, RunResult, Tally, TaskEvent
from sopctl.errors import Conflict, Interrupted, InvalidRecord, OutsideFailure, in_words
from sopctl.locale import Text, gettext_noop
from sopctl.model.text import printable

RESULT_FILE = "result.json"
"""The RunResult in a run's folder, without facts."""

__all__ = ["HostResult", "Outcome", "RunResult", "TaskEvent", "run_playbook"]

MAX_EVENT = 8_000_000
"""Characters of one module's result (ansible-runner's own limit, 700,000, loses the facts of a large server)."""

ENVIRONMENT = ("HOME", "TZ", "USER")
"""The variables that a run inherits, besides a PATH made here. No agent, no proxy, no secret; and no LANG: Ansible
refuses a locale that this machine does not have, such as that of the machine from which somebody came by ssh."""

VAULT_KEY = "vault"
"""The file in the site's keys/ with the password of Ansible Vault, where the site has encrypted variables."""

MAX_OUTPUT = 2_000_000
"""Bytes of Ansible's output that are kept."""

SSH_ARGS = "-o ControlMaster=auto -o ControlPersist=600 -o ServerAliveInterval=10 -o ServerAliveCountMax=3"
"""One connection per server and run (the supervisor ends it with the run). A server that is silent for 30 s is given
up."""

PATIENCE = supervisor.GRACE + 10
"""Seconds that the supervisor has to end a run before it is killed itself."""

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_WHOLE_SITE = frozenset({"all", "ungrouped", "localhost"})
_FRAME = re.compile(r"\x1b\[K(?:[A-Za-z0-9+/=]+\x1b\[\d+D)*\x1b\[K")
"""The frames of events in the output."""
_ERROR = re.compile(r"^\[?ERROR\]?!?:? *", re.MULTILINE)


def _ignore(event: TaskEvent) -> None:
    """The default for `on_event`."""


def run_playbook(
    site: Path,
    playbook: str,
    *,
    limit: Sequence[str],
    run_dir: Path,
    variables: Mapping[str, object] = {},
    variable_files: Sequence[Path] = (),
    check: bool = False,
    tags: Sequence[str] = (),
    forks: int = 10,
    timeout: float = 900,
    on_event: Callable[[TaskEvent], None] = _ignore,
    on_facts: Callable[[Sequence[HostResult]], None] | None = None,
    cancel: threading.Event | None = None,
) -> RunResult:
    """Run `SITE/playbooks/PLAYBOOK` on the hosts named in `limit` (inventory: `SITE/inventory`).

    `run_dir` is a folder to be made for this run alone (0700); the events stay in it. `timeout` is in seconds, for the
    whole run. `on_event` is called in this thread, once per task and host. `on_facts` is called once for every host, as
    soon as facts.yml has gathered its facts; they are then not in the returned result. With `check`, nothing is changed
    on the servers, and events say what would change. `tags` limits the run to these parts of the playbook. Of
    `variable_files`, later ones override earlier ones, and all override `variables`, by Ansible's precedence of extra
    variables; they may be encrypted with Ansible Vault.

    A host that fails is a result, not an error. Raises OutsideFailure when Ansible or ssh is missing or the disk is
    full, InvalidRecord for an invalid host name or tag, Conflict when `run_dir` exists, Interrupted on Ctrl-C.
    """
    hosts = _host_names(limit)
    path = _search_path()
    refuse_path(site.resolve())
    for tag in tags:
        if not re.fullmatch(r"[a-z][a-z_]{0,40}", tag):
            raise InvalidRecord(
                "not-a-tag",
                "{tag!r} is not the name of a tag",
                remedy="A tag has lower-case letters and underscores, such as sshd; the playbooks name them.",
                tag=printable(tag, 80),
            )
    words = ["--check", "--diff"] if check else []
    words += ["--tags", ",".join(tags)] if tags else []
    for file in variable_files:
        if not file.is_file():
            raise InvalidRecord(
                "no-variables-file",
                "the file of variables does not exist",
                remedy="Check the path of the file of variables.",
                where=str(file),
            )
        words += ["-e", f"@{file.resolve()}"]
    if not re.fullmatch(r"[A-Za-z0-9_-]+\.yml", playbook) or not (site / "playbooks" / playbook).is_file():
        raise InvalidRecord(
            "no-playbook",
            "the site has no playbook {playbook!r}",
            remedy="Put it back: from the site's git or a backup, or with sopctl init --update if sopctl brought it.",
            where=str(site / "playbooks"),
            playbook=playbook,
        )
    started = time.monotonic()
    tally = Tally(hosts)
    try:
        with _folder(run_dir) as sockets:
            job = _Job(_runner(site, playbook, hosts, run_dir, variables, words, forks, path, sockets), run_dir)
            stopped = _follow(job, tally, _Report(on_event, on_facts), cancel, started + timeout)
            output = _settle_output(run_dir)
            outcome, message = _judge(job, tally, stopped, output, timeout)
            seconds = time.monotonic() - started
            result = RunResult(outcome, tally.results(), seconds, message, tally.roles)
            _write_private(run_dir / RESULT_FILE, json.dumps(_bare(result)))
    except OSError as error:
        raise OutsideFailure(
            "run-folder-not-written",
            "the run's folder cannot be written: {reason}",
            remedy="See whether the disk is full or failing. What the playbook did on the servers stays done.",
            where=str(run_dir),
            reason=in_words(error),
        ) from error
    return result


def _bare(result: RunResult) -> Any:
    """The result for the run's folder, without facts: those belong in the dossier."""
    return to_builtins(replace(result, hosts={name: replace(host, facts=None) for name, host in result.hosts.items()}))


def _host_names(limit: Sequence[str]) -> list[str]:
    """The hosts, without duplicates. Refuses what Ansible would read as a pattern."""
    if not limit:
        raise InvalidRecord(
            "no-hosts", "no host was named for the run", remedy="Nothing was run. Report this as an error in sopctl."
        )
    for host in limit:
        if not _HOST.fullmatch(host) or host in _WHOLE_SITE:
            raise InvalidRecord(
                "not-a-host-name",
                "{host!r} is not the name of a host",
                remedy="Name deposits by their ids; groups and patterns are not taken here.",
                host=printable(host, 80),
            )
    return list(dict.fromkeys(limit))


def _search_path() -> str:
    """PATH for the run: this interpreter's programs first, so that Ansible can import sopctl."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if not shutil.which("ansible-playbook", path=path):
        raise OutsideFailure(
            "ansible-missing",
            "ansible-playbook is not installed",
            remedy="Install it: pip install 'ansible-core>=2.19,<2.20'",
        )
    if not shutil.which("ssh", path=path):
        raise OutsideFailure(
            "ssh-missing",
            "the OpenSSH client (ssh) is not installed",
            remedy="Install it: apt install openssh-client",
        )
    return path


@contextmanager
def _folder(run_dir: Path) -> Iterator[Path]:
    """Make the run's folder, and another one for ssh's sockets, whose paths must be short (unix(7): 108 bytes).

    Afterwards, only the events, the output and the exit code are left.
    """
    try:
        run_dir.parent.mkdir(parents=True, exist_ok=True)
        run_dir.mkdir(mode=0o700)
    except FileExistsError as error:
        raise Conflict(
            "run-folder-exists",
            "the run's folder exists already",
            remedy="Another run made it at the same moment; nothing was run on the servers. See what is due.",
            where=str(run_dir),
        ) from error
    run_dir.chmod(0o700)
    base = tempfile.gettempdir()
    sockets = Path(tempfile.mkdtemp(prefix="sopctl-", dir=base if len(base) < 40 else "/tmp"))  # noqa: S108 (made 0700, random name)
    try:
        yield sockets
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        for leftover in ("env", "tmp"):
            shutil.rmtree(run_dir / leftover, ignore_errors=True)
        for leftover in ("artifacts/run/command", "limit", "pid", "output"):
            (run_dir / leftover).unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _private(secret: Path) -> Path:
    """`secret`, the path of a file that only its owner may read. Raises OutsideFailure when others may."""
    if secret.stat().st_mode & 0o077:
        raise OutsideFailure(
            "vault-password-readable-by-others",
            "the password of Ansible Vault can be read by others",
            where=str(secret),
            remedy=Text("Close it: chmod 600 {secret}", secret=secret),
        )
    return secret


def _runner(
    site: Path,
    playbook: str,
    hosts: Sequence[str],
    run_dir: Path,
    variables: Mapping[str, object],
    words: Sequence[str],
    forks: int,
    path: str,
    sockets: Path,
) -> Any:
    """An ansible-runner Runner, ready to run, with our own command line, settings and environment."""
    try:
        from ansible_runner.config.runner import RunnerConfig
        from ansible_runner.runner import Runner
    except ImportError as error:
        raise OutsideFailure(
            "ansible-runner-missing",
            "ansible-runner is not installed",
            remedy="Install it: pip install ansible-runner",
        ) from error

    site, run_dir = site.resolve(), run_dir.resolve()
    settings = {"pexpect_timeout": 1, "suppress_ansible_output": True, "suppress_output_file": True}
    _write_private(run_dir / "env/settings", json.dumps(settings))  # the settings= argument can get lost
    _write_private(run_dir / "env/extravars", json.dumps(dict(variables)))  # never on a command line
    _write_private(run_dir / "limit", "\n".join(hosts) + "\n")  # a thousand names are too long for a command line
    (run_dir / "tmp").mkdir(mode=0o700)
    own = {
        "PATH": path,
        "PYTHONPATH": str(Path(sopctl.__file__).parents[1]),  # the inventory plugin reads the site through sopctl
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        "MAX_EVENT_RES": str(MAX_EVENT),
        "ANSIBLE_CONFIG": str(site / "ansible.cfg"),
        "ANSIBLE_HOST_KEY_CHECKING": "True",  # ansible-runner turns it off by default
        "ANSIBLE_LOCAL_TEMP": str(run_dir / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_ARGS": SSH_ARGS,
        "ANSIBLE_SSH_EXTRA_ARGS": "-o BatchMode=yes -o LogLevel=ERROR",  # a banner is not why a task failed
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
    }
    vault = site / "keys" / VAULT_KEY
    if vault.is_file():
        own["ANSIBLE_VAULT_PASSWORD_FILE"] = str(_private(vault))
    config = RunnerConfig(
        private_data_dir=str(run_dir),
        project_dir=str(site),
        ident="run",
        playbook=f"playbooks/{playbook}",
        inventory=str(site / "inventory"),
        limit=f"@{run_dir / 'limit'}",
        cmdline=shlex.join(words) or None,
        forks=forks,
        envvars=own,
        fact_cache_type="memory",
        quiet=True,
    )
    config.prepare()
    of_runner = (
        "AWX_",
        "RUNNER_",
        "ANSIBLE_CALLBACK_PLUGINS",
        "ANSIBLE_STDOUT_CALLBACK",
        "ANSIBLE_RETRY_FILES_ENABLED",
    )
    config.env = {key: text for key, text in config.env.items() if key in own or key.startswith(of_runner)}
    ours = [supervisor.__file__, str(run_dir / "pid"), str(run_dir / "output"), str(sockets), str(os.getpid())]
    config.command = [sys.executable, "-I", *ours, *config.command]
    return Runner(config)


class _Job:
    """A Runner in a thread of its own: its events, and how to end it."""

    def __init__(self, runner: Any, run_dir: Path) -> None:
        self.runner = runner
        self.error: BaseException | None = None
        self._events = run_dir / "artifacts/run/job_events"
        self._pid_file = run_dir / "pid"
        self._count = 0
        self._asked = False
        self._thread = threading.Thread(target=self._run, name="ansible-runner")
        self._thread.start()

    def _run(self) -> None:
        try:
            self.runner.run()
        except BaseException as error:  # noqa: BLE001 (it is handled in the caller's thread)
            self.error = error  # also keeps the terminal open until `end` has waited for the supervisor

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the run to end; returns whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def events(self) -> list[dict[str, object]]:
        """The events since the last call, in order; each is kept under a number of its own. Raises OSError."""
        try:
            found = [path for path in self._events.iterdir() if path.name.endswith("-partial.json")]
        except FileNotFoundError:  # Ansible has not started
            return []
        events = []
        for path in found:
            try:
                event = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                event = None
            if isinstance(event, dict):
                events.append((str(event.get("created")), path, event))
            else:
                path.unlink()
        events.sort(key=lambda entry: entry[:2])
        for _, path, _ in events:
            self._count += 1
            path.rename(path.with_name(f"{self._count:06}-{path.name.removesuffix('-partial.json')}.json"))
        return [event for _, _, event in events]

    def ask_to_end(self) -> None:
        """Ask the supervisor to end, once. While it has not started yet, nothing happens: call again."""
        if not self._asked:
            self._asked = self._signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait until nothing of the run is left."""
        deadline = time.monotonic() + PATIENCE
        while not self.wait(0.1):
            self.ask_to_end()
            if time.monotonic() > deadline:
                self._signal(signal.SIGKILL)
        if self.error is not None:  # the thread did not wait for the supervisor, so nobody did
            self.ask_to_end()
            with suppress(OSError, ValueError):
                os.waitpid(self._pid(), 0)

    def _signal(self, number: signal.Signals) -> bool:
        try:
            os.kill(self._pid(), number)
        except (OSError, ValueError):
            return False
        return True

    def _pid(self) -> int:
        return int(self._pid_file.read_text(encoding="ascii"))


class _Report(NamedTuple):
    """The callbacks of a run."""

    on_event: Callable[[TaskEvent], None]
    on_facts: Callable[[Sequence[HostResult]], None] | None

    def tell(self, job: _Job, tally: Tally) -> None:
        """Report what is new."""
        gathered = []
        for event in job.events():
            task = tally.add(event)
            if task is not None:
                self.on_event(task)
                if self.on_facts and (host := tally.hand_over(task.host)):
                    gathered.append(host)
        if self.on_facts and gathered:
            self.on_facts(gathered)


def _follow(
    job: _Job,
    tally: Tally,
    report: _Report,
    cancel: threading.Event | None,
    deadline: float,
) -> Outcome | None:
    """Report events until the run has ended. Returns why it was ended early, if it was."""
    stopped: Outcome | None = None
    try:
        while not job.wait(0.1):
            report.tell(job, tally)
            if cancel is not None and cancel.is_set():
                stopped = Outcome.CANCELLED
                break
            if time.monotonic() > deadline:
                stopped = Outcome.TIMED_OUT
                break
        if tally.finished:  # by itself: what it tells once it is being stopped does not count
            stopped = None
    except KeyboardInterrupt as error:
        raise Interrupted(
            "run-interrupted",
            "the run was interrupted; nothing of it is left running",
            remedy=(
                "What was changed on the servers stays, unless it is said that a server puts it back. Look "
                "there before the next run."
            ),
            windows={name: host.window for name, host in tally.results().items() if host.window},
        ) from error
    finally:
        job.end()
    report.tell(job, tally)
    return stopped


def _settle_output(run_dir: Path) -> str:
    """Keep what Ansible printed as output.txt, safe to print and truncated when very long; returns it."""
    try:
        with (run_dir / "output").open("rb") as file:
            raw = file.read(MAX_OUTPUT).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    lines = [printable(line.rstrip("\r"), 2_000) for line in _FRAME.sub("", raw).split("\n")]
    output = "\n".join(lines)
    _write_private(run_dir / "output.txt", output)
    return output


def _judge(job: _Job, tally: Tally, stopped: Outcome | None, output: str, timeout: float) -> tuple[Outcome, str]:
    """How the run ended, with a message where no host has one."""
    if tally.finished and stopped is None:  # a run that is stopped may still tell how far it came, as if it had ended
        return tally.outcome()
    if stopped is Outcome.CANCELLED:
        return stopped, gettext_noop("The run was cancelled.")
    if stopped is Outcome.TIMED_OUT:
        return stopped, f"The run was ended after {timeout:g} seconds."
    full = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
    if any(words in output for words in full) or os.statvfs(job.runner.config.private_data_dir).f_bavail == 0:
        raise OutsideFailure(
            "disk-full", "the disk is full", remedy="Free some space, then run the same command again."
        )
    errors = _ERROR.split(output)
    said = printable(" ".join((errors[1] if len(errors) > 1 else output[-600:]).split()), 600)
    if job.error is None and job.runner.rc in (1, 4, 5):  # before any task: a bad inventory, playbook or option
        return Outcome.PARSER_ERROR, said
    return Outcome.CRASHED, said or f"Ansible ended with code {job.runner.rc} ({type(job.error).__name__})."
