"""What Ansible did: the runs that are kept in the site's var/runs, and what came of each."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.adapters.ansible.runner import RESULT_FILE, Outcome, RunResult
from sopctl.errors import Action, Advice, UsageError
from sopctl.locale import gettext_noop
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.workflow.terms import NO_RESULT

REMEDIES: dict[Outcome, Advice] = {
    Outcome.OK: (),
    Outcome.FAILED: gettext_noop(
        "See what the server said. Correct it there, or in the playbook, then run the same command again."
    ),
    Outcome.UNREACHABLE: (gettext_noop("To see where the way to it fails:"), Action("check")),
    Outcome.PARSER_ERROR: gettext_noop(
        "Correct the site's playbooks or its inventory; the whole message is in output.txt."
    ),
    Outcome.CANCELLED: gettext_noop("Run the same command again when you are ready."),
    Outcome.TIMED_OUT: gettext_noop("See in output.txt which task it had reached, then run the same command again."),
    Outcome.CRASHED: (gettext_noop("See output.txt. To see whether Ansible works on this machine:"), Action("doctor")),
}
"""What helps, by how the run ended."""


class Run(Struct, frozen=True):
    """One run. `result` is None while it is under way, and when it was killed."""

    id: str
    at: datetime
    folder: Path
    result: RunResult | None

    @property
    def outcome(self) -> str:
        """The outcome in one word."""
        return self.result.outcome.value if self.result else NO_RESULT

    @property
    def remedy(self) -> Advice:
        """What helps; empty when all is well."""
        if self.result is None:
            return gettext_noop("It is still under way, or it was killed; then run the same command again.")
        return REMEDIES[self.result.outcome]


def listed(site: Site) -> list[Run]:
    """All runs that are kept, the newest first. Raises OutsideFailure when they cannot be read."""
    return [_read(site, path, at) for path, at in site.runs()]


def one(site: Site, run_id: str) -> Run:
    """The run of that name, or the newest of that deposit. Raises UsageError when there is none."""
    for path, at in site.runs():
        if path.name == run_id or path.name.startswith(f"{run_id}-"):
            return _read(site, path, at)
    raise UsageError(
        "no-such-run", "there is no run {run!r}", remedy=("To see them all:", Action("runs list")), run=run_id
    )


def _read(site: Site, path: Path, at: float) -> Run:
    result = None
    with disk_errors(path, "read"), suppress(FileNotFoundError, NotJson):
        result = from_json((path / RESULT_FILE).read_bytes(), RunResult)
    return Run(path.name, datetime.fromtimestamp(at, ZoneInfo(site.settings.time_zone)), path, result)
