"""Facts of servers, gathered by the site's facts.yml: raw and untrusted here, typed in `sopctl.model.facts`."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sopctl.adapters.ansible.runner import RunResult, TaskEvent, run_playbook

FACTS_PLAYBOOK = "facts.yml"


def raw_facts(result: RunResult, host: str) -> dict[str, object] | None:
    """What `host` answered in a run of FACTS_PLAYBOOK, cut to size; None when it gave none."""
    found = result.hosts.get(host)
    return found.facts if found else None


def gather(
    site: Path,
    limit: Sequence[str],
    run_dir: Path,
    *,
    forks: int = 10,
    timeout: float = 300,
    on_event: Callable[[TaskEvent], None] = lambda event: None,
    cancel: threading.Event | None = None,
) -> tuple[dict[str, dict[str, object]], RunResult]:
    """Gather the facts of many servers at once: those that answered, and the run. `timeout` in seconds for all.

    Raises what `run_playbook` raises.
    """
    result = run_playbook(
        site,
        FACTS_PLAYBOOK,
        limit=limit,
        run_dir=run_dir,
        forks=forks,
        timeout=timeout,
        on_event=on_event,
        cancel=cancel,
    )
    answers = {host: facts for host in result.hosts if (facts := raw_facts(result, host)) is not None}
    return answers, result
