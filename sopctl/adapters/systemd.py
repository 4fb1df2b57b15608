"""systemd timers for recurring jobs: with a random delay, never two runs at once, caught up after a downtime.

Sources: systemd.timer(5) (OnCalendar, RandomizedDelaySec, Persistent), systemd.service(5) (a oneshot service that is
still running is not started again), systemctl(1).
"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from sopctl.errors import Action, OutsideFailure, UsageError

TIMEOUT_SECONDS = 60


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
                reason=str(error),
            ) from None
        if ran.returncode != 0:
            remedy = ["See whether systemd is running here."]
            if not self.run_as:
                remedy.append("To have timers of your own run while you are logged out: loginctl enable-linger")
            said = " ".join((ran.stderr or ran.stdout).split()) or f"exit {ran.returncode}"
            raise OutsideFailure(
                "systemctl-refused", "systemctl {verb}: {reason}", remedy=remedy, verb=words[0], reason=said
            )
        return ran.stdout


class Service(Struct, frozen=True):
    """A program that always runs and writes nothing: its unit's name and description, and its command line."""

    name: str
    description: str
    command: tuple[str, ...]


class Timer(Struct, frozen=True):
    """A timer as systemd sees it. Times have a time zone; None means never."""

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


def install(files: dict[str, str], scope: Scope) -> list[str]:
    """Write the unit files, enable and start the timers; return the names of the files that were new or changed.

    Raises OutsideFailure when the folder cannot be written or systemd refuses; new files are then removed again.
    """
    changed = [name for name, text in files.items() if _read(scope.folder / name) != text]
    new = [name for name in changed if not (scope.folder / name).exists()]
    timers = [name for name in files if name.endswith(".timer")]
    try:
        for name in changed:
            _write(scope.folder / name, files[name])
        scope.systemctl("daemon-reload")
        scope.systemctl("enable", "--now", *timers)
    except BaseException:
        _uninstall(new, scope)
        raise
    if changed and len(new) < len(changed):
        scope.systemctl("restart", *timers)
    return changed


def service_file(service: Service, scope: Scope, environment: dict[str, str]) -> dict[str, str]:
    """The unit file of a service that always runs: name → text. Raises UsageError as `unit_files`."""
    lines = ["[Unit]", f"Description={_plain(service.description)}"]
    lines += ["Wants=network-online.target", "After=network-online.target", "", "[Service]", "Type=simple"]
    if scope.run_as:
        lines += [f"User={_plain(scope.run_as)}", "PrivateTmp=yes", "ProtectSystem=strict", "ProtectHome=read-only"]
        lines += ["NoNewPrivileges=yes", "PrivateDevices=yes", "CapabilityBoundingSet=", "LockPersonality=yes"]
        lines += ["RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"]
    lines += ["UMask=0077", "Restart=always", "RestartSec=5", "SuccessExitStatus=130"]
    lines += [f"Environment={_quoted(f'{key}={value}')}" for key, value in environment.items()]
    lines += ["ExecStart=" + " ".join(map(_quoted, service.command)), "", "[Install]"]
    lines += ["WantedBy=multi-user.target" if scope.run_as else "WantedBy=default.target"]
    return {f"{service.name}.service": "\n".join(lines) + "\n"}


def install_service(files: dict[str, str], scope: Scope) -> list[str]:
    """Write the unit file of a service, enable and (re)start it; return the names of the files that were new or
    changed. Raises as `install`."""
    changed = [name for name, text in files.items() if _read(scope.folder / name) != text]
    for name in changed:
        _write(scope.folder / name, files[name])
    scope.systemctl("daemon-reload")
    scope.systemctl("enable", *files)
    scope.systemctl("restart" if changed else "start", *files)
    return changed


def remove_service(name: str, scope: Scope) -> list[str]:
    """Stop and disable the service, and delete its unit file; return its name, if it was there."""
    unit = f"{name}.service"
    if not (scope.folder / unit).exists():
        return []
    scope.systemctl("disable", "--now", unit)
    (scope.folder / unit).unlink(missing_ok=True)
    scope.systemctl("daemon-reload")
    return [unit]


def installed(prefix: str, scope: Scope) -> list[str]:
    """The names of the timers' files that begin with `prefix`. Asks nobody but the folder."""
    return sorted(path.name for path in _installed(prefix, scope) if path.suffix == ".timer")


def timers(prefix: str, scope: Scope) -> list[Timer]:
    """The timers whose names begin with `prefix`, as systemd sees them."""
    names = sorted(path.stem for path in _installed(prefix, scope) if path.suffix == ".timer")
    return [_inspect(name, prefix, scope) for name in names]


def remove(prefix: str, scope: Scope) -> list[str]:
    """Stop and disable the timers whose names begin with `prefix`, and delete their files; return the files' names.

    A job that is running is left to finish; only its timer is removed.
    """
    names = sorted(path.name for path in _installed(prefix, scope))
    _uninstall(names, scope)
    return names


def _uninstall(names: Sequence[str], scope: Scope) -> None:
    if not names:
        return
    timers = [name for name in names if name.endswith(".timer")]
    if timers:
        scope.systemctl("disable", "--now", *timers)
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
            reason=error.strerror,
        ) from None


def _service(job: Job, scope: Scope, environment: dict[str, str]) -> str:
    # time-sync.target is the system's: a user's own units cannot wait for it.
    waits = "network-online.target time-sync.target" if scope.run_as else "network-online.target"
    lines = ["[Unit]", f"Description={_plain(job.description)}", f"Wants={waits}", f"After={waits}"]
    lines += ["", "[Service]", "Type=oneshot"]
    if scope.run_as:
        lines += [f"User={_plain(scope.run_as)}", "PrivateTmp=yes", "ProtectSystem=full", "NoNewPrivileges=yes"]
    lines += ["UMask=0027", "Nice=5", f"TimeoutStartSec={job.limit}", "SuccessExitStatus=1"]
    lines += [f"Environment={_quoted(f'{key}={value}')}" for key, value in environment.items()]
    lines += ["ExecStart=" + " ".join(map(_quoted, command)) for command in job.commands]
    return "\n".join(lines) + "\n"


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
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def _plain(text: str) -> str:
    if not text.isprintable():
        raise UsageError("not-for-unit-file", "{text!r} has characters that a unit file cannot hold", text=text)
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a command line, escaped as in systemd.service(5): specifiers, variables, quotes and backslashes in it
    are plain text."""
    escaped = _plain(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'


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
