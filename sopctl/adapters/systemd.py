"""systemd timers for recurring jobs: with a random delay, never two runs at once, caught up after a downtime. And a
service that goes on, under an account of its own.

Sources: systemd.timer(5) (OnCalendar, RandomizedDelaySec, Persistent), systemd.service(5) (a oneshot service that is
still running is not started again), systemd.exec(5) (what a service sees), systemd-sysusers(8), systemctl(1).
"""

import os
import pwd
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from sopctl.errors import Action, OutsideFailure, UsageError, in_words
from sopctl.locale import Prose, Text

TIMEOUT_SECONDS = 60
_INSTALL = "[Install]"
"""Of the units that are started by themselves."""


class Job(Struct, frozen=True):
    """A job: its name and description, when it runs (an OnCalendar expression, in a time zone), the most that its
    start is delayed at random (`jitter`, seconds), its time-out (`limit`, seconds), and its command lines."""

    name: str
    description: str
    calendar: str
    time_zone: str
    jitter: int
    limit: int
    commands: tuple[tuple[str, ...], ...]


class Service(Struct, frozen=True):
    """A service that goes on until it is stopped: its command line, and the account that it runs as, which `group`
    shares files with. It sees of the disk what everybody sees, but only to read; `writable` it may change, but for what
    is `fixed` in it, and what is `hidden` is not there. Its folder in /run is open to the group of its own account. A
    service that is not `online` reaches no network."""

    name: str
    description: str
    run_as: str
    command: tuple[str, ...]
    online: bool
    group: str = ""
    writable: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Scope(Struct, frozen=True):
    """Whose timers: the machine's, with jobs that run as the user `run_as`; or, with `run_as` empty, the calling
    user's own."""

    run_as: str = ""

    @property
    def folder(self) -> Path:
        if self.run_as:
            return Path("/etc/systemd/system")
        home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return Path(home) / "systemd" / "user"

    def systemctl(self, *words: str) -> str:
        """Run systemctl and return its standard output. Raises OutsideFailure when it is missing or fails."""
        mode = [] if self.run_as else ["--user"]
        try:
            ran = subprocess.run(
                ["systemctl", *mode, "--no-ask-password", *words],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OutsideFailure(
                "systemctl-not-run",
                "systemctl could not be run: {reason}",
                remedy="Timers need systemd. Without it, use cron.",
                reason=in_words(error),
            ) from None
        if ran.returncode != 0:
            remedy = [Text("See whether systemd is running here.")]
            if not self.run_as:
                remedy.append(Text("To have timers of your own run while you are logged out: loginctl enable-linger"))
            said = " ".join((ran.stderr or ran.stdout).split()) or f"exit {ran.returncode}"
            raise OutsideFailure(
                "systemctl-refused", "systemctl {verb}: {reason}", remedy=remedy, verb=words[0], reason=said
            )
        return ran.stdout


class Timer(Struct, frozen=True):
    """A timer as systemd sees it. Times have a time zone; null means never."""

    name: str
    description: str
    calendar: str
    enabled: bool
    next_run: datetime | None
    last_run: datetime | None
    last_seconds: float | None
    result: str
    """How the last run ended: `success`, `exit-code`, `timeout`, …; empty when the job has not run yet."""
    exit_code: int | None


def unit_files(jobs: Iterable[Job], prefix: str, scope: Scope, environment: dict[str, str]) -> dict[str, str]:
    """The unit files of `jobs`: name → text. Raises UsageError for a value with unprintable characters."""
    files = {}
    for job in jobs:
        unit = f"{prefix}-{job.name}"
        files[f"{unit}.service"] = _service(job, scope, environment)
        files[f"{unit}.timer"] = _timer(job)
    return files


def service_file(service: Service, prefix: str, environment: dict[str, str]) -> dict[str, str]:
    """The unit file of a service: name → text. Raises UsageError for a value with unprintable characters."""
    return {f"{prefix}-{service.name}.service": _lasting(service, prefix, environment)}


def runtime_folder(service: str, prefix: str) -> Path:
    """The folder in /run that a service has while it runs."""
    return Path("/run") / f"{prefix}-{service}"


def make_account(name: str, description: str) -> None:
    """Make an account of the system without a login, unless it is there. Raises OutsideFailure."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        line = f'u {name} - "{_plain(description)}" / /usr/sbin/nologin'
        try:
            ran = subprocess.run(
                ["systemd-sysusers", "--inline", line],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            reason: Prose = "" if ran.returncode == 0 else ran.stderr.strip() or f"exit {ran.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = in_words(error)
        if reason:
            raise OutsideFailure(
                "account-not-made",
                "the account {user!r} cannot be made: {reason}",
                remedy=Text("As root: useradd --system --home-dir / --shell /usr/sbin/nologin {name}", name=name),
                user=name,
                reason=reason,
            ) from None


def install(files: dict[str, str], scope: Scope) -> list[str]:
    """Write the unit files, enable and start the timers and services that go on; return the names of the files that
    were new or changed.

    Raises OutsideFailure when the folder cannot be written or systemd refuses; new files are then removed again.
    """
    changed = [name for name, text in files.items() if _read(scope.folder / name) != text]
    new = [name for name in changed if not (scope.folder / name).exists()]
    lasting = [name for name, text in files.items() if _INSTALL in text]
    try:
        for name in changed:
            _write(scope.folder / name, files[name])
        scope.systemctl("daemon-reload")
        scope.systemctl("enable", "--now", *lasting)
    except BaseException:
        _uninstall(new, scope)
        raise
    if changed and len(new) < len(changed):
        scope.systemctl("restart", *lasting)
    return changed


def installed(prefix: str, scope: Scope) -> list[str]:
    """The names of the timers' files that begin with `prefix`. Asks nobody but the folder."""
    return sorted(path.name for path in _installed(prefix, scope) if path.suffix == ".timer")


def running(service: str, prefix: str, scope: Scope) -> str | None:
    """What systemd says of a service that was installed: active, failed, …; None for one that was not."""
    name = f"{prefix}-{service}.service"
    if not (scope.folder / name).exists():
        return None
    return _properties(scope, name, "ActiveState")["ActiveState"]


def timers(prefix: str, scope: Scope) -> list[Timer]:
    """The timers whose names begin with `prefix`, as systemd sees them."""
    names = sorted(path.stem for path in _installed(prefix, scope) if path.suffix == ".timer")
    return [_inspect(name, prefix, scope) for name in names]


def remove(prefix: str, scope: Scope) -> list[str]:
    """Stop and disable the timers whose names begin with `prefix`, and delete their files; return the files' names.

    A job that is running is left to finish; only its timer is removed. A service that goes on is stopped.
    """
    names = sorted(path.name for path in _installed(prefix, scope))
    _uninstall(names, scope)
    return names


def _uninstall(names: Sequence[str], scope: Scope) -> None:
    if not names:
        return
    timers = [name for name in names if name.endswith(".timer")]
    lasting = [name for name in names if _INSTALL in (_read(scope.folder / name) or "")]
    if lasting:
        scope.systemctl("disable", "--now", *lasting)
    if timers:
        scope.systemctl("clean", "--what=state", *timers)  # the stamp of the last run, which Persistent= keeps
    for name in names:
        (scope.folder / name).unlink(missing_ok=True)
    scope.systemctl("daemon-reload")
    for name in names:  # else a failed unit stays listed; for a unit that is unknown this fails, and does no harm
        subprocess.run(
            ["systemctl", *([] if scope.run_as else ["--user"]), "reset-failed", name], capture_output=True, check=False
        )


def _installed(prefix: str, scope: Scope) -> list[Path]:
    return [path for path in scope.folder.glob(f"{prefix}-*") if path.suffix in (".service", ".timer")]


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    except OSError as error:
        raise OutsideFailure(
            "unit-file-not-written",
            "the unit file cannot be written: {reason}",
            where=str(path),
            remedy=("Run it as root, or install timers of your own.", Action("schedule install", given={"user": ""})),
            reason=in_words(error),
        ) from None


def _service(job: Job, scope: Scope, environment: dict[str, str]) -> str:
    # time-sync.target is the system's: a user's own units cannot wait for it.
    waits = "network-online.target time-sync.target" if scope.run_as else "network-online.target"
    lines = ["[Unit]", f"Description={_plain(job.description)}", f"Wants={waits}", f"After={waits}"]
    lines += ["", "[Service]", "Type=oneshot"]
    if scope.run_as:
        lines += [f"User={_plain(scope.run_as)}", "PrivateTmp=yes", "ProtectSystem=full", "NoNewPrivileges=yes"]
    lines += ["UMask=0027", "Nice=5", f"TimeoutStartSec={job.limit}", "SuccessExitStatus=1"]
    lines += [f"Environment={_verbatim(f'{key}={value}')}" for key, value in environment.items()]
    lines += [f"ExecStart={_command(command)}" for command in job.commands]
    return "\n".join(lines) + "\n"


def _lasting(service: Service, prefix: str, environment: dict[str, str]) -> str:
    def paths(given: tuple[str, ...]) -> str:
        return " ".join(_verbatim(f"-{each}") for each in given)

    lines = ["[Unit]", f"Description={_plain(service.description)}", "Wants=time-sync.target", "After=time-sync.target"]
    lines += ["", "[Service]", "Type=exec", f"User={_plain(service.run_as)}"]
    lines += [f"SupplementaryGroups={_plain(service.group)}", "UMask=0027"]
    lines += [f"RuntimeDirectory={prefix}-{service.name}", "RuntimeDirectoryMode=0750"]
    lines += [f"ReadWritePaths={paths(service.writable)}", f"ReadOnlyPaths={paths(service.fixed)}"]
    lines += [f"InaccessiblePaths={paths(service.hidden)}"]
    # Not RestrictSUIDSGID: the folders of a site that is shared by a group are setgid.
    lines += ["ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes", "PrivateDevices=yes"]
    lines += [f"Protect{each}=yes" for each in ("Clock", "KernelTunables", "KernelModules", "KernelLogs", "Hostname")]
    lines += ["ProtectControlGroups=yes", "ProtectProc=invisible", "NoNewPrivileges=yes", "CapabilityBoundingSet="]
    lines += ["RestrictNamespaces=yes", "RestrictRealtime=yes", "LockPersonality=yes", "RemoveIPC=yes"]
    lines += ["SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM"]
    if service.online:
        lines += ["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"]
    else:
        lines += ["RestrictAddressFamilies=AF_UNIX", "PrivateNetwork=yes", "IPAddressDeny=any"]
    lines += ["Restart=on-failure", "RestartSec=5"]
    lines += [f"Environment={_verbatim(f'{key}={value}')}" for key, value in environment.items()]
    lines += [f"ExecStart={_command(service.command)}"]
    return "\n".join([*lines, "", _INSTALL, "WantedBy=multi-user.target", ""])


def _timer(job: Job) -> str:
    return "\n".join(
        [
            "[Unit]",
            f"Description={_plain(job.description)}",
            "",
            "[Timer]",
            f"OnCalendar={_plain(job.calendar)} {_plain(job.time_zone)}",
            f"RandomizedDelaySec={job.jitter}",
            "Persistent=true",
            "",
            _INSTALL,
            "WantedBy=timers.target",
            "",
        ]
    )


def _unfit(text: str) -> UsageError:
    return UsageError(
        "not-for-unit-file",
        "{text!r} has characters that a unit file cannot hold",
        remedy="Use a path or a value of printable characters, and a program without $ in its path.",
        text=text,
    )


def _plain(text: str) -> str:
    if not text.isprintable():
        raise _unfit(text)
    return text.replace("%", "%%")


def _command(words: Sequence[str]) -> str:
    """A command line, escaped as in systemd.service(5): specifiers, variables, quotes and backslashes in it are plain
    text. In the program's path alone a dollar is none of a variable, though it is in what the program is told of it."""
    program, *arguments = words
    if "$" in program:
        raise _unfit(program)
    return " ".join((_verbatim(program), *(_verbatim(each).replace("$", "$$") for each in arguments)))


def _verbatim(word: str) -> str:
    """A word of a list, such as a path or a variable with its value: what would be a specifier, a quote or a backslash
    is plain text."""
    return '"' + _plain(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _inspect(timer: str, prefix: str, scope: Scope) -> Timer:
    said = _properties(
        scope, f"{timer}.timer", "Description", "UnitFileState", "NextElapseUSecRealtime", "LastTriggerUSec"
    )
    ran = _properties(
        scope, f"{timer}.service", "Result", "ExecMainStatus", "ExecMainStartTimestamp", "ExecMainExitTimestamp"
    )
    last, ended = _time(ran["ExecMainStartTimestamp"]), _time(ran["ExecMainExitTimestamp"])
    text = _read(scope.folder / f"{timer}.timer") or ""
    return Timer(
        name=timer.removeprefix(f"{prefix}-"),
        description=said["Description"],
        calendar=next((line.partition("=")[2] for line in text.splitlines() if line.startswith("OnCalendar=")), ""),
        enabled=said["UnitFileState"] == "enabled",
        next_run=_time(said["NextElapseUSecRealtime"]),
        last_run=last or _time(said["LastTriggerUSec"]),
        last_seconds=(ended - last).total_seconds() if last and ended else None,
        result=ran["Result"] if last else "",
        exit_code=int(ran["ExecMainStatus"]) if ended else None,
    )


def _properties(scope: Scope, unit: str, *names: str) -> dict[str, str]:
    said = scope.systemctl("show", "--timestamp=unix", f"--property={','.join(names)}", "--", unit)
    found = dict.fromkeys(names, "")
    for line in said.splitlines():
        name, _, value = line.partition("=")
        found[name] = value
    return found


def _time(text: str) -> datetime | None:
    """A time as `systemctl show --timestamp=unix` prints it: @1790000000; systemd 252 prints a timer's next run as a
    date anyway."""
    if text.startswith("@") and text[1:].isdigit():
        return datetime.fromtimestamp(int(text[1:]), UTC)
    try:
        return datetime.strptime(text, "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return None
