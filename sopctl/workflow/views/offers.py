"""What the one who acts may do with a deposit now: the rules of the desk, asked before anything is done."""

from collections.abc import Sequence

from msgspec import Struct

from sopctl.errors import Action, NotNow, UsageError
from sopctl.model.sop import procedure, verbs
from sopctl.store.dossiers import Dossier
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, office_roles


class Offers(Struct, frozen=True):
    """`due`: what is due, as data, whoever's it is (None for a closed dossier). `mine`: the verbs that the one who acts
    may ask for now, the due one first."""

    due: Action | None
    mine: tuple[str, ...]


ACTS = ("say-access", "hold", "resume", "extend", "prioritise", "sign")
"""Acts beside the steps that are decided at a desk."""


def offers(desk: Desk, dossier: Dossier) -> Offers:
    """What can be done about a deposit now."""
    summary, standing = dossier.summary, dossier.standing
    due = actions.due(summary)
    mine = dossier.procedures[standing.procedure]
    found: list[str] = []

    def offer(verb: str, actors: Sequence[str]) -> None:
        if verb not in found and _may(desk, dossier, verb, actors):
            found.append(verb)

    if standing.step is None:
        if summary.unsigned:
            offer("sign", mine.acts.get("sign") or office_roles(mine))
        return Offers(None, tuple(found))
    if not standing.held and standing.waiting in ("", "decision"):
        offer(standing.step.verb, (standing.step.actor,))
    for verb in summary.asides:
        ends = standing.step.ends_of(verb)
        offer(verb, (next(iter(ends.values())).actor or standing.step.actor,))
    for verb in summary.begins:
        begun = procedure.begun_here(dossier.procedures, standing)[verb]
        offer(verb, (begun.first.actor,))
    for verb in ACTS:
        possible = {
            "hold": not standing.held,
            "resume": bool(standing.held),
            "say-access": summary.in_our_hands and standing.procedure == _access(dossier),
            "sign": bool(summary.unsigned),
            "prioritise": summary.waiting == "space",
        }
        if possible.get(verb, True):
            actors = mine.acts.get(verb) or (
                (procedure.REQUESTER,) if verbs.row(verb).requesters else office_roles(mine)
            )
            if verb == "resume" and standing.held and standing.held.outcome == verbs.FORGED:
                actors = mine.acts.get("forged") or office_roles(mine)
            offer(verb, actors)
    return Offers(due, tuple(found))


def _access(dossier: Dossier) -> str:
    """The procedure in which access is tried."""
    return next(
        (name for name, each in dossier.procedures.items() if any(step.verb == "verify" for step in each.steps)), ""
    )


def _may(desk: Desk, dossier: Dossier, verb: str, actors: Sequence[str]) -> bool:
    try:
        desk.decider(actors, verb, dossier.deposit.unit)
    except (NotNow, UsageError):
        return False
    return True
