"""advance: every step that needs no person, until one does. From konfigurasi 1 to the inventory form, with the loop."""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sopctl.errors import NotNow
from sopctl.model.sop.procedure import Standing, month_due
from sopctl.model.sop.soundness import WITHOUT_A_PERSON
from sopctl.store import dossiers, register
from sopctl.store.dossiers import Dossier
from sopctl.workflow import commands
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.servers.playbooks import OnEvent, silent
from sopctl.workflow.steps.collecting import collect
from sopctl.workflow.steps.configuring import configure
from sopctl.workflow.steps.notifying import Means, notify
from sopctl.workflow.steps.verifying import Vantage, verify
from sopctl.workflow.trust import Confirm

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
        if standing.step is None or standing.held or _waits(standing, desk.now().date()):
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
                done, _ = verify(desk, deposit_id, vantage=Vantage(user, key))
            case "inventory":
                done = collect(desk, deposit_id, on_event=on_event, cancel=cancel)
            case _:
                break
        steps.append(done)
        on_step(done)
        if not done.answer and done.outcome == "failed":
            break
    if not steps:
        raise _needs_a_person(dossiers.read(desk.site, deposit_id))
    return steps


def ready(desk: Desk) -> list[str]:
    """The deposits that `advance` can do something for."""
    today = desk.now().date()
    return [
        each.id
        for each in register.summaries(desk.site)
        if each.verb in WITHOUT_A_PERSON and not each.held and (not each.waiting or _came(each.month_due, today))
    ]


def _waits(standing: Standing, today: date) -> bool:
    return bool(standing.waiting) and not _came(month_due(standing), today)


def _came(month: date | None, today: date) -> bool:
    """Has the month come in which a step is due again?"""
    return month is not None and month <= today


def _needs_a_person(dossier: Dossier) -> NotNow:
    standing = dossier.standing
    if standing.step is None:
        return NotNow("closed", "{deposit} is closed: {end}", deposit=dossier.id, end=standing.end)
    if standing.waiting == "month":
        return NotNow(
            "nothing-due-until-next-months",
            "nothing is due for {deposit} until next month's inventory",
            remedy=f"To gather again now: sopctl inventory collect {dossier.id}",
            deposit=dossier.id,
        )
    return NotNow(
        "needs-person",
        "{place} of {deposit} needs a person: {activity}",
        remedy=f"Run: {commands.command_for(dossier.summary)}",
        place=standing.place,
        deposit=dossier.id,
        activity=standing.step.activity,
    )
