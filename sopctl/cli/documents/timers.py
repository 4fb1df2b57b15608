"""The documents of `schedule`: what was written for systemd, and how the jobs do."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.systemd import Timer


class UnitFile(Struct, frozen=True, kw_only=True):
    """A file for systemd."""

    name: str
    text: str


class Scheduled(Struct, frozen=True, kw_only=True):
    """The folder of systemd's files, and the names of those that were written because they had changed. With --dry-run
    none is, and `files` has all that would be."""

    folder: str
    changed: list[str]
    files: list[UnitFile]


class Schedule(Struct, frozen=True, kw_only=True):
    """When each job runs next and how it last ended; and the state of the page's service (empty: there is none)."""

    timers: list[Timer]
    page: str


class Unscheduled(Struct, frozen=True, kw_only=True):
    """The files that were removed."""

    removed: list[str]


def scheduled(folder: Path, changed: Sequence[str] = (), files: Mapping[str, str] | None = None) -> Scheduled:
    """The document of `schedule install`."""
    return Scheduled(
        folder=str(folder),
        changed=list(changed),
        files=[UnitFile(name=name, text=text) for name, text in (files or {}).items()],
    )
