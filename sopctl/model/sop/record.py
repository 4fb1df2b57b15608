"""A history read through its procedures: which verb an event belongs to, and what the events established."""

from collections.abc import Iterator, Sequence

from sopctl.model.sop import history, verbs
from sopctl.model.sop.entries import E, Entry, HostKeyPending, Undone, entry_signs, from_data
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures, step_of
from sopctl.model.sop.verbs import Verb


def verb_of(procedures: Procedures, event: Event) -> Verb | None:
    """The verb that an event belongs to: the act, the verb that brought about the outcome, or the one whose work it
    reports. None for an event that the procedures do not explain."""
    act = verbs.act_of(event.outcome)
    if act:
        return act
    try:
        step = step_of(procedures, event)
    except KeyError:
        return None
    outcome = step.outcomes.get(event.outcome)
    name = (outcome.verb if outcome else "") or step.verb
    return verbs.find(name, step.task if name == step.verb else "")


def ended(procedures: Procedures, event: Event) -> Verb | None:
    """The verb that ended a step with this event; None for acts, and for work that did not end."""
    return None if event.outcome in verbs.NEUTRAL else verb_of(procedures, event)


def undone(events: Sequence[Event]) -> frozenset[int]:
    """The numbers of the events that were taken back since."""
    signs = entry_signs(Undone)
    told = (event for event in events if not signs.isdisjoint(event.data))
    return frozenset(entry.undoes.event for event in told if (entry := from_data(Undone, event)))


def established(procedures: Procedures, events: Sequence[Event], kind: type[E]) -> Iterator[tuple[Event, E]]:
    """Every entry of a kind with its event, the newest first; nothing of events that were taken back. Raises
    InvalidRecord for one that is not valid."""
    gone: frozenset[int] | None = None
    signs = entry_signs(kind)
    for event in reversed(events):
        if signs.isdisjoint(event.data) or not establishes(procedures, event, kind):  # most events have nothing of it
            continue
        gone = undone(events) if gone is None else gone
        if event.seq in gone:
            continue
        entry = from_data(kind, event)
        if entry is not None:
            yield event, entry


def establishes(procedures: Procedures, event: Event, kind: type[Entry]) -> bool:
    """Does an event establish an entry of this kind?"""
    if entry_signs(kind).isdisjoint(event.data):
        return False
    verb = verb_of(procedures, event)
    return verb is not None and verbs.may_write(verb, kind)


def newest(procedures: Procedures, events: Sequence[Event], kind: type[E]) -> E | None:
    """The newest entry of a kind, or None."""
    return next((entry for _, entry in established(procedures, events, kind)), None)


def last_ended(procedures: Procedures, events: Sequence[Event], name: str, task: str = "") -> Event | None:
    """The newest event that ended a step by the verb `name` (and `task`, for a verb that has several) and was not
    taken back, or None."""
    for event in reversed(events):
        verb = ended(procedures, event)
        if verb and verb.name == name and task in ("", verb.task) and event.seq not in undone(events):
            return event
    return None


def tries(procedures: Procedures, events: Sequence[Event]) -> int:
    """How often the outcome that brought a deposit to where it stands was taken since a person last looked, if that has
    used up its tries (`Outcome.tries`); else 0.

    A person has looked when they did a step that needs one, or any act beside the steps: a hold, an edit, an extension,
    a repair, a host key that was confirmed. An outcome of the same step without a limit also resets the count.
    """
    last: Event | None = None
    taken = 0
    for event in reversed(events):
        verb = verb_of(procedures, event)
        if event.outcome in history.WORK or verb is None or _by_itself(verb, event):
            continue
        if not verb.unattended:
            break
        last = last or event
        if (event.procedure, event.step) != (last.procedure, last.step):
            continue
        if _limit(procedures, event) is None:
            break
        taken += event.outcome == last.outcome
    limit = _limit(procedures, last) if last else None
    return taken if limit is not None and taken >= limit else 0


def _by_itself(verb: Verb, event: Event) -> bool:
    """An act that nobody decided: a reminder was sent, or a run met a host key that nobody has confirmed yet."""
    return verb.kind == "act" and (verb.unattended or from_data(HostKeyPending, event) is not None)


def _limit(procedures: Procedures, event: Event) -> int | None:
    outcome = step_of(procedures, event).outcomes.get(event.outcome)
    return outcome.tries if outcome else None
