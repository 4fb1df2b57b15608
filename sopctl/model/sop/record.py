"""A history read through its procedures: which verb an event is of, and what the events established."""

from collections.abc import Iterator, Sequence

from sopctl.model.sop import verbs
from sopctl.model.sop.entries import E, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, step_of
from sopctl.model.sop.verbs import Verb


def verb_of(procedures: Procedures, event: Event) -> Verb | None:
    """The verb that an event is of: the act, the verb that brought the outcome, or the one whose work it tells of.
    None for a verb that the table does not have."""
    act = verbs.act_of(event.outcome)
    if act:
        return act
    step = step_of(procedures, event)
    outcome = step.outcomes.get(event.outcome)
    name = (outcome.verb if outcome else "") or step.verb
    return verbs.find(name, step.task if name == step.verb else "")


def ended(procedures: Procedures, event: Event) -> Verb | None:
    """The verb that ended a step with this event; None for acts, and for work that did not end."""
    return None if event.outcome in verbs.NEUTRAL else verb_of(procedures, event)


def established(procedures: Procedures, events: Sequence[Event], kind: type[E]) -> Iterator[tuple[Event, E]]:
    """Every entry of a kind with its event, the newest first. Raises InvalidRecord for one that is not valid."""
    for event in reversed(events):
        entry = from_data(kind, event)
        if entry is not None:
            verb = verb_of(procedures, event)
            if verb and verbs.may_write(verb, kind):
                yield event, entry


def newest(procedures: Procedures, events: Sequence[Event], kind: type[E]) -> E | None:
    """The newest entry of a kind, or None."""
    return next((entry for _, entry in established(procedures, events, kind)), None)


def last_ended(procedures: Procedures, events: Sequence[Event], name: str, task: str = "") -> Event | None:
    """The newest event that ended a step by the verb `name` (and `task`, of a verb that has several), or None."""
    for event in reversed(events):
        verb = ended(procedures, event)
        if verb and verb.name == name and task in ("", verb.task):
            return event
    return None
