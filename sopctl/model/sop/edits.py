"""Whose decision an edit of the record is: the same role's as that of the verb which makes the same change.

Otherwise an edit would be a way around the roles: the end of the deposit's time is the heads' (extend), a serial number
is whoever's who may correct it, what a configuration puts on the server is the staff's.
"""

from collections.abc import Iterable

from sopctl.model.sop.procedure import REQUESTER, Procedure, Procedures

VERBS = (
    ("unit", "dispose"),
    ("letter", "dispose"),
    ("valid_until", "extend"),
    ("server.serial", "correct"),
    ("server", "inspect"),
    ("contacts", "notify"),
    ("access", "configure"),
    ("network", "configure"),
    ("bmc", "configure"),
    ("kind", "configure"),
    ("platform", "configure"),
)
"""By the path of a field, the first that fits: the verb whose decision its change is."""


def verb_for(path: str) -> str:
    """The verb that makes the same change as an edit of the field at `path`."""
    return next((verb for field, verb in VERBS if path == field or path.startswith(f"{field}.")), "correct")


def roles(procedures: Procedures, current: Procedure, paths: Iterable[str]) -> tuple[str, ...]:
    """Who may change these fields together: the roles that may change each of them, in the order in which the
    procedures name them. None where no role may change all of them."""
    allowed: list[str] = list(dict.fromkeys(actor for each in procedures.values() for actor in each.actors))
    for verb in {verb_for(path) for path in paths}:
        able = _roles_of(procedures, current, verb)
        allowed = [role for role in allowed if role in able]
    return tuple(role for role in allowed if role != REQUESTER)


def _roles_of(procedures: Procedures, current: Procedure, verb: str) -> set[str]:
    """The office's roles that decide a verb: as an act of the current procedure, else as a step of any. All of them,
    where a procedure does not say."""
    named = set(current.acts.get(verb, ()))
    steps = {step.actor for each in procedures.values() for step in each.steps if step.verb == verb} - {REQUESTER}
    return named or steps or {actor for each in procedures.values() for actor in each.actors}
