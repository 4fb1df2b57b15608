"""After acceptance: the office's account on a server may only take inventory, until its owner says otherwise.

Reduced (di luar SOP), it may run one script as root, which lies where only root writes and takes no arguments.
`inventory collect` goes on as before; a configuration, a look for drift and a release wait until the owner gives full
sudo back.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from sopctl.errors import NotNow, SopctlError, UsageError
from sopctl.model.sop.entries import SudoRight
from sopctl.store import register
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers import first_contact
from sopctl.workflow.servers.ansible_view import last_cause
from sopctl.workflow.servers.playbooks import (
    OnEvent,
    Options,
    explain,
    record_unreachable,
    refuse_unfit,
    run_on,
    silent,
)
from sopctl.workflow.steps.configuring import Answers

PLAYBOOK = "inventory_only.yml"


def reduce(
    desk: Desk,
    ids: Sequence[str],
    *,
    forks: int = 10,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """Leave the office's account on these servers sudo for the gathering script alone, in one run.

    It is changed in an armed window: a fresh login must gather as root, and be allowed nothing else, or the server
    takes the change back. Raises what ends the run for all of them (see `playbooks.run_on`).
    """
    answers = Answers()
    with ExitStack() as held:
        turns = []
        for deposit_id in dict.fromkeys(ids):
            try:
                mine = held.enter_context(act(desk, deposit_id, "sudo"))
                _refuse_not_accepted(mine)
                refuse_unfit(mine)
            except SopctlError as error:
                answers.errors[deposit_id] = error
            else:
                turns.append(mine)
        if turns:
            result = run_on(turns, PLAYBOOK, options=Options(forks=forks), on_event=on_event, cancel=cancel)
        for mine in turns:
            host, gone = result.hosts.get(mine.dossier.id), record_unreachable(mine, result)
            if gone:
                answers.errors[mine.dossier.id] = gone
            elif host is None or host.failed:
                answers.done[mine.dossier.id] = mine.fail(explain(mine, result))
            else:
                note = "akun pengelola hanya untuk inventaris"
                answers.done[mine.dossier.id] = mine.record(mine.verb.outcome, SudoRight(sudo="inventory"), note=note)
    return answers


def give_back(desk: Desk, deposit_id: str, *, cancel: threading.Event | None = None) -> StepDone:
    """Full sudo again: because the owner gave it back on the server, or by the key of the first contact.
    (Its password is no way: a server that was configured takes keys only.)

    Raises NotNow when the office has it, or when nobody gave it back; OutsideFailure when the server cannot be asked.
    """
    with act(desk, deposit_id, "sudo") as mine:
        if not mine.dossier.summary.reduced:
            raise NotNow(
                "offices-sudo-was-not-reduced",
                "on {deposit} the office's sudo was not reduced",
                remedy=f"Look: sopctl show {deposit_id}",
                deposit=deposit_id,
            )
        first_contact.regain(mine, cancel=cancel)
        return mine.record(mine.verb.outcome, note="akun pengelola kembali penuh")


def reduced(desk: Desk) -> list[str]:
    """The deposits on whose servers the office may only take inventory."""
    return [each.id for each in register.summaries(desk.site) if each.reduced and each.in_our_hands]


def _refuse_not_accepted(mine: Turn) -> None:
    """A server is accepted when it was found accessible after its last configuration."""
    dossier = mine.dossier
    configured, verified = dossier.last("configure"), dossier.last("verify")
    if dossier.summary.reduced:
        raise UsageError(
            "office-may-only-take-inventory",
            "on {deposit} the office may only take inventory already",
            remedy=f"To renew the script there, it takes full sudo: sopctl configure {dossier.id} --sudo full",
            deposit=dossier.id,
        )
    accepted = configured and verified and verified.seq > configured.seq and not last_cause(dossier)
    if not (accepted and dossier.summary.in_our_hands):
        raise NotNow(
            "not-accepted-yet",
            "{deposit} is not accepted yet: its sudo is reduced once the access try has succeeded",
            remedy=actions.due(dossier.summary) or (),
            deposit=dossier.id,
        )
