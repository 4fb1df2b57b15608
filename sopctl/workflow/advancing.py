"""advance: every step that needs no person, until one does. From konfigurasi 1 to the inventory form, with the loop."""

import threading
from collections.abc import Callable
from pathlib import Path

from sopctl.errors import NotNow
from sopctl.model.procedure import Standing
from sopctl.store import dossiers
from sopctl.workflow import commands
from sopctl.workflow.configuring import Confirm, configure
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.informing import Means, notify
from sopctl.workflow.inventorying import collect
from sopctl.workflow.playbooks import OnEvent, silent
from sopctl.workflow.verifying import verify

MAX_TRIES = 3
"""How often configuration is repeated after a failed access try before a person must look."""


def advance(
    desk: Desk,
    deposit_id: str,
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    user: str | None = None,
    key: Path | None = None,
    via: Means | None = None,
    max_tries: int = MAX_TRIES,
    on_event: OnEvent = silent,
    on_step: Callable[[StepDone], None] = lambda _done: None,
    cancel: threading.Event | None = None,
) -> list[StepDone]:
    """Configure, inform, verify (back to configure on failure, at most `max_tries` times), inform, take inventory.

    Stops at the first step that a person must do, at a failed host, and after an inventory. Raises NotNow when
    nothing can be done without a person at once.
    """
    steps: list[StepDone] = []
    tries = 0
    while True:
        standing = dossiers.read(desk.site, deposit_id).standing
        if standing.procedure != "konfigurasi" or standing.step is None or standing.waiting:
            break
        match standing.step.verb:
            case "configure":
                if tries == max_tries:
                    break
                done = configure(desk, deposit_id, host_key=host_key, confirm=confirm, on_event=on_event, cancel=cancel)
            case "notify":
                done = notify(desk, deposit_id, via=via)
            case "verify":
                tries += 1
                done, _ = verify(desk, deposit_id, user=user, key=key)
            case _:
                done = collect(desk, deposit_id, on_event=on_event, cancel=cancel)
        steps.append(done)
        on_step(done)
        if not done.answer and done.outcome == "failed":
            break
    if not steps:
        raise _needs_a_person(deposit_id, standing)
    return steps


def ready(desk: Desk) -> list[str]:
    """The deposits that `advance` can do something for."""
    found = []
    for dossier in dossiers.read_all(desk.site):
        standing = dossier.standing
        if standing.procedure == "konfigurasi" and not standing.waiting:
            found.append(dossier.id)
    return found


def _needs_a_person(deposit_id: str, standing: Standing) -> NotNow:
    if standing.step is None:
        return NotNow(f"{deposit_id} is closed")
    if standing.waiting == "month":
        return NotNow(
            f"nothing is due for {deposit_id} until next month's inventory",
            remedy=f"To gather again now: sopctl inventory collect {deposit_id}",
        )
    return NotNow(
        f"{standing.place} of {deposit_id} needs a person: {standing.step.activity}",
        remedy=f"Run: {commands.command_for(deposit_id, standing)}",
    )
