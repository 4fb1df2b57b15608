"""After acceptance: the office's account on a server may only take inventory, until its owner says otherwise.

Reduced (di luar SOP), it may run one script as root, which only root can write and which takes no arguments.
`inventory collect` works as before; configuration, a look for drift and a release wait until the owner gives full sudo
back.
"""

import threading
from collections.abc import Sequence

from sopctl.adapters.ansible.runner import HostResult, RunResult
from sopctl.errors import Action, NotNow, UsageError
from sopctl.model.sop.entries import Left, OfficeKey, SudoRight
from sopctl.store import register
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers import batch, first_contact
from sopctl.workflow.servers.ansible_view import last_cause
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.servers.left import note_key
from sopctl.workflow.servers.playbooks import OnEvent, Options, refuse_unfit, silent

PLAYBOOK = "inventory_only.yml"


def reduce(
    desk: Desk,
    ids: Sequence[str],
    *,
    forks: int = 10,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> Answers:
    """In one run, reduce the office's sudo on these servers to the gathering script.

    This is done in an armed window: a fresh login must be able to gather as root, and to do nothing else as root, or
    the server rolls the change back. Raises what ends the run for all of them (see `playbooks.run_on`).
    """
    answers = Answers()

    def admit(mine: Turn) -> None:
        _refuse_not_accepted(mine)
        refuse_unfit(mine)

    def good(mine: Turn, _host: HostResult, _result: RunResult) -> StepDone:
        note = "akun pengelola hanya untuk inventaris"
        return mine.record(mine.verb.outcome, SudoRight(sudo="inventory"), note=note)

    with batch.held(ids, lambda deposit_id: act(desk, deposit_id, "sudo"), admit, answers) as turns:
        batch.run(turns, PLAYBOOK, good, answers, options=Options(forks=forks), on_event=on_event, cancel=cancel)
    return answers


def give_back(desk: Desk, deposit_id: str, *, cancel: threading.Event | None = None) -> StepDone:
    """Full sudo again: because the owner gave it back on the server, or by the key of the first contact.
    (Not by its password: a server that was configured accepts keys only.)

    Raises NotNow when the office has it, or when nobody gave it back; OutsideFailure when the server cannot be asked.
    """
    with act(desk, deposit_id, "sudo") as mine:
        if not mine.dossier.summary.reduced:
            raise NotNow(
                "sudo-not-reduced",
                "on {deposit} the office's sudo was not reduced",
                remedy=Action("show", deposit_id),
                deposit=deposit_id,
            )
        first_contact.regain(mine, cancel=cancel)
        return mine.record(mine.verb.outcome, *_noted_again(mine, cancel), note="akun pengelola kembali penuh")


def _noted_again(mine: Turn, cancel: threading.Event | None) -> list[Left]:
    """The note of what was left, where the office's key was changed while only root could have noted that."""
    left, key = (next(mine.dossier.established(kind), None) for kind in (Left, OfficeKey))
    if left is None or key is None or key[0].seq <= left[0].seq:
        return []
    noted = note_key(mine.desk.site, [mine.dossier], cancel).get(mine.dossier.id)
    return [noted] if isinstance(noted, Left) else []


def reduced(desk: Desk) -> list[str]:
    """The deposits on whose servers the office may only take inventory."""
    return [each.id for each in register.summaries(desk.site) if each.reduced and each.in_our_hands]


def _refuse_not_accepted(mine: Turn) -> None:
    """Raise NotNow for a server that was not found accessible since its last configuration, UsageError for one that is
    reduced already."""
    dossier = mine.dossier
    configured, verified = dossier.last("configure"), dossier.last("verify")
    if dossier.summary.reduced:
        raise UsageError(
            "sudo-reduced-already",
            "the office's sudo on {deposit} is already reduced to the inventory",
            remedy=(
                "To renew the script there, get full sudo first:",
                Action("configure", dossier.id, given={"sudo": "full"}),
            ),
            deposit=dossier.id,
        )
    accepted = configured and verified and verified.seq > configured.seq and not last_cause(dossier)
    if not (accepted and dossier.summary.in_our_hands):
        raise NotNow(
            "not-accepted",
            "{deposit} is not accepted yet: its sudo is reduced once the access try has succeeded",
            remedy=actions.due(dossier.summary) or (),
            deposit=dossier.id,
        )
