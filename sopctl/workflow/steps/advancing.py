"""advance: every step that needs no person, until one does. From konfigurasi 1 to the inventory form, with the loop."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sopctl.errors import Action, NotNow
from sopctl.locale import Counted
from sopctl.model.sop import history
from sopctl.store import dossiers, register
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, StepDone, closed, month_not_come
from sopctl.workflow.servers.playbooks import OnEvent, silent
from sopctl.workflow.steps.collecting import collect
from sopctl.workflow.steps.configuring import configure
from sopctl.workflow.steps.notifying import Means, notify
from sopctl.workflow.steps.verifying import Vantage, verify
from sopctl.workflow.trust import Confirm


@dataclass(frozen=True)
class _Said:
    """What the caller said once, for all steps of a call."""

    host_key: str | None
    confirm: Confirm | None
    vantage: Vantage
    via: Means | None
    on_event: OnEvent
    cancel: threading.Event | None


DOES: Mapping[str, Callable[[Desk, str, _Said], StepDone]] = {
    "configure": lambda desk, each, said: configure(
        desk, each, host_key=said.host_key, confirm=said.confirm, on_event=said.on_event, cancel=said.cancel
    ),
    "notify": lambda desk, each, said: notify(desk, each, via=said.via),
    "verify": lambda desk, each, said: verify(desk, each, vantage=said.vantage)[0],
    "inventory": lambda desk, each, said: collect(desk, each, on_event=said.on_event, cancel=said.cancel),
}
"""The steps that the table of verbs calls unattended, and how each is done."""


def advance(
    desk: Desk,
    deposit_id: str,
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    user: str | None = None,
    key: Path | None = None,
    via: Means | None = None,
    max_tries: int | None = None,
    on_event: OnEvent = silent,
    on_step: Callable[[StepDone], None] = lambda _done: None,
    cancel: threading.Event | None = None,
) -> list[StepDone]:
    """Configure, inform, verify (back to configure on failure), inform, take inventory: whatever comes next.

    Stops at the first step that a person must do, at a failed host, after an inventory, and where the tries of a loop
    are used up. The procedure says how many there are, counted over all calls; `max_tries` is the limit of this call,
    if that is fewer.
    Raises NotNow when nothing can be done without a person at once, OutsideFailure for a doubtful clock.
    """
    desk.refuse_doubtful_clock()
    said = _Said(host_key, confirm, Vantage(user, key), via, on_event, cancel)
    steps: list[StepDone] = []
    taken: Counter[tuple[str, int, str]] = Counter()
    while max_tries is None or max(taken.values(), default=0) < max_tries:
        dossier = dossiers.read(desk.site, deposit_id)
        if dossier.summary.verb not in DOES or not dossier.summary.goes_on(desk.now().date()):
            break
        done = DOES[dossier.summary.verb](desk, deposit_id, said)
        steps.append(done)
        on_step(done)
        if done.outcome in history.WORK:
            break
        if dossier.procedures[done.procedure].step(done.step).outcomes[done.outcome].tries:
            taken[done.procedure, done.step, done.outcome] += 1
    if not steps:
        raise _needs_a_person(desk, deposit_id)
    return steps


def ready(desk: Desk) -> list[str]:
    """The deposits that `advance` can do something for."""
    today = desk.now().date()
    return [each.id for each in register.summaries(desk.site) if each.verb in DOES and each.goes_on(today)]


def _needs_a_person(desk: Desk, deposit_id: str) -> NotNow:
    dossier = dossiers.read(desk.site, deposit_id)
    each = dossier.summary
    action = actions.due(each)
    if action is None:
        return closed(dossier)
    if each.month_due and desk.now().date() < each.month_due and not each.held:
        return month_not_come(each)
    if each.tries and not each.held:
        return NotNow(
            "tries-used-up",
            "{place} of {deposit} waits for a person, after {tries}: {activity}",
            remedy=("See why they failed:", Action("show", each.id), action),
            place=each.stands,
            deposit=each.id,
            tries=Counted("{number} try", "{number} tries", each.tries),
            activity=each.activity,
        )
    return NotNow(
        "needs-person",
        "{place} of {deposit} needs a person: {activity}",
        remedy=action,
        place=each.stands,
        deposit=each.id,
        activity=each.activity,
    )
